"""What becomes of each thing that people did, told by the gateway or found later; and when that fails.

1. What cannot be handled now, as the store fails, waits and keeps what comes behind it. 2. A message whose author
cannot be known now holds up nobody: the mark is held for it, so it is read again. 3. A bug in one thing ends nothing
else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import ParamSpec

import discord

from openacp_bot.adapters.discord.facts import ADAPTER
from openacp_bot.adapters.discord.inbound import reported
from openacp_bot.adapters.discord.intake import Intake
from openacp_bot.adapters.discord.marks import Mark, Marks
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.roles import NotKnown
from openacp_bot.chat.pauses import Pauses, until_done
from openacp_bot.core.inbound import Report
from openacp_bot.core.model import ThreadRef

log = logging.getLogger(__name__)

LATE_SECONDS = 120.0  # what waited longer than that at Discord was not written to somebody who was there

MET = "met:"  # how the note of a channel of direct messages begins

P = ParamSpec("P")


class Handling:
    """Nothing here raises but `done`, and `safely` where that says so."""

    def __init__(self, means: Means, intake: Intake, marks: Marks) -> None:
        self._means = means
        self._bearings = means.bearings
        self._intake = intake
        self._marks = marks

    # --- what people did

    async def message(self, message: discord.Message, *, missed: bool = False) -> bool:
        """Whether it need not come again. `missed`: it waited at Discord until we came. Our clock, which may be fast,
        decides only about those."""
        try:
            await self.safely(self._message, message, missed=missed)
        except NotKnown as error:
            log.warning("discord: a message is read again later: %s", error)
            self._mark(message.guild).hold()
            return False
        return True

    async def _message(self, message: discord.Message, *, missed: bool) -> None:
        guild, channel = message.guild, str(message.channel.id)
        if guild is not None and not self._bearings.works_in(guild):
            self._marks.server(guild.id).hold()  # if it is ours, this is read as soon as we are there
            return
        if guild is None:
            await self._meet(channel, str(message.author.id))
        late = missed and time.time() - message.created_at.timestamp() > LATE_SECONDS
        await self._intake.message(message, self._bearings.facts(), late=late)
        is_ours = not message.author.bot and self._bearings.minds(channel)
        await self._mark(guild).heard(message.id, is_ours=is_ours)

    def _mark(self, guild: discord.Guild | None) -> Mark:
        return self._marks.direct if guild is None else self._marks.server(guild.id)

    async def _meet(self, channel: str, user: str) -> None:
        facts = self._bearings.facts()
        if channel not in facts.direct and facts.knows(user, (), direct=True):
            await self._means.ledger.note(ADAPTER, f"{MET}{channel}", user)
            self._bearings.met(channel)

    async def edited(self, event: discord.RawMessageUpdateEvent) -> None:
        where = self._bearings.where(event.channel_id)
        await self.safely(self._intake.edited, event, where, self._bearings.facts())

    async def deleted(self, channel: int, messages: Iterable[int]) -> None:
        if not (self._bearings.minds(str(channel)) or self._bearings.facts().mention_anywhere):
            return
        where = self._bearings.where(channel)
        if where is not None:
            for message in messages:
                await self.safely(self._intake.deleted, where, message)

    async def renamed(self, where: ThreadRef, title: str) -> None:
        """A person gave this thread another name."""
        await self.safely(self._renamed, where, title)

    async def thread_deleted(self, where: ThreadRef) -> None:
        """By a person, or by us; core knows."""
        await self.safely(self._thread_deleted, where)

    async def _thread_deleted(self, where: ThreadRef) -> None:
        await self._means.hub.handle(reported(Report.DELETED, where, time.time()))

    async def _renamed(self, where: ThreadRef, title: str) -> None:
        await self._means.hub.handle(reported(Report.RENAMED, where, time.time(), detail=title))

    # --- when something fails

    async def safely(self, deed: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> bool:
        """Whatever it raises ends nothing else; only NotKnown is passed on. Whether it was done."""
        try:
            await self.done(deed, *args, **named)
        except NotKnown:
            raise
        except Exception:  # one thing's root: it would come again for ever
            log.exception("discord: something that came could not be handled and is left out")
            return False
        return True

    async def done(self, deed: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> None:
        """Once that is possible."""
        told = partial(log.error, "discord: what came cannot be handled yet, and waits: %s")
        await until_done(partial(deed, *args, **named), Pauses(*self._means.patience.store), told)
