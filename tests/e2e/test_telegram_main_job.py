"""Telegram from end to end: a real daemon, a real agent, a strict Bot API server; kill -9 in the middle."""

from __future__ import annotations

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.phone import Phone, configure, in_group
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


async def test_a_session_in_a_forum_group(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        assert (await general.sees("New session with stub")).rings is False

        topic.say("echo hello world")
        answer = await topic.sees("hello world")
        await topic.wait(lambda: any("✅" in one.text and one.rings for one in topic.messages) or None)
        assert answer.text.count("hello world") == 1


async def test_permission_with_a_diff_is_answered_on_the_phone(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new("demo .")
        topic.say("edit notes.txt")
        question = await topic.wait(
            lambda: next((one for one in topic.messages if any("Allow" in label for label in one.labels)), None)
        )
        assert question.rings
        assert "notes.txt" in question.text

        await topic.press("Allow")

        await topic.wait(lambda: (house.workspace / "notes.txt").exists() or None)
        await topic.wait(lambda: not question.keyboard or None)
        assert "Alice" in question.text


async def test_killed_in_mid_turn(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        topic = await general.new()
        topic.say("echo begun; never")
        await topic.sees("begun")
        topic.say("echo second")
        await topic.sees("Queued")
        topic.say("echo third")
        await topic.wait(lambda: topic.text.count("Queued") == 2 or None)
        await house.stored("begun")
        daemon.kill()

    async with house.daemon():
        await topic.sees("nterrupted")
        assert topic.text.count("begun") == 1
        await topic.press("Run the queue")
        await topic.sees("second")
        await topic.sees("third")
        await topic.wait(lambda: sum("✅" in one.text for one in topic.messages) == 2 or None)

    said = [one.text for one in topic.messages]
    for words in ("begun", "second", "third"):
        assert sum(words in text and "Queued" not in text for text in said) == 1, said


async def test_continue_after_a_kill(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        topic = await general.new()
        topic.say("echo half; never")
        await topic.sees("half")
        daemon.kill()

    async with house.daemon():
        await topic.press("Continue")
        await topic.wait(lambda: "Continue" not in topic.labels or None)

        await eventually(lambda: len(house.prompts()) == 2)


async def test_a_private_chat_with_topics(sim: Telegram, house: House) -> None:
    sim.topics_in_private = True
    alice = sim.person("Alice")
    configure(house, sim, alice)
    chat = Phone(sim, alice, sim.private(alice))
    async with house.daemon():
        topic = await chat.new()
        topic.say("echo in private")
        await topic.sees("in private")


async def test_a_private_chat_without_topics_holds_one_session(sim: Telegram, house: House) -> None:
    alice = sim.person("Alice")
    configure(house, sim, alice)
    chat = Phone(sim, alice, sim.private(alice))
    async with house.daemon():
        chat.say("echo first of all")
        await chat.sees("first of all")
        chat.say("/new stub .")
        await chat.sees("New session with stub")
        chat.say("echo once more")
        await chat.sees("once more")

    assert len(set(house.conversations())) == 2


async def test_strangers_get_silence(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    mallory = sim.person("Mallory")
    sim.join(general.chat, mallory)
    async with house.daemon():
        topic = await general.new()
        before = len(sim.calls)
        sim.say(mallory, general.chat, "/new stub .")
        sim.say(mallory, sim.private(mallory), "/start")
        sim.say(mallory, general.chat, "echo let me in", topic=topic.topic)
        sim.say_anonymously(general.chat, "/new stub .")
        topic.say("echo for Alice")
        await topic.sees("for Alice")

    assert house.prompts() == ["echo for Alice"]
    assert not [call for call in sim.calls[before:] if call.params.get("chat_id") == str(mallory.id)]


async def test_lists_rename_pin_archive_restore(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo something to keep")
        await topic.sees("something to keep")
        topic.say("/rename A better name")
        await general.wait(lambda: sim.topic(general.chat, topic.topic).name == "A better name" or None)

        general.say("/sessions")
        await general.sees("A better name")
        await general.press("Pin")
        listed = await general.sees(" · pinned")
        assert "Unpin" in listed.labels
        topic.say("/archive")
        await topic.sees("pinned sessions cannot be archived")

        topic.say("/unpin")
        await topic.sees("Unpinned")
        topic.say("/archive")
        await topic.press("Confirm")
        await general.wait(lambda: topic.topic not in sim.topics(general.chat) or None)
        file = await general.wait(lambda: next((one for one in general.messages if one.media), None))
        assert file.media is not None
        assert b"something to keep" in file.media.file.data

        general.say("/sessions archived")
        await general.press("Restore")
        again = await general.wait(
            lambda: next((one for one in sim.topics(general.chat) if one.name == "A better name"), None)
        )
        back = general.at(again)
        await back.wait(lambda: next((one for one in back.messages if one.media), None))
        back.say("echo and on")
        await back.sees("and on")
