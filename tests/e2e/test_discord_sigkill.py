"""kill -9 at every step of a turn in a thread: afterwards each thing stands once, and every button works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.e2e.desk import Desk, in_guild
from tests.e2e.house import Daemon, House, eventually
from tests.sims.discord import Channel, Discord, Message, slow

pytestmark = pytest.mark.wall_clock

STEPS: dict[str, Callable[[Desk], object]] = {
    "the thread is opened": lambda desk: desk.sim.threads(desk.channel.parent or desk.channel),
    "the first words are shown": lambda desk: "before" in desk.text,
    "a question is asked": lambda desk: any("Allow" in label for label in desk.labels),
    "the question is answered": lambda desk: [
        one for one in desk.sim.interactions.values() if one.message and one.answer
    ],
    "the answer is shown": lambda desk: "after" in desk.text,
    "the end is told": lambda desk: "✅" in desk.text,
}


@pytest.mark.parametrize("step", list(STEPS))
async def test_killed_when(step: str, discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        await _worked_until(STEPS[step], desk, daemon)

    async with house.daemon():
        thread = desk.at(await desk.new_thread(set()))
        thread.say("echo last of all")
        await thread.wait(lambda: _answer(thread, "last of all"))
        await thread.wait(lambda: None if "⏳" in thread.text else True)

    assert len(discord.threads(desk.channel)) == 1
    counted = Counter(one.text for one in thread.messages if one.text)
    assert not [text for text, count in counted.items() if count > 1 and len(text) > 12], counted
    assert house.prompts().count("echo before; permission; echo after") <= 1
    assert sum("echo last of all" in prompt for prompt in house.prompts()) == 1
    assert "repeat" not in thread.text


async def _worked_until(reached: Callable[[Desk], object], desk: Desk, daemon: Daemon) -> None:
    """Go through a turn, and kill the daemon as soon as the step is reached."""
    await desk.ready()
    desk.run("new", agent="stub", workspace=".")
    thread = desk.at(await desk.new_thread(set()))
    if not reached(desk):
        thread.say("echo before; permission; echo after")
        await thread.wait(lambda: reached(thread) or _question(thread))
        if not reached(thread):
            desk.who.press(await thread.wait(lambda: _question(thread)), "Allow")
            await thread.wait(lambda: reached(thread) or None)
    daemon.kill()


def _question(thread: Desk) -> Message | None:
    return next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)


def _answer(thread: Desk, words: str) -> Message | None:
    return next((one for one in thread.messages if words in one.text and "Queued" not in one.text), None)


async def test_killed_before_the_new_thread_is_known_it_is_taken_and_not_opened_twice(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        await desk.ready()
        discord.fail("start_thread", 1, slow(5))
        desk.run("new", agent="stub", workspace=".", message="echo from the start")
        thread = desk.at(await desk.new_thread(set()))
        daemon.kill()
    thread.say("echo into the thread")

    async with house.daemon():
        await thread.wait(lambda: _answer(thread, "into the thread"))
        await thread.wait(lambda: discord.called("add_thread_member") or None)
        assert discord.threads(desk.channel) == [thread.channel]
    assert len(house.rows("SELECT 1 FROM sessions")) == 1


async def test_killed_in_the_first_send_it_stands_once(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        await thread.sees("Just write")
        discord.fail("create_message", 1, slow(5))
        thread.say("echo only once")
        await thread.sees("only once")
        daemon.kill()

    async with house.daemon():
        await thread.sees("✅")
        await eventually(lambda: not house.rows("SELECT 1 FROM pages WHERE state = 'sending'"))
    assert sum("only once" in one.text for one in thread.messages) == 1
    assert "repeat" not in thread.text


async def test_killed_in_mid_turn_the_queue_is_held(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; never")
        await thread.sees("begun")
        thread.say("echo second")
        await thread.sees("Queued")
        thread.say("echo third")
        await thread.wait(lambda: thread.text.count("Queued") == 2 or None)
        await house.stored("begun")
        daemon.kill()

    async with house.daemon():
        await thread.sees("nterrupted")
        await desk.ready()
        await thread.press("Run the queue")
        await thread.wait(lambda: sum("✅" in one.text for one in thread.messages) == 2 or None)
    said = [one.text for one in thread.messages]
    for words in ("begun", "second", "third"):
        assert sum(words in text and "Queued" not in text for text in said) == 1, said


async def test_buttons_of_an_earlier_life_work_or_say_that_they_do_not(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("permission; echo done")
        question = await thread.wait(lambda: _question(thread))
        thread.say("echo queued")
        await thread.sees("Queued")
        listed = await desk.run("sessions").said()
        started = await desk.run("start").said()
        daemon.kill()

    async with house.daemon():
        await desk.ready()
        await thread.wait(lambda: not question.labels or None)
        assert "interrupted" in question.text.lower()
        assert (await desk.who.press(listed, "Open").said()).ephemeral
        assert "1 active session" in (await desk.who.press(started, "Sessions").said()).text
        await thread.press("Run the queue")
        await thread.wait(lambda: _answer(thread, "queued"))
        await thread.wait(lambda: "Run the queue" not in thread.labels or None)


async def test_twenty_sessions_stream_at_once(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        threads: list[Channel] = [desk.who.open_thread(desk.channel, f"Thread {number}") for number in range(20)]
        for number, thread in enumerate(threads):
            desk.who.write(thread, f"echo words of {number}")
        for number, thread in enumerate(threads):
            await desk.at(thread).sees(f"words of {number}")
    assert not discord.buckets.refused
