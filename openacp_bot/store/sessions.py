"""Sessions: made, changed, listed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Unpack

import aiosqlite

from openacp_bot.core.model import Place, Prompt, SessionRecord, State, Wanted
from openacp_bot.core.ports import SessionFields, SessionFilter
from openacp_bot.store.facts import Facts
from openacp_bot.store.places import add_place, home_of, put_place, settle_in
from openacp_bot.store.prompts import drop_queue, put_in_queue
from openacp_bot.store.rows import columns, session_columns, session_of, sought
from openacp_bot.store.sql import Values, change, insert

LIVE = ("initializing", "active")  # states that hold a slot


class SessionFacts(Facts):
    """The part of Records that is about sessions."""

    async def create_session(
        self,
        record: SessionRecord,
        *,
        prompt: Prompt | None = None,
        place: Place | None = None,
        instead_of: str = "",
        key: str = "",
    ) -> bool:
        async def create(db: aiosqlite.Connection) -> None:
            await insert(db, "sessions", session_columns(record))
            if place is not None:
                await add_place(db, place, self._now())
            if prompt is not None:
                await put_in_queue(db, prompt, first=False)
            await _leave(db, instead_of)

        return await self._once(key, f"session {record.id}", create)

    async def session(self, id: str) -> SessionRecord | None:
        row = await self._reader.fetch_one("SELECT * FROM sessions WHERE id = ? AND deleted_at IS NULL", (id,))
        return None if row is None else session_of(row)

    async def sessions_like(self, prefix: str) -> Sequence[SessionRecord]:
        sql = """
            SELECT * FROM sessions WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1 AND deleted_at IS NULL
            ORDER BY id LIMIT 10
        """
        return [session_of(row) for row in await self._reader.fetch(sql, (prefix,))]

    async def change_session(self, id: str, *, key: str = "", **fields: Unpack[SessionFields]) -> bool:
        changed = columns(dict(fields))
        if "title" in fields:
            changed["sought"] = sought(fields["title"], id)

        async def update(db: aiosqlite.Connection) -> None:
            if changed:
                names = ", ".join(f"{name} = ?" for name in changed)
                sql = f"UPDATE sessions SET {names} WHERE id = ? AND deleted_at IS NULL"
                await change(db, sql, (*changed.values(), id))

        return await self._once(key, f"session {id}", update)

    async def archive_session(self, id: str, at: float, *, key: str = "") -> bool:
        async def archive(db: aiosqlite.Connection) -> None:
            await change(db, "UPDATE sessions SET archived_at = ? WHERE id = ? AND deleted_at IS NULL", (at, id))
            await drop_queue(db, id)
            home = await home_of(db, id)
            if home is not None and home.wanted is Wanted.OPEN:
                await put_place(db, home.as_closed())

        return await self._once(key, f"session {id}", archive)

    async def restore_session(
        self, id: str, *, home: Place | None = None, pinned: bool = False, instead_of: str = "", key: str = ""
    ) -> bool:
        sql = "UPDATE sessions SET archived_at = NULL, pinned = max(pinned, ?) WHERE id = ? AND deleted_at IS NULL"

        async def restore(db: aiosqlite.Connection) -> None:
            is_there = await change(db, sql, (int(pinned), id))
            if is_there and home is not None:
                await settle_in(db, home, self._now())
                await _leave(db, instead_of)

        return await self._once(key, f"session {id}", restore)

    async def sessions(self, which: SessionFilter) -> tuple[Sequence[SessionRecord], int]:
        where, values = _conditions(which)
        order = "active_at" if which.group == "live" else "pinned DESC, active_at DESC, rowid DESC"
        sql = f"SELECT * FROM sessions WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        rows = await self._reader.fetch(sql, (*values, which.limit, which.offset))
        total = await self._reader.fetch_one(f"SELECT count(*) FROM sessions WHERE {where}", values)
        return [session_of(row) for row in rows], total[0] if total else 0

    async def counts(self) -> Mapping[State, int]:
        return await self._by_state("deleted_at IS NULL AND archived_at IS NULL")

    async def removable(self, which: SessionFilter) -> Mapping[State, int]:
        where, values = _conditions(dataclasses.replace(which, states=(), hide_empty=False))
        return await self._by_state(f"{where} AND archived_at IS NULL AND pinned = 0", values)

    async def _by_state(self, where: str, values: Values = ()) -> Mapping[State, int]:
        sql = f"SELECT state, count(*) FROM sessions WHERE {where} GROUP BY state"
        found = {row[0]: row[1] for row in await self._reader.fetch(sql, values)}
        return {state: found.get(state, 0) for state in State}

    async def workspaces(self, limit: int = 8) -> Sequence[str]:
        sql = """
            SELECT workspace FROM sessions WHERE deleted_at IS NULL
            GROUP BY workspace ORDER BY max(active_at) DESC LIMIT ?
        """
        return [row[0] for row in await self._reader.fetch(sql, (limit,))]

    async def add_usage(self, session: str, at: float, used: int, cost: float | None, currency: str) -> None:
        """Nothing, where the session was deleted meanwhile."""
        sql = (
            "INSERT INTO usage (session, at, used, cost, currency) "
            "SELECT id, ?, ?, ?, ? FROM sessions WHERE id = ? AND deleted_at IS NULL"  # no row: no session
        )
        await self._change(sql, (at, used, cost, currency, session))


async def _leave(db: aiosqlite.Connection, session: str) -> None:
    """Another has taken its chat."""
    await change(db, "UPDATE sessions SET pinned = 0 WHERE id = ?", (session,))
    await drop_queue(db, session)


def _conditions(which: SessionFilter) -> tuple[str, Values]:
    parts, values = ["deleted_at IS NULL", *_group(which.group)], list[object]()
    for word in which.search.casefold().split():
        parts.append("instr(sought, ?) > 0")
        values.append(word)
    if which.states:
        parts.append("state IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(which.states))
    if which.ids is not None:
        parts.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(which.ids))
    if which.idle_before is not None:
        parts.append("active_at < ? AND pinned = 0")
        values.append(which.idle_before)
    if seen := _seen_by(which):
        parts.append(seen[0])
        values.extend(seen[1])
    where = " AND ".join(parts)
    if not which.hide_empty:
        return where, tuple(values)
    newest_empty = f"SELECT id FROM sessions WHERE {where} AND prompts = 0 ORDER BY created_at DESC, rowid DESC LIMIT 1"
    return f"{where} AND (prompts > 0 OR id = ({newest_empty}))", (*values, *values)


def _group(group: str) -> Sequence[str]:
    match group:
        case "archived":
            return ["archived_at IS NOT NULL"]
        case "scheduled":
            return ["archived_at IS NULL", "source = 'scheduled'"]
        case "live":
            return [f"state IN {LIVE}"]
        case _:
            return ["archived_at IS NULL"]


def _seen_by(which: SessionFilter) -> tuple[str, Values] | None:
    here = "id IN (SELECT session FROM places WHERE adapter = ? AND space = ?)"
    if which.space is None:
        return None if which.owner is None else ("owner = ?", (which.owner,))
    if which.owner is None:
        return here, which.space
    return f"(owner = ? OR {here})", (which.owner, *which.space)
