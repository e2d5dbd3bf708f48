"""The outbox ledger: cards, their pages, and the gates that a platform closed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby

import aiosqlite

from openacp_bot.core.cards import Card, CardKind, PageState
from openacp_bot.core.model import ThreadRef
from openacp_bot.store.cards import add_card, find_card
from openacp_bot.store.making import PlaceMaking
from openacp_bot.store.rows import card_of
from openacp_bot.store.sql import Values


class CardLedger(PlaceMaking):
    """`core.ports.Ledger` over SQLite. What is told of a card that is gone is forgotten."""

    async def open_cards(self, adapter: str) -> Sequence[Card]:
        return await self._cards("adapter = ? AND settled = 0 ORDER BY rowid", (adapter,))

    async def open(self, card: Card) -> Card:
        async def work(db: aiosqlite.Connection) -> Card:
            return await find_card(db, card.kind, card.ref) or await add_card(db, card, self._now())

        return await self._writer.do(work)

    async def card(self, kind: CardKind, ref: str) -> Card | None:
        found = await self._cards("kind = ? AND ref = ?", (kind.value, ref))
        return found[0] if found else None

    async def card_at(self, where: ThreadRef, message: str) -> Card | None:
        here = """
            id IN (SELECT card FROM pages WHERE message = ?) AND adapter = ?
            AND coalesce((SELECT space FROM places WHERE id = cards.place), space) = ? ORDER BY rowid DESC LIMIT 1
        """
        found = await self._cards(here, (message, where.adapter, where.space))
        return found[0] if found else None

    async def rewrite(self, card: str, body: str) -> None:
        sql = "UPDATE cards SET body = ?, settled = 0, error = '', attempts = 0, not_before = 0 WHERE id = ?"
        await self._change(sql, (body, card))

    async def sending(self, card: str, page: int, *, rings: bool = False) -> None:
        sql = """
            INSERT INTO pages (card, number, state, rings, tries) SELECT id, ?, ?, ?, 1 FROM cards WHERE id = ?
            ON CONFLICT (card, number) DO UPDATE SET state = excluded.state, rings = excluded.rings, tries = tries + 1
        """
        await self._change(sql, (page, PageState.SENDING.value, int(rings), card))

    async def shown(self, card: str, page: int, message: str) -> None:
        sql = """
            INSERT INTO pages (card, number, state, message, rings, tries)
            SELECT id, ?, ?, ?, 0, 1 FROM cards WHERE id = ?
            ON CONFLICT (card, number) DO UPDATE SET state = excluded.state, message = excluded.message
        """
        await self._change(sql, (page, PageState.SHOWN.value, message, card))

    async def forget(self, card: str, pages: Sequence[int]) -> None:
        sql = "DELETE FROM pages WHERE card = ? AND number IN (SELECT value FROM json_each(?))"
        await self._change(sql, (card, json.dumps(list(pages))))

    async def set_aside(self, card: str, page: int, to: int) -> None:
        await self._change("UPDATE pages SET number = ?, rings = 0 WHERE card = ? AND number = ?", (to, card, page))

    async def put_off(self, card: str, not_before: float) -> None:
        await self._change("UPDATE cards SET attempts = attempts + 1, not_before = ? WHERE id = ?", (not_before, card))

    async def settle(self, card: str, error: str = "") -> None:
        await self._change("UPDATE cards SET settled = 1, error = ? WHERE id = ?", (error, card))

    async def note(self, adapter: str, key: str, value: str) -> None:
        await self._change("INSERT OR REPLACE INTO notes (adapter, key, value) VALUES (?, ?, ?)", (adapter, key, value))

    async def notes(self, adapter: str) -> Mapping[str, str]:
        rows = await self._reader.fetch("SELECT key, value FROM notes WHERE adapter = ? ORDER BY rowid", (adapter,))
        return {row["key"]: row["value"] for row in rows}

    async def close_gate(self, gate: str, until: float) -> None:
        sql = "INSERT OR REPLACE INTO gates (gate, closed_until) VALUES (?, ?)"
        await self._change(sql, (gate, until))

    async def closed_gates(self, now: float) -> Mapping[str, float]:
        rows = await self._reader.fetch("SELECT gate, closed_until FROM gates WHERE closed_until > ?", (now,))
        return {row["gate"]: row["closed_until"] for row in rows}

    async def _cards(self, which: str, values: Values) -> list[Card]:
        rows = await self._reader.fetch(f"SELECT * FROM cards WHERE {which}", values)
        sql = "SELECT * FROM pages WHERE card IN (SELECT value FROM json_each(?)) ORDER BY card, number"
        found = await self._reader.fetch(sql, (json.dumps([row["id"] for row in rows]),)) if rows else []
        pages = {card: list(of_card) for card, of_card in groupby(found, key=lambda row: row["card"])}
        return [card_of(row, pages.get(row["id"], ())) for row in rows]
