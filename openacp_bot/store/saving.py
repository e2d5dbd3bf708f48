"""One commit of one session's conversation."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import aiosqlite

from openacp_bot.store.blobs import Blobs
from openacp_bot.store.drafts import Line, Stored
from openacp_bot.store.items import kept, kind_of, parts_of
from openacp_bot.store.sql import Values, change, change_all, fetch, storable
from openacp_bot.store.trouble import is_fault

log = logging.getLogger(__name__)

TEXTS = """
    INSERT INTO texts (item, part, body) VALUES (?, ?, ?)
    ON CONFLICT (item, part) DO UPDATE SET body = excluded.body
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in the rows once this is committed."""

    rev: int
    lines: Sequence[tuple[Line, Stored]] = ()
    spoilt: Sequence[Line] = ()  # cannot be stored, ever
    replaced: Sequence[str] = ()  # files that no row names any more


async def save(
    db: aiosqlite.Connection, blobs: Blobs, session: str, *, rev: int, lines: Sequence[Line]
) -> Saved | None:
    """None: there is no such session, or not any more. A line that can never be stored is left out: kept, it would
    fail every commit from now on."""
    try:
        return await _attempted(db, blobs, session, rev, lines)
    except Exception as error:
        if is_fault(error) or not lines:
            raise
    saved = Saved(rev)
    for line in lines:
        try:
            one = await _attempted(db, blobs, session, rev, [line])
        except Exception as error:
            if is_fault(error):
                raise
            log.exception("an item of session %s cannot be stored and is left out: %s", session, line.key)
            one = Saved(rev, spoilt=[line])
        if one is None:
            return None
        saved = _both(saved, one)
    return saved


async def _attempted(
    db: aiosqlite.Connection, blobs: Blobs, session: str, rev: int, lines: Sequence[Line]
) -> Saved | None:
    """Whole, or an error and nothing of it."""
    await change(db, "SAVEPOINT lines")
    try:
        saved = await _saved(db, blobs, session, rev, lines)
    except Exception as error:
        if not is_fault(error):  # else the whole transaction is taken back, and may be so already
            await change(db, "ROLLBACK TO lines")
            await change(db, "RELEASE lines")
        raise
    await change(db, "RELEASE lines")
    return saved


def _both(one: Saved, other: Saved) -> Saved:
    return Saved(
        rev=one.rev,
        lines=(*one.lines, *other.lines),
        spoilt=(*one.spoilt, *other.spoilt),
        replaced=(*one.replaced, *other.replaced),
    )


async def _saved(db: aiosqlite.Connection, blobs: Blobs, session: str, rev: int, lines: Sequence[Line]) -> Saved | None:
    if not await change(
        db, "UPDATE sessions SET rev = max(rev, ?) WHERE id = ? AND deleted_at IS NULL", (rev, session)
    ):
        return None
    bodies = await _bodies(blobs, session, lines)
    good = [line for line in lines if line.key in bodies]
    before = await _adopted(db, session, good)
    after, texts = [], []
    for line in good:
        now, rows = _grown(before[line.key], line, blob=bodies[line.key][1])
        after.append((line, now))
        texts.extend(rows)
    heads = [(line.rev, *bodies[line.key], before[line.key].id) for line in good]
    await change_all(db, "UPDATE items SET rev = ?, body = ?, blob = ? WHERE id = ?", heads)
    await change_all(db, TEXTS, texts)
    return Saved(
        rev=rev,
        lines=after,
        spoilt=[line for line in lines if line.key not in bodies],
        replaced=[was.blob for line, now in after if (was := before[line.key]).blob not in ("", now.blob)],
    )


async def _bodies(blobs: Blobs, session: str, lines: Sequence[Line]) -> Mapping[str, tuple[str | None, str]]:
    bodies = {}
    for line in lines:
        try:
            bodies[line.key] = await kept(blobs, session, line.rev, line.event)
        except (TypeError, ValueError):
            log.exception("an item of session %s cannot be stored and is left out: %s", session, line.key)
    return bodies


async def _adopted(db: aiosqlite.Connection, session: str, lines: Sequence[Line]) -> Mapping[str, Stored]:
    """The rows behind the lines; those that are new are made."""
    known = {line.key: line.draft.stored for line in lines if line.draft.stored is not None}
    fresh = [line for line in lines if line.draft.stored is None]
    if not fresh:
        return known
    sql = """
        INSERT INTO items (session, key, first, rev, turn, at, kind) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (session, key) DO NOTHING
    """
    rows = [(session, line.key, line.first, line.rev, line.turn, line.at, kind_of(line.event)) for line in fresh]
    await change_all(db, sql, rows)
    sql = """
        SELECT id, key, blob, coalesce(texts.part, 0) AS part, coalesce(texts.body, '') AS tail FROM items
        LEFT JOIN texts ON texts.item = id AND texts.part = (SELECT max(part) FROM texts WHERE item = id)
        WHERE session = ? AND key IN (SELECT value FROM json_each(?))
    """
    keys = json.dumps([storable(line.key) for line in fresh])
    found = {
        row["key"]: Stored(row["id"], row["blob"], row["part"], row["tail"])
        for row in await fetch(db, sql, (session, keys))
    }
    return known | {line.key: found[storable(line.key)] for line in fresh}


def _grown(was: Stored, line: Line, *, blob: str) -> tuple[Stored, list[Values]]:
    """What the rows then hold, and the parts to write: the one that was the last, and those after it."""
    if not line.text:
        return replace(was, blob=blob), []
    parts = parts_of(storable(was.tail + line.text))
    rows: list[Values] = [(was.id, was.part + number, part) for number, part in enumerate(parts)]
    return Stored(was.id, blob, was.part + len(parts) - 1, parts[-1]), rows
