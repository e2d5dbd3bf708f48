"""When the channel of our sessions is gone: its sessions go on in the one that we have now; without one, it is told.

Their threads went with it. A session gets a new one as soon as it has something to show (core/places).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from openacp_bot.adapters.discord.facts import ADAPTER, address
from openacp_bot.adapters.discord.inbound import reported
from openacp_bot.adapters.discord.means import Means
from openacp_bot.chat.pen import PenError, PlaceGone
from openacp_bot.core.inbound import Reply, Report

log = logging.getLogger(__name__)

CHANNEL = "channel"  # the note of the channel that was ours last
GONE = (
    "❌ The channel of the sessions was deleted, and their threads with it. They go on, on the page. To have threads "
    "again, set discord.channel_id to another channel and restart the daemon."
)


class Moving:
    """`look_around` is to be called whenever where we are may have changed."""

    def __init__(self, means: Means) -> None:
        self._hub = means.hub
        self._ledger = means.ledger
        self._outbox = means.outbox
        self._rest = means.rest
        self._bearings = means.bearings
        self._looking = asyncio.Lock()

    async def look_around(self) -> None:
        """Where are we now? Sessions follow. Raises NotDone while we are not connected."""
        async with self._looking:  # two would make two channels, and move into both
            await self._bearings.survey(self._rest())
            await self._follow()

    async def _follow(self) -> None:
        """Into the channel that is ours now, if the one before is gone."""
        ground = self._bearings.ground
        if ground.guild is None or not ground.channel or not ground.is_seen:
            return
        before = (await self._ledger.notes(ADAPTER)).get(CHANNEL, "")
        if before == ground.channel:
            return
        if before and await self._is_gone(before):
            await self._move(before, ground.channel)
        await self._ledger.note(ADAPTER, CHANNEL, ground.channel)

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
            await self._outbox.reply(address(id), Reply(GONE, refused=True), key=f"dc:gone:{channel}:{id}")

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
        await self._hub.handle(reported(Report.MOVED, address(old), time.time(), ref=address(new)))
        await self._outbox.take_up_places()
