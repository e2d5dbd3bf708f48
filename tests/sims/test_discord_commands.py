"""Registering commands with the simulated Discord, and filling them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.http import Route

from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock
Asked = discord.Interaction[discord.Client]


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


def shape(name: str = "new", **what: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 1} | what


def option(name: str = "agent", **what: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 3} | what


async def put(team: Team, *shapes: dict[str, Any]) -> Any:
    """Overwrite the guild's commands."""
    return await team.bot.http.bulk_upsert_guild_commands(team.sim.bot.id, team.guild.id, list(shapes))


async def test_overwriting_replaces_the_scope_and_keeps_known_ids(team: Team) -> None:
    first = await put(team, shape("one"), shape("two"))
    second = await put(team, shape("two", description="other"), shape("three"))

    assert [one["name"] for one in second] == ["two", "three"]
    assert second[0]["id"] == first[1]["id"] and second[0]["version"] != first[1]["version"]
    assert [one.name for one in team.sim.offered(team.channel)] == ["two", "three"]
    fetched = await team.bot.tree.fetch_commands(guild=discord.Object(team.guild.id))
    assert [one.name for one in fetched] == ["two", "three"]


async def test_guild_and_global_commands_both_show(team: Team) -> None:
    await team.bot.http.bulk_upsert_global_commands(team.sim.bot.id, [shape("new")])
    await put(team, shape("new"))

    assert [one.name for one in team.sim.offered(team.channel)] == ["new", "new"]
    assert [one.name for one in team.sim.offered(team.ann.direct())] == ["new"]


async def test_commands_are_for_some_people_and_places(team: Team) -> None:
    bob = team.sim.person("Bob", team.guild)
    hidden = shape("secret", default_member_permissions="0")
    managed = shape("manage", default_member_permissions=str(1 << 34))
    await put(team, hidden, managed, shape("open"))
    everywhere = [shape("anywhere"), shape("guilds", contexts=[0]), shape("older", dm_permission=False)]
    await team.bot.http.bulk_upsert_global_commands(team.sim.bot.id, everywhere)

    bob.slash(team.channel, "open")
    for name in ("secret", "manage"):
        team.ann.slash(team.channel, name)
        with pytest.raises(AssertionError, match="may not use"):
            bob.slash(team.channel, name)
    assert [one.name for one in team.sim.offered(bob.direct())] == ["anywhere"]


async def test_options_are_filled_in_and_offered(team: Team) -> None:
    given: list[tuple[str, int | None]] = []

    @app_commands.command(name="new", description="Start")
    async def new(interaction: Asked, agent: str, count: int | None = None) -> None:
        given.append((agent, count))
        await interaction.response.send_message("ok")

    @new.autocomplete("agent")
    async def agents(interaction: Asked, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name.title(), value=name) for name in ("claude", "codex") if typed in name]

    team.bot.tree.add_command(new)
    await team.bot.tree.sync()

    assert await team.ann.autocomplete(team.channel, "new", "agent", "c") == ["claude", "codex"]
    assert await team.ann.autocomplete(team.channel, "new", "agent", "cl") == ["claude"]
    await team.ann.slash(team.channel, "new", agent="codex", count=2).said()
    assert given == [("codex", 2)]
    with pytest.raises(AssertionError, match="must be filled in"):
        team.ann.slash(team.channel, "new")
    with pytest.raises(AssertionError, match="no options"):
        team.ann.slash(team.channel, "new", agent="x", colour="red")


async def test_more_than_25_choices_are_refused(team: Team) -> None:
    problems: list[discord.HTTPException] = []

    @app_commands.command(name="new", description="Start")
    async def new(interaction: Asked, agent: str) -> None: ...

    @new.autocomplete("agent")
    async def agents(interaction: Asked, typed: str) -> list[app_commands.Choice[str]]:
        choices = [app_commands.Choice(name=str(number), value=str(number)) for number in range(26)]
        try:
            await interaction.response.autocomplete(choices)
        except discord.HTTPException as problem:
            problems.append(problem)
        return choices[:25]

    team.bot.tree.add_command(new)
    await team.bot.tree.sync()

    assert len(await team.ann.autocomplete(team.channel, "new", "agent", "")) == 25
    assert [one.code for one in problems] == [50035]


async def test_sub_commands(team: Team) -> None:
    given: list[str] = []
    group = app_commands.Group(name="task", description="Tasks")

    @group.command(name="run", description="Run one")
    async def run(interaction: Asked, name: str) -> None:
        given.append(name)
        await interaction.response.send_message("ok")

    team.bot.tree.add_command(group)
    await team.bot.tree.sync()
    await team.ann.slash(team.channel, "task run", name="nightly").said()

    assert given == ["nightly"]


async def test_commands_that_discord_refuses(team: Team) -> None:
    for bad, words in (
        (shape("New"), "Command name is invalid"),
        (shape("a b"), "Command name is invalid"),
        (shape("n" * 33), "32"),
        (shape(description=""), "This field is required"),
        (shape(description="d" * 101), "100"),
        (shape(options=[option(f"o{number}") for number in range(26)]), "25"),
        (shape(options=[option(), option()]), "Option names must be unique"),
        (shape(options=[option("a"), option("b", required=True)]), "Required options must be placed before"),
        (shape(options=[option(choices=[{"name": "n", "value": "v"}] * 26)]), "25"),
        (shape(options=[option(choices=[{"name": "n" * 101, "value": "v"}])]), "100"),
        (shape(options=[option(type=5, autocomplete=True)]), "strings and numbers"),
        (
            shape(options=[option(f"o{n}", choices=[{"name": "n" * 20, "value": "v" * 20}] * 25) for n in range(8)]),
            "Command exceeds maximum size",
        ),
    ):
        await refused(put(team, bad), 400, 50035, words)
    await refused(put(team, shape(), shape()), 400, 50035, "must be unique")
    await refused(put(team, *(shape(f"c{number}") for number in range(101))), 400, 30032)
    elsewhere = Route("PUT", "/applications/{application_id}/commands", application_id=4711)
    await refused(team.bot.http.request(elsewhere, json=[]), 403, 20012)


async def test_creations_a_day_are_counted(team: Team) -> None:
    await put(team, *(shape(f"a{number}") for number in range(100)))
    await put(team, *(shape(f"b{number}") for number in range(100)))
    await put(team, *(shape(f"b{number}") for number in range(100)))

    await refused(put(team, shape("one-too-many")), 400, 30034)
