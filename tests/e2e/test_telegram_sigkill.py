"""kill -9 at every step of a turn in a forum group: afterwards each thing stands once, and every button works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.e2e.house import Daemon, House, eventually
from tests.e2e.phone import Phone, in_group
from tests.sims.telegram import Telegram
from tests.sims.telegram.world import Message, Topic

pytestmark = pytest.mark.wall_clock

REPEAT = "perhaps a repeat"
STEPS: dict[str, Callable[[Phone], object]] = {
    "the topic is opened": lambda phone: phone.sim.called("createForumTopic"),
    "the first words are shown": lambda phone: "before" in phone.text,
    "a question is asked": lambda phone: any("Allow" in label for label in phone.labels),
    "the question is answered": lambda phone: [press for press in phone.sim.presses.values() if press.answer],
    "the answer is shown": lambda phone: "after" in phone.text,
    "the end is told": lambda phone: "✅" in phone.text,
}


@pytest.mark.parametrize("step", list(STEPS))
async def test_killed_when(step: str, sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        await _worked_until(STEPS[step], general, daemon)

    async with house.daemon():
        topic = general.at(await general.wait(lambda: _newest_topic(sim, general)))
        topic.say("echo last of all")
        await topic.wait(lambda: _answer(topic, "last of all"))
        await topic.wait(lambda: None if "⏳" in topic.text and REPEAT not in topic.text else True)

    counted = Counter(one.text for one in topic.messages if REPEAT not in one.text and one.text)
    assert not [text for text, count in counted.items() if count > 1 and len(text) > 12], counted
    assert house.prompts().count("echo before; permission; echo after") <= 1
    assert sum("echo last of all" in prompt for prompt in house.prompts()) == 1


async def _worked_until(reached: Callable[[Phone], object], general: Phone, daemon: Daemon) -> None:
    """Go through a turn, and kill the daemon as soon as the step is reached."""
    sim = general.sim
    general.say("/new stub .")
    await general.wait(lambda: sim.called("createForumTopic") or None)
    if not reached(general):
        topic = general.at(await general.wait(lambda: _newest_topic(sim, general)))
        topic.say("echo before; permission; echo after")
        await topic.wait(lambda: reached(topic) or _question(topic))
        if not reached(topic):
            sim.press(general.user, await topic.wait(lambda: _question(topic)), "Allow")
            await topic.wait(lambda: reached(topic) or None)
    daemon.kill()


def _newest_topic(sim: Telegram, general: Phone) -> Topic | None:
    return next((one for one in reversed(sim.topics(general.chat)) if one.id != 1), None)


def _question(topic: Phone) -> Message | None:
    return next((one for one in topic.messages if any("Allow" in label for label in one.labels)), None)


def _answer(topic: Phone, words: str) -> Message | None:
    return next((one for one in topic.messages if words in one.text and "Queued" not in one.text), None)


async def test_killed_before_the_new_topic_is_known_it_is_taken_and_not_opened_twice(
    sim: Telegram, house: House
) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        await general.wait(lambda: sim.called("setMyCommands") or None)
        sim.slow(3)  # the topic stands, and its answer is on the way
        general.say("/new stub proj -- echo from the start")
        await general.press("Create")
        topic = general.at(await general.wait(lambda: _newest_topic(sim, general)))
        daemon.kill()
    sim.slow(0)
    topic.say("echo into the topic")

    async with house.daemon():
        await topic.wait(lambda: _answer(topic, "into the topic"))
        assert [one for one in sim.topics(general.chat) if one.id != 1] == [topic.topic]
    assert len({params["cwd"] for params in house.told("session/new") if params["cwd"].endswith("proj")}) == 1
    assert not [params for params in house.told("session/new") if not params["cwd"].endswith("proj")]


async def test_buttons_of_an_earlier_life_work_or_say_that_they_do_not(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        topic = await general.new()
        topic.say("permission; echo done")
        question = await topic.wait(lambda: _question(topic))
        topic.say("echo queued")
        queued = await topic.sees("Queued")
        general.say("/sessions")
        listed = await general.sees("1 active session")
        old = sim.messages(general.chat)
        daemon.kill()

    assert question in old and queued in old and listed in old
    async with house.daemon():
        await topic.wait(lambda: not question.keyboard or None)
        assert "interrupted" in question.text.lower()
        answer = await sim.press(general.user, listed, "Open").answered()
        assert answer is not None
        await topic.press("Run the queue")
        await topic.wait(lambda: _answer(topic, "queued"))
        await topic.wait(lambda: "Run the queue" not in topic.labels or None)


async def test_twenty_sessions_stream_in_one_group(sim: Telegram, house: House) -> None:
    general = in_group(sim, house, general="off")
    async with house.daemon():
        topics = [sim.open_topic(general.user, general.chat, f"Topic {number}") for number in range(20)]
        for number, topic in enumerate(topics):
            sim.say(general.user, general.chat, f"echo words of {number}", topic=topic)
        await eventually(lambda: len(house.prompts()) == 20)
        for number in range(3):
            phone = general.at(topics[number])
            await phone.wait(lambda phone=phone, number=number: _answer(phone, f"words of {number}"))  # type: ignore[misc]

    assert sim.floods == 0
