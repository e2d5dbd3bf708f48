"""Albums and quick forwards are one prompt."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.gathering import LONGEST_SECONDS, MOST_MESSAGES
from openacp_bot.core.inbound import Ground
from openacp_bot.core.model import PromptState
from openacp_bot.core.settings import PermissionPolicy
from tests.core.chat import BOB, TEAM, Chat, refused
from tests.core.lodge import changed, lodge, queued
from tests.core.slow import SlowStore
from tests.fakes import FakeLauncher
from tests.virtual_time import virtual


@virtual
async def test_messages_of_an_album_a_second_apart_at_most_are_one_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        for name, text in (("a.jpg", "look at these"), ("b.jpg", ""), ("c.jpg", "and this")):
            assert await topic.say(text, album="x", files=topic.attached(name)) is None
            await core.pass_time(0.9)
        assert core.agent.prompts == []
        await core.pass_time(1)

        assert core.agent.prompts == ["look at these\nand this"]
        assert [path.name.partition("-")[2] for path in core.agent.files[0]] == ["a.jpg", "b.jpg", "c.jpg"]


@virtual
async def test_after_a_second_of_quiet_the_same_album_is_another_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("one", album="x")
        await core.pass_time(1.1)
        await topic.say("two", album="x")
        await core.pass_time(1.1)

        assert core.agent.prompts == ["one"] and queued(core, id) == ["two"]


@virtual
async def test_an_album_waits_five_seconds_in_all_and_for_twenty_messages(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        for n in range(8):
            await topic.say(str(n), album="slow")
            await core.pass_time(0.9)
        assert len(core.agent.prompts) == 1 and LONGEST_SECONDS == 5
        await core.pass_time(2)
        for n in range(MOST_MESSAGES + 1):
            await topic.say(str(n), album="long")
        await core.pass_time(2)

        assert [len(text.splitlines()) for text in queued(core, id)][-2:] == [20, 1]


@virtual
async def test_albums_of_others_elsewhere_or_of_another_name_are_their_own(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("mine", album="x")
        await topic.by(BOB).say("Bob's", album="x")
        await topic.say("another", album="y")
        await core.pass_time(2)

        assert sorted([*core.agent.prompts, *queued(core, id)]) == ["Bob's", "another", "mine"]


@virtual
async def test_what_the_person_says_next_comes_behind_the_album(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("album", album="x")
        await topic.say("what is this?")
        assert core.agent.prompts == ["album"] and queued(core, id) == ["what is this?"]
        await topic.say("later", album="y")
        await topic.say("/cancel")
        await core.pass_time(2)

        assert core.agent.prompts == ["album"] and queued(core, id) == []


@virtual
async def test_an_edit_of_an_album_that_is_still_coming_changes_its_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("tpyo", album="x", id="77")
        answer = await topic.edit("77", "typo")

        assert answer is not None and answer.text == "Changed." and queued(core, id) == ["typo"]


@virtual
async def test_an_album_behind_a_running_turn_says_its_place_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        first = await topic.say("a", album="x")
        assert first is not None and first.text == "Queued, number 1." and first.prompt
        assert await topic.say("b", album="x") is None
        await core.pass_time(2)
        assert queued(core, id) == ["a\nb"]
        await topic.push(first, "Remove")

        assert queued(core, id) == []


@virtual
async def test_an_album_may_begin_a_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ground=Ground.CHAT)
        first = await chat.say("", album="x", files=chat.attached("a.jpg"))
        assert first is not None and first.text.startswith("New session")
        assert await chat.say("what is it?", album="x", files=chat.attached("b.jpg")) is None
        await core.pass_time(2)

        assert core.agent.prompts == ["what is it?"] and len(core.agent.files[0]) == 2
        assert (await core.record(first.session)).prompts == 1


@virtual
async def test_messages_at_the_same_moment_join_in_order(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, store=SlowStore(asyncio.get_running_loop().time)) as core:
        _, topic = await Chat(core).new(topic="7")
        await asyncio.gather(*(topic.say(str(n), album="x") for n in range(5)))
        await core.pass_time(2)

        assert core.agent.prompts == ["0\n1\n2\n3\n4"]


@virtual
async def test_the_same_message_twice_joins_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        for key in ("one", "two", "two", "one"):
            await topic.say(key, album="x", key=key)
        await core.pass_time(2)

        assert core.agent.prompts == ["one\ntwo"]


@virtual
async def test_what_a_crash_left_gathering_runs_after_the_restart(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("a", album="x")
        await topic.say("b", album="x")
    assert [prompt.state for prompt in store.prompts] == [PromptState.GATHERING]
    recovered = await store.recover(asyncio.get_running_loop().time())
    async with lodge(tmp_path, access=TEAM, store=store, recovered=recovered) as core:
        await core.pass_time(3)

        assert core.agent.prompts == ["a\nb"]


@virtual
async def test_what_a_crash_left_gathering_waits_for_the_rest_until_its_platform_is_there(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("a", album="x")
        sent = core.now()
    await asyncio.sleep(1)
    recovered = await store.recover(asyncio.get_running_loop().time())
    async with lodge(tmp_path, access=TEAM, store=store, recovered=recovered, has_told=False) as core:
        await core.pass_time(20)
        assert core.manager.slots_used == 0
        assert await Chat(core, topic="7").say("b", album="x", age=core.now() - sent) is None
        core.told.set()
        await core.pass_time(2)

        assert core.agent.prompts == ["a\nb"]


@virtual
async def test_what_a_crash_left_gathering_runs_without_the_rest_if_its_platform_stays_away(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("a", album="x")
    recovered = await store.recover(asyncio.get_running_loop().time())
    async with lodge(tmp_path, access=TEAM, store=store, recovered=recovered, has_told=False) as core:
        await core.pass_time(31)

        assert core.agent.prompts == ["a"]


@virtual
async def test_what_waits_since_an_earlier_life_runs_only_once_its_platform_has_told_what_was_deleted(
    tmp_path: Path,
) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store, launcher=FakeLauncher(delay=60)) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("one", id="71")
        await topic.say("two", id="72")
    recovered = await store.recover(asyncio.get_running_loop().time())
    async with lodge(tmp_path, access=TEAM, store=store, recovered=recovered, has_told=False) as core:
        await core.pass_time(20)
        await Chat(core, topic="7").edit("71", None)
        core.told.set()
        await core.pass_time(5)

        assert core.agent.prompts == ["two"]


@pytest.mark.parametrize("state", ["waking", "asleep at the cap"])
@virtual
async def test_what_comes_again_after_a_crash_joins_the_part_that_had_come(state: str, tmp_path: Path) -> None:
    store, launcher = SlowStore(asyncio.get_running_loop().time), FakeLauncher(delay=3)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("a", album="x", files=topic.attached("a.png"), key="one")
        held = core.files.held
    recovered = await store.recover(asyncio.get_running_loop().time())
    await asyncio.sleep(60)
    async with lodge(tmp_path, access=TEAM, store=store, recovered=recovered, launcher=launcher) as core:
        topic = Chat(core, topic="7")
        core.files.held.update(held)
        if state == "asleep at the cap":
            core.settings = changed(core.settings, max_concurrent=0)
        for key, age in (("one", 60), ("two", 60), ("three", 59), ("two", 60)):
            files = topic.attached("a.png" if key == "one" else f"{key}.png")
            assert await topic.say(key, album="x", files=files, key=key, age=age) is None
        core.settings = changed(core.settings, max_concurrent=20)
        await topic.say("not of it", album="x")
        await core.pass_time(120)

        assert core.agent.prompts == ["a\ntwo\nthree"] and len(core.agent.files[0]) == 3
        (session,) = core.manager.longest_idle()
        assert [prompt.text for prompt in session.queue] == ["not of it"]


@virtual
async def test_an_album_wakes_a_sleeping_session_and_is_refused_at_the_cap(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("finish")
        await core.pass_time(1)
        limits = core.settings
        core.settings = changed(core.settings, max_concurrent=0)
        assert "cap" in refused(await topic.say("no", album="x"))
        core.settings = limits
        await topic.say("yes", album="x")
        await core.pass_time(2)

        assert core.agent.prompts == ["yes"] and core.live(id)


@virtual
async def test_a_full_queue_refuses_an_album(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        core.settings = changed(core.settings, queue_limit=0)

        assert "queue is full" in refused(await topic.say("a", album="x"))


@virtual
async def test_an_album_for_a_session_that_was_archived_or_deleted_meanwhile_is_not_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        for number, end in enumerate(("archive", "delete"), start=7):
            id, topic = await Chat(core).new(topic=str(number))
            await topic.say("a", album="x")
            await core.command(end, id, confirm="yes")
            await core.pass_time(3)

            assert core.agent.prompts == [] and core.manager.live(id) is None


@pytest.mark.parametrize("write_turns", [0, 3])
@virtual
async def test_a_store_that_fails_loses_nothing_that_was_taken(write_turns: int, tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time, write_turns=write_turns)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("a", album="x")
        store.refuses = "The disk is full."
        await core.pass_time(2)
        assert [prompt.state for prompt in store.prompts] == [PromptState.GATHERING]
        store.refuses = ""
        await core.pass_time(20)

        assert core.agent.prompts == ["a"]


@virtual
async def test_an_album_that_replies_to_a_question_rejects_it_at_once_and_is_one_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("waits already")
        core.agent.ask("q1")
        await core.pass_time(0.1)
        (question,) = core.live(id).questions
        for name, text in (("a.png", "no, like this"), ("b.png", ""), ("c.png", "and this")):
            await topic.say(text, answers=question.id, album="x", files=topic.attached(name))
            assert core.agent.answers == [("q1", "no", None)]
        await core.pass_time(2)

        first, second = core.live(id).queue
        assert (first.text, len(first.files), second.text) == ("no, like this\nand this", 3, "waits already")


@virtual
async def test_an_album_of_somebody_who_may_not_answer_rejects_nothing(tmp_path: Path) -> None:
    policy = PermissionPolicy(approvers="admins")
    async with lodge(tmp_path, access=TEAM, permissions=policy) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        core.agent.ask("q1")
        await core.pass_time(0.1)
        (question,) = core.live(id).questions
        for name in ("a.png", "b.png"):
            await topic.by(BOB).say(name, answers=question.id, album="x", files=topic.attached(name))
        await core.pass_time(2)

        assert core.agent.answers == [] and queued(core, id) == ["a.png\nb.png"]
