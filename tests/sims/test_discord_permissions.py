"""Roles, overwrites and what the simulated Discord refuses by them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import discord
import pytest

from tests.sims.discord import EVERYTHING, Discord, Overwrite, Right
from tests.sims.discord.client import Team, a_team, refused
from tests.sims.discord.permissions import rights_in

pytestmark = pytest.mark.wall_clock
VIEW, SEND = Right.VIEW_CHANNEL, Right.SEND_MESSAGES


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


def test_overwrites_add_up_in_discords_order() -> None:
    sim = Discord()
    ann, bob = sim.person("Ann"), sim.person("Bob")
    guild = sim.guild("Team", ann, bob)
    channel = sim.text_channel(guild, "general")
    red, blue = (sim.role(guild, name) for name in ("red", "blue"))
    ann.give_role(bob, red)
    ann.give_role(bob, blue)

    def given(*overwrites: Overwrite) -> Right:
        channel.overwrites = {one.id: one for one in overwrites}
        return rights_in(channel, bob) & (VIEW | SEND)

    assert given() == VIEW | SEND
    everyone = Overwrite(guild.id, 0, deny=SEND)
    assert given(everyone) == VIEW
    assert given(everyone, Overwrite(red.id, 0, allow=SEND), Overwrite(blue.id, 0, deny=SEND)) == VIEW | SEND
    assert given(everyone, Overwrite(red.id, 0, allow=SEND), Overwrite(bob.id, 1, deny=SEND)) == VIEW
    assert given(Overwrite(guild.id, 0, deny=VIEW)) == Right(0)
    assert rights_in(channel, ann) == EVERYTHING
    red.permissions = Right.ADMINISTRATOR
    assert given(Overwrite(guild.id, 0, deny=VIEW)) == VIEW | SEND
    assert rights_in(channel, sim.person("Eve")) == Right(0)


async def test_rights_are_asked_for_every_deed(team: Team) -> None:
    bot = team.sim.bot

    def deny(rights: Right) -> None:
        team.sim.set_overwrite(team.channel, Overwrite(bot.id, 1, deny=rights))

    sent = await team.text.send("x")
    asked = await team.text.fetch_message(team.ann.write(team.channel, "go").id)
    deny(Right.SEND_MESSAGES)
    await refused(team.text.send("x"), 403, 50013, "Missing Permissions")
    await refused(team.text.typing().__aenter__(), 403, 50013)
    deny(Right.EMBED_LINKS | Right.ATTACH_FILES | Right.MANAGE_MESSAGES | Right.PIN_MESSAGES | Right.ADD_REACTIONS)
    await refused(team.text.send(embed=discord.Embed(title="t")), 403, 50013)
    await refused(team.text.send(file=discord.File(io.BytesIO(b"x"), "x")), 403, 50013)
    await refused(asked.delete(), 403, 50013)
    await refused(asked.pin(), 403, 50013)
    await refused(asked.add_reaction("👀"), 403, 50013)
    deny(Right.READ_HISTORY)
    assert [one async for one in team.text.history()] == []
    await refused(asked.reply("x"), 400, 160002)
    deny(Right.VIEW_CHANNEL)
    await refused(team.text.send("x"), 403, 50001, "Missing Access")
    await refused(sent.edit(content="x"), 403, 50001)
    await refused(team.bot.fetch_channel(team.channel.id), 403, 50001)
    await refused(team.bot.fetch_channel(4711), 404, 10003, "Unknown Channel")


async def test_what_is_said_out_of_sight_is_not_heard(team: Team) -> None:
    team.sim.set_overwrite(team.channel, Overwrite(team.sim.bot.id, 1, deny=Right.VIEW_CHANNEL))
    other = team.sim.text_channel(team.guild, "other")

    team.ann.write(team.channel, "secret")
    team.ann.write(other, "public")

    assert (await team.bot.hears("message")).content == "public"


async def test_rights_taken_from_the_bot_are_told(team: Team) -> None:
    team.sim.restrict(team.guild, Right.MANAGE_THREADS)
    await team.bot.hears("guild_role_update", 2)

    assert not team.text.permissions_for(team.text.guild.me).manage_threads
    assert team.text.permissions_for(team.text.guild.me).send_messages


async def test_whoever_comes_to_see_a_channel_is_told_its_threads(team: Team) -> None:
    team.sim.set_overwrite(team.channel, Overwrite(team.sim.bot.id, 1, deny=VIEW))
    thread = team.ann.open_thread(team.channel, "Talk")
    team.sim.set_overwrite(team.channel, Overwrite(team.sim.bot.id, 1))

    joined: discord.Thread = await team.bot.hears("thread_join")

    assert joined.id == thread.id


async def test_overwrites_can_be_set_by_those_who_manage_roles(team: Team) -> None:
    everyone = team.text.guild.default_role
    closed = discord.PermissionOverwrite(send_messages=False)

    await refused(team.text.set_permissions(everyone, overwrite=closed), 403, 50013)
    (role,) = team.guild.members[team.sim.bot.id].roles
    role.permissions |= Right.MANAGE_ROLES
    await team.text.set_permissions(everyone, overwrite=closed)

    with pytest.raises(AssertionError, match="can't write"):
        team.sim.person("Bob", team.guild).write(team.channel, "x")
    await team.text.set_permissions(everyone, overwrite=None)
    team.sim.person("Eve", team.guild).write(team.channel, "x")


async def test_roles_are_given_by_those_above_them(team: Team) -> None:
    bob = team.sim.person("Bob", team.guild)
    (mine,) = team.guild.members[team.sim.bot.id].roles
    low, high = team.sim.role(team.guild, "low"), team.sim.role(team.guild, "high")
    low.position, mine.position, high.position = 1, 2, 3
    member = await team.text.guild.fetch_member(bob.id)

    await refused(member.add_roles(discord.Object(low.id)), 403, 50013)
    mine.permissions |= Right.MANAGE_ROLES
    await member.add_roles(discord.Object(low.id))
    await refused(member.add_roles(discord.Object(high.id)), 403, 50013)

    assert team.guild.members[bob.id].roles == [low]
    assert {role.name for role in await team.text.guild.fetch_roles()} == {"@everyone", "TestBot", "low", "high"}
