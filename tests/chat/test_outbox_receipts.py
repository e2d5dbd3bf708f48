"""That messages wait, or were not taken, is told when nothing more important waits, and once."""

from __future__ import annotations

import asyncio

from openacp_bot.core.events import PromptChanged
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Place, Prompt, PromptState, UserRef
from openacp_bot.core.words import queued_line
from tests.chat.stage import Stage
from tests.virtual_time import virtual

FULL = "The queue is full."


async def _queue(stage: Stage, place: Place, count: int) -> None:
    assert place.ref is not None
    for number in range(1, count + 1):
        stage.ahead[f"q{number}"] = number
        reply = Reply(queued_line(number), session=place.session or "", prompt=f"q{number}")
        await stage.outbox.reply(place.ref, reply, key=f"u{number}")


async def _refuse(stage: Stage, place: Place, count: int, *, first: int = 1, why: str = FULL) -> None:
    assert place.ref is not None
    for number in range(first, first + count):
        await stage.outbox.reply(place.ref, Reply(why, refused=True, not_taken=1), key=f"r{number}")


def _edits(stage: Stage) -> int:
    return sum(method == "edit" for _, method, _ in stage.platform.calls)


@virtual
async def test_a_question_is_asked_at_once_while_fifty_messages_of_others_are_told_to_wait() -> None:
    stage = Stage()
    place, other = await stage.place("p1"), await stage.place("p2")
    async with stage.running(goodbye=0):
        await asyncio.sleep(60)
        await _queue(stage, place, 50)
        await asyncio.sleep(20)  # by now the window would be spent
        await stage.start(other, "t1")
        await stage.ask(other, "t1", "q")

        assert await stage.until(lambda: stage.sees("q?")) < 1
        assert stage.platform.floods == 0


@virtual
async def test_messages_that_are_not_taken_are_told_by_one_that_rings_once_and_counts() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await _refuse(stage, place, 40)
        await stage.all_settled()

    (told,) = stage.platform.messages
    assert (told.text, told.rings) == (f"{FULL}\n40 messages were not taken.", True)
    assert len(told.edits) <= 2


@virtual
async def test_that_messages_are_not_taken_is_told_before_where_the_others_wait() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running(goodbye=0):
        await _queue(stage, place, 20)
        await asyncio.sleep(5)
        await _refuse(stage, place, 40)

        assert await stage.until(lambda: any(FULL in text for text in stage.platform.texts())) < 1


@virtual
async def test_another_reason_and_another_burst_are_told_by_messages_of_their_own() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await _refuse(stage, place, 2)
        await stage.all_settled()
        await _refuse(stage, place, 1, first=10, why="It is archived.")
        await stage.all_settled()
        await asyncio.sleep(60)
        await _refuse(stage, place, 1, first=20, why="It is archived.")
        await stage.all_settled()

    assert stage.platform.texts() == [f"{FULL}\n2 messages were not taken.", "It is archived.", "It is archived."]


@virtual
async def test_lines_that_say_what_is_still_so_are_left_alone_after_a_crash() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running(goodbye=0):
        await _queue(stage, place, 5)
        await stage.until(lambda: len(stage.platform.messages) == 5)
    async with stage.running(goodbye=0):
        await asyncio.sleep(60)

        assert _edits(stage) == 0

        stage.ahead["q5"] = 4
        stage.tell(place, None, PromptChanged(_prompt("q4"), 0))
        await stage.until(lambda: stage.platform.texts()[-1] == queued_line(4))


@virtual
async def test_news_go_before_lines_that_have_moved_up() -> None:
    stage = Stage()
    place, other = await stage.place("p1"), await stage.place("p2")
    async with stage.running(goodbye=0):
        await _queue(stage, place, 15)
        await stage.until(lambda: len(stage.platform.messages) == 15)
        stage.ahead = {prompt: ahead + 1 for prompt, ahead in stage.ahead.items()}
        stage.tell(place, None, PromptChanged(_prompt("new"), 1))
        await stage.turn(other, "Done.")

        await stage.until(lambda: any("Done." in text for text in stage.platform.texts()))

        assert _edits(stage) == 0


def _prompt(id: str) -> Prompt:
    return Prompt(id, "s-p1", UserRef("chat", "1"), "Go on", asked_at=0.0, state=PromptState.DROPPED)
