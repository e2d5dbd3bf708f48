"""Topics made what core wants them to be."""

from __future__ import annotations

import asyncio

import pytest

from openacp_bot.chat.pen import NotDone, PerhapsDone, Refused, Retry
from openacp_bot.chat.pulse import MOST_DETOURS
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Inbound, Reply, Report
from openacp_bot.core.model import Place, Wanted
from openacp_bot.core.neighbours import CARD
from tests.chat.stage import END, Stage
from tests.virtual_time import virtual


@virtual
async def test_a_topic_is_opened_and_told_before_its_cards_are_shown() -> None:
    stage = Stage()
    place = await stage.place(opened=False)
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "Hello")
        await stage.change("p1", wanted=Wanted.OPEN)
        stage.end(place, "t1")
        await stage.all_settled()

    assert [(report.what, report.place) for report in stage.reports] == [(Report.OPENED, "p1")]
    made = await stage.store.place("p1")
    assert made is not None and made.ref in stage.platform.topics
    assert (made.shown, made.named) == (Wanted.OPEN, "Title of p1")
    assert [(shown.text, shown.where) for shown in stage.platform.messages] == [(f"Hello\n{END}", made.ref)]
    assert len([1 for _, method, _ in stage.platform.calls if method == "open"]) == 1


@virtual
async def test_a_topic_that_was_to_be_opened_before_a_crash_is_opened_after_it() -> None:
    stage = Stage()
    await stage.place(opened=False)
    async with stage.running():
        await stage.until(lambda: bool(stage.reports))

    assert len(stage.platform.topics) == 1


@virtual
async def test_a_refused_topic_is_told_and_not_tried_again() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", Refused("not enough rights to create a topic"))
    async with stage.running():
        await asyncio.sleep(100)

    assert [(report.what, report.detail) for report in stage.reports] == [
        (Report.REFUSED, "not enough rights to create a topic")
    ]
    assert stage.platform.topics == {}


@virtual
async def test_an_opening_that_may_have_failed_is_repeated() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    stage.platform.fail("open", NotDone("refused"))
    async with stage.running():
        await stage.until(lambda: bool(stage.reports))

    assert [report.what for report in stage.reports] == [Report.OPENED]
    assert len(stage.platform.topics) == 2  # the lesser evil


@virtual
async def test_a_topic_of_which_nobody_answered_is_taken_though_it_is_to_be_called_otherwise_by_now() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.until(lambda: bool(stage.platform.topics))
        await stage.change("p1", title="A better title")
        (orphan,) = stage.platform.topics
        stage.outbox.stands(orphan, "Title of p1")
        await stage.until(lambda: bool(stage.reports))

        await stage.until(lambda: stage.platform.topics[orphan] == "A better title")

    assert [report.ref for report in stage.reports] == [orphan]
    assert list(stage.platform.topics) == [orphan]


@virtual
async def test_a_topic_that_is_told_of_before_its_opening_fails_is_taken_at_once() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.until(lambda: bool(stage.platform.topics))
        (orphan,) = stage.platform.topics
        stage.outbox.stands(orphan, "Title of p1")
        began = asyncio.get_running_loop().time()
        await stage.outbox.no_opening(orphan)
        assert asyncio.get_running_loop().time() - began < 0.5

        place = await stage.store.place("p1")
        assert place is not None and place.ref == orphan

    assert list(stage.platform.topics) == [orphan]


@virtual
async def test_what_is_written_in_a_topic_whose_opening_failed_waits_until_it_is_taken() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.until(lambda: bool(stage.platform.topics))
        await asyncio.sleep(0.5)
        (orphan,) = stage.platform.topics
        stage.outbox.stands(orphan, "Title of p1")
        await stage.outbox.no_opening(orphan)

        place = await stage.store.place("p1")
        assert place is not None and place.ref == orphan


@virtual
async def test_nobody_waits_for_a_topic_that_is_no_longer_wanted() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.until(lambda: bool(stage.platform.topics))
        await asyncio.sleep(0.5)
        (orphan,) = stage.platform.topics
        await stage.change("p1", wanted=Wanted.GONE)
        stage.outbox.stands(orphan, "Title of p1")
        began = asyncio.get_running_loop().time()
        await stage.outbox.no_opening(orphan)

        assert asyncio.get_running_loop().time() - began < 2.0


@virtual
async def test_a_topic_where_another_session_began_meanwhile_stays_with_that_one() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.until(lambda: bool(stage.platform.topics))
        await asyncio.sleep(0.5)
        (orphan,) = stage.platform.topics
        await stage.place("p2", opened=False)
        await stage.store.change_place("p2", ref=orphan)
        stage.outbox.stands(orphan, "Title of p1")
        await stage.until(lambda: bool(stage.reports))

    places = [await stage.store.place(id) for id in ("p1", "p2")]
    assert places[0] is not None and places[1] is not None
    assert places[1].ref == orphan
    assert places[0].ref in stage.platform.topics and places[0].ref != orphan


