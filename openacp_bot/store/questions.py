"""Questions with their one winner, menus behind buttons, what a form still expects, and the audit."""

from __future__ import annotations

import aiosqlite

from openacp_bot.core import codec
from openacp_bot.core.cards import CardKind
from openacp_bot.core.inbound import Expecting, Menu
from openacp_bot.core.model import Question, Settlement, ThreadRef
from openacp_bot.core.ports import Audit
from openacp_bot.store.cards import open_at_home
from openacp_bot.store.facts import Facts
from openacp_bot.store.forgetting import NOT_DELETED
from openacp_bot.store.rows import column, expecting_of, menu_columns, menu_of, question_columns, question_of
from openacp_bot.store.sql import change, insert


class QuestionFacts(Facts):
    """The part of Records that is about asking and being answered."""

    async def ask(self, question: Question, menu: Menu) -> None:
        async def work(db: aiosqlite.Connection) -> None:
            await insert(db, "questions", question_columns(question))
            await insert(db, "menus", menu_columns(menu))
            await open_at_home(db, CardKind.QUESTION, question.id, question.session, self._now())

        await self._writer.do(work)

    async def question(self, id: str) -> Question | None:
        row = await self._reader.fetch_one(f"SELECT * FROM questions WHERE id = ? AND {NOT_DELETED}", (id,))
        return None if row is None else question_of(row)

    async def decide(self, question: str, settlement: Settlement, audit: Audit) -> bool:
        async def work(db: aiosqlite.Connection) -> bool:
            sql = f"UPDATE questions SET settled = ? WHERE id = ? AND settled IS NULL AND {NOT_DELETED}"
            if not await change(db, sql, (codec.dumps(settlement), question)):
                return False
            await _write_down(db, audit)
            return True

        return await self._writer.do(work)

    async def audit(self, line: Audit) -> None:
        async def work(db: aiosqlite.Connection) -> None:
            await _write_down(db, line)

        await self._writer.do(work)

    async def mint(self, menu: Menu) -> None:
        async def work(db: aiosqlite.Connection) -> None:
            await insert(db, "menus", menu_columns(menu))

        await self._writer.do(work)

    async def menu(self, id: str) -> Menu | None:
        sql = f"""
            SELECT * FROM menus WHERE id = ? AND spent = 0 AND (expires_at IS NULL OR expires_at > ?)
            AND (session IS NULL OR {NOT_DELETED})
        """
        row = await self._reader.fetch_one(sql, (id, self._now()))
        return None if row is None else menu_of(row)

    async def spend(self, menu: str) -> None:
        await self._change("UPDATE menus SET spent = 1 WHERE id = ?", (menu,))

    async def expect(self, what: Expecting | None, *, where: ThreadRef, who: str) -> None:
        here = (where.adapter, where.space, where.topic, who)
        if what is None:
            sql = "DELETE FROM expecting WHERE adapter = ? AND space = ? AND topic = ? AND who = ?"
            await self._change(sql, here)
            return
        sql = """
            INSERT OR REPLACE INTO expecting (adapter, space, topic, who, token, field, given, expires_at, asked_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        await self._change(sql, (*here, what.token, what.field, column(what.given), what.expires_at, what.asked_by))

    async def expected(self, where: ThreadRef, who: str, now: float) -> Expecting | None:
        sql = "SELECT * FROM expecting WHERE adapter = ? AND space = ? AND topic = ? AND who = ? AND expires_at > ?"
        row = await self._reader.fetch_one(sql, (where.adapter, where.space, where.topic, who, now))
        return None if row is None else expecting_of(row)


async def _write_down(db: aiosqlite.Connection, line: Audit) -> None:
    values = (line.at, line.who, line.what, line.decision, line.session, line.rule)
    await change(db, "INSERT INTO audit (at, who, what, decision, session, rule) VALUES (?, ?, ?, ?, ?, ?)", values)
