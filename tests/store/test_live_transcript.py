"""How the transcript is kept on disk, and that looking while it grows is never wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import (
    FileSent,
    Notice,
    Outcome,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    TextChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import Blob, Diff, PlanEntry, ToolCall
from openacp_bot.store import FILE_NAME, Store, open_store
from openacp_bot.store.transcript import ROOM
from tests.contracts.values import NOW, menu, prompt, question, said, session

LARGE = ToolCallChanged(ToolCall("c1", "Run", "execute", "completed", command="make", output="x" * 400_000))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, now=lambda: NOW) as store:
        await store.records.create_session(session())
        yield store


def query(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store.path)) as db:
        return db.execute(sql).fetchall()


def blobs(store: Store) -> list[Path]:
    return sorted((store.path.parent / "blobs").glob("*/*"))


async def until_stored(store: Store, sql: str) -> None:
    async with asyncio.timeout(10):
        while not query(store, sql):  # noqa: ASYNC110  another process's view: nothing tells
            await asyncio.sleep(0.01)


# --- rows


async def test_what_was_said_is_committed_without_being_asked(store: Store) -> None:
    store.transcript.append(said(1, TextChunk("a", "Hello")))

    await until_stored(store, "SELECT 1 FROM texts WHERE body = 'Hello'")


async def test_a_message_is_kept_in_rows_of_at_most_16_kib(store: Store) -> None:
    text = "🎉ä x" * 20_000
    for start in range(0, len(text), 999):
        store.transcript.append(said(start + 1, TextChunk("a", text[start : start + 999])))
        if start % 5 == 0:
            await store.transcript.flush()
    await store.transcript.flush()

    sizes = [size for (size,) in query(store, "SELECT length(CAST(body AS BLOB)) FROM texts")]
    assert max(sizes) <= 16 * 1024
    assert sum(sizes) == len(text.encode())
    assert query(store, "SELECT count(*) FROM items") == [(1,)]


async def test_a_tool_call_is_one_row_however_often_it_changes(store: Store) -> None:
    for rev in range(1, 50):
        store.transcript.append(said(rev, ToolCallChanged(ToolCall("c1", status="in_progress", output="x" * rev))))
        if rev % 7 == 0:
            await store.transcript.flush()
    await store.transcript.flush()

    assert query(store, "SELECT first, rev FROM items") == [(1, 49)]


async def test_prompts_and_questions_are_not_kept_twice(store: Store) -> None:
    await store.records.queue_prompt(prompt())
    await store.records.start_turn("p1", NOW)
    await store.records.ask(question(), menu())
    begun = await store.records.prompt("p1")
    assert begun is not None
    store.transcript.append(said(1, PromptChanged(begun)))
    store.transcript.append(said(2, QuestionAsked(question())))
    await store.transcript.flush()

    assert query(store, "SELECT kind, body FROM items ORDER BY first") == [
        ("PromptChanged", None),
        ("QuestionAsked", None),
    ]


async def test_the_sessions_rev_is_never_behind_its_items(store: Store) -> None:
    behind = """
        SELECT 1 FROM items JOIN sessions ON sessions.id = session WHERE items.rev > sessions.rev
    """
    for rev in range(1, 40):
        store.transcript.append(said(rev, ToolOutput("c1", "x")))
        await store.transcript.flush()
        assert query(store, behind) == []


# --- files


async def test_a_large_result_is_a_private_file(store: Store) -> None:
    store.transcript.append(said(1, LARGE))
    await store.transcript.flush()

    (file,) = blobs(store)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(query(store, "SELECT body FROM items")[0][0]) < 10_000


async def test_the_file_of_an_older_state_goes(store: Store) -> None:
    store.transcript.append(said(1, LARGE))
    await store.transcript.flush()
    store.transcript.append(said(2, ToolCallChanged(dataclasses.replace(LARGE.call, input="y"))))
    await store.transcript.flush()
    second = blobs(store)
    store.transcript.append(said(3, ToolCallChanged(dataclasses.replace(LARGE.call, output="short"))))
    await store.transcript.flush()

    assert [file.name for file in second] == ["2.json"]
    assert blobs(store) == []


async def test_a_file_that_was_taken_away_leaves_the_outline(store: Store) -> None:
    diff = Diff("a.py", "old", "new" * 100_000)
    store.transcript.append(said(1, ToolCallChanged(dataclasses.replace(LARGE.call, diffs=(diff,)))))
    store.transcript.append(said(2, FileSent("m", Blob("image/png", "a.png", data="A" * 400_000))))
    await store.transcript.flush()
    for file in blobs(store):
        file.unlink()

    call, sent = (item.event for item in (await store.transcript.history("s1")).items)
    assert isinstance(call, ToolCallChanged)
    assert (call.call.title, call.call.command, call.call.status, call.call.diffs) == ("Run", "make", "completed", ())
    assert sent == FileSent("m", Blob("image/png", "a.png"))


async def test_an_open_call_with_a_large_result_ends_with_an_interruption(store: Store) -> None:
    await store.records.queue_prompt(prompt())
    await store.records.start_turn("p1", NOW)
    running = ToolCallChanged(dataclasses.replace(LARGE.call, status="in_progress"))
    store.transcript.append(said(1, running))
    await store.transcript.flush()
    await store.records.recover(NOW)

    events = [item.event for item in (await store.transcript.history("s1")).items]
    assert ToolCallChanged(dataclasses.replace(LARGE.call, status="ended")) in events


# --- odd text and odd events


async def test_an_emoji_that_was_cut_in_two_is_whole_again(store: Store) -> None:
    high, low = "\ud83c", "\udf89"
    store.transcript.append(said(1, TextChunk("a", f"Party {high}")))
    store.transcript.append(said(2, TextChunk("a", f"{low}!")))
    before = (await store.transcript.history("s1")).items[0].event
    await store.transcript.flush()

    assert before == TextChunk("a", "Party 🎉!")
    assert (await store.transcript.history("s1")).items[0].event == before


async def test_text_that_no_file_can_hold_does_not_stop_the_others(store: Store) -> None:
    await store.records.create_session(session("s2", title="half \ud83c character"))
    store.transcript.append(said(1, TextChunk("\ud83c", "lone \ud83c half")))
    store.transcript.append(said(2, Notice("n\udf89", "lone \udf89")))
    store.transcript.append(said(3, TextChunk("b", "nul \x00 inside")))
    store.transcript.append(said(4, TextChunk("c", "fine"), session="s2"))
    await store.transcript.flush()
    store.transcript.append(said(5, TextChunk("\ud83c", " more")))
    await store.transcript.flush()

    events = [item.event for item in (await store.transcript.history("s1")).items]
    assert [event.text for event in events if isinstance(event, TextChunk | Notice)] == [
        "lone � half more",
        "lone �",
        "nul \x00 inside",
    ]
    assert len((await store.transcript.history("s2")).items) == 1


async def test_an_event_that_cannot_be_written_is_left_out_and_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    odd: Any = object()
    store.transcript.append(said(1, TurnEnded(Outcome.DONE, odd)))
    store.transcript.append(said(2, TextChunk("a", "fine")))
    await store.transcript.flush()

    assert [item.event for item in (await store.transcript.history("s1")).items] == [TextChunk("a", "fine")]
    assert "cannot be stored" in caplog.text


async def test_a_row_that_cannot_be_stored_is_left_out_and_fails_nobodys_flush(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.records.create_session(session("s2"))
    store.transcript.append(said(1, TextChunk("a", "fi")))
    await store.transcript.flush()
    store.transcript.append(said(2, TextChunk("a", "ne")))
    store.transcript.append(dataclasses.replace(said(3, TextChunk("b", "odd")), at=float("nan")))  # SQLite: NULL
    store.transcript.append(said(4, LARGE))
    store.transcript.append(said(1, TextChunk("c", "other"), session="s2"))
    await store.transcript.flush()

    items = (await store.transcript.history("s1")).items
    assert [(item.rev, item.event) for item in items] == [(2, TextChunk("a", "fine")), (4, LARGE)]
    assert [item.event for item in (await store.transcript.history("s2")).items] == [TextChunk("c", "other")]
    assert query(store, "SELECT count(*) FROM items") == [(3,)]
    assert store.trouble == ""
    assert "cannot be stored" in caplog.text


# --- growing while it is looked at


async def test_a_look_at_any_moment_shows_exactly_what_was_said_up_to_its_rev(store: Store) -> None:
    """Appends, commits and looks in any order: nothing is doubled, nothing is missed."""
    dice = random.Random(7)
    expected: list[str] = []
    rev = 0
    wrong: list[str] = []

    async def look() -> None:
        view = await store.transcript.history("s1", limit=1000)
        texts = "".join(item.event.text for item in view.items if isinstance(item.event, TextChunk))
        if texts != "".join(expected[: view.rev]):
            wrong.append(f"{view.rev}: {texts[-50:]}")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(150):
            for _ in range(dice.randrange(6)):
                piece = f"[{rev}]" * dice.choice([1, 1, 300])
                rev += 1
                expected.append(piece)
                store.transcript.append(said(rev, TextChunk(str(rev // 40), piece)))
            if dice.random() < 0.4:
                tasks.create_task(store.transcript.flush())
            if dice.random() < 0.6:
                tasks.create_task(look())
            await asyncio.sleep(dice.choice([0, 0, 0.001]))

    await look()
    assert rev > 300
    assert wrong == []


async def test_room_is_made_by_committing(store: Store) -> None:
    total = 0
    for rev in range(1, 9):
        store.transcript.append(said(rev, TextChunk("a", "x" * ROOM)))
        total += ROOM
        await store.transcript.room("s1")

    stored = query(store, "SELECT sum(length(body)) FROM texts")[0][0]
    assert stored >= total - ROOM


async def test_memory_is_given_back_when_a_turn_has_ended(store: Store) -> None:
    for turn in range(30):
        for number in range(10):
            store.transcript.append(said(turn * 100 + number + 1, TextChunk(str(number), "x"), turn=f"t{turn}"))
        store.transcript.append(said(turn * 100 + 50, TurnEnded(Outcome.DONE), turn=f"t{turn}"))
        await store.transcript.flush()

    assert store.transcript.sessions_in_memory == 0


async def test_a_plan_is_kept_as_it_is_last(store: Store) -> None:
    store.transcript.append(said(1, PlanChanged((PlanEntry("a"),))))
    await store.transcript.flush()
    store.transcript.append(said(2, PlanChanged((PlanEntry("a", "completed"), PlanEntry("b")))))
    await store.transcript.flush()

    ((body,),) = query(store, "SELECT body FROM items")
    assert [entry["text"] for entry in json.loads(body)["entries"]] == ["a", "b"]


async def test_after_opening_again_a_message_can_go_on(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.records.create_session(session())
        store.transcript.append(said(1, TextChunk("a", "x" * 5000)))
    async with open_store(tmp_path) as store:
        store.transcript.append(said(2, TextChunk("a", "y" * 5000)))
        before = await store.transcript.history("s1")
        await store.transcript.flush()

        assert before.items[0].event == TextChunk("a", "x" * 5000 + "y" * 5000)
        assert await store.transcript.history("s1") == before
        assert query(store, "SELECT count(*) FROM items") == [(1,)]
    assert (tmp_path / FILE_NAME).exists()


# --- its own end


async def test_a_bug_under_the_transcript_ends_the_store_and_leaves_nobody_waiting(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.records.create_session(session())
        store.transcript.append(said(1, LARGE))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("UPDATE items SET blob = 'no' || char(0) || 'name'")  # no file can be called so: ValueError
        db.commit()

    waiting: list[asyncio.Future[None]] = []
    with pytest.raises(BaseExceptionGroup) as caught:
        async with asyncio.timeout(10) as patience, open_store(tmp_path) as store:
            store.transcript.append(said(2, ToolCallChanged(dataclasses.replace(LARGE.call, output="short"))))
            waiting = [asyncio.ensure_future(store.transcript.flush()) for _ in range(2)]
            await asyncio.Event().wait()
    store.transcript.append(said(3, TextChunk("a", "x" * (2 * ROOM))))
    async with asyncio.timeout(10):
        await store.transcript.room("s1")
        outcomes = await asyncio.gather(*waiting, store.transcript.flush(), return_exceptions=True)

    assert not patience.expired()
    assert [type(error) for error in caught.value.exceptions] == [ValueError]
    assert [type(outcome) for outcome in outcomes] == [StoreError] * 3


async def test_who_waits_for_room_is_let_go_when_the_transcript_ends(tmp_path: Path) -> None:
    async with asyncio.timeout(10):
        async with open_store(tmp_path) as store:
            await store.records.create_session(session())
            store.transcript.append(said(1, TextChunk("a", "x")))
            await store.transcript.flush()
        store.transcript.append(said(2, TextChunk("a", "x" * (2 * ROOM))))
        await store.transcript.room("s1")
