"""Going on after an interruption, with the words that our core really says."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.handover import go_on
from openacp_bot.core.model import Prompt, UserRef
from tests.demo_agent.visit import visit


def again(text: str) -> str:
    return go_on(Prompt("p", "s", UserRef("web", "local"), text, 0.0))


async def test_what_was_not_done_is_done(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        (work / "notes.txt").write_text("old\n")

        await here.say(session, again('edit notes.txt replace "old" with "new"'))

        assert "I was interrupted at “edit notes.txt" in here.text()
        assert "found nothing of it done" in here.text()
        assert (work / "notes.txt").read_text() == "new\n"


@pytest.mark.parametrize("wish", ["make notes.txt with hello", "edit notes.txt", 'edit notes.txt replace "a" with "b"'])
async def test_a_change_that_is_there_is_not_made_twice(home: Path, work: Path, wish: str) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        (work / "notes.txt").write_text("a\n")
        await here.say(session, wish)
        before = (work / "notes.txt").read_text()

        await here.say(session, again(wish))

        assert "`notes.txt` is" in here.text()
        assert "nothing is left to do" in here.text()
        assert (work / "notes.txt").read_text() == before


async def test_a_command_that_came_to_its_end_does_not_run_twice(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        await here.say(session, "run echo once >> log.txt")

        await here.say(session, again("run echo once >> log.txt"))

        assert "has run already" in here.text()
        assert (work / "log.txt").read_text() == "once\n"


async def test_a_command_that_was_rejected_or_never_seen_runs_after_asking(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = "reject"
        await here.say(session, "run echo once >> log.txt")
        here.guest.option = "allow"

        await here.say(session, again("run echo once >> log.txt"))

        assert (work / "log.txt").read_text() == "once\n"
        assert here.guest.asked.qsize() == 2


async def test_trouble_is_not_made_again_and_talk_is_said_again(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, again("crash")) == "end_turn"
        await here.say(session, again("think about the sea"))
        await here.say(session, go_on(None))

        assert "once is enough" in here.text()
        assert "the sea" in here.text("agent_thought_chunk")
        assert "was not told at what" in here.text()
