"""What was written while we did not hear it: which channels of the server were spoken in, and the reading of them.

1. A channel tells its newest message, so only those are read that have one behind the mark. 2. Archived threads do not
come with the server; they are listed, the last archived first, until they are older than the mark. 3. Everything is
bounded; what is left out is the oldest, and that is told. 4. Each call is one try: what cannot be read is owed, and
nobody waits for it but, for a while, who writes in that same channel.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from typing import Any, TypeAlias, cast

import discord

from openacp_bot.adapters.discord.checks import rights
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.errors import in_words
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.history import Missed, missed
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pen import Forbidden, PenError, PlaceGone

log = logging.getLogger(__name__)

MOST_OTHERS = 50  # channels that are read for mentions only
MOST_ARCHIVED = 1000  # threads of one channel

FOR_GOOD = (Forbidden, PlaceGone)
FOR_NOW = (PenError, TimeoutError)

Channel: TypeAlias = discord.TextChannel | discord.Thread | discord.PartialMessageable
Take: TypeAlias = Callable[[discord.Message], Awaitable[bool]]
LeftOut: TypeAlias = Callable[[Channel, int], Awaitable[None]]


class Gap:
    """Behind one mark, until all of it was handled: how far each channel was read stays known from one pass to the
    next. `take` says whether a message need not come again; `left_out` tells of a channel that not all was read."""

    def __init__(self, rest: Callable[[], Rest], patience: Patience, *, take: Take, left_out: LeftOut) -> None:
        self._rest = rest
        self._patience = patience
        self._take = take
        self._left_out = left_out
        self._read: dict[int, int] = {}  # by channel: everything up to this message was handled
        self._waits: dict[int, float] = {}  # by channel that is owed: so long waits what is written there
        self._told: set[int] = set()
        self._spent = 0.0  # in this pass, on what cannot be read
        self.is_whole = True

    def begin(self) -> None:
        """A pass over everything. At its end `is_whole` says that all was read."""
        self._spent, self.is_whole = 0.0, True

    @property
    def is_slow(self) -> bool:
        """What cannot be read took so long that this pass was given up."""
        return self._spent >= self._patience.read

    def waits_until(self, channel: int) -> float:
        """By the loop's clock. What is written there now stands behind what could not be read."""
        return self._waits.get(channel, 0.0)

    # --- the server

    async def in_server(
        self, guild: discord.Guild, facts: Facts, closed: Collection[str], after: int, heard: int
    ) -> None:
        """What was written behind `after` where everything is meant for us, and behind `heard` elsewhere: mentions may
        rather be missed than come twice. `closed`: threads that we archived."""
        for channel in self._owed_last(_ours(guild, facts)):
            await self.read(channel, after, heard)
        for parent in _parents(guild, facts, closed):
            async for thread in self._archived(parent, after):
                is_ours = str(thread.id) in facts.threads or str(parent.id) == facts.channel
                if is_ours and str(thread.id) not in closed:
                    await self.read(thread, after, heard)
        for other in self._owed_last(_others(guild, facts, heard)) if facts.mention_anywhere else ():
            await self.read(other, heard, heard)

    def _owed_last(self, channels: Iterable[Channel]) -> list[Channel]:
        return sorted(channels, key=lambda one: one.id in self._waits)

    async def _archived(
        self, parent: discord.TextChannel | discord.ForumChannel, after: int
    ) -> AsyncIterator[discord.Thread]:
        """Those that were spoken in behind `after`: they were archived later than that, too."""
        if self.is_slow:
            self.is_whole = False
            return
        begins, left, before = discord.utils.snowflake_time(after), MOST_ARCHIVED, ""
        while left > 0:
            asked = self._now()
            try:
                async with asyncio.timeout(self._patience.read):
                    listed = await self._rest().paced.archived_threads(str(parent.id), before)
            except FOR_GOOD as error:
                log.warning("discord: the archived threads of %d may not be read: %s", parent.id, error)
                return
            except FOR_NOW as error:
                log.warning("discord: the archived threads of %d cannot be read: %s", parent.id, in_words(error))
                self._spent, self.is_whole = self._spent + self._now() - asked, False
                return
            for raw in listed["threads"]:
                thread = discord.Thread(guild=parent.guild, state=parent._state, data=raw)
                if thread.archive_timestamp < begins:
                    return
                before, left = raw["thread_metadata"]["archive_timestamp"], left - 1
                if (_last(thread) or thread.id) > after:
                    yield thread
            if not (listed["has_more"] and listed["threads"]):
                return
        log.warning("discord: more than %d threads of %d were archived meanwhile", MOST_ARCHIVED, parent.id)

    # --- one channel

    async def read(self, channel: Channel, after: int, heard: int) -> None:
        """Each message behind `after` is taken, oldest first. `heard`: the last one before the gap, so that a channel
        in which none came later has most likely missed nothing."""
        after, last = max(after, self._read.get(channel.id, 0)), _last(channel)
        if last is not None and last <= after:
            self._waits.pop(channel.id, None)
            return
        waits = last is None or last > heard
        if self.is_slow:
            self._owe(channel.id, waits=waits)
            return
        asked = self._now()
        try:
            found = await missed(self._rest().paced, channel.id, after, self._patience.read)
        except FOR_GOOD as error:
            log.warning("discord: what was written in %d meanwhile may not be read: %s", channel.id, error)
            self._waits.pop(channel.id, None)
        except FOR_NOW as error:
            if channel.id not in self._waits:
                log.warning("discord: what was written in %d cannot be read yet: %s", channel.id, in_words(error))
            self._spent += self._now() - asked
            self._owe(channel.id, waits=waits)
        else:
            await self._tell(channel, found, after)

    async def _tell(self, channel: Channel, found: Missed, after: int) -> None:
        if found.is_cut and channel.id not in self._told:
            self._told.add(channel.id)
            await self._left_out(channel, after)
        is_handled = True
        for raw in found.messages:
            message = discord.Message(state=channel._state, channel=channel, data=cast("Any", raw))
            is_handled = await self._take(message) and is_handled
            if is_handled:
                self._read[channel.id] = message.id
        if is_handled:
            self._read[channel.id] = max(after, found.newest)
            self._waits.pop(channel.id, None)
        else:
            self._owe(channel.id, waits=True)

    def _owe(self, channel: int, *, waits: bool) -> None:
        self._waits.setdefault(channel, self._now() + self._patience.behind if waits else 0.0)
        self.is_whole = False

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _last(channel: Channel) -> int | None:
    """Its newest message, where that is told."""
    return getattr(channel, "last_message_id", None)


