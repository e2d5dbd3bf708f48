"""The outbox ledger: cards, their pages, and the gates that a platform closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import aiosqlite

from openacp_bot.core.ports import Card, PageState
from openacp_bot.store.facts import Facts
from openacp_bot.store.rows import card_columns, card_of
from openacp_bot.store.sql import change_all, fetch, fetch_one, insert


class CardLedger(Facts):
    """`core.ports.Ledger` over SQLite."""

    async def open_cards(self, adapter: str) -> Sequence[Card]:
        """In the order in which they were opened."""
        of_adapter = "FROM cards JOIN places ON places.id = cards.place WHERE settled = 0 AND adapter = ?"
        rows = await self._reader.fetch(f"SELECT cards.* {of_adapter} ORDER BY cards.rowid", (adapter,))
        sql = f"SELECT * FROM pages WHERE card IN (SELECT cards.id {of_adapter}) ORDER BY card, number"
        found = await self._reader.fetch(sql, (adapter,))
        pages = {card: list(rows) for card, rows in groupby(found, key=lambda row: row["card"])}
        return [card_of(row, pages.get(row["id"], ())) for row in rows]

    async def open(self, card: Card) -> Card:
        async def work(db: aiosqlite.Connection) -> Card:
            here = (card.place, card.kind.value, card.ref)
            row = await fetch_one(db, "SELECT * FROM cards WHERE place = ? AND kind = ? AND ref = ?", here)
            if row is not None:
                sql = "SELECT * FROM pages WHERE card = ? ORDER BY number"
                return card_of(row, await fetch(db, sql, (row["id"],)))
            await insert(db, "cards", card_columns(card, self._now()))
            sql = "INSERT INTO pages (card, number, message, state, tries) VALUES (?, ?, ?, ?, 0)"
            await change_all(db, sql, [(card.id, page.number, page.message, page.state.value) for page in card.pages])
            return card

        return await self._writer.do(work)

    async def sending(self, card: str, page: int) -> None:
        sql = """
            INSERT INTO pages (card, number, state, tries) VALUES (?, ?, ?, 1)
            ON CONFLICT (card, number) DO UPDATE SET state = excluded.state, tries = tries + 1
        """
        await self._change(sql, (card, page, PageState.SENDING.value))

    async def shown(self, card: str, page: int, message: str) -> None:
        sql = """
            INSERT INTO pages (card, number, state, message, tries) VALUES (?, ?, ?, ?, 1)
            ON CONFLICT (card, number) DO UPDATE SET state = excluded.state, message = excluded.message
        """
        await self._change(sql, (card, page, PageState.SHOWN.value, message))

    async def put_off(self, card: str, not_before: float) -> None:
        await self._change("UPDATE cards SET attempts = attempts + 1, not_before = ? WHERE id = ?", (not_before, card))

    async def settle(self, card: str, error: str = "") -> None:
        await self._change("UPDATE cards SET settled = 1, error = ? WHERE id = ?", (error, card))

    async def opening(self, place: str) -> None:
        await self._change("UPDATE places SET opening_at = ? WHERE id = ?", (self._now(), place))

    async def close_gate(self, gate: str, until: float) -> None:
        sql = "INSERT OR REPLACE INTO gates (gate, closed_until) VALUES (?, ?)"
        await self._change(sql, (gate, until))

    async def closed_gates(self, now: float) -> Mapping[str, float]:
        rows = await self._reader.fetch("SELECT gate, closed_until FROM gates WHERE closed_until > ?", (now,))
        return {row["gate"]: row["closed_until"] for row in rows}
