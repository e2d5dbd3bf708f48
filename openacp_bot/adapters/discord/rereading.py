"""Prompts that wait, looked at once more after a gap: what people changed or deleted meanwhile is not to run as it was.

Discord tells an edit and a deletion once, to whoever is connected. At most so many messages are looked at, for so long;
what cannot be read runs as it was written.
"""

from __future__ import annotations

import asyncio
import logging

from openacp_bot.adapters.discord.facts import ADAPTER, Facts
from openacp_bot.adapters.discord.intake import Intake
from openacp_bot.adapters.discord.marks import Mark, Marks
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.rest import Json
from openacp_bot.adapters.discord.roles import NotKnown
from openacp_bot.chat.pen import MessageGone, PenError
from openacp_bot.core.model import ThreadRef

log = logging.getLogger(__name__)

MOST = 100
SECONDS = 10.0


class Rereading:
    """`run` comes before anything that was missed is handled."""

    def __init__(self, means: Means, intake: Intake, marks: Marks) -> None:
        self._ledger = means.ledger
        self._intake = intake
        self._rest = means.rest
        self._marks = marks

    async def run(self, facts: Facts, guild: Mark | None) -> None:
        """`guild`: None if it is not there; then only direct messages are looked at."""
        waiting = [one for one in await self._ledger.waiting_messages(ADAPTER) if one[1].isdigit()]
        if len(waiting) > MOST:
            log.warning("discord: %d queued messages are not looked at once more", len(waiting) - MOST)
        try:
            async with asyncio.timeout(SECONDS):
                for where, message in waiting[:MOST]:
                    mark = guild if where.topic else self._marks.direct
                    if mark is not None and mark.after is not None:
                        await self._look(where, message, facts, mark.after)
        except TimeoutError:
            log.warning("discord: not all queued messages could be looked at once more")

    async def _look(self, where: ThreadRef, message: str, facts: Facts, after: int) -> None:
        try:
            found = await self._found(where, message, facts)
            if found is None:
                await self._intake.deleted(where, int(message))
            else:
                await self._intake.reread(found, where, facts, after=after)
        except (PenError, NotKnown) as error:
            log.info("discord: a queued message cannot be read: %s", error)

    async def _found(self, where: ThreadRef, message: str, facts: Facts) -> Json | None:
        """None: it was deleted. What began a session stands in the channel, and not in the thread that it opened."""
        try:
            return await self._rest().paced.message(where.topic or where.space, message)
        except MessageGone:
            if not where.topic or where.space in facts.forums:
                return None
        try:
            return await self._rest().paced.message(where.space, message)
        except MessageGone:
            return None
