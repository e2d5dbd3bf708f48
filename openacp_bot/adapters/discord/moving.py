"""When the channel of our sessions is gone: its sessions go on in the one that we have now; without one, it is told.

Their threads went with it. A session gets a new one as soon as it has something to show (core/places).
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import PenError, PlaceGone
from openacp_bot.core.inbound import Origin, PlaceReported, Reply, Report
from openacp_bot.core.model import ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)

CHANNEL = "channel"  # the note of the channel that was ours last
GONE = (
    "❌ The channel of the sessions was deleted, and their threads with it. They go on, on the page. To have threads "
    "again, set discord.channel_id to another channel and restart the daemon."
)


class Moving:
    """`follow` is to be called whenever it is known anew where we are."""

    def __init__(
        self, *, hub: Hub, ledger: Ledger, outbox: Outbox[str], rest: Callable[[], Rest], bearings: Bearings
    ) -> None:
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._rest = rest
        self._bearings = bearings

    async def follow(self) -> None:
        """Into the channel that is ours now, if the one before is gone."""
        ground = self._bearings.ground
        if ground.guild is None or not ground.channel:
            return
        before = (await self._ledger.notes("discord")).get(CHANNEL, "")
        if before == ground.channel:
            return
        if before and await self._is_gone(before):
            await self._move(before, ground.channel)
        await self._ledger.note("discord", CHANNEL, ground.channel)

    async def lost(self, channel: str) -> None:
        """A channel was deleted, and its threads with it."""
        ground, facts = self._bearings.ground, self._bearings.facts()
        if channel != ground.channel:
            if ground.channel and channel in facts.threads.values():
                await self._move(channel, ground.channel)
        elif not self._bearings.has_own_channel:
            await self._tell(channel, facts.direct)

    async def _tell(self, channel: str, direct: Iterable[str]) -> None:
        """Whoever can still be reached."""
        log.warning("discord: %s", GONE)
        for id in direct:
            await self._outbox.reply(ThreadRef("discord", id), Reply(GONE, refused=True), key=f"dc:gone:{channel}:{id}")

    async def _is_gone(self, channel: str) -> bool:
        try:
            await self._rest().channel(channel)
        except PlaceGone:
            return True
        except PenError:
            return False
        return False

    async def _move(self, old: str, new: str) -> None:
        log.warning("discord: the channel %s is gone; its sessions go on in %s", old, new)
        origin = Origin(
            f"dc:moved:{old}:{secrets.token_hex(4)}", ThreadRef("discord", old), UserRef("discord", ""), time.time()
        )
        await self._hub.handle(PlaceReported(origin, Report.MOVED, "", ref=ThreadRef("discord", new)))
        await self._outbox.take_up_places()
