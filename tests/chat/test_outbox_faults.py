"""What a platform does to calls, and what people then see."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from openacp_bot.chat.pen import Forbidden, MarkupRefused, NotDone, PerhapsDone, Refused
from openacp_bot.core.inbound import Reply, Report
from openacp_bot.core.model import ThreadRef
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual

REPEAT = "🔁 perhaps a repeat"


@virtual
async def test_a_closed_gate_is_waited_out_remembered_and_others_go_on() -> None:
    stage = Stage()
    async with stage.running():
        await stage.held_up(100)
        await stage.outbox.reply(ThreadRef("chat", "-200"), Reply("Two"), key="u2")
        assert await stage.until(lambda: stage.platform.texts() == ["Two"]) < 1
        assert await stage.until(lambda: len(stage.platform.messages) == 2) >= 98
        await stage.all_settled()

    assert stage.platform.texts() == ["Two", "One"]


@virtual
async def test_a_closed_gate_outlives_a_restart() -> None:
    stage = Stage()
    async with stage.running(goodbye=0):
        await stage.held_up(100)
        await asyncio.sleep(1)
    async with stage.running():
        assert await stage.until(lambda: bool(stage.platform.messages)) >= 97
        await stage.all_settled()

    assert stage.platform.texts() == ["One"]


@virtual
async def test_what_was_certainly_not_done_is_tried_again_until_it_is_without_a_mark() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send", NotDone("no connection"), n=7)
    async with stage.running():
        await stage.turn(place, "Hi")
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi\n{END}"]
    at = [when for when, _, _ in stage.platform.calls]
    assert [round(later - when) for when, later in pairwise(at)] == [1, 2, 4, 8, 16, 32, 60]


@virtual
async def test_an_ambiguous_final_is_sent_once_more_with_a_mark() -> None:
    for done in (True, False):
        stage = Stage()
        place = await stage.place()
        stage.platform.fail("send", PerhapsDone("lost"), done=done)
        async with stage.running():
            await stage.turn(place, "Hi")
            await stage.all_settled()

        first = [f"Hi\n{END}"] if done else []
        assert stage.platform.texts() == [*first, f"Hi\n{END}\n{REPEAT}"]


@virtual
async def test_ambiguous_progress_is_never_repeated_and_the_final_comes_whole() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "Hel")
        await stage.until(lambda: bool(stage.platform.calls))
        stage.say(place, "t1", "lo")
        await asyncio.sleep(120)
        assert stage.platform.texts() == ["Hel"]
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.platform.texts() == ["Hel", f"Hello\n{END}"]


@virtual
async def test_a_silent_platform_is_waited_for_at_most_thirty_seconds() -> None:
    stage = Stage()
    original = stage.pen.send
    calls = 0

    async def hangs_once(*args: object, **given: object) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.sleep(10_000)
        return await original(*args, **given)  # type: ignore[arg-type]

    stage.pen.send = hangs_once  # type: ignore[method-assign]
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        assert 30 <= await stage.all_settled() < 35

    assert stage.platform.texts() == [f"Hi\n{REPEAT}"]


@virtual
async def test_refused_markup_is_sent_plain_once() -> None:
    stage = Stage()
    stage.platform.fail("send", MarkupRefused("can't parse entities"))
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("*Hi*"), key="u1")
        await stage.all_settled()

    assert stage.platform.texts() == ["Hi"]
    assert stage.store.settled  # and not as an error
    assert set(stage.store.settled.values()) == {""}


@virtual
async def test_a_message_that_people_deleted_is_sent_anew_once() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        for number in range(2):
            await stage.until(lambda: bool(stage.platform.messages))
            stage.platform.messages.clear()
            stage.say(place, "t1", f"more {number} ")
            await asyncio.sleep(30)
        assert stage.platform.messages == []
        stage.end(place, "t1")
        await stage.all_settled()

    assert len([1 for _, method, _ in stage.platform.calls if method == "send"]) == 3


@virtual
async def test_three_refused_edits_end_edits_and_the_final_is_sent_once() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        await stage.until(lambda: bool(stage.platform.messages))
        stage.platform.fail("edit", Refused("message can't be edited"), n=50)
        for _ in range(60):
            stage.say(place, "t1", "more ")
            await asyncio.sleep(1)
        assert len([1 for _, method, _ in stage.platform.calls if method == "edit"]) == 3
        stage.end(place, "t1")
        await stage.all_settled()

    assert "".join(stage.platform.texts()) == "One " + "more " * 60 + f"\n{END}"  # and what was given up is gone
    assert len(stage.platform.ringing()) == 1


@virtual
async def test_what_will_never_work_is_settled_with_the_reason() -> None:
    stage = Stage()
    stage.platform.fail("send", Refused("not enough rights"), n=3)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await stage.all_settled()

    assert list(stage.store.settled.values()) == ["not enough rights"]


@virtual
async def test_a_chat_that_is_closed_to_us_rests_until_somebody_speaks_there() -> None:
    stage = Stage()
    stage.platform.fail("send", Forbidden("kicked"), n=2)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("One"), key="u1")
        await asyncio.sleep(25)
        assert len(stage.platform.calls) == 1
        await stage.outbox.reply(GENERAL, Reply("Two"), key="u2")
        await asyncio.sleep(1)
        assert len(stage.platform.calls) == 2
        await stage.all_settled(40)

    assert sorted(stage.platform.texts()) == ["One", "Two"]


@virtual
async def test_a_chat_with_another_id_is_told_to_core_and_written_to_there() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.moved["-100"] = "-1009"
    assert place.ref is not None
    stage.platform.topics[ThreadRef("chat", "-1009", place.ref.topic)] = "moved"
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await stage.turn(place, "Hello")
        await stage.all_settled()

    assert [report.what for report in stage.reports] == [Report.MOVED]
    assert {shown.where.space for shown in stage.platform.messages} == {"-1009"}
    assert sorted(stage.platform.texts()) == [f"Hello\n{END}", "Hi"]


@virtual
async def test_a_drawer_that_fails_ends_no_other_card() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        await stage.ask(place, "t1", "q1")
        del stage.questions["q1"]  # drawing it raises KeyError
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await stage.until(lambda: "Hi" in stage.platform.texts())
        stage.questions["q1"] = ""
        assert await stage.until(lambda: "q1?" in stage.platform.texts()) < 40


@virtual
async def test_a_full_disk_stops_nothing_for_good() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.store.refuses = "The disk is full."
        stage.say(place, "t1", "Hello")
        await asyncio.sleep(20)
        assert stage.platform.messages == []
        stage.store.refuses = ""
        stage.end(place, "t1")
        await stage.all_settled(200)

    assert stage.platform.texts() == [f"Hello\n{END}"]


@virtual
async def test_a_final_outlives_two_minutes_of_ambiguous_failures_and_comes_at_most_twice() -> None:
    stage = Stage()
    place = await stage.place()
    for method in ("send", "edit", "typing"):
        stage.platform.fail(method, PerhapsDone("502"), n=1000)
    async with stage.running():
        await stage.turn(place, "Hi")
        await asyncio.sleep(120)
        stage.platform.faults.clear()
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi\n{END}\n{REPEAT}"]


@virtual
async def test_a_topic_is_not_opened_again_and_again_while_nothing_gets_through() -> None:
    stage = Stage()
    await stage.place(opened=False)
    stage.platform.fail("open", PerhapsDone("lost"), done=True)
    stage.platform.fail("typing", NotDone("no connection"), n=5)
    async with stage.running():
        await stage.until(lambda: bool(stage.reports))

    assert len(stage.platform.topics) == 2


@virtual
async def test_a_message_that_is_gone_again_and_again_costs_no_word_of_the_answer() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        for number in range(3):
            stage.say(place, "t1", f"word{number} ")
            await asyncio.sleep(20)
            stage.platform.messages.clear()
        stage.say(place, "t1", "last")
        await asyncio.sleep(20)
        stage.end(place, "t1")
        await stage.all_settled()

    assert "".join(stage.platform.texts()) == f"word0 word1 word2 last\n{END}"


@virtual
async def test_a_message_that_takes_no_edits_goes_also_after_a_restart() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running(goodbye=0):
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        await stage.until(lambda: bool(stage.platform.messages))
        stage.platform.fail("edit", Refused("message can't be edited"), n=50)
        for _ in range(60):
            stage.say(place, "t1", "more ")
            await asyncio.sleep(1)
    stage.end(place, "t1")
    async with stage.running():
        await stage.all_settled()

    assert "".join(stage.platform.texts()) == "One " + "more " * 60 + f"\n{END}"
