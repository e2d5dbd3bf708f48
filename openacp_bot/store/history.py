"""Looking at a conversation: what is committed, and over it what is not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import aiosqlite

from openacp_bot.core.events import Event, PromptChanged, QuestionAsked, Said
from openacp_bot.core.views import HistoryView
from openacp_bot.store.blobs import Blobs
from openacp_bot.store.drafts import Line
from openacp_bot.store.forgetting import NOT_DELETED
from openacp_bot.store.items import event_of, kind_of, with_text
from openacp_bot.store.rows import prompt_of, question_of
from openacp_bot.store.sql import fetch, fetch_one, storable

ENDLESS = 2**62


@dataclass(frozen=True, slots=True)
class Head:
    """Where an item stands, and what is known of it: its row, its uncommitted line, or both."""

    key: str
    kind: str
    first: int
    rev: int
    turn: str | None
    at: float
    row: sqlite3.Row | None = None
    line: Line | None = None


async def read_history(
    db: aiosqlite.Connection,
    blobs: Blobs,
    session: str,
    lines: Sequence[Line],
    *,
    rev: int,
    after: int,
    before: int | None,
    limit: int,
) -> HistoryView:
    """As `Transcript.history`; `lines` and `rev` are what is not committed."""
    record = await fetch_one(db, "SELECT rev FROM sessions WHERE id = ? AND deleted_at IS NULL", (session,))
    if record is None:
        return HistoryView((), 0)
    end = ENDLESS if before is None else before
    overlaid = await _overlaid(db, session, lines)
    heads = [head for head in overlaid if head.rev > after and head.first < end]
    heads += await _committed(db, session, lines, after=after, end=end, limit=limit + 1)
    heads.sort(key=lambda head: head.first)
    newest = heads[max(0, len(heads) - limit) :]
    items = await _said(db, blobs, session, newest)
    return HistoryView(items, max(rev, record["rev"]), more=len(newest) < len(heads))


async def session_of_turn(db: aiosqlite.Connection, prompt: str) -> str | None:
    row = await fetch_one(db, f"SELECT session FROM prompts WHERE id = ? AND {NOT_DELETED}", (prompt,))
    return None if row is None else row["session"]


async def read_turn(
    db: aiosqlite.Connection, blobs: Blobs, session: str, turn: str, lines: Sequence[Line]
) -> tuple[Said, ...]:
    """As `Transcript.turn`; `lines` is what is not committed of the session."""
    heads = [head for head in await _overlaid(db, session, lines) if head.turn == turn]
    sql = """
        SELECT * FROM items WHERE session = ? AND turn = ? AND key NOT IN (SELECT value FROM json_each(?))
    """
    heads += [_head(row) for row in await fetch(db, sql, (session, turn, _keys(lines)))]
    told = sorted((head for head in heads if head.key != f"p:{turn}"), key=lambda head: head.first)
    return await _said(db, blobs, session, told)


async def _committed(
    db: aiosqlite.Connection, session: str, lines: Sequence[Line], *, after: int, end: int, limit: int
) -> list[Head]:
    # The plus keeps the planner from walking the whole conversation in order where few items changed.
    order = "+first" if after else "first"
    sql = f"""
        SELECT * FROM items WHERE session = ? AND {order} < ? AND rev > ?
        AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY {order} DESC LIMIT ?
    """
    return [_head(row) for row in await fetch(db, sql, (session, end, after, _keys(lines), limit))]


async def _overlaid(db: aiosqlite.Connection, session: str, lines: Sequence[Line]) -> list[Head]:
    if not lines:
        return []
    sql = "SELECT * FROM items WHERE session = ? AND key IN (SELECT value FROM json_each(?))"
    rows = {row["key"]: row for row in await fetch(db, sql, (session, _keys(lines)))}
    return [_overlay(line, rows.get(storable(line.key))) for line in lines]


def _keys(lines: Iterable[Line]) -> str:
    return json.dumps([storable(line.key) for line in lines])


def _head(row: sqlite3.Row) -> Head:
    return Head(row["key"], row["kind"], row["first"], row["rev"], row["turn"], row["at"], row)


def _overlay(line: Line, row: sqlite3.Row | None) -> Head:
    kind = kind_of(line.event)
    if row is None:
        return Head(line.key, kind, line.first, line.rev, line.turn, line.at, None, line)
    return Head(line.key, kind, row["first"], line.rev, row["turn"], row["at"], row, line)


async def _said(db: aiosqlite.Connection, blobs: Blobs, session: str, heads: Sequence[Head]) -> tuple[Said, ...]:
    elsewhere = await _prompts(db, heads) | await _questions(db, heads)
    texts = await _texts(db, heads)
    items = []
    for head in heads:
        event = elsewhere.get(head.key) if _is_elsewhere(head) else await _event(blobs, head, texts)
        if event is not None:
            items.append(Said(session, head.turn, head.rev, head.at, event, head.first))
    return tuple(items)


async def _event(blobs: Blobs, head: Head, texts: Mapping[int, str]) -> Event | None:
    committed = "" if head.row is None else texts.get(head.row["id"], "")
    if head.line is not None:
        return with_text(head.line.event, storable(committed + head.line.text))
    if head.row is None:
        return None
    return with_text(await event_of(blobs, head.row), committed)


def _is_elsewhere(head: Head) -> bool:
    return head.kind in (PromptChanged.__name__, QuestionAsked.__name__)


async def _prompts(db: aiosqlite.Connection, heads: Iterable[Head]) -> dict[str, Event]:
    """As they are now, by the key of their item."""
    rows = await _rows(db, "prompts", [head for head in heads if head.kind == PromptChanged.__name__])
    return {f"p:{row['id']}": PromptChanged(prompt_of(row)) for row in rows}


async def _questions(db: aiosqlite.Connection, heads: Iterable[Head]) -> dict[str, Event]:
    """As they are now, by the key of their item."""
    rows = await _rows(db, "questions", [head for head in heads if head.kind == QuestionAsked.__name__])
    return {f"q:{row['id']}": QuestionAsked(question_of(row)) for row in rows}


async def _rows(db: aiosqlite.Connection, table: str, heads: Sequence[Head]) -> list[sqlite3.Row]:
    if not heads:
        return []
    ids = json.dumps([head.key.partition(":")[2] for head in heads])
    sql = f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?)) AND {NOT_DELETED}"
    return await fetch(db, sql, (ids,))


async def _texts(db: aiosqlite.Connection, heads: Iterable[Head]) -> Mapping[int, str]:
    ids = [head.row["id"] for head in heads if head.row is not None]
    if not ids:
        return {}
    sql = "SELECT item, body FROM texts WHERE item IN (SELECT value FROM json_each(?)) ORDER BY item, part"
    parts: dict[int, list[str]] = {}
    for row in await fetch(db, sql, (json.dumps(ids),)):
        parts.setdefault(row["item"], []).append(row["body"])
    return {item: "".join(texts) for item, texts in parts.items()}
