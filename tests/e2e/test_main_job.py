"""The main job: a person talks to a real agent through the daemon."""

from __future__ import annotations

import pytest

from tests.e2e.house import House

pytestmark = pytest.mark.wall_clock


async def test_a_newcomer_edits_a_file_with_the_demo_agent(house: House) -> None:
    notes = house.workspace / "notes.txt"
    notes.write_text("hello world\n")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat("demo", workspace=str(house.workspace))
        await tab.send('edit notes.txt replace "hello" with "goodbye"')
        await tab.until(lambda: tab.questions)

        (diff,) = tab.questions[0]["call"]["diffs"]
        assert "notes.txt" in str(diff) and "goodbye" in str(diff)
        assert notes.read_text() == "hello world\n"
        assert tab.head["phase"] == "waiting"

        await tab.press("Allow")
        await tab.until(lambda: tab.is_idle(1))

        assert notes.read_text() == "goodbye world\n"
        assert tab.ends[0].startswith("✓")
        assert [call["status"] for call in tab.of("tool")] == ["completed"]
        assert tab.of("question")[0]["settled"]["line"].startswith("Allowed by you")


async def test_a_third_party_agent_streams_uses_a_tool_and_is_stopped_in_the_middle(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat("stub")
        await tab.send("hello; tool; think deeply; plan; echo done")
        await tab.until(lambda: tab.is_idle(1))

        assert tab.answers == ["Hello from the stub.", "done"]
        assert [(call["title"], call["output"], call["status"]) for call in tab.of("tool")] == [
            ("Read notes", "the notes", "completed")
        ]
        assert len(tab.of("plan")[0]["entries"]) == 3
        assert tab.of("thought")

        await tab.send("slow 100000 0.01")
        await tab.until(lambda: "5 " in tab.answer)
        stopped = await tab.command("cancel")
        await tab.until(lambda: tab.is_idle(2))

        assert stopped["text"].startswith("Stopping")
        assert tab.ends[1].startswith("Stopped")
        assert tab.head["state"] == "active"
        assert "5 " in tab.answer

        await tab.send("echo still here")
        await tab.until(lambda: tab.is_idle(3))
        assert tab.answer.endswith("still here")
        assert len(set(house.conversations())) == len(house.pids()) == 1


async def test_messages_during_a_turn_queue_and_run_in_order(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("permission; echo one")
        await tab.until(lambda: tab.questions)
        first = await tab.send("echo two")
        await tab.send("echo three")
        await tab.until(lambda: tab.queue == ["echo two", "echo three"])
        await tab.press("Allow")
        await tab.until(lambda: tab.is_idle(3))

    assert first["text"] == "Queued, number 1."
    assert house.prompts() == ["permission; echo one", "echo two", "echo three"]
    assert tab.answers == ["[Write file: yes]one", "two", "three"]


async def test_stop_clears_the_queue_and_send_again_brings_a_message_back(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("wait")
        await tab.until(lambda: tab.head["phase"] == "running")
        await tab.send("echo later")
        stopped = await tab.command("cancel")
        await tab.until(lambda: tab.is_idle(1) and ("echo later", "dropped") in tab.said)

        assert stopped["text"].endswith("1 queued message was not sent.")

        await tab.press("Send again")
        await tab.until(lambda: tab.is_idle(2))
        assert tab.answer == "later"
    assert house.prompts() == ["wait", "echo later"]


async def test_two_tabs_see_the_same_and_one_answer_closes_the_question_on_both(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as one:
        session = await one.new_chat()
        async with daemon.tab(session) as other:
            await one.send("permission")
            await other.until(lambda: other.questions)
            token = other.token("Allow")
            await other.press("Allow")
            await one.until(lambda: one.is_idle(1))
            late = await one.do("press", token=token)

            await other.until(lambda: other.is_idle(1))
            assert not one.questions and not other.questions
            assert one.answer == other.answer == "[Write file: yes]"
            assert late["refused"] and late["text"] == "This question is no longer open."


async def test_a_finished_session_wakes_with_the_agents_own_memory(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("echo before")
        await tab.until(lambda: tab.is_idle(1))
        await tab.command("finish")
        await tab.until(lambda: tab.head["state"] == "finished")
        await tab.send("echo after")
        await tab.until(lambda: tab.is_idle(2))

        assert tab.answers == ["before", "after"]
    assert len(house.pids()) == 2
    assert len(set(house.conversations())) == 1
    assert [told["sessionId"] for told in house.told("session/resume")] == house.conversations()[:1]


async def test_a_tab_that_comes_back_with_its_cursor_gets_what_it_missed_once(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("echo first")
        await tab.until(lambda: tab.is_idle(1))
        async with daemon.tab() as away:
            await away.say(op="watch", session=session, boot=tab.boot, rev=tab.rev)
            await away.until(lambda: away.head)
            assert away.items == {}
            await tab.send("echo second")
            await tab.until(lambda: tab.is_idle(2))
            await away.until(lambda: len(away.ends) == 1)
            assert away.answer == "second"
        async with daemon.tab() as back:
            await back.say(op="watch", session=session, boot=tab.boot, rev=tab.rev)
            await back.until(lambda: back.head)
            assert back.items == {}
