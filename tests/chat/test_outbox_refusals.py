"""What a platform refuses concerns one message only: the others stand, and somebody is told."""

from __future__ import annotations

import asyncio

from openacp_bot.chat.blocks import Line, Prose
from openacp_bot.chat.pen import PerhapsDone, Refused, Retry
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Wanted
from openacp_bot.core.views import Document
from tests.chat.platform import LIMIT
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual

FILE = Document("report.txt", "text/plain", "")
WITH_FILE = (Sheet((Prose("Before."),)), Sheet(file=FILE), Sheet((Prose("After."),)))


class Filed(Stage):
    """Its turns have these stretches."""

    def __init__(self, *stretches: Sheet) -> None:
        super().__init__()
        self.stretches = stretches

    async def drawing(self, card: Card) -> Drawing | None:
        if card.kind is not CardKind.TURN:
            return await super().drawing(card)
        return Drawing(self.stretches, Rank.FINAL, end=(Line(END),))


async def _shown(stage: Stage) -> None:
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.end(place, "t1")
        await stage.all_settled()


@virtual
async def test_a_refused_file_is_told_in_its_place_and_the_turn_goes_on() -> None:
    stage = Filed(*WITH_FILE)
    stage.platform.fail("send_file", Refused("file must be non-empty"))
    await _shown(stage)

    before, told, after = stage.platform.texts()
    assert (before, after) == ("Before.", f"After.\n{END}")
    assert told == "📎 report.txt could not be sent: file must be non-empty"
    assert stage.platform.ringing() == [after]


@virtual
async def test_a_refused_text_goes_plain_and_then_as_a_sentence_with_the_end_line() -> None:
    stage = Filed(Sheet((Prose("*Hi*"),)))
    stage.platform.fail("send", Refused("no"))
    await _shown(stage)
    assert stage.platform.texts() == [f"Hi\n{END}"]

    stage = Filed(Sheet((Prose("*Hi*"),)))
    stage.platform.fail("send", Refused("no"), n=2)
    await _shown(stage)
    assert stage.platform.texts() == [f"⚠️ A message could not be sent: no\n{END}"]
    assert stage.platform.ringing() == stage.platform.texts()


@virtual
async def test_a_refused_part_of_a_long_answer_loses_only_itself() -> None:
    stage = Filed(Sheet((Prose("a" * LIMIT + "b" * LIMIT + "c"),)))
    stage.platform.fail("send", Refused("no"), n=2)
    await _shown(stage)

    assert stage.platform.texts() == ["⚠️ A message could not be sent: no", "b" * LIMIT, f"c\n{END}"]


@virtual
async def test_a_long_answer_whose_file_is_refused_comes_as_messages() -> None:
    text = "".join(chr(97 + number) * LIMIT for number in range(10))
    stage = Filed(Sheet((Prose(text),)))
    stage.platform.fail("send_file", Refused("no"))
    await _shown(stage)

    assert "".join(stage.platform.texts()).replace("\n", "") == text + END
    assert len(stage.platform.ringing()) == 1


@virtual
async def test_a_growing_text_that_is_refused_comes_whole_at_the_end() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send", Refused("no"), n=2)
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "*One* ")
        await asyncio.sleep(30)
        stage.say(place, "t1", "two")
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.platform.texts() == [f"*One* two\n{END}"]


@virtual
async def test_a_sentence_that_is_refused_too_ends_the_card_with_the_reason() -> None:
    stage = Filed(*WITH_FILE)
    stage.platform.fail("send_file", Refused("no"), n=9)
    stage.platform.fail("send", Refused("nothing at all"), n=99)
    await _shown(stage)

    assert list(stage.store.settled.values()) == ["nothing at all"]


@virtual
async def test_a_sentence_in_place_of_what_may_stand_is_marked_as_a_repeat() -> None:
    stage = Filed(Sheet((Prose("*Hi*"),)))
    stage.platform.fail("send", PerhapsDone("lost"), done=True)
    stage.platform.fail("send", Refused("no"), n=2)
    await _shown(stage)

    assert stage.platform.texts()[1:] == [f"⚠️ A message could not be sent: no\n{END}\n🔁 perhaps a repeat"]


@virtual
async def test_an_archived_topic_whose_file_is_refused_stays_after_a_restart_too() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send_file", Refused("too big"), n=2)
    async with stage.running():
        await stage.change("p1", wanted=Wanted.CLOSED)
        await asyncio.sleep(100)
    async with stage.running():
        await asyncio.sleep(100)

    assert place.ref in stage.platform.topics
    assert len(stage.platform.texts("")) == 1  # the sentence that says why


@virtual
async def test_a_call_that_goes_another_way_passes_the_gate_again_at_once() -> None:
    stage = Stage()
    stage.platform.fail("send", Retry("to be reopened"), n=2)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        assert await stage.all_settled() < 2

    assert stage.platform.texts() == ["Hi"]
    assert len(stage.platform.calls) == 3


@virtual
async def test_ways_that_lead_nowhere_do_not_spend_the_budget() -> None:
    stage = Stage()
    stage.platform.fail("send", Retry("again"), n=1000)
    async with stage.running(goodbye=0):
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await asyncio.sleep(120)
        assert len(stage.platform.calls) <= 20
        stage.platform.faults.clear()
        await stage.all_settled()

    assert stage.platform.texts() == ["Hi"]
