"""Discord from end to end: a real daemon, a real agent, a strict REST and gateway server; kill -9 in the middle."""

from __future__ import annotations

import pytest

from tests.e2e.desk import in_guild
from tests.e2e.house import House
from tests.sims.discord import Discord

pytestmark = pytest.mark.wall_clock


async def test_a_session_in_a_thread(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await discord.until(lambda: discord.commands, 30)
        thread = await desk.new()
        thread.say("echo hello world")
        answer = await thread.sees("hello world")
        await thread.wait(lambda: any("✅" in one.text for one in thread.messages) or None)
        assert answer.text.count("hello world") == 1


async def test_permission_with_a_diff_is_answered_by_button(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await discord.until(lambda: discord.commands, 30)
        thread = await desk.new(agent="demo")
        thread.say("edit notes.txt")
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        assert "notes.txt" in question.text

        await thread.press("Allow")

        await thread.wait(lambda: (house.workspace / "notes.txt").exists() or None)
        await thread.wait(lambda: not question.labels or None)
        assert "Ann" in question.text
