"""One item of a conversation at rest: a row, the text of a message in parts, what is too large for a row in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiosqlite

from openacp_bot.core import codec
from openacp_bot.core.events import (
    Event,
    FileSent,
    Notice,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.items import key_of
from openacp_bot.store.blobs import LIMIT, Blobs
from openacp_bot.store.sql import change, fetch_one, storable

PART = 4096  # characters of text in a row: at most 16 KiB
OUTLINE = 4096  # characters that stay in a row of what is in a file

KINDS: Mapping[str, Any] = {
    event.__name__: event
    for event in (
        TextChunk,
        ThoughtChunk,
        ToolCallChanged,
        ToolOutput,
        PlanChanged,
        FileSent,
        PromptChanged,
        QuestionAsked,
        Notice,
        TurnEnded,
    )
}


def kind_of(event: Event) -> str:
    return "QuestionAsked" if isinstance(event, QuestionSettled) else type(event).__name__


def without_text(event: Event) -> Event:
    """What is said once of a message whose text grows."""
    match event:
        case TextChunk() | ThoughtChunk() | ToolOutput():
            return replace(event, text="")
        case _:
            return event


def with_text(event: Event, text: str) -> Event:
    match event:
        case TextChunk() | ThoughtChunk() | ToolOutput():
            return replace(event, text=text)
        case _:
            return event


async def kept(blobs: Blobs, session: str, rev: int, event: Event) -> tuple[str | None, str]:
    """The columns body and blob; prompts and questions are kept in their own tables, text in its own."""
    if isinstance(event, PromptChanged | QuestionAsked | QuestionSettled):
        return None, ""
    body = storable(codec.dumps(without_text(event)))
    if len(body) <= LIMIT or (outline := _outline(event)) is None:
        return body, ""
    name = f"{rev}.json"
    await blobs.write(session, name, body)
    return storable(codec.dumps(outline)), name


async def event_of(blobs: Blobs, row: sqlite3.Row) -> Event:
    """What `kept` put away; the outline, where somebody took the file away."""
    whole = await blobs.read(row["session"], row["blob"]) if row["blob"] else None
    event: Event = codec.loads(whole or row["body"], KINDS[row["kind"]])
    return event


def parts_of(text: str) -> list[str]:
    return [text[start : start + PART] for start in range(0, len(text), PART)]


async def add_item(
    db: aiosqlite.Connection, blobs: Blobs, session: str, turn: str | None, at: float, event: Event
) -> None:
    """Add to the conversation of a session that is asleep, or change what is there; counts its rev on."""
    row = await fetch_one(db, "UPDATE sessions SET rev = rev + 1 WHERE id = ? RETURNING rev", (session,))
    if row is None:
        return
    rev = row[0]
    body, blob = await kept(blobs, session, rev, event)
    sql = """
        INSERT INTO items (session, key, first, rev, turn, at, kind, body, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (session, key) DO UPDATE SET rev = excluded.rev, body = excluded.body, blob = excluded.blob
    """
    key = key_of(Said(session, turn, rev, at, event))
    await change(db, sql, (session, key, rev, rev, turn, at, kind_of(event), body, blob))


def _outline(event: Event) -> Event | None:
    match event:
        case ToolCallChanged(call=call):
            short = replace(
                call,
                title=call.title[:OUTLINE],
                command=call.command[:OUTLINE],
                input=call.input[:OUTLINE],
                output=call.output[:OUTLINE],
                diffs=(),
                blobs=(),
            )
            return ToolCallChanged(short)
        case FileSent(blob=blob):
            return replace(event, blob=replace(blob, data=""))
        case _:
            return None
