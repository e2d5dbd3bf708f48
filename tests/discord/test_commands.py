"""The slash commands of our server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.discord.house import QUICK, house
from tests.fakes import ScriptedHub
from tests.sims.discord import BOT, Channel, Discord, Person, Right, refuse


async def test_what_hinders_commands_is_told_until_it_is_gone_and_logged_once(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert agents.guild is not None
    discord.fail("bulk_overwrite_guild_commands", 100, refuse(403, 50001, "Missing Access"))
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.until(lambda: "applications.commands" in home.adapter.status)
        for role in agents.guild.roles.values():
            discord.set_rights(agents.guild, role, int(Right.VIEW_CHANNEL))
        await home.until(lambda: "may not: " in home.adapter.status)
        assert "applications.commands" in home.adapter.status

        discord.faults.end("bulk_overwrite_guild_commands")
        for role in agents.guild.roles.values():
            discord.set_rights(agents.guild, role, int(BOT))
        await home.until(lambda: "applications.commands" not in home.adapter.status and discord.commands)

    assert caplog.text.count("may not make slash commands") == 1


async def test_another_look_at_the_server_alone_does_not_forget_it(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    assert agents.guild is not None
    discord.fail("bulk_overwrite_guild_commands", 100, refuse(403, 50001, "Missing Access"))
    seldom = replace(QUICK, apart=60.0)  # no look at commands before the end of this test
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, patience=seldom) as home:
        await home.until(lambda: "applications.commands" in home.adapter.status)
        discord.outage(agents.guild)
        await home.until(lambda: "tells nothing" in home.adapter.status)
        assert "applications.commands" in home.adapter.status
        discord.outage(agents.guild, away=False)
        await home.until(lambda: "tells nothing" not in home.adapter.status)

        assert "applications.commands" in home.adapter.status
