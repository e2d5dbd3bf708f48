"""What goes: sessions, unseen at once and erased piece by piece, and what has expired."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Sequence
from functools import partial

import aiosqlite

from openacp_bot.core.model import Wanted
from openacp_bot.store.cards import forget_cards_of_deleted, settle_cards_of_deleted
from openacp_bot.store.facts import Facts
from openacp_bot.store.places import put_place
from openacp_bot.store.rows import place_of
from openacp_bot.store.sql import change, fetch

NOT_DELETED = "session NOT IN (SELECT id FROM sessions WHERE deleted_at IS NOT NULL)"
PIECE = 1000  # items of a conversation that are erased under one commit
INBOX_SECONDS = 60 * 86400.0
ANSWER_SECONDS = 86400.0  # no platform tells anything again later than that
CARD_SECONDS = 14 * 86400.0  # longer than anybody presses what stands that far up


class Forgetting(Facts):
    """The part of Records that is about being gone."""

    async def delete_session(self, id: str, *, key: str = "") -> bool:
        async def mark(db: aiosqlite.Connection) -> None:
            await change(db, "UPDATE sessions SET deleted_at = ? WHERE id = ?", (self._now(), id))
            for row in await fetch(db, "SELECT * FROM places WHERE session = ?", (id,)):
                await put_place(db, dataclasses.replace(place_of(row), wanted=Wanted.GONE, session=None))
            await change(db, "UPDATE places SET title = '' WHERE session IS NULL AND wanted = 'gone' AND topic IS NULL")
            await settle_cards_of_deleted(db, id)

        return await self._once(key, f"deleted {id}", mark)

    async def erase_session(self, id: str) -> None:
        """In pieces, so that nobody else's write waits behind a long conversation."""
        if id in await self._writer.look(_deleted):
            while not await self._erase_piece(id):
                pass

    async def tidy(self, now: float) -> None:
        """Also goes on with what was to be erased and is not."""
        await self._writer.do(partial(forget_expired, now))
        await self._change("DELETE FROM inbox WHERE at <= ?", (now - INBOX_SECONDS,))
        await self._change("UPDATE inbox SET reply = '' WHERE reply <> '' AND at <= ?", (now - ANSWER_SECONDS,))
        await self._writer.do(_forget_places)
        await self._change("DELETE FROM cards WHERE settled = 1 AND created_at <= ?", (now - CARD_SECONDS,))
        for id in await self._writer.look(_deleted):
            await self.erase_session(id)

    async def _erase_deleted(self, *, pieces: int) -> None:
        """At most so many pieces of what is marked."""
        waiting = deque(await self._writer.look(_deleted))
        for _ in range(pieces):
            if waiting and await self._erase_piece(waiting[0]):
                waiting.popleft()

    async def _erase_piece(self, id: str) -> bool:
        """Of a session that is marked; True: nothing is left of it. The mark goes last, so that a crash between two
        pieces leaves nothing behind for good."""
        sql = "DELETE FROM items WHERE id IN (SELECT id FROM items WHERE session = ? LIMIT ?)"
        if await self._change(sql, (id, PIECE)) == PIECE:
            return False
        await self._blobs.remove(id)
        await self._writer.do(partial(_erase_rest, id))
        return True


async def forget_expired(now: float, db: aiosqlite.Connection) -> None:
    await change(db, "DELETE FROM menus WHERE expires_at <= ?", (now,))
    await change(db, "DELETE FROM expecting WHERE expires_at <= ?", (now,))


async def _forget_places(db: aiosqlite.Connection) -> None:
    """Those of deleted sessions that had no topic of their own, or none yet, and none is on its way any more."""
    sql = """
        DELETE FROM places
        WHERE session IS NULL AND wanted = 'gone' AND coalesce(topic, '') = '' AND opening_at IS NULL
    """
    await change(db, sql)


async def _deleted(db: aiosqlite.Connection) -> Sequence[str]:
    rows = await fetch(db, "SELECT id FROM sessions WHERE deleted_at IS NOT NULL ORDER BY deleted_at")
    return [row["id"] for row in rows]


async def _erase_rest(id: str, db: aiosqlite.Connection) -> None:
    await settle_cards_of_deleted(db, id)  # those that were opened while its agent was ending
    await forget_cards_of_deleted(db, id)
    await change(db, "UPDATE inbox SET reply = '' WHERE instr(reply, ?) > 0", (id,))
    await change(db, "DELETE FROM menus WHERE session = ?", (id,))
    await change(db, "DELETE FROM sessions WHERE id = ?", (id,))
