"""Full disks, slow disks, slow processes, and what happens in between: each of these was once found by chance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from openacp_bot.core.errors import AgentError, StoreError
from openacp_bot.core.events import (
    Notice,
    Outcome,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    StateChanged,
    ToolCallChanged,
    TurnEnded,
)
from openacp_bot.core.model import Phase, Prompt, PromptState, State, ToolCall
from openacp_bot.core.ports import How
from tests.core.lodge import YOU, Lodge, changed, lodge
from tests.core.slow import SlowLauncher, SlowStore
from tests.memory_store import MemoryStore
from tests.virtual_time import settle, virtual

FULL = "The disk is full. Free some space."


async def until(met: Callable[[], bool]) -> None:
    """Turns the loop, without time passing, until the condition is met."""
    for _ in range(2000):
        if met():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


def states(core: Lodge) -> list[State]:
    """Every move that was shown."""
    said = [event.state for event in core.screen.events(StateChanged) if isinstance(event, StateChanged)]
    return [state for number, state in enumerate(said) if number == 0 or said[number - 1] is not state]


# --- a full disk ----------------------------------------------------------------------------------------


@virtual
async def test_a_session_whose_start_could_not_be_stored_wakes_when_the_disk_is_free(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.delay = 5
        id = await core.new()
        core.store.refuses = FULL
        await core.pass_time(10)
        assert core.manager.slots_used == 0 and states(core)[-1] is State.ERROR
        core.store.refuses = ""
        await core.send(id, "are you there?")
        await core.pass_time(10)

        assert core.agent.prompts == ["are you there?"]
        assert (await core.record(id)).state is State.ACTIVE


@virtual
async def test_screens_are_told_the_end_of_turn_and_question_that_could_not_be_stored(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.ask("q1")
        await core.pass_time(1)
        core.store.refuses = FULL
        core.agent.finish()
        await core.pass_time(1)

        assert core.ends() == [Outcome.FAILED] and states(core)[-1] is State.ERROR
        assert len(core.screen.events(QuestionSettled)) == 1
        assert any(FULL in notice.text and notice.ring for notice in core.notices())
        core.store.refuses = ""
        await core.send(id, "again")
        await core.pass_time(1)
        assert core.agent.prompts == ["again"]
        assert [prompt.state for prompt in await core.store.last_prompts(id, 5)] == [
            PromptState.STARTED,
            PromptState.INTERRUPTED,
        ]


@virtual
async def test_a_prompt_whose_start_could_not_be_stored_is_still_queued(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.launcher.end_delay = 5
        core.store.refuses = FULL
        core.live(id).mailbox.submit(Prompt("p", id, YOU, "one", core.now()))
        await core.pass_time(1)
        core.store.refuses = ""
        await core.pass_time(10)

        assert core.ends() == [] and core.agent.prompts == []
        assert [choice.label for choice in core.notices()[-1].choices] == ["Try again", "Clear"]


@virtual
async def test_a_full_disk_at_a_deletion_or_at_archiving_ends_nothing_else(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, archive_after=timedelta(hours=1), idle_timeout=timedelta(days=9))
        other = await core.new("other .")
        await core.send(other, "work")
        core.agent.finish()
        id = await core.new()
        await core.send(id, "hi")
        core.launcher.end_delay = 5
        await core.command("delete", session=id, confirm="yes")
        core.store.refuses = FULL
        await core.pass_time(10)
        assert await core.store.session(id) is None
        await core.pass_time(3 * 3600)
        core.store.refuses = ""

        assert core.phase(other) is Phase.IDLE
        assert core.phase(id) is Phase.ASLEEP


@virtual
async def test_a_deletion_that_is_refused_leaves_the_session_usable(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.store.refuses = FULL
        with pytest.raises(StoreError):
            await core.command("delete", session=id, confirm="yes")
        core.store.refuses = ""
        await core.send(id, "still there?")
        await core.pass_time(1)

        assert core.agent.prompts == ["still there?"]


@virtual
async def test_an_answer_that_could_not_be_stored_never_reaches_the_agent(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.ask("q1")
        await core.pass_time(1)
        asked = core.screen.events(QuestionAsked)[0]
        assert isinstance(asked, QuestionAsked)
        core.store.refuses = FULL
        with pytest.raises(StoreError):
            await core.press(asked.question.options[0].id)
        await core.pass_time(1)

        assert ("q1", "yes", None) not in core.agent.answers
        settled = core.screen.events(QuestionSettled)[0]
        assert isinstance(settled, QuestionSettled) and not settled.settlement.allowed
        core.store.refuses = ""
        assert core.manager.live(id) is None


# --- held, started, ended at the same time --------------------------------------------------------------


@virtual
async def test_a_queue_that_a_message_released_stays_released_if_the_launch_fails(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "begun")
        await core.send(id, "behind it")
        core.agent.die()
        await core.pass_time(1)
        assert (await core.record(id)).held
        core.launcher.fail = [AgentError("not installed")]
        await core.send(id, "go on")
        await core.pass_time(1)
        await core.press(core.notices()[-1].choices[0].token)
        await core.pass_time(1)

        assert core.agent.prompts == ["behind it"]


@virtual
async def test_ending_twice_while_a_launch_is_being_broken_off_is_no_fault(tmp_path: Path) -> None:
    launcher = SlowLauncher(delay=30, end_delay=3)
    async with lodge(tmp_path, launcher=launcher) as core:
        id = await core.new()
        await core.command("finish", session=id)
        await core.pass_time(1)
        reply = await core.command("archive", session=id)
        await core.pass_time(10)

        assert reply is not None and not reply.refused
        assert (await core.record(id)).archived_at is not None and core.manager.slots_used == 0


@virtual
async def test_a_message_to_a_session_that_is_restored_while_it_ends_is_run(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.launcher.end_delay = 5
        await core.command("archive", session=id)
        await core.pass_time(1)
        await core.command("restore", session=id)
        await core.send(id, "back again")
        await core.pass_time(10)

        assert core.agent.prompts == ["back again"]


@virtual
async def test_a_question_from_between_two_turns_is_waited_for_in_the_next(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.ask("q1")
        await core.pass_time(1)
        await core.send(id, "work")
        assert core.phase(id) is Phase.WAITING
        asked = core.screen.events(QuestionAsked)[0]
        assert isinstance(asked, QuestionAsked)
        await core.press(asked.question.options[0].id)

        assert core.phase(id) is Phase.RUNNING


@virtual
async def test_a_tool_call_after_the_turns_end_is_not_closed_in_it(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.finish()
        core.agent.say(ToolCallChanged(ToolCall("late", "Build", status="in_progress")))
        await core.pass_time(1)

        calls = [said for said in core.screen.said if isinstance(said.event, ToolCallChanged)]
        assert [said.turn for said in calls] == [None] and core.phase(id) is Phase.IDLE


# --- a slow disk ----------------------------------------------------------------------------------------


@virtual
async def test_a_message_that_is_stored_while_the_process_ends_is_run_by_the_next(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        core.launcher.end_delay, store.write_turns = 0, 40
        core.agent.die(0)
        await until(lambda: core.phase(id) is Phase.ASLEEP)
        assert core.manager.live(id) is not None
        await core.send(id, "just in time")
        await core.pass_time(1)

        assert [text for agent in core.launcher.agents for text in agent.prompts] == ["just in time"]


@virtual
async def test_cancel_while_a_session_wakes_drops_what_the_store_has_queued(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        await core.send(id, "begun")
        await core.send(id, "behind it")
        await core.pass_time(1)
        core.agent.die()
        await core.pass_time(1)
        store.write_turns = 20
        waking = asyncio.ensure_future(core.press(core.notices()[-1].choices[1].token))
        await until(lambda: core.manager.live(id) is not None)
        assert not core.live(id).started
        await core.command("cancel", session=id)
        await waking
        await core.pass_time(5)

        assert core.agent.prompts == [] and list(await store.queued(id)) == []
        dropped = [event.prompt.text for event in await core.history(id) if isinstance(event, PromptChanged)]
        assert dropped == ["begun", "behind it"]


@virtual
async def test_a_message_that_is_stored_while_the_session_is_archived_is_refused(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        store.write_turns = 40
        sending = asyncio.ensure_future(core.send(id, "too late"))
        await settle(20)
        await core.command("archive", session=id)
        reply = await sending
        await core.pass_time(1)

        assert reply is not None and reply.refused and "archived" in reply.text
        assert [prompt.state for prompt in store.prompts] == [PromptState.DROPPED]
        assert core.manager.slots_used == 0


@virtual
async def test_a_lost_memory_is_handed_over_even_if_the_first_prompt_was_cancelled(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        await core.send(id, "my cat is called Minka")
        await core.pass_time(1)
        core.agent.finish()
        await core.pass_time(1)
        await core.command("finish", session=id)
        core.launcher.resumes = How.NEW_WITHOUT_HISTORY
        await core.pass_time(1)
        core.launcher.delay, store.write_turns = 0, 10
        sending = asyncio.ensure_future(core.send(id, "never mind"))
        await until(lambda: core.manager.live(id) is not None and core.live(id).turn is not None)
        core.live(id).cancel()
        await sending
        await core.pass_time(1)
        assert core.ends()[-1] is Outcome.CANCELLED and core.agent.prompts == []
        await core.send(id, "what is my cat called?")
        await core.pass_time(1)

        assert "USER: my cat is called Minka" in core.agent.prompts[0]


@virtual
async def test_a_question_that_is_being_stored_when_its_turn_is_killed_is_closed(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        core.agent.obeys_cancel = False
        await core.send(id, "work")
        await core.pass_time(1)
        store.write_turns = 40
        core.agent.ask("q1")
        await settle(5)
        await core.command("cancel", session=id)
        await core.command("cancel", session=id)
        await core.pass_time(1)

        assert store.open_questions == ()
        assert len(core.screen.events(QuestionAsked)) == len(core.screen.events(QuestionSettled))
        kinds = [type(said.event) for said in core.screen.said if said.turn is not None]
        assert kinds[-2:] == [PromptChanged, TurnEnded]


@virtual
async def test_a_wake_up_that_finds_no_slot_says_so_in_the_session(tmp_path: Path) -> None:
    store = MemoryStore()
    async with lodge(tmp_path, store=store) as core:
        core.settings = changed(core.settings, max_concurrent=2)
        id = await core.new()
        await core.send(id, "hi")
        core.agent.finish()
        await core.pass_time(1)
        core.launcher.end_delay = 5
        await core.command("finish", session=id)
        await core.pass_time(1)
        await core.send(id, "one more")
        core.settings = changed(core.settings, max_concurrent=0)
        await core.pass_time(10)

        notice = core.notices()[-1]
        assert isinstance(notice, Notice) and "(the cap)" in notice.text and notice.ring
        assert [prompt.text for prompt in await store.queued(id)] == ["one more"]