@pytest.mark.parametrize(
    ("title", "is_taken"), [("Title of p1", True), ("Title", False), ("x" * 100, True), ("x" * 99 + "y", False)]
)
@virtual
async def test_a_topic_that_stands_already_is_taken_if_it_is_called_so_as_far_as_titles_go(
    title: str, is_taken: bool
) -> None:
    stage = Stage()
    await stage.place(opened=False)
    if title.startswith("x"):
        await stage.change("p1", title="x" * 120)
    orphan = stage.platform.open("-100", title)
    async with stage.running():
        stage.outbox.stands(orphan, title)
        await stage.until(lambda: bool(stage.reports))

    assert (stage.reports[0].ref == orphan) is is_taken
    assert len(stage.platform.topics) == (1 if is_taken else 2)


@virtual
async def test_a_topic_takes_another_title_twice_and_a_persons_always() -> None:
    stage = Stage()
    place = await stage.place()
    assert place.ref is not None
    async with stage.running():
        for title in ("One", "Two", "Three"):
            await stage.change("p1", title=title)
            await asyncio.sleep(100)
        assert stage.platform.topics[place.ref] == "Two"
        await stage.change("p1", title="Mine", insists=True)
        await stage.until(lambda: stage.platform.topics[place.ref] == "Mine" if place.ref else False)


@virtual
async def test_a_title_of_ours_that_comes_after_a_persons_gives_way_to_it() -> None:
    stage = Stage()
    place = await stage.place()
    assert place.ref is not None
    ref = place.ref
    async with stage.running():
        await stage.change("p1", title="Ours")
        await stage.until(lambda: stage.platform.topics[ref] == "Ours")
        await asyncio.sleep(1.0)
        await stage.change("p1", title="By hand", named="By hand", insists=True)
        await asyncio.sleep(5.0)
        assert stage.platform.topics[ref] == "Ours"

        await stage.outbox.called(ref, "Ours")
        await stage.until(lambda: stage.platform.topics[ref] == "By hand")


@virtual
async def test_a_renaming_that_is_to_go_another_way_for_ever_is_put_off() -> None:
    stage = Stage()
    await stage.place(space="42")
    stage.platform.fail("rename", Retry("another way"), n=1000)
    async with stage.running():
        await stage.change("p1", title="Better")
        await asyncio.sleep(100)

    assert MOST_DETOURS < len(stage.platform.calls) < 30


@virtual
async def test_only_the_newest_title_is_told() -> None:
    stage = Stage()
    place = await stage.place()
    assert place.ref is not None
    async with stage.running():
        for number in range(10):
            await stage.change("p1", title=f"Title {number}")
        await asyncio.sleep(100)

    assert stage.platform.topics[place.ref] == "Title 9"
    assert len(stage.platform.calls) == 1


@virtual
async def test_a_topic_that_a_person_closed_is_reopened_when_core_says_so() -> None:
    stage = Stage()
    await stage.place()
    await stage.store.change_place("p1", shown=Wanted.CLOSED)
    async with stage.running():
        await asyncio.sleep(100)
        assert stage.platform.calls == []
        await stage.change("p1", shown=None)
        await stage.until(lambda: bool(stage.platform.calls))

    assert [method for _, method, _ in stage.platform.calls] == ["reopen"]


@virtual
async def test_a_topic_that_a_person_closed_stays_closed_when_its_title_changes() -> None:
    stage = Stage()
    place = await stage.place()
    await stage.store.change_place("p1", shown=Wanted.CLOSED)
    async with stage.running():
        await stage.change("p1", title="A title by the agent")
        await asyncio.sleep(100)

    assert [method for _, method, _ in stage.platform.calls] == ["rename"]
    assert place.ref is not None and stage.platform.topics[place.ref] == "A title by the agent"


@virtual
async def test_a_lost_topic_that_could_not_be_told_is_told_later() -> None:
    stage = Stage()
    place = await stage.place()
    handle, told = stage.handle, 0

    async def refuses_at_first(inbound: Inbound) -> Reply | None:
        nonlocal told
        told += 1
        if told <= 9:
            raise StoreError("The disk is full.")
        return await handle(inbound)

    stage.handle = refuses_at_first  # type: ignore[method-assign]
    async with stage.running():
        await stage.start(place, "t1")
        stage.platform.topics.clear()
        stage.say(place, "t1", "Hello")
        stage.end(place, "t1")
        await stage.all_settled()

    assert [report.what for report in stage.reports] == [Report.LOST, Report.OPENED]
    assert stage.platform.texts() == [f"Hello\n{END}"]


