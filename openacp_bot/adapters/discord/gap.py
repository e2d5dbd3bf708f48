"""What was written while we were not connected: fetched for each place that is known, told once.

A message's id tells when it was made, so the last one that was handled in a channel says where the gap begins; a thread
in which nothing was handled yet begins with its own id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping

import discord

from openacp_bot.adapters.discord.config import Patience
from openacp_bot.chat.pauses import Pauses
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

SEEN = "seen:"
SINCE = "since"  # the first connection ever
MOST = 500  # messages of one place
TRIES = 7  # to read a place, with pauses that grow: about a minute
FOR_GOOD = (discord.Forbidden, discord.NotFound)


class Gap:
    """Remembers, in the ledger's notes, the last message of each channel."""

    def __init__(self, ledger: Ledger, patience: Patience) -> None:
        self._ledger = ledger
        self._patience = patience
        self._seen: dict[str, int] = {}
        self.since = 0.0  # UTC seconds of the first connection ever; 0: there was none

    async def load(self) -> None:
        notes = await self._ledger.notes("discord")
        self._seen = {key.removeprefix(SEEN): int(last) for key, last in notes.items() if key.startswith(SEEN)}
        self.since = float(notes.get(SINCE, 0.0))

    async def begin(self, now: float) -> None:
        """Connected for the first time, perhaps: what was there before is not ours."""
        if not self.since:
            self.since = now
            await self._ledger.note("discord", SINCE, str(now))

    async def handled(self, channel: str, message: int) -> None:
        """Everything in this channel up to this message was taken."""
        if message > self._seen.get(channel, 0):
            self._seen[channel] = message
            await self._ledger.note("discord", f"{SEEN}{channel}", str(message))

    @property
    def seen(self) -> Mapping[str, int]:
        """As it is now."""
        return dict(self._seen)

    async def missed(
        self, ears: discord.Client, threads: Iterable[str], others: Iterable[str], seen: Mapping[str, int]
    ) -> AsyncIterator[discord.Message]:
        """Oldest first, place by place. What may not be read is left out, with a line in the log."""
        for thread in threads:
            # Active threads come with READY. Whoever writes in an archived one wakes it.
            known = ears.get_channel(int(thread))
            if known is not None:
                async for message in self._after(known, seen.get(thread, int(thread) - 1)):
                    yield message
        for other in others:
            if other in seen and (channel := await _found(ears, other)) is not None:
                async for message in self._after(channel, seen[other]):
                    yield message

    async def _after(self, channel: object, after: int) -> AsyncIterator[discord.Message]:
        """While Discord fails, what comes behind waits: it would be noted as the last that was handled."""
        last = getattr(channel, "last_message_id", None)
        if not isinstance(channel, discord.abc.Messageable) or (last is not None and last <= after):
            return
        pauses = Pauses(*self._patience.away)
        for _ in range(TRIES):
            try:
                async for message in channel.history(limit=MOST, after=discord.Object(after), oldest_first=True):
                    after = message.id
                    yield message
                return
            except FOR_GOOD as error:
                log.warning("discord: what was written in %s meanwhile may not be read: %s", channel, error.text)
                return
            except (discord.DiscordException, OSError) as error:
                log.warning("discord: what was written in %s cannot be read: %s", channel, type(error).__name__)
                await asyncio.sleep(pauses.next())


async def _found(ears: discord.Client, channel: str) -> object:
    """Channels of direct messages do not come with READY."""
    try:
        return ears.get_channel(int(channel)) or await ears.fetch_channel(int(channel))
    except (discord.DiscordException, OSError):
        return None
