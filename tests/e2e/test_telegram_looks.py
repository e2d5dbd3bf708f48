"""What a person sees in Telegram while things go on: times, forms, one ring for a crash, answers that say to what."""

from __future__ import annotations

import json

import pytest

from tests.e2e.house import House
from tests.e2e.phone import Phone, in_group
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


def set_zone(house: House, name: str) -> None:
    file = house.folder / "config.yaml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"timezone": name}))


async def fill_in(topic: Phone) -> None:
    await topic.press("Answer")
    await topic.press("Red")
    for asked, said in (("(2 of 5)", "7"), ("(3 of 5)", "yes"), ("(4 of 5)", "x, z")):
        await topic.sees(asked)
        topic.say(said)
    await topic.sees("(5 of 5)")
    await topic.press("Skip")


async def test_a_new_topic_begins_with_its_card(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo hello world")
        await topic.sees("hello world")
        await topic.sees("stub · ")

        assert topic.messages[0].text.startswith("stub · ")


async def test_a_question_tells_the_time_in_the_configured_zone(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    set_zone(house, "Asia/Tokyo")
    async with house.daemon():
        topic = await general.new()
        topic.say("permission")
        question = await topic.sees("Open until")
        assert " JST" in question.text

        await topic.press("Allow")

        await topic.wait(lambda: not question.keyboard or None)
        assert question.text.endswith(" JST")


async def test_a_form_shows_what_was_answered(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("form")
        question = await topic.sees("Open until")

        await fill_in(topic)

        await topic.wait(lambda: "✅ Answered — Alice" in question.text or None)
        for value in ("Red", "7", "x, z"):
            assert f"— {value}\n" in question.text


async def test_a_crash_rings_once(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo half; die 3 boom")
        offer = await topic.wait(lambda: next((one for one in topic.messages if "Continue" in one.labels), None))
        end = await topic.sees("The agent crashed")

        assert [one for one in topic.messages if one.rings] == [end]
        assert offer.text == "What was answered so far is kept."


async def test_the_answer_to_a_prompt_that_waited_replies_to_it(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("slow 30 0.1")
        await topic.sees("0")
        second = topic.say("echo the second")
        await topic.sees("Queued")

        answer = await topic.sees("the second")

        assert answer.reply_to is second


async def test_those_that_wait_are_told_when_they_move_up(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("permission")
        await topic.wait(lambda: any("Allow" in label for label in topic.labels) or None)
        for text in ("slow 600 0.1", "echo two"):
            topic.say(text)
        await topic.sees("Queued, number 2.")
        await topic.press("Allow")

        await topic.wait(
            lambda: [one.text for one in topic.messages if "Queued" in one.text] == ["Queued, number 1."] or None
        )
