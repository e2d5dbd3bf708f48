"""Opening a session, and coming back to it, over real WebSockets."""

from __future__ import annotations

import asyncio

import pytest

from openacp_bot.adapters.web.watched import KEPT, OPENED
from openacp_bot.core.events import (
    Notice,
    TextChunk,
    ToolCallChanged,
)
from openacp_bot.core.model import ToolCall
from openacp_bot.core.views import History
from tests.web.stage import Stage, eventually, words

pytestmark = pytest.mark.wall_clock


async def test_opening_shows_the_newest_items_in_order_and_older_ones_on_request(on: Stage) -> None:
    session = on.hub.make()
    for number in range(OPENED + 50):
        on.hub.say(session, Notice(str(number), f"notice {number}"))
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        shown = sorted(tab.items.values(), key=lambda item: item["first"])
        assert [item["text"] for item in shown] == [f"notice {n}" for n in range(50, OPENED + 50)]
        assert all(frame["more"] for frame in tab.frames if frame["op"] == "items")

        await tab.say(op="older", number=7, session=session.record.id, before=shown[0]["first"])
        told = await tab.hear_op("told")

    assert told["number"] == 7
    assert [item["text"] for item in told["items"]] == [f"notice {n}" for n in range(50)]
    assert told["more"] is False


async def test_what_happens_while_the_history_is_read_is_shown_exactly_once(on: Stage) -> None:
    session = on.hub.make()
    on.hub.say(session, TextChunk("1", "one "), "t1")
    on.hub.gate = asyncio.Event()
    async with on.tab() as tab:
        await tab.say(op="watch", session=session.record.id, boot="", rev=0)
        await eventually(lambda: any(isinstance(look, History) for look in on.hub.looks))
        on.hub.say(session, TextChunk("1", "two "), "t1")  # in the history that is about to be read, and in the feed
        on.hub.gate.set()
        await tab.hear_op("items")
        on.hub.say(session, TextChunk("1", "three"), "t1")
        await tab.until(lambda: "three" in tab.text("t1:m:1"))

    assert words(tab.text("t1:m:1")) == "one two three"


async def test_reconnecting_gets_what_was_missed_exactly_once(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        on.hub.say(session, Notice("n1", "seen before"), None)
        on.hub.say(session, TextChunk("1", "one "), "t1")
        await tab.until(lambda: "t1:m:1" in tab.items)
        items, boot, rev = tab.items, tab.boot, tab.rev
    on.hub.say(session, TextChunk("1", "two "), "t1")
    on.hub.say(session, ToolCallChanged(ToolCall("c", "A tool")), "t1")

    async with on.tab() as tab:
        tab.items = items
        await tab.watch(session.record.id, boot=boot, rev=rev)
        missed = [item["key"] for frame in tab.frames if frame["op"] == "items" for item in frame["items"]]
        on.hub.say(session, TextChunk("1", "three"), "t1")
        await tab.until(lambda: "three" in tab.text("t1:m:1"))

    assert not any(frame["reset"] for frame in tab.frames if frame["op"] == "items")
    assert sorted(missed) == ["t1:m:1", "t1:t:c"]
    assert words(tab.text("t1:m:1")) == "one two three"
    assert set(tab.items) == {"n:n1", "t1:m:1", "t1:t:c"}


async def test_nothing_missed_is_nothing_sent(on: Stage) -> None:
    session = on.hub.make()
    on.hub.say(session, Notice("n1", "seen"), None)
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        boot, rev = tab.boot, tab.rev

    async with on.tab() as tab:
        await tab.say(op="watch", session=session.record.id, boot=boot, rev=rev)
        await tab.hear_op("head")
        on.hub.say(session, Notice("n2", "new"), None)
        await tab.until(lambda: "n:n2" in tab.items)
    assert set(tab.items) == {"n:n2"}


@pytest.mark.parametrize("why", ["another boot", "too much missed"])
async def test_a_cursor_that_cannot_be_continued_gets_a_fresh_snapshot(on: Stage, why: str) -> None:
    session = on.hub.make()
    missed = 3 if why == "another boot" else OPENED + 5
    for number in range(missed):
        on.hub.say(session, Notice(str(number), "…"), None)
    async with on.tab() as tab:
        await tab.watch(session.record.id, boot="boot-0" if why == "another boot" else "boot-1", rev=1)

    first = next(frame for frame in tab.frames if frame["op"] == "items")
    assert first["reset"] is True
    assert len(tab.items) == min(missed, OPENED)


async def test_a_second_tab_gets_the_same_and_both_go_on(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as first, on.tab() as second:
        await first.watch(session.record.id)
        on.hub.say(session, TextChunk("1", "para one\n\npara "), "t1")
        await first.until(lambda: "para" in words(first.items.get("t1:m:1", {}).get("tail", "")))
        await second.watch(session.record.id)
        on.hub.say(session, TextChunk("1", "two"), "t1")
        for tab in (first, second):
            await tab.until(lambda tab=tab: "two" in tab.text("t1:m:1"))  # type: ignore[misc]

    assert first.text("t1:m:1") == second.text("t1:m:1") == "<p>para one</p>\n<p>para two</p>\n"


async def test_only_the_watched_session_is_sent(on: Stage) -> None:
    one, other = on.hub.make("One"), on.hub.make("Other")
    async with on.tab() as tab:
        await tab.watch(one.record.id)
        await tab.watch(other.record.id)
        on.hub.say(one, Notice("1", "unseen"), None)
        on.hub.say(other, Notice("2", "seen"), None)
        await tab.until(lambda: "n:2" in tab.items)

    assert set(tab.items) == {"n:2"}


async def test_a_session_that_is_not_there_is_told(on: Stage) -> None:
    async with on.tab() as tab:
        await tab.say(op="watch", session="nope", boot="", rev=0)
        gone = await tab.hear_op("gone")

    assert gone["session"] == "nope"
    assert gone["text"] == "This session does not exist any more."


async def test_deleting_a_watched_session_is_told(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        await tab.act("command", session=session.record.id, name="delete", values={"confirm": "yes"})
        assert (await tab.hear_op("gone"))["session"] == session.record.id


async def test_a_long_live_session_keeps_a_bounded_window(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab, on.tab() as late:
        await tab.watch(session.record.id)
        for number in range(KEPT + 1):
            on.hub.say(session, Notice(str(number), "…"), None)
        await tab.until(lambda: len(tab.items) == KEPT + 1)
        await late.watch(session.record.id)

    assert len(late.items) == OPENED
    assert late.frames[-1].get("more") or any(frame.get("more") for frame in late.frames)
