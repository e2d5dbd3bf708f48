"""A platform that keeps closed places (Discord archives threads): what is closed is left alone; renames are scarce."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from openacp_bot.chat.pen import Later, NotDone, Retry
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.events import Outcome
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Wanted
from openacp_bot.core.words import TOPIC
from tests.chat.stage import END, GENERAL, Stage, Turn
from tests.virtual_time import virtual


def keeping() -> Stage:
    stage = Stage()
    stage.pen.closing_deletes = False
    stage.pen.most_renames = 1
    return stage


def at(stage: Stage, method: str) -> list[float]:
    return [when for when, called, _ in stage.platform.calls if called == method]


# --- closed, and opened again ---------------------------------------------------------------------------


@virtual
async def test_a_closed_thread_stays_without_a_file_and_is_opened_again_as_it_was() -> None:
    stage = keeping()
    place = await stage.place()
    async with stage.running():
        await stage.turn(place, "Hi")
        await stage.all_settled()
        await stage.change("p1", wanted=Wanted.CLOSED)
        await asyncio.sleep(5)
        closed = await stage.store.place("p1")
        assert closed is not None and place.ref in stage.platform.archived
        again = closed.as_open()
        await stage.change("p1", wanted=again.wanted, shown=again.shown)
        await stage.until(lambda: place.ref not in stage.platform.archived)
        await asyncio.sleep(60)

    assert closed.shown is Wanted.CLOSED and closed.ref == place.ref
    assert stage.platform.texts() == [f"Hi\n{END}"]
    assert not at(stage, "send_file") and not at(stage, "open")
    assert stage.reports == []


@virtual
async def test_nothing_is_said_in_a_thread_that_was_archived_as_it_would_wake() -> None:
    stage = keeping()
    place = await stage.place()
    await stage.store.change_place("p1", wanted=Wanted.CLOSED)
    await stage.store.made("p1", Wanted.CLOSED)
    stage.platform.archived.add(place.ref)  # type: ignore[arg-type]
    await stage.store.open(Card("t1", CardKind.TURN, "t1", place="p1", session="s-p1"))
    stage.turns["t1"] = _turn()
    async with stage.running():
        await stage.all_settled()
        await asyncio.sleep(60)

    assert stage.platform.calls == []
    assert stage.store.settled == {"t1": "its place is gone"}


@virtual
async def test_a_closed_thread_that_was_woken_for_an_answer_is_closed_once_more() -> None:
    stage = keeping()
    place = await stage.place()
    await stage.store.change_place("p1", wanted=Wanted.CLOSED)
    await stage.store.made("p1", Wanted.CLOSED)
    assert place.ref is not None
    stage.platform.archived.add(place.ref)
    stage.platform.fail("send", Retry("to be woken"))
    async with stage.running():
        await stage.outbox.reply(place.ref, Reply("Too late."), key="k1")
        await stage.until(lambda: stage.platform.texts() == ["Too late."])
        await stage.until(lambda: place.ref in stage.platform.archived)

    assert at(stage, "close")[0] >= at(stage, "send")[-1]


@virtual
async def test_what_was_asked_in_a_thread_is_answered_before_it_is_closed() -> None:
    stage = keeping()
    place = await stage.place()
    assert place.ref is not None
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await asyncio.sleep(0.5)
        await stage.outbox.reply(place.ref, Reply("Archived."), key="k1")
        await stage.until(lambda: place.ref in stage.platform.archived)

    assert at(stage, "send")[-1] < at(stage, "close")[0]
    assert len(at(stage, "close")) == 1


@virtual
async def test_what_is_said_before_the_thread_is_closed_is_still_shown() -> None:
    stage = keeping()
    place = await stage.place()
    async with stage.running():
        stage.platform.fail("close", NotDone("no connection"), n=3)
        await stage.turn(place, "The last words")
        await stage.change("p1", wanted=Wanted.CLOSED)
        await stage.all_settled()
        await stage.until(lambda: place.ref in stage.platform.archived)

    assert stage.platform.texts() == [f"The last words\n{END}"]


@virtual
async def test_a_thread_that_is_wanted_again_is_spoken_in_again() -> None:
    stage = keeping()
    place = await stage.place()
    await stage.store.change_place("p1", wanted=Wanted.CLOSED)
    await stage.store.made("p1", Wanted.CLOSED)
    async with stage.running():
        await stage.change("p1", wanted=Wanted.OPEN, shown=None)
        await stage.turn(place, "Hi again")
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi again\n{END}"]


# --- renamed --------------------------------------------------------------------------------------------


@virtual
async def test_a_renaming_that_may_be_done_only_later_holds_up_nothing() -> None:
    stage = keeping()
    place = await stage.place()
    stage.platform.fail("rename", Later(300))
    async with stage.running():
        await stage.change("p1", title="A better one")
        await stage.until(lambda: bool(at(stage, "rename")))
        await stage.outbox.reply(GENERAL, Reply("Hello"), key="u1")
        await stage.turn(place, "Hi")
        assert await stage.all_settled() < 5
        await stage.until(lambda: place.ref in stage.platform.topics and "A better one" in _titles(stage))

    first, second = at(stage, "rename")
    assert 299 < second - first < 330
    assert stage.reports == []


@virtual
async def test_the_newest_title_goes_once_it_may() -> None:
    stage = keeping()
    await stage.place()
    stage.platform.fail("rename", Later(300))
    async with stage.running():
        await stage.change("p1", title="One", insists=True)
        await stage.until(lambda: bool(at(stage, "rename")))
        await stage.change("p1", title="Two", insists=True)
        await stage.until(lambda: "Two" in _titles(stage))

    assert "One" not in _titles(stage)


@virtual
async def test_whose_title_has_to_wait_long_is_told_once() -> None:
    stage = keeping()
    place = await stage.place()
    stage.platform.fail("rename", Later(5))
    stage.platform.fail("rename", Later(300), n=2)
    async with stage.running():
        await stage.change("p1", title="Ours")
        await stage.until(lambda: len(at(stage, "rename")) == 2)
        await stage.change("p1", title="Mine", insists=True)
        await stage.until(lambda: "Mine" in _titles(stage))

    told = f"Chat lets nobody rename this {TOPIC} more often for now. It will be called “Mine” in 5 min."
    assert "".join(stage.platform.texts()) == told
    assert {shown.where for shown in stage.platform.messages} == {place.ref}


@virtual
async def test_the_one_free_renaming_waits_for_a_better_title() -> None:
    stage = keeping()
    stage.pen.title_patience = 30.0
    await stage.place()
    async with stage.running():
        await stage.change("p1", title="From the first message", is_passing=True)
        await asyncio.sleep(10)
        await stage.change("p1", url="https://chat/p1")  # something else of it
        await asyncio.sleep(10)
        assert not at(stage, "rename")
        await stage.change("p1", title="The agent's own")
        assert await stage.until(lambda: bool(at(stage, "rename"))) < 5
        await stage.change("p1", title="Yet another")
        await asyncio.sleep(200)

    assert _titles(stage) == ["The agent's own"]
    assert len(at(stage, "rename")) == 1


@virtual
async def test_a_better_title_that_does_not_come_is_not_waited_for_without_end() -> None:
    stage = keeping()
    stage.pen.title_patience = 30.0
    await stage.place()
    async with stage.running():
        await stage.change("p1", title="From the first message", is_passing=True)
        assert 25 < await stage.until(lambda: bool(at(stage, "rename"))) < 40

    assert _titles(stage) == ["From the first message"]


@virtual
async def test_a_title_that_stays_does_not_wait() -> None:
    stage = keeping()
    stage.pen.title_patience = 30.0
    await stage.place()
    async with stage.running():
        await stage.change("p1", title="From the first message")
        assert await stage.until(lambda: bool(at(stage, "rename"))) < 5


@virtual
async def test_a_persons_title_does_not_wait() -> None:
    stage = keeping()
    stage.pen.title_patience = 30.0
    await stage.place()
    async with stage.running():
        began = asyncio.get_running_loop().time()
        for title in ("One", "Two"):
            await stage.change("p1", title=title, insists=True)
            await stage.until(lambda title=title: title in _titles(stage))  # type: ignore[misc]

        assert asyncio.get_running_loop().time() - began < 5


# --- reached again --------------------------------------------------------------------------------------


@virtual
async def test_what_rests_because_nothing_got_through_goes_at_once_when_the_platform_is_back() -> None:
    stage = Stage()
    stage.platform.fail("send", NotDone("no connection"), n=6)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hello"), key="u1")
        await stage.until(lambda: len(at(stage, "send")) == 6)
        await asyncio.sleep(1)  # of the 32 s until the next try
        stage.outbox.restored()
        assert await stage.until(lambda: stage.sees("Hello")) < 1

    calls = at(stage, "send")
    assert [round(later - when) for when, later in pairwise(calls)][:5] == [1, 2, 4, 8, 16]


@virtual
async def test_a_gate_that_the_platform_closed_stays_so_when_it_is_back() -> None:
    stage = Stage()
    async with stage.running():
        await stage.held_up(100)
        stage.outbox.restored()
        assert await stage.until(lambda: stage.sees("One")) > 95

    assert stage.platform.floods == 0


def _titles(stage: Stage) -> list[str]:
    return list(stage.platform.topics.values())


def _turn() -> Turn:
    return Turn("s-p1", [("Too late", "")], Outcome.DONE)


@virtual
async def test_a_thread_that_is_restored_while_it_is_being_archived_is_open_again() -> None:
    stage = Stage()
    stage.pen.closing_deletes = False
    place = await stage.place()
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await stage.until(lambda: place.ref in stage.platform.archived)  # the call is under way
        again = (await stage.store.place("p1") or place).as_open()
        await stage.change("p1", wanted=again.wanted, shown=again.shown)
        await asyncio.sleep(300)

    assert place.ref not in stage.platform.archived
