"""A turn as it grows and ends: what is shown, when, and how often."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from openacp_bot.chat.pen import NotDone
from openacp_bot.core.events import Outcome
from tests.chat.platform import LATENCY, LIMIT
from tests.chat.stage import END, Stage
from tests.virtual_time import virtual


@virtual
async def test_the_first_words_are_shown_at_once_and_silently() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(90)
        await stage.start(place, "t1")
        stage.say(place, "t1", "Hello")

        seconds = await stage.until(lambda: bool(stage.platform.messages))

        assert seconds < 0.3
        assert (stage.platform.messages[0].text, stage.platform.messages[0].rings) == ("Hello", False)


@virtual
async def test_a_turn_is_one_message_that_grows_and_one_that_rings() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(90)
        await stage.start(place, "t1")
        for _ in range(20):
            stage.say(place, "t1", "w ")
            await asyncio.sleep(1)
        stage.end(place, "t1")
        await stage.all_settled()

    answer, end = stage.platform.messages
    assert answer.text == ("w " * 20).strip()
    assert 3 <= len(answer.edits) <= 9
    assert (end.text, end.rings, answer.rings) == (END, True, False)
    assert stage.platform.floods == 0


@virtual
async def test_an_answer_complete_before_anything_was_shown_is_one_ringing_message() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.turn(place, "Four.")
        await stage.all_settled()

    assert stage.platform.texts() == [f"Four.\n{END}"]
    assert stage.platform.messages[0].rings


@virtual
async def test_an_overflowing_answer_shows_its_tail_and_then_all_of_it() -> None:
    stage = Stage()
    place = await stage.place()
    text = "".join(f"{number:03} " for number in range(40))
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", text)
        await stage.until(lambda: bool(stage.platform.messages))
        assert stage.platform.texts()[0].endswith("039")
        stage.end(place, "t1")
        await stage.all_settled()

    assert "".join(stage.platform.texts()) == f"{text}\n{END}"
    assert [shown.rings for shown in stage.platform.messages] == [False, False, True]


@virtual
async def test_more_than_eight_messages_become_first_part_file_and_last_part() -> None:
    stage = Stage()
    place = await stage.place()
    text = "x" * (LIMIT * 12)
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", text)
        await stage.until(lambda: bool(stage.platform.messages))
        stage.end(place, "t1")
        await stage.all_settled()

    first, file, last = stage.platform.messages
    assert first.text == "x" * LIMIT
    assert file.file is not None and getattr(file.file, "text", "") == text
    assert last.text.endswith(END) and last.rings


@virtual
async def test_a_failure_is_told_with_its_turn() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.turns["t1"].end = "❌ crashed"
        stage.end(place, "t1", Outcome.CRASHED)
        await stage.all_settled()

    assert stage.platform.ringing() == ["❌ crashed"]


@virtual
async def test_a_hundred_thousand_chunks_cost_few_drawings() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        for number in range(100_000):
            stage.say(place, "t1", "") if number else stage.say(place, "t1", "Hello")
            if number % 1000 == 0:
                await asyncio.sleep(0.1)
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.drawn < 40


@virtual
async def test_without_streaming_a_turn_is_shown_once_it_has_ended() -> None:
    stage = Stage(streams=False)
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "Hello")
        await asyncio.sleep(20)
        assert stage.platform.messages == []
        assert stage.platform.typing
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hello\n{END}"]


@virtual
async def test_leaving_waits_for_what_can_be_shown_and_for_nothing_else() -> None:
    stage = Stage()
    place = await stage.place()
    began = 0.0
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        for second in range(90):
            stage.say(place, "t1", f"{second} ")
            await asyncio.sleep(1)
        stage.end(place, "t1")
        began = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - began < 1
    assert stage.platform.texts()[-1].endswith(END)
    assert not await stage.store.open_cards("chat")


@virtual
async def test_what_cannot_be_shown_in_time_is_shown_after_the_next_start() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running(goodbye=10):
        stage.platform.fail("send", NotDone("no connection"), n=5)
        await stage.turn(place, "Hi")
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 11
    stage.platform.faults.clear()
    async with stage.running():
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi\n{END}"]


@virtual
async def test_private_chats_stream_by_drafts_and_get_one_real_message() -> None:
    stage = Stage(drafting=True)
    place = await stage.place(space="42")
    async with stage.running():
        await stage.start(place, "t1")
        for number in range(10):
            stage.say(place, "t1", f"{number} ")
            await asyncio.sleep(1)
        await asyncio.sleep(45)
        assert stage.platform.messages == []
        ages = [at for at, _ in stage.platform.drafts]
        assert max(later - at for at, later in pairwise(ages)) <= 20 + LATENCY
        assert min(later - at for at, later in pairwise(ages)) >= 1
        assert stage.platform.drafts[-1][1] == "0 1 2 3 4 5 6 7 8 9"
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.platform.texts() == [f"0 1 2 3 4 5 6 7 8 9 \n{END}"]
    assert stage.platform.floods == 0
