"""The few ways in which statements are sent; each is one trip to the connection's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import aiosqlite

Values: TypeAlias = tuple[object, ...]


async def change(db: aiosqlite.Connection, sql: str, values: Values = ()) -> int:
    """How many rows were changed."""
    return (await db.execute(sql, _storable(values))).rowcount


async def change_all(db: aiosqlite.Connection, sql: str, rows: Iterable[Values]) -> None:
    if found := [_storable(row) for row in rows]:
        await db.executemany(sql, found)


async def insert(db: aiosqlite.Connection, table: str, columns: Mapping[str, object]) -> None:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    await change(db, f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))


async def fetch(db: aiosqlite.Connection, sql: str, values: Values = ()) -> list[sqlite3.Row]:
    return list(await db.execute_fetchall(sql, _storable(values)))


async def fetch_one(db: aiosqlite.Connection, sql: str, values: Values = ()) -> sqlite3.Row | None:
    found = await fetch(db, sql, values)
    return found[0] if found else None


def storable(text: str) -> str:
    """The text without half characters, which no file can hold; two halves that meet become whole.

    JSON may carry them: an emoji cut in two by an agent that splits UTF-16 arrives as two lone surrogates."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _storable(values: Values) -> Values:
    return tuple(storable(value) if isinstance(value, str) else value for value in values)
