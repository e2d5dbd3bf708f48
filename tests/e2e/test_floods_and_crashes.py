"""Agents that say too much, die, or leave something behind."""

from __future__ import annotations

import re

import psutil
import pytest

from tests.e2e.house import Daemon, House, eventually, is_running
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.wall_clock

MEGABYTE = 1024 * 1024
CHUNKS = 100_000
CHUNK = "w" * 100
MOST_GROWN = 100 * MEGABYTE  # the text alone is 10 MB; kept as a hundred thousand events it would be several times this


async def peak_until_ended(house: House, daemon: Daemon) -> int:
    """The daemon's largest resident size until the only running turn has ended."""
    process = psutil.Process(daemon.process.pid)
    peak = 0

    def ended() -> bool:
        nonlocal peak
        peak = max(peak, process.memory_info().rss)
        return not house.rows("SELECT 1 FROM prompts WHERE state IN ('queued', 'started')")

    await eventually(ended, "the flood's end")
    return peak


async def test_a_flood_before_a_tab_that_does_not_read_stays_bounded_and_hinders_nobody(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as deaf, daemon.tab() as tab:
        await deaf.new_chat()
        await deaf.send("hello")
        await deaf.until(lambda: deaf.is_idle(1))
        await tab.new_chat("demo")
        before = psutil.Process(daemon.process.pid).memory_info().rss
        await deaf.say(op="send", id="00000000-0000-0000-0000-000000000001", session=deaf.session, text=flood())
        await eventually(lambda: house.prompts()[-1:] == [flood()], "the flood's start")
        await tab.send("plan")  # while the flood runs
        await tab.until(lambda: tab.ends)
        peak = await peak_until_ended(house, daemon)

        assert tab.ends[0].startswith("✓")
        assert peak - before < MOST_GROWN
        kept = house.rows(
            "SELECT sum(length(texts.body)) FROM texts JOIN items ON items.id = item WHERE kind = 'TextChunk'"
        )
        assert kept[0][0] >= CHUNKS * len(CHUNK)

        async with daemon.tab() as late:
            await late.show(deaf.session)
            assert late.ends[1].startswith("✓")
            assert late.answers[1].replace("\n", "") == CHUNK * CHUNKS


def flood() -> str:
    return f"chunks {CHUNKS} {CHUNK}"


async def test_a_flood_can_be_stopped(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("chunks 100000; wait")
        await tab.until(lambda: tab.answers)
        await tab.command("cancel")
        await tab.until(lambda: tab.is_idle(1))

        assert tab.ends[0].startswith("Stopped")
        await tab.send("echo alive")
        await tab.until(lambda: tab.is_idle(2))
        assert tab.answers[-1] == "alive"


async def test_a_line_of_ten_megabytes_arrives(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("big 10")
        await tab.until(lambda: tab.is_idle(1))

        assert len(tab.answer) == 10 * MEGABYTE


async def test_a_crash_in_a_turn_shows_the_last_words_and_can_be_continued(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("echo begun; permission; die 3 Out of cheese")
        await tab.until(lambda: tab.questions)
        await tab.send("echo behind")
        await tab.press("Allow")
        await tab.until(lambda: tab.head["state"] == "error" and tab.ends and tab.notices)

        assert tab.ends[0].startswith("The agent crashed")
        assert "Out of cheese" in tab.of("end")[0]["detail"] and "Out of cheese" in tab.head["reason"]
        assert tab.answers[0].startswith("begun")
        assert tab.queue == ["echo behind"] and tab.head["held"]

        await tab.press("Run the queue")
        await tab.until(lambda: tab.is_idle(2))
        assert tab.answers[-1] == "behind"
    assert len(house.pids()) == 2


async def test_a_crash_in_one_session_leaves_the_others_alone(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as one, daemon.tab() as other:
        await one.new_chat()
        await other.new_chat("demo", message="think")
        await one.send("close stdout")
        await one.until(lambda: one.ends)
        await other.until(lambda: other.is_idle(1))

        assert one.ends[0].startswith("The agent crashed")
        assert other.head["state"] == "active"


async def test_an_exit_between_turns_is_no_error_and_the_next_message_wakes_the_session(house: House) -> None:
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("hello; leave 0")
        await tab.until(lambda: tab.head["state"] == "finished")
        await tab.send("echo again")
        await tab.until(lambda: tab.is_idle(2))

        assert tab.answers == ["Hello from the stub.", "again"]
    assert len(set(house.conversations())) == 1


async def test_a_question_closes_when_its_agent_dies(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("permission")
        await tab.until(lambda: tab.questions)
        psutil.Process(house.pids()[0]).kill()
        await tab.until(lambda: tab.ends)

        assert tab.questions == []
        assert tab.of("question")[0]["settled"]["line"].startswith("Interrupted")


@pytest.mark.parametrize("flags", [(), ("--ignore-term",)])
async def test_what_an_agent_started_ends_with_its_session(house: House, flags: tuple[str, ...]) -> None:
    house.configure("--grandchild", "--daemon", *flags)
    async with house.daemon() as daemon, daemon.tab() as tab:
        family = await family_of(tab)
        await tab.command("finish")
        await tab.until(lambda: tab.head["state"] == "finished")

        assert len(family) == 3
        assert not any(is_running(pid) for pid in family)


async def family_of(tab: Visitor) -> list[int]:
    """The processes of a new session's agent."""
    await tab.new_chat()
    await tab.send("family")
    await tab.until(lambda: tab.is_idle(1))
    return [int(pid) for pid in re.findall(r"\d+", tab.answer)]
