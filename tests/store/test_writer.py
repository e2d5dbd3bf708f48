"""One writer: order, shared commits, faults that stay with their call, and a good end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import TextChunk
from openacp_bot.core.model import PromptState
from openacp_bot.store import Store, open_store
from openacp_bot.store.sql import change, fetch_one, insert
from tests.contracts.values import ALLOWED, LINE, NOW, menu, prompt, question, said, session

Work = Callable[[aiosqlite.Connection], Awaitable[object]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, now=lambda: NOW, patience=0.05) as store:
        yield store


def noting(*keys: str) -> Work:
    """Work that writes these keys to the inbox."""

    async def work(db: aiosqlite.Connection) -> object:
        for key in keys:
            await insert(db, "inbox", {"key": key, "at": NOW, "effect": ""})
        return keys

    return work


async def noted(store: Store) -> list[str]:
    return [key for key in "abcdefgh" if await store.records.seen(key)]


async def settled(*calls: Awaitable[object]) -> list[object]:
    """The result of each, or what it raised."""
    return await asyncio.gather(*calls, return_exceptions=True)


async def traced(store: Store) -> list[str]:
    """What is sent to the database from now on."""
    statements: list[str] = []

    async def trace(db: aiosqlite.Connection) -> None:
        await db.set_trace_callback(statements.append)

    await store.writer.do(trace)
    return statements


# --- order and commits


async def test_calls_are_carried_out_in_the_order_in_which_they_were_made(store: Store) -> None:
    await store.records.create_session(session())
    async with asyncio.TaskGroup() as tasks:
        for number in range(300):
            tasks.create_task(store.records.queue_prompt(prompt(f"p{number}")))

    assert [waiting.id for waiting in await store.records.queued("s1")] == [f"p{number}" for number in range(300)]


async def test_calls_that_wait_together_share_one_commit(store: Store) -> None:
    statements = await traced(store)
    await asyncio.gather(*(store.records.admit(f"u{number}") for number in range(100)))
    commits = statements.count("COMMIT")

    assert 1 <= commits <= 2


async def test_a_call_that_was_made_is_carried_out_even_if_nobody_waits_for_it(store: Store) -> None:
    call = asyncio.ensure_future(store.records.admit("a"))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    await store.records.admit("b")

    assert call.cancelled()
    assert await noted(store) == ["a", "b"]


async def test_a_look_sees_only_what_is_committed(store: Store) -> None:
    async def fails_at_commit(db: aiosqlite.Connection) -> None:
        await noting("a")(db)
        await break_the_commit(db)

    async def look(db: aiosqlite.Connection) -> object:
        return await fetch_one(db, "SELECT 1 FROM inbox WHERE key = 'a'")

    failed, seen = await settled(store.writer.do(fails_at_commit), store.writer.look(look))
    assert isinstance(failed, StoreError)
    assert seen is None


async def test_a_look_that_fails_is_told_to_the_one_who_looked(store: Store) -> None:
    async def look(db: aiosqlite.Connection) -> object:
        return await fetch_one(db, "SELECT 1 FROM nowhere")

    failed, admitted = await settled(store.writer.look(look), store.records.admit("a"))
    assert isinstance(failed, StoreError)
    assert admitted is True
    assert store.trouble == ""


# --- faults of one call


async def break_the_commit(db: aiosqlite.Connection) -> None:
    """A promise that SQLite checks at COMMIT only."""
    await db.execute("PRAGMA defer_foreign_keys = ON")
    await insert(db, "usage", {"session": "nobody", "at": NOW, "used": 1, "currency": ""})


async def test_a_refused_call_takes_nothing_else_with_it(store: Store) -> None:
    calls = [noting("a"), noting("b", "a"), noting("c")]
    first, second, third = await settled(*(store.writer.do(work) for work in calls))

    assert (first, third) == (("a",), ("c",))
    assert isinstance(second, StoreError)
    assert await noted(store) == ["a", "c"]
    assert store.trouble == ""


async def test_a_bug_in_one_call_is_raised_there_as_it_is(store: Store) -> None:
    async def bug(db: aiosqlite.Connection) -> None:
        await noting("b")(db)
        raise ZeroDivisionError

    _, raised, _ = await settled(*(store.writer.do(work) for work in (noting("a"), bug, noting("c"))))

    assert isinstance(raised, ZeroDivisionError)
    assert await noted(store) == ["a", "c"]


async def test_a_call_that_breaks_the_commit_fails_alone(store: Store) -> None:
    calls: list[Work] = [noting("a"), break_the_commit, noting("c")]
    _, second, _ = await settled(*(store.writer.do(work) for work in calls))

    assert isinstance(second, StoreError)
    assert await noted(store) == ["a", "c"]


# --- the end


async def test_leaving_carries_out_what_waits(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        calls = [asyncio.ensure_future(store.records.admit(key)) for key in "abc"]
        await asyncio.sleep(0)
    assert await asyncio.gather(*calls) == [True] * 3

    async with open_store(tmp_path) as store:
        assert await noted(store) == ["a", "b", "c"]


async def test_a_closed_store_refuses(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        pass

    with pytest.raises(StoreError, match="closed"):
        await store.records.admit("a")
    with pytest.raises(StoreError, match="stopping"):
        await store.transcript.flush()
    with pytest.raises(StoreError, match="closed"):
        await store.transcript.history("s1")


async def test_an_exception_of_the_body_passes_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_store(tmp_path) as store:
            await store.records.create_session(session())
            store.transcript.append(said(1, TextChunk("a", "kept")))
            raise ZeroDivisionError

    async with open_store(tmp_path) as store:
        assert len((await store.transcript.history("s1")).items) == 1


async def test_a_cancelled_body_loses_nothing(tmp_path: Path) -> None:
    entered = asyncio.Event()

    async def daemon() -> None:
        async with open_store(tmp_path) as store:
            await store.records.create_session(session())
            store.transcript.append(said(1, TextChunk("a", "kept")))
            entered.set()
            await asyncio.Event().wait()

    running = asyncio.ensure_future(daemon())
    await entered.wait()
    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
    async with open_store(tmp_path) as store:
        assert len((await store.transcript.history("s1")).items) == 1


# --- the audit and the one winner


async def test_of_many_answers_one_wins_and_one_line_is_written(store: Store) -> None:
    await store.records.create_session(session())
    await store.records.ask(question(), menu())
    won = await asyncio.gather(*(store.records.decide("q1", ALLOWED, LINE) for _ in range(20)))

    async def lines(db: aiosqlite.Connection) -> int:
        row = await fetch_one(db, "SELECT count(*) FROM audit")
        return row[0] if row else 0

    assert won.count(True) == 1
    assert await store.writer.look(lines) == 1


@pytest.mark.parametrize("sql", ["UPDATE audit SET decision = 'x'", "DELETE FROM audit"])
async def test_the_audit_cannot_be_changed(store: Store, sql: str) -> None:
    await store.records.audit(LINE)

    async def tamper(db: aiosqlite.Connection) -> None:
        await change(db, sql)

    with pytest.raises(StoreError, match="append-only"):
        await store.writer.do(tamper)


async def test_a_queue_jumper_and_a_start_in_one_breath_keep_their_order(store: Store) -> None:
    await store.records.create_session(session(held=True))
    await asyncio.gather(
        store.records.queue_prompt(prompt("a")),
        store.records.queue_prompt(prompt("b"), first=True),
        store.records.start_turn("b", NOW),
        store.records.end_turn("b", state=PromptState.ENDED, outcome="end_turn", at=NOW + 1),
        store.records.change_prompts(["a"], text="Changed"),
    )

    assert [(waiting.id, waiting.text) for waiting in await store.records.queued("s1")] == [("a", "Changed")]
    found = await store.records.session("s1")
    assert found is not None and not found.held
