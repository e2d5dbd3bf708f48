"""Places: what topics and threads should be, and at which address they are.

1. At one address one place is wanted open; whoever comes there, or comes back, closes the one that stood there.
2. Who no longer has an address to itself does nothing to it any more: a topic that is another's now is neither closed
   nor deleted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Unpack

import aiosqlite

from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.core.ports import PlaceFields
from openacp_bot.store.facts import Facts
from openacp_bot.store.rows import place_columns, place_of
from openacp_bot.store.sql import change, fetch, fetch_one, insert

FORGOTTEN: Mapping[str, Any] = {"ref": None, "url": "", "named": "", "shown": None}
AT = "adapter = ? AND space = ? AND topic = ?"


class PlaceFacts(Facts):
    """The part of Records that is about places."""

    async def place(self, id: str) -> Place | None:
        return await self._one("SELECT * FROM places WHERE id = ?", id)

    async def place_at(self, ref: ThreadRef) -> Place | None:
        sql = f"""
            SELECT * FROM places WHERE {AT} AND (topic <> '' OR wanted = 'open')
            ORDER BY wanted = 'open' DESC, rowid DESC LIMIT 1
        """
        return await self._one(sql, ref.adapter, ref.space, ref.topic)

    async def place_of(self, session: str) -> Place | None:
        """The session's home: of several (a topic that was opened anew), the newest."""
        return await self._one("SELECT * FROM places WHERE session = ? ORDER BY rowid DESC LIMIT 1", session)

    async def add_place(self, place: Place) -> None:
        async def work(db: aiosqlite.Connection) -> None:
            await add_place(db, place, self._now())

        await self._writer.do(work)

    async def change_place(self, id: str, **fields: Unpack[PlaceFields]) -> Place | None:
        async def work(db: aiosqlite.Connection) -> Place | None:
            row = await fetch_one(db, "SELECT * FROM places WHERE id = ?", (id,))
            return None if row is None else await put_place(db, _changed(place_of(row), fields))

        return await self._writer.do(work)

    async def move_space(self, adapter: str, old: str, new: str) -> None:
        """Who moves in closes who stood there, as everywhere."""

        async def work(db: aiosqlite.Connection) -> None:
            for row in await fetch(db, "SELECT * FROM places WHERE adapter = ? AND space = ?", (adapter, old)):
                await put_place(db, _moved(place_of(row), new))
            await change(db, "UPDATE cards SET space = ? WHERE adapter = ? AND space = ?", (new, adapter, old))
            sql = "UPDATE OR REPLACE expecting SET space = ? WHERE adapter = ? AND space = ?"
            await change(db, sql, (new, adapter, old))
            sql = """
                UPDATE places SET asked_in = json_set(asked_in, '$.space', ?)
                WHERE json_extract(asked_in, '$.adapter') = ? AND json_extract(asked_in, '$.space') = ?
            """
            await change(db, sql, (new, adapter, old))

        await self._writer.do(work)

    async def _one(self, sql: str, *values: object) -> Place | None:
        row = await self._reader.fetch_one(sql, values)
        return None if row is None else place_of(row)


async def add_place(db: aiosqlite.Connection, place: Place, created_at: float) -> None:
    await _make_room(db, place)
    await insert(db, "places", {**place_columns(place), "created_at": created_at})


async def home_of(db: aiosqlite.Connection, session: str) -> Place | None:
    """Of several (a topic that was opened anew), the newest."""
    sql = "SELECT * FROM places WHERE session = ? ORDER BY rowid DESC LIMIT 1"
    row = await fetch_one(db, sql, (session,))
    return None if row is None else place_of(row)


async def settle_in(db: aiosqlite.Connection, home: Place, now: float) -> None:
    """A home that is new, or to be opened again."""
    row = await fetch_one(db, "SELECT * FROM places WHERE id = ?", (home.id,))
    if row is None:
        await add_place(db, home, now)
    else:
        await put_place(db, place_of(row).as_open(home.asked_in))


async def put_place(db: aiosqlite.Connection, place: Place) -> Place:
    """The place, which is known, as it now is."""
    if place.wanted is Wanted.GONE and await _is_taken(db, place):
        place = dataclasses.replace(place, **FORGOTTEN)
    await _make_room(db, place)
    found = place_columns(place) | ({} if place.ref is None else {"opening_at": None})
    names = ", ".join(f"{name} = ?" for name in found)
    await change(db, f"UPDATE places SET {names} WHERE id = ?", (*found.values(), place.id))
    return place


async def _make_room(db: aiosqlite.Connection, place: Place) -> None:
    if place.ref is None or place.wanted is not Wanted.OPEN:
        return
    sql = f"""
        UPDATE places SET wanted = 'closed', shown = CASE topic WHEN '' THEN shown ELSE 'closed' END
        WHERE {AT} AND wanted = 'open' AND id <> ?
    """
    await change(db, sql, (place.ref.adapter, place.ref.space, place.ref.topic, place.id))


async def _is_taken(db: aiosqlite.Connection, place: Place) -> bool:
    """Whether another is wanted open at its address."""
    if place.ref is None:
        return False
    sql = f"SELECT 1 FROM places WHERE {AT} AND wanted = 'open' AND id <> ?"
    here = (place.ref.adapter, place.ref.space, place.ref.topic, place.id)
    return await fetch_one(db, sql, here) is not None


def _changed(place: Place, fields: PlaceFields) -> Place:
    if "ref" not in fields:
        return dataclasses.replace(place, **fields)
    ref = fields["ref"]
    if ref is None:
        return dataclasses.replace(place, **{**FORGOTTEN, **fields})
    opened: dict[str, Any] = {"adapter": ref.adapter, "space": ref.space, "shown": Wanted.OPEN, "refused": ""}
    return dataclasses.replace(place, **{**opened, **fields})


def _moved(place: Place, space: str) -> Place:
    ref = None if place.ref is None else dataclasses.replace(place.ref, space=space)
    return dataclasses.replace(place, space=space, ref=ref, refused="")  # it was the other chat that refused it
