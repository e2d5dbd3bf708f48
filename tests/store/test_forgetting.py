"""What is deleted leaves the disk, piece by piece, and whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.events import Notice, TextChunk, ToolCallChanged
from openacp_bot.core.model import ToolCall
from openacp_bot.store import Store, open_store
from openacp_bot.store.forgetting import PIECE
from openacp_bot.store.recovery import PIECES
from tests.contracts.values import NOW, menu, place, prompt, question, said, session

LARGE = ToolCallChanged(ToolCall("c1", status="completed", output="x" * 400_000))
TABLES = ("sessions", "prompts", "items", "texts", "questions", "menus", "usage")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, now=lambda: NOW) as store:
        yield store


def counted(store: Store, *tables: str) -> list[int]:
    with closing(sqlite3.connect(store.path)) as db:
        return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


def blobs(store: Store) -> list[Path]:
    return sorted((store.path.parent / "blobs").glob("**/*"))


async def fill(store: Store, id: str = "s1") -> None:
    await store.records.create_session(session(id), prompt=prompt(f"p-{id}", id), place=place(f"pl-{id}", id, None))
    await store.records.start_turn(f"p-{id}", NOW)
    await store.records.ask(question(f"q-{id}", id), menu(f"m-{id}", session=id))
    await store.records.add_usage(id, NOW, 10, 0.5, "EUR")
    store.transcript.append(said(1, TextChunk("a", "x" * 10_000), session=id))
    store.transcript.append(said(2, LARGE, session=id))
    await store.transcript.flush()


async def say_much(store: Store, items: int) -> None:
    for rev in range(10, 10 + items):
        store.transcript.append(said(rev, Notice(str(rev), "x")))
    await store.transcript.flush()


async def test_deleting_only_marks_and_erasing_leaves_nothing(store: Store) -> None:
    await fill(store)
    before = counted(store, *TABLES)
    await store.records.delete_session("s1")
    marked, files = counted(store, *TABLES), blobs(store)
    await store.records.erase_session("s1")

    assert marked == before
    assert 0 not in before
    assert files != []
    assert counted(store, *TABLES) == [0] * len(TABLES)
    assert blobs(store) == []


async def test_what_is_said_after_the_deletion_is_not_written(store: Store) -> None:
    await fill(store)
    await store.records.delete_session("s1")
    before = counted(store, "items", "texts"), blobs(store)
    store.transcript.append(said(3, TextChunk("late", "x")))
    store.transcript.append(said(4, ToolCallChanged(ToolCall("late", output="x" * 400_000))))
    await store.transcript.flush()

    assert (counted(store, "items", "texts"), blobs(store)) == before
    assert store.transcript.sessions_in_memory == 0


async def test_what_is_not_deleted_keeps_its_files(store: Store) -> None:
    await fill(store)
    before = counted(store, *TABLES), blobs(store)
    await store.records.erase_session("s1")
    await store.records.tidy(NOW)
    await store.records.recover(NOW)

    assert (counted(store, "sessions", "prompts", "questions", "menus"), blobs(store)) == ([1, 1, 1, 1], before[1])


async def test_a_long_conversation_is_erased_in_pieces_between_which_others_write(store: Store) -> None:
    await fill(store)
    await say_much(store, 3 * PIECE)
    await store.records.delete_session("s1")
    erasing = asyncio.ensure_future(store.records.erase_session("s1"))
    seen: set[int] = set()
    async with asyncio.timeout(30):
        while not erasing.done():
            await store.records.admit(f"u{len(seen)}")
            seen.update(counted(store, "items"))
    await erasing

    assert seen > {2 * PIECE + 2, PIECE + 2}
    assert counted(store, *TABLES) == [0] * len(TABLES)


async def test_erasing_that_was_broken_off_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with open_store(tmp_path, now=lambda: NOW) as store:
        await fill(store)
        await say_much(store, 3 * PIECE)
        await store.records.delete_session("s1")
        erasing = asyncio.ensure_future(store.records.erase_session("s1"))
        async with asyncio.timeout(30):
            while counted(store, "items") == [3 * PIECE + 2]:
                await store.records.seen("u1")
        erasing.cancel()
        await asyncio.wait([erasing])
        assert counted(store, "sessions") == [1]

    async with open_store(tmp_path, now=lambda: NOW) as store:
        await store.records.recover(NOW)
        assert counted(store, *TABLES) == [0] * len(TABLES)
        assert blobs(store) == []


async def test_boot_erases_no_more_than_a_little_and_tidying_the_rest(store: Store) -> None:
    for number in range(PIECES + 3):
        await store.records.create_session(session(f"s{number}"), prompt=prompt(f"p{number}", f"s{number}"))
        await store.records.delete_session(f"s{number}")

    found = await store.records.recover(NOW)
    after_boot = counted(store, "sessions", "prompts")
    again = await store.records.recover(NOW)
    await store.records.tidy(NOW)

    assert after_boot == [3, 3]
    assert (found.waiting, again.waiting) == ((), ())
    assert counted(store, *TABLES) == [0] * len(TABLES)


async def test_a_card_that_was_opened_after_the_deletion_is_settled_too(store: Store) -> None:
    await fill(store)
    await store.records.delete_session("s1")
    await store.ledger.open(Card("c1", CardKind.TURN, "p-s1", place="pl-s1", session="s1"))
    await store.records.erase_session("s1")

    assert list(await store.ledger.open_cards("telegram")) == []


async def test_tidying_takes_what_has_expired_off_the_disk(store: Store) -> None:
    await store.records.mint(menu("m1", expires_at=NOW + 1))
    await store.records.mint(menu("m2"))
    await store.records.admit("u1")
    await store.records.tidy(NOW + 60 * 86400)

    assert counted(store, "menus", "inbox") == [1, 0]
