"""Facts at rest: every noun's part together is `core.ports.Records`."""

from __future__ import annotations

import aiosqlite

from openacp_bot.core import codec
from openacp_bot.core.inbound import Reply
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

    async def answered(self, key: str, reply: Reply) -> None:
        sql = """
            INSERT INTO inbox (key, at, effect, reply) VALUES (?, ?, '', ?)
            ON CONFLICT (key) DO UPDATE SET reply = excluded.reply
        """
        if key:
            await self._change(sql, (key, self._now(), codec.dumps(reply)))

    async def answer_to(self, key: str) -> Reply | None:
        row = await self._reader.fetch_one("SELECT reply FROM inbox WHERE key = ? AND reply <> ''", (key,))
        return None if row is None else codec.loads(row["reply"], Reply)


async def _nothing(db: aiosqlite.Connection) -> None:
    """To be remembered is the whole effect."""
