"""Places: what topics and threads should be, and at which address they are."""

from __future__ import annotations

import aiosqlite

from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.store.facts import Facts
from openacp_bot.store.rows import place_columns, place_of
from openacp_bot.store.sql import change, fetch_one, insert


class PlaceFacts(Facts):
    """The part of Records that is about places."""

    async def place(self, id: str) -> Place | None:
        return await self._one("SELECT * FROM places WHERE id = ?", id)

    async def place_at(self, ref: ThreadRef) -> Place | None:
        """The place that is open at this address."""
        sql = "SELECT * FROM places WHERE adapter = ? AND space = ? AND topic = ? AND wanted = 'open'"
        return await self._one(sql, ref.adapter, ref.space, ref.topic)

    async def place_of(self, session: str) -> Place | None:
        """The session's home: of several (a topic that was opened anew), the newest."""
        return await self._one("SELECT * FROM places WHERE session = ? ORDER BY rowid DESC LIMIT 1", session)

    async def add_place(self, place: Place) -> None:
        async def work(db: aiosqlite.Connection) -> None:
            await insert(db, "places", place_columns(place, self._now()))

        await self._writer.do(work)

    async def change_place(
        self, id: str, *, ref: ThreadRef | None = None, wanted: Wanted | None = None, title: str = "", url: str = ""
    ) -> Place | None:
        changed: dict[str, object] = {}
        if ref is not None:
            changed |= {"adapter": ref.adapter, "space": ref.space, "topic": ref.topic, "opening_at": None}
        if wanted is not None:
            changed["wanted"] = wanted.value
        if title:
            changed["title"] = title
        if url:
            changed["url"] = url

        async def work(db: aiosqlite.Connection) -> Place | None:
            if changed:
                names = ", ".join(f"{name} = ?" for name in changed)
                await change(db, f"UPDATE places SET {names} WHERE id = ?", (*changed.values(), id))
            row = await fetch_one(db, "SELECT * FROM places WHERE id = ?", (id,))
            return None if row is None else place_of(row)

        return await self._writer.do(work)

    async def _one(self, sql: str, *values: object) -> Place | None:
        row = await self._reader.fetch_one(sql, values)
        return None if row is None else place_of(row)
