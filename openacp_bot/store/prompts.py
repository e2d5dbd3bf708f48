"""The prompt ledger: gathering → queued → started → ended, or interrupted, dropped."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Unpack

import aiosqlite

from openacp_bot.core.cards import CardKind
from openacp_bot.core.model import FileRef, Part, Prompt, PromptState, ThreadRef
from openacp_bot.core.parts import joined
from openacp_bot.core.ports import PromptFields
from openacp_bot.store.cards import open_at_home
from openacp_bot.store.facts import Facts
from openacp_bot.store.forgetting import NOT_DELETED
from openacp_bot.store.rows import column, columns, prompt_columns, prompt_of
from openacp_bot.store.sql import change, fetch_one, insert

WHOLE_SECOND = 1.0  # platforms tell no finer when something was written

ANSWERS_ITS_MESSAGE = """
    UPDATE cards SET answers = asked.message FROM prompts AS asked
    WHERE asked.id = ? AND cards.kind = 'turn' AND cards.ref = asked.id AND cards.place = asked.place AND EXISTS (
        SELECT 1 FROM prompts AS before
        WHERE before.session = asked.session AND before.ended_at > asked.asked_at + ?
    )
"""


async def put_in_queue(db: aiosqlite.Connection, prompt: Prompt, *, first: bool) -> Prompt:
    """As queued (or still gathering), last or first; the session counts it and was active just now."""
    state = prompt.state if prompt.state is PromptState.GATHERING else PromptState.QUEUED
    queued = dataclasses.replace(prompt, state=state, position=await _position(db, prompt.session, first=first))
    await insert(db, "prompts", prompt_columns(queued))
    sql = "UPDATE sessions SET prompts = prompts + 1, active_at = max(active_at, ?) WHERE id = ?"
    await change(db, sql, (prompt.asked_at, prompt.session))
    return queued


async def drop_queue(db: aiosqlite.Connection, session: str) -> None:
    """Nothing that is queued is sent any more."""
    await change(db, "UPDATE prompts SET state = 'dropped' WHERE session = ? AND state = 'queued'", (session,))


async def _position(db: aiosqlite.Connection, session: str, *, first: bool) -> float:
    end, step = ("min", -1.0) if first else ("max", 1.0)
    sql = f"SELECT {end}(position) FROM prompts WHERE session = ? AND state IN ('gathering', 'queued')"
    row = await fetch_one(db, sql, (session,))
    return step if row is None or row[0] is None else row[0] + step


class PromptFacts(Facts):
    """The part of Records that is about prompts."""

    async def queue_prompt(self, prompt: Prompt, *, first: bool = False, key: str = "") -> Prompt | None:
        async def queue(db: aiosqlite.Connection) -> Prompt | None:
            if not await self._is_new(db, key, f"prompt {prompt.id}"):
                return None
            return await put_in_queue(db, prompt, first=first)

        return await self._writer.do(queue)

    async def join_prompt(self, id: str, part: Part, files: Sequence[FileRef], *, key: str = "") -> Prompt | None:
        gathering = f"SELECT * FROM prompts WHERE id = ? AND state = 'gathering' AND {NOT_DELETED}"

        async def join(db: aiosqlite.Connection) -> Prompt | None:
            row = await fetch_one(db, gathering, (id,))
            if row is None or not await self._is_new(db, key, f"prompt {id}"):
                return None
            prompt = joined(prompt_of(row), part, files)
            values = (prompt.text, column(prompt.parts), column(prompt.files), id)
            await change(db, "UPDATE prompts SET text = ?, parts = ?, files = ? WHERE id = ?", values)
            return prompt

        return await self._writer.do(join)

    async def change_prompts(self, ids: Sequence[str], *, key: str = "", **fields: Unpack[PromptFields]) -> bool:
        changed = columns(dict(fields))

        async def update(db: aiosqlite.Connection) -> None:
            if changed:
                names = ", ".join(f"{name} = ?" for name in changed)
                sql = f"UPDATE prompts SET {names} WHERE id IN (SELECT value FROM json_each(?))"
                await change(db, sql, (*changed.values(), json.dumps(list(ids))))

        return await self._once(key, f"prompts {' '.join(ids)}", update)

    async def start_turn(self, prompt: str, at: float) -> bool:
        started = f"""
            UPDATE prompts SET state = 'started', started_at = ?
            WHERE id = ? AND state IN ('gathering', 'queued') AND {NOT_DELETED} RETURNING session
        """

        async def start(db: aiosqlite.Connection) -> bool:
            row = await fetch_one(db, started, (at, prompt))
            if row is None:
                return False
            session = row["session"]
            await change(db, "UPDATE sessions SET held = 0 WHERE id = ?", (session,))
            await open_at_home(db, CardKind.TURN, prompt, session, self._now())
            await change(db, ANSWERS_ITS_MESSAGE, (prompt, WHOLE_SECOND))
            return True

        return await self._writer.do(start)

    async def end_turn(self, prompt: str, *, state: PromptState, outcome: str, at: float, held: bool = False) -> None:
        ended = "UPDATE prompts SET state = ?, outcome = ?, ended_at = ? WHERE id = ?"
        noted = """
            UPDATE sessions SET active_at = max(active_at, ?), held = max(held, ?)
            WHERE id = (SELECT session FROM prompts WHERE id = ?)
        """

        async def end(db: aiosqlite.Connection) -> None:
            await change(db, ended, (state.value, outcome, at, prompt))
            await change(db, noted, (at, int(held), prompt))

        await self._writer.do(end)

    async def prompt(self, id: str) -> Prompt | None:
        row = await self._reader.fetch_one(f"SELECT * FROM prompts WHERE id = ? AND {NOT_DELETED}", (id,))
        return None if row is None else prompt_of(row)

    async def prompt_of(self, where: ThreadRef, message: str) -> Prompt | None:
        """The newest prompt that this chat message is, or is a part of.

        A message's id is unique in its space, whatever its topic; and the prompt's place may be another than the one
        it came from (a first message in General opens a topic of its own)."""
        sql = f"""
            SELECT * FROM prompts WHERE ?1 <> '' AND (message = ?1 OR id IN (
                SELECT id FROM prompts WHERE parts <> '[]'
                AND EXISTS (SELECT 1 FROM json_each(parts) WHERE json_extract(value, '$.message') = ?1)))
            AND json_extract(author, '$.adapter') = ?2 AND {NOT_DELETED}
            AND NOT EXISTS (SELECT 1 FROM places WHERE id = prompts.place AND adapter = ?2 AND space <> ?3)
            ORDER BY asked_at DESC, rowid DESC LIMIT 1
        """
        row = await self._reader.fetch_one(sql, (message, where.adapter, where.space))
        return None if row is None else prompt_of(row)

    async def queued(self, session: str) -> Sequence[Prompt]:
        sql = f"SELECT * FROM prompts WHERE session = ? AND state = 'queued' AND {NOT_DELETED} ORDER BY position, rowid"
        return [prompt_of(row) for row in await self._reader.fetch(sql, (session,))]

    async def last_prompts(self, session: str, limit: int = 1) -> Sequence[Prompt]:
        sql = f"""
            SELECT * FROM prompts WHERE session = ? AND started_at IS NOT NULL AND {NOT_DELETED}
            ORDER BY started_at DESC, rowid DESC LIMIT ?
        """
        return [prompt_of(row) for row in await self._reader.fetch(sql, (session, limit))]
