"""SIGKILL at every step of a turn, then a start: nothing is lost, nothing happens twice."""

from __future__ import annotations

import re

import pytest

from tests.e2e.house import House, eventually, is_running
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.wall_clock

INTERRUPTED = "Interrupted"
GOES_ON = "The previous turn was interrupted before it was finished."
STEP = 0.05  # seconds between the chunks of a slow answer
LOST_CHUNKS = 20  # 250 ms are 5 of them; a commit on a busy machine takes its time too


async def idle_after(tab: Visitor, turns: int) -> None:
    await tab.until(lambda: tab.is_idle(turns))


async def test_before_the_prompt_is_started(house: House) -> None:
    house.configure("--silent")  # its launch never ends
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("echo one")
        await tab.send("echo two")
        await tab.until(lambda: tab.queue == ["echo one", "echo two"])
        daemon.kill()
    house.configure()
    async with house.daemon() as daemon, daemon.tab(session) as tab:
        await idle_after(tab, 2)

        assert tab.answers == ["one", "two"]
        assert [state for _, state in tab.said] == ["ended", "ended"]
        assert tab.head["state"] == "active"
    assert house.prompts() == ["echo one", "echo two"]


async def test_at_once_after_a_message_was_taken(house: House) -> None:
    """Where exactly this falls (queued, started, sent) is up to the machine; the promise is the same."""
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.until(lambda: tab.head["phase"] == "idle")
        await tab.send("echo once")
        daemon.kill()
    async with house.daemon() as daemon, daemon.tab(session) as tab:
        await tab.until(lambda: tab.is_idle(1) or tab.head["state"] in ("error", "finished"))
        if tab.head["state"] == "error":
            assert tab.said == [("echo once", "interrupted")]
            await tab.press("Continue")
            await idle_after(tab, 2)
        assert tab.said[0][0] == "echo once"
    assert house.prompts().count("echo once") <= 1
    assert len(house.prompts()) >= 1


@pytest.mark.parametrize("way", ["Continue", "Run the queue", "Clear", "a new message"])
async def test_while_one_runs_and_others_are_queued(house: House, way: str) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("echo begun; wait")
        await house.stored("begun")
        await tab.send("echo two")
        await tab.send("echo three")
        await tab.until(lambda: tab.queue == ["echo two", "echo three"])
        daemon.kill()

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert tab.head["state"] == "error" and tab.head["held"]
        assert tab.queue == ["echo two", "echo three"]
        assert [end.partition(" · ")[0] for end in tab.ends] == [INTERRUPTED]
        assert tab.said == [("echo begun; wait", "interrupted")]
        assert house.prompts() == ["echo begun; wait"]

        if way == "a new message":
            await tab.send("echo four")
        else:
            await tab.press(way)
        runs = {"Continue": 3, "Run the queue": 2, "Clear": 0, "a new message": 3}[way]
        await tab.until(lambda: not tab.queue and (tab.is_idle(1 + runs) or not runs))

        expected = {"Continue": ["…", "echo two", "echo three"], "Run the queue": ["echo two", "echo three"]}
        expected |= {"Clear": [], "a new message": ["echo two", "echo three", "echo four"]}
        told = ["…" if text.startswith(GOES_ON) else text for text in house.prompts()[1:]]
        assert told == expected[way]
        assert tab.answers[0] == "begun"
        if way == "Clear":
            await tab.until(lambda: [state for _, state in tab.said] == ["interrupted", "dropped", "dropped"])


