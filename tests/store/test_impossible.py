"""When storing is impossible: it is told, nothing is half there, and it goes on by itself."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosqlite
import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import TextChunk
from openacp_bot.store import Store, open_store
from openacp_bot.store.sql import fetch_one
from openacp_bot.store.transcript import ROOM
from tests.contracts.values import NOW, prompt, said, session
from tests.store.test_writer import noted, noting, settled


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, now=lambda: NOW, patience=0.05) as store:
        yield store


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """Writes at the end of a file fail in this process, so that the log cannot be written at COMMIT."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def limit_pages(db: aiosqlite.Connection) -> None:
    """A full disk, as SQLite sees it."""
    row = await fetch_one(db, "PRAGMA page_count")
    assert row is not None
    await fetch_one(db, f"PRAGMA max_page_count = {row[0]}")


async def lift_the_limit(db: aiosqlite.Connection) -> None:
    await fetch_one(db, "PRAGMA max_page_count = 1000000")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  the trouble's end is a fact to look at, not an event
            await asyncio.sleep(0.01)


async def test_a_commit_that_cannot_be_written_leaves_nothing_half_there(store: Store) -> None:
    with no_file_may_grow():
        outcomes = await settled(*(store.writer.do(noting(key)) for key in "abc"))
        trouble = store.trouble

    assert all(isinstance(outcome, StoreError) for outcome in outcomes)
    assert "cannot be read or written" in trouble
    assert await noted(store) == []
    assert await store.records.admit("d")
    assert store.trouble == ""


async def test_a_full_disk_is_told_and_what_still_fits_is_stored(store: Store) -> None:
    await store.records.create_session(session())
    await store.writer.do(limit_pages)
    calls = [
        store.records.change_session("s1", title="Small"),
        store.records.queue_prompt(prompt("large", text="x" * 500_000), key="a"),
        store.records.change_session("s1", pinned=True),
    ]
    _, failed, _ = await settled(*calls)

    assert isinstance(failed, StoreError) and "full" in str(failed)
    found = await store.records.session("s1")
    assert found is not None
    assert (found.title, found.pinned, found.prompts) == ("Small", True, 0)
    assert await noted(store) == []
    assert await store.records.prompt("large") is None


async def test_the_trouble_is_over_when_a_write_succeeds(store: Store) -> None:
    await store.records.create_session(session())
    await store.writer.do(limit_pages)
    with pytest.raises(StoreError):
        await store.records.queue_prompt(prompt("large", text="x" * 500_000))
    before = store.trouble
    await store.writer.do(lift_the_limit)
    await store.records.queue_prompt(prompt("large", text="x" * 500_000))

    assert "full" in before
    assert store.trouble == ""


async def test_the_trouble_ends_by_itself(store: Store) -> None:
    with no_file_may_grow():
        await settled(store.records.admit("a"))
        assert store.trouble
    await until(lambda: not store.trouble)

    assert await store.records.admit("a")


async def test_a_lock_of_another_program_fails_writes_but_not_looks(store: Store) -> None:
    await store.records.create_session(session())
    async with aiosqlite.connect(store.path, isolation_level=None) as other:
        await other.execute("BEGIN IMMEDIATE")
        outcomes = await settled(*(store.records.admit(key) for key in "abc"))
        trouble, looked = store.trouble, await store.records.session("s1")
        await other.execute("ROLLBACK")

    assert all(isinstance(outcome, StoreError) for outcome in outcomes)
    assert "Another program" in trouble
    assert looked is not None
    assert await store.records.admit("d")
    assert await noted(store) == ["d"]


async def test_what_was_said_waits_in_memory_while_the_disk_is_full(store: Store) -> None:
    await store.records.create_session(session())
    await store.writer.do(limit_pages)
    store.transcript.append(said(1, TextChunk("a", "x" * (ROOM + 1))))
    with pytest.raises(StoreError, match="full"):
        await store.transcript.flush()

    waiting = asyncio.ensure_future(store.transcript.room("s1"))
    store.transcript.append(said(2, TextChunk("a", "end")))
    seen = await store.transcript.history("s1")
    assert seen.items[0].event == TextChunk("a", "x" * (ROOM + 1) + "end")
    assert "full" in store.trouble
    assert not waiting.done()

    await store.writer.do(lift_the_limit)
    async with asyncio.timeout(10):
        await waiting
    await store.transcript.flush()
    assert store.trouble == ""
    assert await store.transcript.history("s1") == seen


async def test_leaving_with_a_full_disk_says_what_was_lost_and_keeps_the_rest(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="full"):
        async with open_store(tmp_path) as store:
            await store.records.create_session(session())
            await store.writer.do(limit_pages)
            store.transcript.append(said(1, TextChunk("a", "x" * 1_000_000)))

    async with open_store(tmp_path) as store:
        assert (await store.transcript.history("s1")).items == ()
        assert await store.records.session("s1") is not None


async def test_a_full_disk_under_a_large_result_is_told(store: Store) -> None:
    async def full(db: aiosqlite.Connection) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError, match="full"):
        await store.writer.do(full)
    assert "full" in store.trouble
