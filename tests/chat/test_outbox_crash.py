"""The daemon dies, and the next one makes the same true: no message lost, none twice but one that is marked."""

from __future__ import annotations

import asyncio

import pytest

from openacp_bot.core.cards import CardKind
from openacp_bot.core.events import Outcome
from tests.chat.stage import END, SPACE, Stage
from tests.virtual_time import virtual

TEXT = "".join(f"{number:03} " for number in range(30))
MARK = "🔁 perhaps a repeat"


async def _talk(stage: Stage) -> None:
    place = await stage.store.place("p1")
    assert place is not None
    await asyncio.sleep(60)
    await stage.start(place, "t1")
    stage.say(place, "t1", "First. ")
    await asyncio.sleep(2)
    stage.say(place, "t1", "Second.")
    await stage.ask(place, "t1", "q1")
    await asyncio.sleep(3)
    stage.answer(place, "t1", "q1")
    stage.say(place, "t1", TEXT)
    await asyncio.sleep(3)
    stage.end(place, "t1")
    await stage.all_settled()


def _script_the_end(stage: Stage) -> None:
    """What core knows at the next start, however far the turn had come."""
    turn = stage.turns["t1"]
    turn.stretches = [("First. Second.", "q1"), (TEXT, "")]
    turn.outcome = Outcome.DONE
    stage.questions["q1"] = "Allowed"


@pytest.mark.parametrize("when", ["as it arrives", "before the answer"])
@pytest.mark.parametrize("call", range(1, 12))
def test_after_a_crash_in_any_call_people_read_the_same(call: int, when: str) -> None:
    @virtual
    async def run() -> None:
        stage = Stage()
        await stage.place()
        dead = asyncio.Event()
        stage.platform.watch = lambda method: dead.set() if len(stage.platform.calls) >= call else None

        async def life() -> None:
            async with stage.running(goodbye=0):
                await _talk(stage)

        task = asyncio.ensure_future(life())
        waiting = asyncio.ensure_future(dead.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if when == "before the answer":
            await asyncio.sleep(0.04)
        task.cancel()
        await asyncio.wait([task])
        stage.platform.watch = lambda method: None
        _script_the_end(stage)
        card = await stage.store.card(CardKind.QUESTION, "q1")
        if card is None:
            place = await stage.store.place("p1")
            assert place is not None
            await stage.ask(place, "t1", "q1")
            _script_the_end(stage)
        async with stage.running():
            await stage.all_settled()

        _check(stage)

    run()


def _check(stage: Stage) -> None:
    texts = [shown.text for shown in stage.platform.messages]
    marked = [text for text in texts if MARK in text]
    plain = [text for text in texts if MARK not in text]
    assert len(marked) <= 1
    read = " ".join(texts).replace(MARK, "")
    for number in range(30):
        assert f"{number:03}" in read
    assert read.count(END) == 1 + sum(END in text for text in marked if any(_same(text, other) for other in plain))
    assert "q1? Allowed" in texts or any(text.startswith("q1? Allowed") for text in marked)
    assert sum("First. Second." in text for text in plain) <= 1
    assert all(shown.where.space == SPACE for shown in stage.platform.messages)


def _same(text: str, other: str) -> bool:
    return text.replace(f"\n{MARK}", "") == other
