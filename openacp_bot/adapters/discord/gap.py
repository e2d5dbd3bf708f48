"""What was written while we did not hear it: which channels of the server were spoken in, and the reading of them.

1. A channel tells its newest message, so only those are read that have one behind the mark. 2. Archived threads do not
come with the server; they are listed, the last archived first, until they are older than the mark. 3. Everything is
bounded, and what is left out is said in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import TypeAlias

import discord

from openacp_bot.adapters.discord.checks import rights
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.chat.pauses import Pauses

log = logging.getLogger(__name__)

MOST = 500  # messages of one channel
MOST_OTHERS = 50  # channels that are read for mentions only
MOST_ARCHIVED = 1000  # threads of one channel
TRIES = 7  # to read a channel, with pauses that grow: about a minute
LONGEST_REST = 60.0
FOR_GOOD = (discord.Forbidden, discord.NotFound)

Channel: TypeAlias = discord.TextChannel | discord.Thread | discord.DMChannel
Take: TypeAlias = Callable[[discord.Message], Awaitable[None]]


class Gap:
    """`is_whole`: everything could be read so far. Once that is not so, nothing more is: it will be begun again."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.is_whole = True

    # --- the server

    async def in_server(
        self, guild: discord.Guild, facts: Facts, closed: Collection[str], after: int, mentions: int, take: Take
    ) -> None:
        """What was written behind `after` where everything is meant for us, and behind `mentions` elsewhere. `closed`:
        threads that we archived."""
        for channel in _ours(guild, facts, after):
            await self.read(channel, after, take)
        for parent in _parents(guild, facts, closed):
            async for thread in self._archived(parent, after):
                is_ours = str(thread.id) in facts.threads or str(parent.id) == facts.channel
                if is_ours and str(thread.id) not in closed:
                    await self.read(thread, after, take)
        for other in _others(guild, facts, mentions) if facts.mention_anywhere else ():
            await self.read(other, mentions, take)

    async def _archived(
        self, parent: discord.TextChannel | discord.ForumChannel, after: int
    ) -> AsyncIterator[discord.Thread]:
        """Those that were spoken in behind `after`: they were archived later than that, too."""
        pauses, begins = Pauses(*self._patience.away), discord.utils.snowflake_time(after)
        before, left = None, MOST_ARCHIVED
        for _ in range(TRIES):
            try:
                async for thread in parent.archived_threads(limit=left, before=before):
                    if thread.archive_timestamp < begins:
                        return
                    before, left = thread.archive_timestamp, left - 1
                    if (_last(thread) or thread.id) > after:
                        yield thread
                if left <= 0:
                    log.warning("discord: more than %d threads of #%s were archived meanwhile", MOST_ARCHIVED, parent)
                return
            except FOR_GOOD as error:
                log.warning("discord: the archived threads of #%s may not be read: %s", parent, error.text)
                return
            except (discord.DiscordException, OSError, TimeoutError) as error:
                log.warning("discord: the archived threads of #%s cannot be read: %s", parent, type(error).__name__)
                await asyncio.sleep(_rest(pauses, error))
        self.is_whole = False

    # --- one channel

    async def read(self, channel: Channel, after: int, take: Take) -> None:
        """Each message behind `after` is taken, oldest first."""
        last = _last(channel)
        if not self.is_whole or (last is not None and last <= after):
            return
        pauses, left = Pauses(*self._patience.away), MOST
        for _ in range(TRIES):
            try:
                async for message in channel.history(limit=left, after=discord.Object(after), oldest_first=True):
                    await take(message)
                    after, left = message.id, left - 1
                if left <= 0:
                    log.warning("discord: more than %d messages were missed in %s; the rest is left out", MOST, channel)
                return
            except FOR_GOOD as error:
                log.warning("discord: what was written in %s meanwhile may not be read: %s", channel, error.text)
                return
            except (discord.DiscordException, OSError, TimeoutError) as error:
                log.warning("discord: what was written in %s cannot be read: %s", channel, type(error).__name__)
                await asyncio.sleep(_rest(pauses, error))
        self.is_whole = False


def _last(channel: Channel) -> int | None:
    """Its newest message, where that is told."""
    return getattr(channel, "last_message_id", None)


def _rest(pauses: Pauses, error: Exception) -> float:
    told = error.retry_after if isinstance(error, discord.RateLimited) else 0.0
    return max(pauses.next(), min(told, LONGEST_REST))


def _ours(guild: discord.Guild, facts: Facts, after: int) -> Iterator[discord.TextChannel | discord.Thread]:
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
    ours = {str(channel.id) for channel in _ours(guild, facts, after)}
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