def _ours(guild: discord.Guild, facts: Facts) -> Iterator[discord.TextChannel | discord.Thread]:
    """Our channel, the threads in it, and those that are places elsewhere."""
    for thread in guild.threads:
        if str(thread.id) in facts.threads or str(thread.parent_id) == facts.channel:
            yield thread
    channel = guild.get_channel(int(facts.channel)) if facts.channel else None
    if isinstance(channel, discord.TextChannel):
        yield channel


def _parents(
    guild: discord.Guild, facts: Facts, closed: Collection[str]
) -> Iterator[discord.TextChannel | discord.ForumChannel]:
    """Channels in which threads of ours may have been archived."""
    active = {str(thread.id) for thread in guild.threads}
    asleep = {parent for thread, parent in facts.threads.items() if thread not in active and thread not in closed}
    for id in sorted(asleep | ({facts.channel} if facts.channel else set())):
        channel = guild.get_channel(int(id))
        if isinstance(channel, discord.TextChannel | discord.ForumChannel):
            yield channel


def _others(guild: discord.Guild, facts: Facts, after: int) -> list[discord.TextChannel | discord.Thread]:
    """Where somebody may have mentioned us; the last spoken in first."""
    ours = {str(channel.id) for channel in _ours(guild, facts)}
    channels: list[discord.TextChannel | discord.Thread] = [*guild.text_channels, *guild.threads]
    spoken = [
        one for one in channels if (_last(one) or 0) > after and str(one.id) not in ours and _may_read(one, guild)
    ]
    spoken.sort(key=lambda one: _last(one) or 0, reverse=True)
    if len(spoken) > MOST_OTHERS:
        log.warning("discord: mentions that were missed in %d more channels are left out", len(spoken) - MOST_OTHERS)
    return spoken[:MOST_OTHERS]


def _may_read(channel: discord.TextChannel | discord.Thread, guild: discord.Guild) -> bool:
    try:
        ours = rights(channel, guild)
    except discord.ClientException:  # a thread whose channel is not known
        return False
    return ours is None or (ours.view_channel and ours.read_message_history)
