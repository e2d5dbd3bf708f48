"""What all facts share: the line to the writer, a connection to read from, and the inbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiosqlite

from openacp_bot.store.blobs import Blobs
from openacp_bot.store.sql import Values, change, fetch
from openacp_bot.store.trouble import store_error
from openacp_bot.store.writer import Work, Writer


class Reader:
    """The connection that only reads; it sees everything that was answered as committed."""

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    async def fetch(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        try:
            return await fetch(self._db, sql, values)
        except sqlite3.Error as error:
            raise store_error(error, Path(self._path.name)) from error

    async def fetch_one(self, sql: str, values: Values = ()) -> sqlite3.Row | None:
        found = await self.fetch(sql, values)
        return found[0] if found else None


class Facts:
    """Some of the methods of a port; subclasses add them by noun."""

    def __init__(self, writer: Writer, reader: Reader, blobs: Blobs, now: Callable[[], float]) -> None:
        self._writer = writer
        self._reader = reader
        self._blobs = blobs
        self._now = now

    async def _once(self, key: str, effect: str, work: Work[None]) -> bool:
        """Carry out `work` unless `key` was seen before, and remember it; an empty key is never seen before."""

        async def unless_seen(db: aiosqlite.Connection) -> bool:
            if not await self._is_new(db, key, effect):
                return False
            await work(db)
            return True

        return await self._writer.do(unless_seen)

    async def _is_new(self, db: aiosqlite.Connection, key: str, effect: str) -> bool:
        if not key:
            return True
        sql = "INSERT INTO inbox (key, at, effect) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return await change(db, sql, (key, self._now(), effect)) == 1

    async def _change(self, sql: str, values: Values) -> int:
        """One statement as one transaction; how many rows it changed."""

        async def work(db: aiosqlite.Connection) -> int:
            return await change(db, sql, values)

        return await self._writer.do(work)
