"""Facts at rest: every noun's part together is `core.ports.Records`."""

from __future__ import annotations

import aiosqlite

from openacp_bot.store.places import PlaceFacts
from openacp_bot.store.prompts import PromptFacts
from openacp_bot.store.questions import QuestionFacts
from openacp_bot.store.recovery import Recovery
from openacp_bot.store.sessions import SessionFacts


class AllRecords(SessionFacts, PromptFacts, QuestionFacts, PlaceFacts, Recovery):
    """`core.ports.Records` over SQLite."""

    async def admit(self, key: str, effect: str = "") -> bool:
        return await self._once(key, effect, _nothing)

    async def seen(self, key: str) -> bool:
        return await self._reader.fetch_one("SELECT 1 FROM inbox WHERE key = ?", (key,)) is not None


async def _nothing(db: aiosqlite.Connection) -> None:
    """To be remembered is the whole effect."""
