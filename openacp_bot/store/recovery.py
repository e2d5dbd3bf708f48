"""Boot: what a crash left open is put right, in one transaction; then what was deleted is erased."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import aiosqlite

from openacp_bot.core.events import Outcome, PromptChanged, QuestionAsked, ToolCallChanged, TurnEnded
from openacp_bot.core.model import Prompt, PromptState, Question, Settlement
from openacp_bot.core.ports import Recovered
from openacp_bot.store.forgetting import NOT_DELETED, Forgetting, forget_expired
from openacp_bot.store.items import add_item, event_of
from openacp_bot.store.rows import prompt_of, question_columns, question_of
from openacp_bot.store.sql import change, change_all, fetch

INTERRUPTED = "The daemon was stopped in the middle of a turn."
NOT_LAUNCHED = "The daemon was stopped while the agent was starting."
STOPPED = "The daemon was stopped."
UNCOMMITTED_SECONDS = 3600.0  # how long a turn's end may have waited for the disk
PIECES = 20  # of deleted sessions that are erased before anybody is served; `tidy` goes on


class Recovery(Forgetting):
    """The part of Records that is about starting again."""

    async def recover(self, now: float) -> Recovered:
        async def work(db: aiosqlite.Connection) -> Recovered:
            unended = await _unended(db)
            unshown, unsent = await _unshown_questions(db), await _unshown_drops(db)
            closed = await _close_questions(db, now)
            interrupted = await _interrupt_prompts(db, now)
            await change(db, "UPDATE prompts SET state = 'queued' WHERE state = 'gathering'")
            await _settle_sessions(db, {prompt.session for prompt in interrupted})
            for prompt in unsent:
                await add_item(db, self._blobs, prompt.session, None, prompt.asked_at, PromptChanged(prompt))
            for question in (*unshown, *closed):
                at = question.asked_at if question in unshown else now
                await add_item(db, self._blobs, question.session, question.turn, at, QuestionAsked(question))
            for prompt in unended:
                await self._end_turn(db, prompt, _end_of(prompt), prompt.ended_at or now)
            for prompt in interrupted:
                await self._end_turn(db, prompt, TurnEnded(Outcome.INTERRUPTED), now)
            await forget_expired(now, db)
            return Recovered(tuple(interrupted), tuple(closed), await _waiting(db))

        recovered = await self._writer.do(work)
        await self._erase_deleted(pieces=PIECES)
        return recovered

    async def _end_turn(self, db: aiosqlite.Connection, prompt: Prompt, end: TurnEnded, at: float) -> None:
        """The conversation shows the prompt, its open tool calls as ended, and how it ended."""
        await add_item(db, self._blobs, prompt.session, prompt.id, at, PromptChanged(prompt))
        sql = "SELECT * FROM items WHERE session = ? AND turn = ? AND kind = 'ToolCallChanged' ORDER BY first"
        rows = await fetch(db, sql, (prompt.session, prompt.id))
        for row in rows:
            event = await event_of(self._blobs, row)
            if isinstance(event, ToolCallChanged) and event.call.status in ("pending", "in_progress"):
                ended = ToolCallChanged(dataclasses.replace(event.call, status="ended"))
                await add_item(db, self._blobs, prompt.session, prompt.id, at, ended)
        await add_item(db, self._blobs, prompt.session, prompt.id, at, dataclasses.replace(end, tools=len(rows)))


async def _unended(db: aiosqlite.Connection) -> list[Prompt]:
    """Their end is stored with the prompt, but the crash came before it was with the conversation.

    What is not committed is normally less than a second old; so only ends shortly before the newest are looked at."""
    sql = f"""
        SELECT * FROM prompts WHERE ended_at >= (SELECT max(ended_at) FROM prompts WHERE ended_at IS NOT NULL) - ?
        AND state IN ('ended', 'interrupted') AND started_at IS NOT NULL AND {NOT_DELETED}
        AND NOT EXISTS (SELECT 1 FROM items WHERE session = prompts.session AND key = prompts.id || ':end')
        ORDER BY ended_at, rowid
    """
    return [prompt_of(row) for row in await fetch(db, sql, (UNCOMMITTED_SECONDS,))]


async def _unshown_questions(db: aiosqlite.Connection) -> list[Question]:
    """Settled, and never committed to the conversation: asked and answered right before the crash."""
    sql = f"""
        SELECT * FROM questions WHERE asked_at >= (SELECT max(asked_at) FROM questions) - ?
        AND settled IS NOT NULL AND {NOT_DELETED}
        AND NOT EXISTS (SELECT 1 FROM items WHERE session = questions.session AND key = 'q:' || questions.id)
        ORDER BY asked_at, rowid
    """
    return [question_of(row) for row in await fetch(db, sql, (UNCOMMITTED_SECONDS,))]


async def _unshown_drops(db: aiosqlite.Connection) -> list[Prompt]:
    """Not sent, and never committed to the conversation as such."""
    sql = f"""
        SELECT * FROM prompts WHERE state = 'dropped' AND started_at IS NULL AND {NOT_DELETED}
        AND asked_at >= (SELECT max(asked_at) FROM prompts WHERE state = 'dropped') - ?
        AND NOT EXISTS (SELECT 1 FROM items WHERE session = prompts.session AND key = 'p:' || prompts.id)
        ORDER BY asked_at, rowid
    """
    return [prompt_of(row) for row in await fetch(db, sql, (UNCOMMITTED_SECONDS,))]


def _end_of(prompt: Prompt) -> TurnEnded:
    outcome = Outcome(prompt.outcome) if prompt.outcome in set(Outcome) else Outcome.UNKNOWN
    return TurnEnded(outcome, seconds=(prompt.ended_at or 0.0) - (prompt.started_at or 0.0))


async def _close_questions(db: aiosqlite.Connection, now: float) -> list[Question]:
    sql = f"SELECT * FROM questions WHERE settled IS NULL AND {NOT_DELETED} ORDER BY asked_at, rowid"
    rows = await fetch(db, sql)
    settlement = Settlement(how="interrupted", at=now)
    closed = [dataclasses.replace(question_of(row), settled=settlement) for row in rows]
    settled = [(question_columns(question)["settled"], question.id) for question in closed]
    await change_all(db, "UPDATE questions SET settled = ? WHERE id = ?", settled)
    return closed


async def _interrupt_prompts(db: aiosqlite.Connection, now: float) -> list[Prompt]:
    begun = f"state = 'started' AND {NOT_DELETED}"
    rows = await fetch(db, f"SELECT * FROM prompts WHERE {begun} ORDER BY started_at, rowid")
    outcome = Outcome.INTERRUPTED.value
    sql = f"UPDATE prompts SET state = 'interrupted', outcome = ?, ended_at = ? WHERE {begun}"
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


async def _waiting(db: aiosqlite.Connection) -> tuple[str, ...]:
    sql = """
        SELECT session FROM prompts JOIN sessions ON sessions.id = session
        WHERE prompts.state = 'queued' AND held = 0 AND archived_at IS NULL AND deleted_at IS NULL
        GROUP BY session ORDER BY min(asked_at), min(prompts.rowid)
    """
    return tuple(row["session"] for row in await fetch(db, sql))
