"""Where the bot is: its server and channel, the threads that are places of sessions, the direct messages it met."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import TypeGuard

import discord

from openacp_bot.adapters.discord.checks import Ground, survey
from openacp_bot.adapters.discord.config import DiscordConfig
from openacp_bot.adapters.discord.facts import Facts, address
from openacp_bot.adapters.discord.inbound import place_of
from openacp_bot.adapters.discord.line import Ears
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.core.settings import AccessList

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 600.0  # so young is a thread that an earlier life may have opened without learning of it


class Bearings:
    """Everything else asks here; filled by what the gateway and core tell."""

    def __init__(self, config: DiscordConfig, access: Callable[[], AccessList]) -> None:
        self._config = config
        self._access = access
        self._threads: dict[str, str] = {}
        self._direct: set[str] = set()
        self._arrived = asyncio.Event()
        self.ears: Ears | None = None
        self.ground = Ground()
        self.command_problems: tuple[str, ...] = ()

    # --- what is learned -------------------------------------------------------------------------

    async def survey(self, rest: Rest) -> None:
        """Where are we now? What is wrong there is told once, when it is found. For one caller at a time, as two would
        make two channels."""
        if self.ears is None:
            return
        before = self.ground
        self.ground = await survey(self.ears, self._config, rest, before=before)
        for problem in self.ground.problems:
            if problem not in before.problems:
                log.warning("discord: %s", problem)
        if self.ground.guild is not None:
            self._arrived.set()

    async def arrived(self, seconds: float) -> None:
        """Once we know our server; or after so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            pass

    def know(self, place: Place) -> None:
        """Which threads are places of ours."""
        ref = place.ref
        if ref is None or not ref.topic:
            return
        if place.wanted is Wanted.GONE:
            self._threads.pop(ref.topic, None)
        else:
            self._threads[ref.topic] = ref.space

    def met(self, channel: str) -> None:
        """Direct messages with somebody who may send some."""
        self._direct.add(channel)

    # --- what is known ---------------------------------------------------------------------------

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong where we are, in sentences."""
        return (*self.ground.problems, *self.command_problems)

    def facts(self) -> Facts:
        guild, ears = self.ground.guild, self.ears
        user = ears.user if ears else None
        return Facts(
            bot=str(user.id) if user else "",
            application=str(ears.application_id or "") if ears else "",
            guild=str(guild.id) if guild else "",
            channel=self.ground.channel,
            mention_anywhere=self._config.mention_anywhere,
            access=self._access(),
            threads=MappingProxyType(self._threads),
            forums=frozenset(str(one.id) for one in guild.forums) if guild else frozenset(),
            direct=frozenset(self._direct),
            boosts=guild.premium_tier if guild else 0,
        )

    def works_in(self, guild: discord.Guild | None) -> TypeGuard[discord.Guild]:
        """Whether it is our server, and there."""
        return guild is not None and self.ground.guild is not None and guild.id == self.ground.guild.id

    def minds(self, channel: str) -> bool:
        """Whether what people write there is meant for us."""
        return channel in self._threads or channel in self._direct or channel == self.ground.channel

    @property
    def has_own_channel(self) -> bool:
        """It is ours to make; else it is configured."""
        return not self._config.channel

    def where(self, channel: int) -> ThreadRef | None:
        """The address of a channel of which only the id is told; None: nothing there is ours."""
        known = self.ears.get_channel(channel) if self.ears else None
        return place_of(known or discord.Object(channel), self.facts())

    def thread(self, id: str) -> discord.Thread | None:
        """As far as the library knows it: those that are not archived."""
        found = self.ears.get_channel(int(id)) if self.ears else None
        return found if isinstance(found, discord.Thread) else None

    def open_threads(self) -> Iterator[discord.Thread]:
        """Those of our channel that are no places."""
        for thread in self.ground.guild.threads if self.ground.guild else ():
            if str(thread.parent_id) == self.ground.channel and str(thread.id) not in self._threads:
                yield thread

    def orphans(self) -> Iterator[tuple[ThreadRef, str]]:
        """Threads of ours that are no places, and their names: opened by calls whose answers never came."""
        me = self.ears.user if self.ears else None
        for thread in self.open_threads():
            if me and thread.owner_id == me.id and time.time() - made_at(thread.id) < ORPHAN_SECONDS:
                yield address(thread.parent_id, thread.id), thread.name


def made_at(id: int) -> float:
    """When what has this id was made, in UTC seconds."""
    return discord.utils.snowflake_time(id).timestamp()