@virtual
async def test_a_refused_topic_that_could_not_be_told_is_told_later() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", Refused("no rights"), n=100)
    handle, told = stage.handle, 0

    async def refuses_at_first(inbound: Inbound) -> Reply | None:
        nonlocal told
        told += 1
        if told <= 4:
            raise StoreError("The disk is full.")
        return await handle(inbound)

    stage.handle = refuses_at_first  # type: ignore[method-assign]
    async with stage.running():
        await stage.until(lambda: bool(stage.reports))
        await asyncio.sleep(1000)

    assert [report.what for report in stage.reports] == [Report.REFUSED]


@virtual
async def test_one_topics_bug_stops_neither_it_for_good_nor_others() -> None:
    stage = Stage()
    places = [await stage.place(id) for id in ("p1", "p2")]
    rename, calls = stage.pen.rename_place, 0

    async def fails_once(place: Place, title: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyError("a bug")
        await rename(place, title)

    stage.pen.rename_place = fails_once  # type: ignore[method-assign]
    async with stage.running():
        for place in places:
            await stage.change(place.id, title="New")
        await stage.until(lambda: set(stage.platform.topics.values()) == {"New"})


@virtual
async def test_an_archived_session_is_posted_as_a_file_before_its_topic_goes() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await stage.until(lambda: place.ref not in stage.platform.topics)

    (posted,) = stage.platform.messages
    assert (posted.text, posted.where.topic) == ("📦 “Title of p1” was archived.", "")
    assert posted.file is not None and getattr(posted.file, "text", "") == "s-p1"
    assert [method for _, method, _ in stage.platform.calls] == ["send_file", "close"]


@virtual
async def test_a_topic_whose_conversation_cannot_be_posted_stays() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send_file", Refused("too big"))
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await asyncio.sleep(300)

    assert place.ref in stage.platform.topics


@virtual
async def test_a_restored_session_gets_a_new_topic_that_begins_with_its_conversation() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await stage.until(lambda: place.ref not in stage.platform.topics)
        stage.platform.messages.clear()
        await stage.change("p1", wanted=Wanted.OPEN)
        await stage.turn(place, "Again")
        await stage.all_settled()

    assert stage.platform.texts() == ["📦 The conversation so far.", f"Again\n{END}"]
    assert len({shown.where for shown in stage.platform.messages}) == 1


@virtual
async def test_a_deleted_sessions_topic_is_deleted() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.change("p1", wanted=Wanted.GONE)
        await stage.until(lambda: place.ref not in stage.platform.topics)

    assert stage.platform.messages == []


@virtual
async def test_a_topic_deleted_during_a_turn_is_reported_once_and_the_turn_goes_on_in_the_new_one() -> None:
    stage = Stage()
    place = await stage.place()
    assert place.ref is not None
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        await stage.ask(place, "t1", "q1")
        await stage.until(lambda: len(stage.platform.messages) == 2)
        stage.answer(place, "t1", "q1")
        stage.say(place, "t1", "two ")
        stage.platform.topics.pop(place.ref)
        stage.platform.messages.clear()
        await stage.until(lambda: bool(stage.reports))
        stage.say(place, "t1", "three ")
        stage.end(place, "t1")
        await stage.all_settled()

    assert [report.what for report in stage.reports] == [Report.LOST, Report.OPENED]
    assert "".join(stage.platform.texts()) == f"Oneq1? Allowedtwo three \n{END}"
    assert place.ref not in {shown.where for shown in stage.platform.messages}


@virtual
async def test_what_a_topic_has_to_begin_with_becomes_its_card() -> None:
    stage = Stage()
    stage.pen.begins = "claude"
    place = await stage.place(opened=False)
    async with stage.running():
        stage.notice(place, Notice(CARD, "claude in ~/code. Just write."))
        await stage.change("p1", wanted=Wanted.OPEN)
        await stage.turn(place, "Hi")
        await stage.all_settled()

    assert stage.platform.texts() == ["claude in ~/code. Just write.", f"Hi\n{END}"]
    assert len(_calls(stage, "edit")) == 1


@virtual
async def test_what_a_topic_has_to_begin_with_stays_where_its_card_was_said_elsewhere() -> None:
    stage = Stage()
    stage.pen.begins = "claude"
    place = await stage.place(opened=False)
    async with stage.running():
        await stage.change("p1", wanted=Wanted.OPEN)
        await stage.turn(place, "Hi")
        await stage.all_settled()

    assert stage.platform.texts() == ["claude", f"Hi\n{END}"]


def _calls(stage: Stage, method: str) -> list[float]:
    return [when for when, called, _ in stage.platform.calls if called == method]
