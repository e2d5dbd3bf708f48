"""Coming to our server, anew or after it was away: where are we, and what was done there meanwhile?

1. A server that is not there yet (READY only names it; Discord may have an outage) is waited for: nothing follows from
what is missing, and its mark is held until it comes. Direct messages do not wait for it. 2. First what waits is looked
at once more, then what was missed is told. 3. Whatever is cut off in the middle is begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.gap import FOR_GOOD, Gap
from openacp_bot.adapters.discord.marks import Mark, Marks
from openacp_bot.adapters.discord.moving import Moving
from openacp_bot.adapters.discord.pen import name_of
from openacp_bot.adapters.discord.rereading import Rereading
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.adapters.discord.roles import Roles
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import NotDone
from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

Renamed = Callable[[ThreadRef, str], Awaitable[None]]
Safely = Callable[..., Awaitable[None]]


class Homecoming:
    """`take` handles a message and `renamed` a thread's new name; `safely` does something that may fail, and whose
    failure ends nothing else."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        outbox: Outbox[str],
        rest: Callable[[], Rest],
        bearings: Bearings,
        forums: Forums,
        marks: Marks,
        roles: Roles,
        rereading: Rereading,
        moving: Moving,
        patience: Patience,
        take: Callable[[discord.Message], Awaitable[None]],
        renamed: Renamed,
        safely: Safely,
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._rest = rest
        self._bearings = bearings
        self._forums = forums
        self._marks = marks
        self._roles = roles
        self._rereading = rereading
        self._moving = moving
        self._patience = patience
        self._take = take
        self._renamed = renamed
        self._safely = safely

    async def arrive(self) -> None:
        """There is a new connection."""
        self._outbox.restored()
        await self._look_around()
        guild = self._bearings.ground.guild
        mark = self._marks.server(guild.id) if guild is not None else None
        await self._rereading.run(self._bearings.facts(), mark)
        await self._read_direct()
        if guild is not None and mark is not None:
            await self._settle_in(guild, mark)
        self._roles.forget()

    async def enter(self) -> None:
        """A server is there, perhaps ours."""
        await self._look_around()
        guild = self._bearings.ground.guild
        if guild is None:
            return
        mark = self._marks.server(guild.id)
        if mark.is_held:
            await self._rereading.run(self._bearings.facts(), mark)
            await self._settle_in(guild, mark)
            self._roles.forget()

    @property
    def owes(self) -> bool:
        """Something of what was missed could not be read, and is to be tried again."""
        guild = self._bearings.ground.guild
        return self._marks.direct.is_held or (guild is not None and self._marks.server(guild.id).is_held)

    async def go_on(self) -> None:
        """With what could not be read."""
        if self._marks.direct.is_held:
            await self._read_direct()
        await self.enter()

    async def leave(self, guild: discord.Guild) -> None:
        """A server went away: for a while, or for good. Another may be ours now."""
        self._marks.server(guild.id).hold()
        await self.enter()

    async def _look_around(self) -> None:
        bearings = self._bearings
        if bearings.ears is None:
            return
        before = bearings.ground.problems
        try:
            await bearings.survey(bearings.ears, self._rest())
        except NotDone:
            return  # cut off once more: the next connection begins anew
        for problem in bearings.ground.problems:
            if problem not in before:
                log.warning("discord: %s", problem)
        await self._moving.follow()

    # --- our server

    async def _settle_in(self, guild: discord.Guild, mark: Mark) -> None:
        bearings = self._bearings
        for where, name in bearings.orphans():
            self._outbox.stands(where, name)
        places = await self._ledger.known_places("discord")
        for place in places:
            await self._safely(self._look_after, place)
        if mark.after is None:
            await mark.begin(_newest(guild))
        gap = Gap(self._patience)
        closed = {place.ref.topic for place in places if place.ref and place.wanted is Wanted.CLOSED}
        await gap.in_server(guild, bearings.facts(), closed, mark.after or guild.id, mark.at, self._take_safely)
        if gap.is_whole and bearings.works_in(guild):
            await mark.release()

    async def _look_after(self, place: Place) -> None:
        """What people, or we before a crash, made of it without our hearing of it."""
        self._forums.changed(place)
        thread = self._bearings.thread(place.ref.topic) if place.ref and place.ref.topic else None
        if thread is None or place.ref is None or not place.named:
            return
        if thread.name not in (name_of(place.named), name_of(place.title)):
            await self._renamed(place.ref, thread.name)

    # --- direct messages

    async def _read_direct(self) -> None:
        mark, gap = self._marks.direct, Gap(self._patience)
        for id in sorted(self._bearings.facts().direct) if mark.after is not None else ():
            channel = await self._direct(id, gap)
            if channel is not None and mark.after is not None:
                await gap.read(channel, mark.after, self._take_safely)
        if gap.is_whole:
            await mark.release()

    async def _direct(self, id: str, gap: Gap) -> discord.DMChannel | None:
        """They do not come with READY."""
        ears = self._bearings.ears
        if ears is None:
            return None
        try:
            found: Any = ears.get_channel(int(id)) or await ears.fetch_channel(int(id))
        except (discord.DiscordException, OSError, TimeoutError) as error:
            log.warning("discord: direct messages with somebody cannot be read: %s", type(error).__name__)
            gap.is_whole = gap.is_whole and isinstance(error, FOR_GOOD)
            return None
        return found if isinstance(found, discord.DMChannel) else None

    async def _take_safely(self, message: discord.Message) -> None:
        await self._safely(self._take, message)


def _newest(guild: discord.Guild) -> int:
    """The newest thing that stands there, by Discord's clock."""
    spoken = [getattr(one, "last_message_id", None) or one.id for one in (*guild.channels, *guild.threads)]
    return max([guild.id, *spoken])
