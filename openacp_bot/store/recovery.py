"""Boot: what a crash left open is put right, in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import aiosqlite

from openacp_bot.core.events import Outcome, PromptChanged, QuestionAsked, ToolCallChanged, TurnEnded
from openacp_bot.core.model import Prompt, PromptState, Question, Settlement
from openacp_bot.core.ports import Recovered
from openacp_bot.store.facts import Facts
from openacp_bot.store.items import add_item, event_of
from openacp_bot.store.rows import prompt_of, question_columns, question_of
from openacp_bot.store.sql import change, change_all, fetch

INTERRUPTED = "The daemon was stopped in the middle of a turn."
NOT_LAUNCHED = "The daemon was stopped while the agent was starting."
STOPPED = "The daemon was stopped."


class Recovery(Facts):
    """The part of Records that is about starting again."""

    async def recover(self, now: float) -> Recovered:
        async def work(db: aiosqlite.Connection) -> Recovered:
            closed = await _close_questions(db, now)
            interrupted = await _interrupt_prompts(db, now)
            await change(db, "UPDATE prompts SET state = 'queued' WHERE state = 'gathering'")
            await _settle_sessions(db, {prompt.session for prompt in interrupted})
            for question in closed:
                await add_item(db, self._blobs, question.session, question.turn, now, QuestionAsked(question))
            for prompt in interrupted:
                await self._end_turn(db, prompt, now)
            await _forget_expired(db, now)
            return Recovered(tuple(interrupted), tuple(closed), await _waiting(db))

        return await self._writer.do(work)

    async def _end_turn(self, db: aiosqlite.Connection, prompt: Prompt, now: float) -> None:
        """The conversation shows the prompt, its open tool calls as ended, and that it was interrupted."""
        await add_item(db, self._blobs, prompt.session, prompt.id, now, PromptChanged(prompt))
        sql = "SELECT * FROM items WHERE session = ? AND turn = ? AND kind = 'ToolCallChanged' ORDER BY first"
        rows = await fetch(db, sql, (prompt.session, prompt.id))
        for row in rows:
            event = await event_of(self._blobs, row)
            if isinstance(event, ToolCallChanged) and event.call.status in ("pending", "in_progress"):
                ended = ToolCallChanged(dataclasses.replace(event.call, status="ended"))
                await add_item(db, self._blobs, prompt.session, prompt.id, now, ended)
        end = TurnEnded(Outcome.INTERRUPTED, tools=len(rows))
        await add_item(db, self._blobs, prompt.session, prompt.id, now, end)


async def _close_questions(db: aiosqlite.Connection, now: float) -> list[Question]:
    rows = await fetch(db, "SELECT * FROM questions WHERE settled IS NULL ORDER BY asked_at, rowid")
    settlement = Settlement(how="interrupted", at=now)
    closed = [dataclasses.replace(question_of(row), settled=settlement) for row in rows]
    settled = [(question_columns(question)["settled"], question.id) for question in closed]
    await change_all(db, "UPDATE questions SET settled = ? WHERE id = ?", settled)
    return closed


async def _interrupt_prompts(db: aiosqlite.Connection, now: float) -> list[Prompt]:
    rows = await fetch(db, "SELECT * FROM prompts WHERE state = 'started' ORDER BY started_at, rowid")
    outcome = Outcome.INTERRUPTED.value
    sql = "UPDATE prompts SET state = 'interrupted', outcome = ?, ended_at = ? WHERE state = 'started'"
    await change(db, sql, (outcome, now))
    return [
        dataclasses.replace(prompt_of(row), state=PromptState.INTERRUPTED, outcome=outcome, ended_at=now)
        for row in rows
    ]


async def _settle_sessions(db: aiosqlite.Connection, interrupted: Iterable[str]) -> None:
    sql = """
        UPDATE sessions SET state = 'error', reason = ?, bypass = 0, held =
        EXISTS (SELECT 1 FROM prompts WHERE session = sessions.id AND state = 'queued') WHERE id = ?
    """
    await change_all(db, sql, [(INTERRUPTED, session) for session in interrupted])
    sql = "UPDATE sessions SET state = ?, reason = ?, bypass = 0 WHERE state = ?"
    await change(db, sql, ("error", NOT_LAUNCHED, "initializing"))
    await change(db, sql, ("finished", STOPPED, "active"))


async def _forget_expired(db: aiosqlite.Connection, now: float) -> None:
    await change(db, "DELETE FROM menus WHERE expires_at <= ?", (now,))
    await change(db, "DELETE FROM expecting WHERE expires_at <= ?", (now,))


async def _waiting(db: aiosqlite.Connection) -> tuple[str, ...]:
    sql = """
        SELECT session FROM prompts JOIN sessions ON sessions.id = session
        WHERE prompts.state = 'queued' AND held = 0 AND archived_at IS NULL
        GROUP BY session ORDER BY min(asked_at), min(prompts.rowid)
    """
    return tuple(row["session"] for row in await fetch(db, sql))
