"""Cards at rest: rows of the outbox ledger, and the pages that go with them."""

from __future__ import annotations

import dataclasses

import aiosqlite

from openacp_bot.core.cards import Card, CardKind
from openacp_bot.store.rows import card_columns, card_of
from openacp_bot.store.sql import change, change_all, fetch, fetch_one, insert


async def find_card(db: aiosqlite.Connection, kind: CardKind, ref: str) -> Card | None:
    row = await fetch_one(db, "SELECT * FROM cards WHERE kind = ? AND ref = ?", (kind.value, ref))
    if row is None:
        return None
    return card_of(row, await fetch(db, "SELECT * FROM pages WHERE card = ? ORDER BY number", (row["id"],)))


async def add_card(db: aiosqlite.Connection, card: Card, now: float) -> Card:
    """Refused by the table, where its place is unknown and it has no address."""
    card = dataclasses.replace(card, created_at=card.created_at or now)
    await insert(db, "cards", {**card_columns(card), "adapter": await _adapter(db, card)})
    sql = "INSERT INTO pages (card, number, message, state, rings, tries) VALUES (?, ?, ?, ?, ?, ?)"
    rows = [(card.id, page.number, page.message, page.state.value, page.rings, page.tries) for page in card.pages]
    await change_all(db, sql, rows)
    return card


async def open_at_home(db: aiosqlite.Connection, kind: CardKind, id: str, session: str, now: float) -> None:
    """The card of a turn or a question, if its session has a home that is wanted open."""
    sql = "SELECT id, wanted FROM places WHERE session = ? ORDER BY rowid DESC LIMIT 1"
    home = await fetch_one(db, sql, (session,))
    if home is not None and home["wanted"] == "open" and await find_card(db, kind, id) is None:
        await add_card(db, Card(id, kind, id, place=home["id"], session=session), now)


async def settle_cards_of_deleted(db: aiosqlite.Connection, session: str) -> None:
    """What they show is gone, or the place in which they would show it; so nothing is left to make true."""
    sql = """
        UPDATE cards SET settled = 1, error = 'the session was deleted'
        WHERE settled = 0 AND ((session = ? AND kind IN ('turn', 'question'))
            OR EXISTS (SELECT 1 FROM places WHERE id = cards.place AND wanted = 'gone'))
    """
    await change(db, sql, (session,))


async def forget_cards_of_deleted(db: aiosqlite.Connection, session: str) -> None:
    """Those that need nothing more."""
    await change(db, "DELETE FROM cards WHERE session = ? AND settled = 1", (session,))


async def _adapter(db: aiosqlite.Connection, card: Card) -> str | None:
    if not card.place:
        return None if card.where is None else card.where.adapter
    place = await fetch_one(db, "SELECT adapter FROM places WHERE id = ?", (card.place,))
    return None if place is None else place["adapter"]
