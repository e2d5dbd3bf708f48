"""Slots, waking, pins, archive, deletion, start and stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from openacp_bot.core.errors import AgentError, StoreError
from openacp_bot.core.events import Outcome, PromptChanged, SessionChanged
from openacp_bot.core.model import Phase, PromptState, State
from tests.core.chat import button, labels, refused
from tests.core.lodge import changed, lodge
from tests.core.slow import SlowStore
from tests.memory_store import MemoryStore
from tests.virtual_time import settle, virtual


@virtual
async def test_the_cap_refuses_with_its_number_and_offers_the_longest_idle_first(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, max_concurrent=2)
        first = await core.new()
        await core.send(first, "first")
        core.agent.finish()
        await core.pass_time(60)
        second = await core.new()
        await core.send(second, "second")
        reply = await core.command("new", "fake .")

        assert reply is not None and reply.refused and "2 session slots" in reply.text and "/finish" in reply.text
        assert [row.session for row in reply.rows] == [first, second]
        assert core.manager.slots_used == 2
        assert len((await core.store.sessions_like("")) or ()) == 2
        await core.press(reply.rows[0].choices[0].token)
        await core.pass_time(1)
        assert (await core.record(first)).state is State.CANCELLED
        again = await core.command("new", "fake .")
        assert again is not None and again.session


@virtual
async def test_a_slot_that_was_freed_at_the_refusal_is_for_what_was_refused(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, max_concurrent=1)
        first = await core.new()
        full = await core.command("new", "fake . --model large -- go on")
        assert full is not None and [choice.label for choice in full.rows[0].choices] == ["End"]
        room = await core.press(full.rows[0].choices[0].token)
        assert room is not None and room.replaces and room.text.startswith("Ending") and not room.rows
        assert labels(room) == ["Create"]
        await core.pass_time(1)
        made = await core.press(button(room, "Create").token)
        assert made is not None and made.session not in ("", first)
        await core.pass_time(1)

        assert (await core.record(made.session)).model == "large" and core.agent.prompts == ["go on"]
        assert "no longer valid" in refused(await core.press(button(room, "Create").token))


@virtual
async def test_a_slot_that_is_still_being_freed_is_waited_for(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, max_concurrent=1)
        await core.new()
        full = await core.command("new", "fake .")
        assert full is not None
        room = await core.press(full.rows[0].choices[0].token)
        early = await core.press(button(room, "Create").token)
        assert "still ending" in refused(early) and early is not None and not early.rows
        await core.pass_time(5)
        made = await core.press(button(room, "Create").token)

        assert made is not None and made.session


@virtual
async def test_after_a_wake_up_was_refused_and_a_slot_freed_the_message_is_to_be_sent_again(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        sleeping = await core.new()
        await core.send(sleeping, "hi")
        core.agent.finish()
        await core.command("finish", session=sleeping)
        await core.pass_time(1)
        core.settings = changed(core.settings, max_concurrent=1)
        await core.new()
        full = await core.send(sleeping, "more")
        assert full is not None and full.refused
        room = await core.press(full.rows[0].choices[0].token)

        assert room is not None and room.replaces and "send your message again" in room.text and not labels(room)


@virtual
async def test_concurrent_creates_never_pass_the_cap(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, max_concurrent=3)
        messages = [core.command("new", f"fake . -- number {n}") for n in range(10)]
        replies = await asyncio.gather(*messages)
        await core.pass_time(1)

        assert sum(1 for reply in replies if reply and reply.session) == 3
        assert len(core.launcher.running) == 3


@virtual
async def test_existing_sessions_work_on_at_the_cap_and_a_wake_up_is_refused(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        sleeping = await core.new()
        await core.send(sleeping, "hi")
        core.agent.finish()
        await core.command("finish", session=sleeping)
        await core.pass_time(1)
        core.settings = changed(core.settings, max_concurrent=1)
        awake = await core.new()
        await core.send(awake, "work")
        refused = await core.send(sleeping, "wake up")
        await core.pass_time(1)

        assert core.agent.prompts == ["work"]
        assert refused is not None and refused.refused and "(the cap)" in refused.text
        assert not await core.store.queued(sleeping)


@virtual
async def test_little_memory_refuses_like_the_cap(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.free_mb = 100
        reply = await core.command("new", "fake .")

        assert reply is not None and reply.refused and "100 MB" in reply.text and "500 MB" in reply.text


@virtual
async def test_a_failed_launch_gives_its_slot_back(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, max_concurrent=1)
        core.launcher.fail = [AgentError("no such agent")]
        await core.new()
        assert core.manager.slots_used == 0
        other = await core.new()

        assert core.phase(other) is Phase.IDLE


@virtual
async def test_a_slot_is_held_until_the_process_is_gone(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.launcher.end_delay = 5
        await core.command("finish", session=id)
        await core.pass_time(3)
        assert core.manager.slots_used == 1
        assert (await core.record(id)).state is State.ACTIVE
        await core.pass_time(3)

        assert core.manager.slots_used == 0
        assert (await core.record(id)).state is State.FINISHED


@virtual
async def test_a_message_while_the_session_ends_wakes_it_once_the_process_is_gone(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.launcher.end_delay = 5
        await core.command("finish", session=id)
        await core.pass_time(1)
        await core.send(id, "wait, one more")
        await core.pass_time(10)

        assert core.agent.prompts == ["wait, one more"]
        assert len(core.launcher.agents) == 2


@virtual
async def test_finish_cancels_a_running_turn_first(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.obeys_cancel = False
        await core.send(id, "work")
        await core.command("finish", session=id)
        await core.pass_time(4)
        assert core.phase(id) is Phase.CANCELLING
        await core.pass_time(3)

        assert core.ends() == [Outcome.CANCELLED]
        assert (await core.record(id)).state is State.FINISHED


@virtual
async def test_pinned_sessions_cannot_be_archived_until_unpinned(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.command("pin", session=id)
        refused = await core.command("archive", session=id)
        assert refused is not None and refused.refused and "Unpin it first" in refused.text
        await core.command("unpin", session=id)
        await core.command("archive", session=id)
        await core.pass_time(1)

        record = await core.record(id)
        assert record.archived_at is not None and record.state is State.FINISHED


@virtual
async def test_an_archived_session_is_read_only_until_restored(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "hello")
        core.agent.finish()
        await core.command("archive", session=id)
        await core.pass_time(1)
        refused = await core.send(id, "anybody?")
        assert refused is not None and refused.refused and [c.label for c in refused.choices] == ["Restore"]
        assert core.manager.slots_used == 0
        await core.press(refused.choices[0].token)
        assert core.manager.slots_used == 0
        await core.send(id, "anybody?")
        await core.pass_time(1)

        assert core.agent.prompts == ["anybody?"]


@virtual
async def test_of_three_who_restore_at_once_one_does(tmp_path: Path) -> None:
    async with lodge(tmp_path, store=SlowStore(asyncio.get_running_loop().time)) as core:
        id = await core.new()
        await core.command("archive", session=id)
        replies = await asyncio.gather(*(core.command("restore", session=id) for _ in range(3)))
        late = await core.command("restore", session=id)

        assert [reply is not None and reply.refused for reply in replies] == [False, True, True]
        assert "not archived" in refused(late)


@virtual
async def test_archive_during_a_turn_keeps_what_was_said_and_the_queue_as_not_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "queued")
        core.agent.say("partial")
        await core.command("archive", session=id)
        await core.pass_time(2)

        assert core.text() == "partial"
        prompts = {e.prompt.text: e.prompt.state for e in await core.history(id) if isinstance(e, PromptChanged)}
        assert prompts == {"work": PromptState.ENDED, "queued": PromptState.DROPPED}
        assert core.manager.slots_used == 0


@virtual
async def test_delete_asks_first_and_then_everything_is_gone(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        reply = await core.command("delete", session=id)
        assert reply is not None and [choice.label for choice in reply.choices] == ["Confirm", "Cancel"]
        await core.press(reply.choices[0].token, session=id)
        gone = await core.command("status", session=id)
        assert gone is not None and gone.refused
        await core.pass_time(2)

        assert await core.store.session(id) is None
        assert SessionChanged(deleted=True) in core.screen.events()
        assert core.launcher.running == set()


@virtual
async def test_old_sessions_are_archived_by_age_but_never_pinned_or_live_ones(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, archive_after=timedelta(days=1))
        old, pinned = await core.new("fake ."), await core.new("other .")
        for id in (old, pinned):
            await core.send(id, "hi")
            core.agent.finish()
            await core.pass_time(1)
        await core.command("pin", session=pinned)
        await core.pass_time(2 * 86400)

        assert (await core.record(old)).archived_at is not None
        assert (await core.record(pinned)).archived_at is None


@virtual
async def test_a_new_session_lets_the_same_persons_empty_one_go(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        empty = await core.new()
        await core.new()
        await core.pass_time(1)

        assert (await core.record(empty)).state is State.FINISHED
        assert core.manager.slots_used == 1


@virtual
async def test_sessions_that_share_a_directory_are_each_told_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        for n in range(3):
            await core.send(await core.new("fake ."), f"work {n}")

        shared = [notice for notice in core.notices() if notice.id.startswith("shared")]
        assert len(shared) == 3


@virtual
async def test_stopping_lets_a_turn_finish_and_marks_the_idle_finished(tmp_path: Path) -> None:
    store = MemoryStore()
    async with lodge(tmp_path, store=store) as core:
        idle = await core.new()
        await core.send(idle, "hi")
        core.agent.finish()
        await core.pass_time(1)
        busy = await core.new()
        await core.send(busy, "long work")
        agent = core.agent
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(core.manager.stop(120))
            await core.pass_time(60)
            assert not stopping.done()
            kept = await core.send(busy, "and then")
            assert kept is not None and "waits for the restart" in kept.text
            agent.finish()

        assert [(await core.record(id)).state for id in (idle, busy)] == [State.FINISHED, State.FINISHED]
        assert core.ends() == [Outcome.DONE, Outcome.DONE]
        assert [prompt.text for prompt in await store.queued(busy)] == ["and then"]


@virtual
async def test_a_turn_that_outlasts_the_drain_is_interrupted_and_offers_continue(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "endless work")
        core.agent.say("part one")
        await core.manager.stop(120)

        assert core.ends() == [Outcome.INTERRUPTED]
        assert core.notices()[-1].choices[0].label == "Continue"
        assert (await core.record(id)).state is State.ERROR


@virtual
async def test_boot_tells_what_was_interrupted_and_runs_what_the_agent_never_got(tmp_path: Path) -> None:
    store = MemoryStore()
    with pytest.raises(ExceptionGroup):
        async with lodge(tmp_path, store=store) as core:
            waiting = await core.new("other .")
            await core.send(waiting, "hello")
            core.agent.finish()
            await core.pass_time(1)
            await core.command("finish", session=waiting)
            broken = await core.new()
            await core.send(broken, "begun")
            await core.send(broken, "behind it")
            core.launcher.delay = 60
            await core.send(waiting, "never got it")
            raise Crash
    recovered = await store.recover(asyncio.get_running_loop().time())
    async with lodge(tmp_path, store=store, recovered=recovered) as core:
        await core.pass_time(5)

        assert core.agent.prompts == ["never got it"]
        offer = next(notice for notice in core.notices() if notice.choices)
        assert [choice.label for choice in offer.choices] == ["Continue", "Run the queue", "Clear"]
        assert (await core.record(broken)).state is State.ERROR
        assert [prompt.text for prompt in await store.queued(broken)] == ["behind it"]
        await core.send(broken, "a new message releases the queue")
        await core.pass_time(1)
        assert core.agent.prompts == ["behind it"]
        core.agent.finish()
        await core.pass_time(1)
        assert core.agent.prompts[1:] == ["a new message releases the queue"]


@virtual
async def test_waiting_sessions_wake_two_at_a_time_within_the_cap(tmp_path: Path) -> None:
    store = MemoryStore()
    ids = []
    async with lodge(tmp_path, store=store) as core:
        for n in range(5):
            ids.append(await core.new("fake ."))
            await core.send(ids[-1], f"hello {n}")
            core.agent.finish()
            await core.pass_time(1)
        await core.manager.stop(1)
        for id in ids:
            await core.send(id, "later")
    recovered = await store.recover(asyncio.get_running_loop().time())
    assert recovered.waiting == tuple(ids)
    async with lodge(tmp_path, store=store, recovered=recovered) as core:
        core.settings = changed(core.settings, max_concurrent=3)
        core.launcher.delay = 1
        await settle()
        assert core.manager.slots_used == 2
        await core.pass_time(10)
        assert core.manager.slots_used == 3
        for agent in core.launcher.agents:
            agent.finish()
        await core.command("finish", session=ids[0])
        await core.pass_time(10)

        assert core.manager.slots_used == 3
        assert [agent.prompts for agent in core.launcher.agents] == [["later"]] * 4


@virtual
async def test_a_store_that_fails_ends_the_session_with_the_reason_and_refuses_prompts(tmp_path: Path) -> None:
    store = MemoryStore()
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.say("some text")
        store.refuses = "The disk is full. Free some space."
        core.agent.finish()
        await core.pass_time(1)
        with pytest.raises(StoreError):
            await core.send(id, "more")
        assert core.manager.slots_used == 0
        assert any("disk is full" in notice.text for notice in core.notices())
        store.refuses = ""
        await core.send(id, "again")
        await core.pass_time(1)

        assert core.agent.prompts == ["again"]


class Crash(Exception):
    """What SIGKILL is to a daemon."""


@virtual
async def test_a_bug_in_what_runs_beside_the_sessions_ends_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Buggy(MemoryStore):
        async def tidy(self, now: float) -> None:
            raise KeyError("tidy")

        async def erase_session(self, id: str) -> None:
            raise KeyError("erase")

    async def errand() -> None:
        raise KeyError("errand")

    async with lodge(tmp_path, store=Buggy(asyncio.get_running_loop().time)) as core:
        id, doomed = await core.new(), await core.new()
        core.manager.errand(errand())
        await core.manager.deletions.delete(await core.record(doomed))
        core.manager.delete_all([await core.record(await core.new())])
        await core.pass_time(7300)
        await core.send(id, "still there?")

        await core.pass_time(1)

        assert core.agent.prompts == ["still there?"]
    logged = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert logged.count("'tidy'") == 3 and "'errand'" in logged and logged.count("'erase'") == 2


@virtual
async def test_a_session_that_is_deleted_twice_at_once_says_so_once(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        record = await core.record(id)
        await core.command("finish", session=id)
        await core.pass_time(1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(core.manager.deletions.delete(record))
            tasks.create_task(core.manager.deletions.delete(record))
        await core.manager.deletions.delete(record)
        gone = [one for one in core.screen.said if one.session == id and one.event == SessionChanged(deleted=True)]

        assert len(gone) == 1
        assert [one.rev for one in core.screen.said if one.session == id][-1] == gone[0].rev > 1