async def test_in_the_middle_of_an_answer(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send(f"tool; unfinished; slow 100000 {STEP}")
        await tab.until(lambda: "\n40 " in f"\n{tab.answer}".replace(" ", " \n"))
        daemon.kill()
        seen = tab.answer

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        kept = tab.answer
        numbers = [int(number) for number in kept.split()]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= len(seen.split()) - LOST_CHUNKS
        assert [end.partition(" · ")[0] for end in tab.ends] == [INTERRUPTED]
        assert [(call["title"], call["status"]) for call in tab.of("tool")] == [
            ("Read notes", "completed"),
            ("Never ends", "ended"),
        ]
        assert tab.head["state"] == "error"

        await tab.press("Continue")
        await idle_after(tab, 2)
        assert tab.answers[0] == kept
        assert tab.head["state"] == "active"

    told = house.prompts()
    assert len(told) == 2 and told[1].startswith(GOES_ON) and told[0] in told[1]
    assert len(set(house.conversations())) == 1
    assert [params["sessionId"] for params in house.told("session/resume")] == house.conversations()[:1]


async def test_continue_works_once(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("wait")
        await eventually(house.prompts, "the prompt")
        daemon.kill()
    async with house.daemon() as daemon, daemon.tab(session) as tab:
        token = tab.token("Continue")
        await tab.do("press", token=token)
        again = await tab.do("press", token=token)
        await idle_after(tab, 2)

        assert again["refused"]
    assert sum(GOES_ON in text for text in house.prompts()) == 1


async def test_while_a_question_is_open(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("two permissions; echo after")
        await tab.until(lambda: len(tab.questions) == 2)
        token = tab.token("Allow")
        daemon.kill()

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert tab.questions == []
        assert [item["settled"]["line"].partition(":")[0] for item in tab.of("question")] == ["Interrupted"] * 2
        late = await tab.do("press", token=token)
        assert late["refused"]
        assert tab.head["state"] == "error" and tab.head["asking"] == 0
        assert [end.partition(" · ")[0] for end in tab.ends] == [INTERRUPTED]
        assert house.answers() == []

        await tab.press("Continue")
        await idle_after(tab, 2)
    assert len(house.prompts()) == 2


@pytest.mark.parametrize("heard", [False, True], ids=["at once", "when the agent has heard it"])
@pytest.mark.parametrize("quick", [False, True], ids=["in time", "within the commit's 250 ms"])
async def test_right_after_the_answer(house: House, heard: bool, quick: bool) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("permission; wait")
        await tab.until(lambda: tab.questions)
        if not quick:
            await house.stored_item("QuestionAsked")
        await tab.press("Allow")
        if heard:
            await eventually(house.answers, "the answer")
        daemon.kill()

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        (question,) = tab.of("question")
        assert question["settled"]
        # A yes is stored before the agent hears it.
        assert question["settled"]["line"] == "Allowed by you: Allow" or not house.answers()
        assert [end.partition(" · ")[0] for end in tab.ends] == [INTERRUPTED]
        audited = house.rows("SELECT decision FROM audit")
        assert len(audited) <= 1
        assert audited == [("Allow",)] or not house.answers()


async def test_right_after_the_end(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("hello; tool")
        await tab.until(lambda: tab.ends)
        daemon.kill()

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert tab.answers == ["Hello from the stub."]
        assert [call["status"] for call in tab.of("tool")] == ["completed"]
        assert tab.said == [("hello; tool", "ended")]
        assert len(tab.ends) == 1 and tab.ends[0].startswith("✓")
        assert tab.notices == []
        assert tab.head["state"] == "finished"

        await tab.send("echo more")
        await idle_after(tab, 2)
    assert house.prompts() == ["hello; tool", "echo more"]
    assert len(set(house.conversations())) == 1


async def test_during_a_launch(house: House) -> None:
    house.configure("--silent")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await eventually(house.pids, "the agent's start")
        assert tab.head["state"] == "initializing"
        daemon.kill()
    house.configure()
    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert tab.head["state"] == "error" and "starting" in tab.head["reason"]

        await tab.send("echo up")
        await idle_after(tab, 1)
        assert tab.answers == ["up"]


async def test_while_a_session_is_finished(house: House) -> None:
    house.configure("--resume", "--ignore-term", "--ignore-all")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("echo before")
        await idle_after(tab, 1)
        await house.stored_item("TurnEnded")
        await tab.command("finish")
        await tab.until(lambda: tab.head["phase"] == "ending")
        daemon.kill()
    (agent,) = house.pids()
    assert is_running(agent)

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert not is_running(agent)
        assert tab.head["state"] == "finished"
        assert tab.answers == ["before"]
        await tab.send("echo after")
        await idle_after(tab, 2)
    assert len(set(house.conversations())) == 1


async def test_agents_that_outlive_the_daemon_are_ended_with_all_that_is_theirs(house: House) -> None:
    house.configure("--ignore-all", "--grandchild", "--daemon")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("family")
        await idle_after(tab, 1)
        family = [int(pid) for pid in re.findall(r"\d+", tab.answer)]
        daemon.kill()
    assert len(family) == 3 and all(is_running(pid) for pid in family)

    async with house.daemon() as daemon:
        assert not any(is_running(pid) for pid in family)
        assert "ending agent process" in daemon.log


async def test_killed_again_and_again_in_the_middle(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.send("echo begun; wait")
        await house.stored("begun")
        daemon.kill()
    for times in range(2, 5):
        async with house.daemon() as daemon, daemon.tab(session) as tab:
            await tab.send(f"echo number {times}; wait")
            await house.stored(f"number {times}")
            daemon.kill()

    async with house.daemon() as daemon, daemon.tab(session) as tab:
        assert tab.answers == ["begun", "number 2", "number 3", "number 4"]
        assert tab.ends == [INTERRUPTED] * 4
        firsts = [item["first"] for item in tab.items.values()]
        assert len(set(firsts)) == len(firsts)
        await tab.send("echo the end")
        await idle_after(tab, 5)
    again = [f"echo number {times}; wait" for times in range(2, 5)]
    assert house.prompts() == ["echo begun; wait", *again, "echo the end"]
    assert len(set(house.conversations())) == 1
