"""The simulated gateway through the real discord.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.sims.discord import Discord, Intent, Overwrite, Right
from tests.sims.discord.client import INTENTS, Bot, Team, a_team, connected, logged_in, pointed_at

pytestmark = pytest.mark.wall_clock


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


async def test_ready_comes_with_guilds_channels_and_active_threads() -> None:
    async with Discord() as sim:
        ann = sim.person("Ann")
        guild = sim.guild("Team", ann)
        channel = sim.text_channel(guild, "general")
        active, old, private = (ann.open_thread(channel, name) for name in ("active", "old", "private"))
        ann.archive(old)
        private.kind = 12
        sim.forum(guild, "Work", "bug")
        guild.members[sim.bot.id].roles.clear()  # nobody who manages threads sees private ones
        sim.guild("Elsewhere", ann, bot=False)

        async with connected(sim) as bot:
            (seen,) = bot.guilds
            assert sorted(one.name for one in seen.channels) == ["Work", "general"]
            assert [one.id for one in seen.threads] == [active.id]
            assert seen.me.id == sim.bot.id
            assert [tag.name for tag in seen.forums[0].available_tags] == ["bug"]


async def test_a_dropped_connection_is_resumed_without_loss(team: Team) -> None:
    await team.text.send("before")
    await team.bot.hears("message")
    team.sim.gateway.drop()
    team.ann.write(team.channel, "meanwhile")

    heard: discord.Message = await team.bot.hears("message", 2)

    assert heard.content == "meanwhile"
    await team.bot.hears("resumed")
    assert (team.sim.gateway.resumed, len(team.sim.gateway.identified)) == (1, 1)


async def test_a_request_to_reconnect_is_followed(team: Team) -> None:
    team.sim.gateway.ask_to_reconnect()

    await team.bot.hears("resumed")


async def test_a_session_declared_invalid_is_begun_anew(team: Team) -> None:
    team.sim.gateway.invalidate()

    await team.bot.hears("ready", 2)
    assert len(team.sim.gateway.identified) == 2


async def test_a_session_that_was_forgotten_is_begun_anew(team: Team) -> None:
    team.sim.gateway.forget_sessions()
    team.sim.gateway.drop()
    await team.bot.hears("ready", 2)

    team.ann.write(team.channel, "again")

    assert (await team.bot.hears("message")).content == "again"


async def test_a_code_that_is_not_fatal_is_survived(team: Team) -> None:
    team.sim.gateway.close(4000)

    await team.bot.hears("resumed")
    assert team.sim.gateway.closed == [4000]


async def test_intents_that_are_not_enabled_are_refused() -> None:
    async with Discord(privileged=Intent.NONE) as sim, logged_in(sim) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await _connected_until_it_dies(bot)

        assert sim.gateway.closed == [4014]


async def test_a_wrong_token_is_refused() -> None:
    async with Discord() as sim:
        with pointed_at(sim):
            async with Bot(INTENTS) as bot:
                with pytest.raises(discord.LoginFailure):
                    await bot.login("wrong")
            async with logged_in(sim) as bot:
                bot.http.token = "wrong"
                with pytest.raises(discord.ConnectionClosed) as caught:
                    await _connected_until_it_dies(bot)

        assert caught.value.code == 4004


async def test_without_the_content_intent_texts_are_empty() -> None:
    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    async with a_team({"privileged": Intent.NONE}, intents=intents) as team:
        team.ann.write(team.channel, "secret", files={"a.txt": b"x"})
        team.ann.write(team.channel, f"for <@{team.sim.bot.id}>")
        team.ann.write(team.ann.direct(), "direct")
        await team.text.send("own")

        heard = [await team.bot.hears("message", n) for n in (1, 2, 3, 4)]

        assert [message.content for message in heard] == ["", f"for <@{team.sim.bot.id}>", "direct", "own"]
        assert heard[0].attachments == []
        assert (await team.text.fetch_message(heard[0].id)).content == ""


async def test_events_come_only_where_an_intent_covers_them() -> None:
    async with a_team(intents=discord.Intents(guilds=True)) as team:
        team.ann.write(team.channel, "unheard")
        team.sim.text_channel(team.guild, "new")

        await team.bot.hears("guild_channel_create")
        assert team.bot.all("message") == []


async def test_a_role_taken_is_told_with_the_members_intent_and_seen_in_messages() -> None:
    intents = discord.Intents(guilds=True, guild_messages=True, members=True)
    async with a_team(intents=intents) as team:
        bob = team.sim.person("Bob", team.guild)
        role = team.sim.role(team.guild, "coders")
        team.ann.give_role(bob, role)
        bob.write(team.channel, "x")
        team.ann.take_role(bob, role)
        bob.write(team.channel, "y")

        with_role, without = [await team.bot.hears("message", n) for n in (1, 2)]

        assert len(team.bot.all("member_update")) == 2
        assert [one.author.id for one in (with_role, without)] == [bob.id, bob.id]
        assert team.guild.members[bob.id].roles == []


async def test_channels_and_threads_that_go_are_told(team: Team) -> None:
    other = team.sim.text_channel(team.guild, "other")
    thread = team.ann.open_thread(team.channel, "talk")
    await team.bot.hears("thread_create")

    team.ann.delete_channel(thread)
    team.ann.delete_channel(other)

    assert (await team.bot.hears("raw_thread_delete")).thread_id == thread.id
    assert (await team.bot.hears("guild_channel_delete")).id == other.id


async def test_what_lies_out_of_sight_is_not_told(team: Team) -> None:
    team.sim.set_overwrite(team.channel, Overwrite(team.sim.bot.id, 1, deny=Right.VIEW_CHANNEL))
    team.ann.open_thread(team.channel, "hidden")
    team.sim.text_channel(team.guild, "seen")

    await team.bot.hears("guild_channel_create")
    assert team.bot.all("thread_create") == []


async def test_a_guild_may_be_away_for_a_while(team: Team) -> None:
    team.sim.outage(team.guild)
    await team.bot.hears("guild_unavailable")
    team.ann.write(team.channel, "nobody tells of it")
    team.sim.outage(team.guild, away=False)
    await team.bot.hears("guild_available", 2)

    team.ann.write(team.channel, "back")

    assert (await team.bot.hears("message")).content == "back"


async def test_members_are_sent_on_request(team: Team) -> None:
    guild = team.text.guild

    (found,) = await guild.query_members(user_ids=[team.ann.id])

    assert found.name == "ann"


async def _connected_until_it_dies(bot: Bot) -> None:
    async with asyncio.timeout(10):
        await bot.connect()


# --- away ----------------------------------------------------------------------------------------


async def test_the_library_dies_if_the_gateway_is_away_at_first() -> None:
    async with Discord() as sim, logged_in(sim) as bot:
        sim.gateway_away = True
        with pytest.raises(AttributeError):
            await _connected_until_it_dies(bot)

        sim.gateway_away = False
        async with connected(sim):
            pass


async def test_the_library_dies_if_rest_is_away_at_login() -> None:
    async with Discord() as sim:
        sim.rest_away = True
        with pytest.raises(aiohttp.ClientError):
            async with logged_in(sim):
                pass
        sim.rest_away = False
        await sim.down()
        with pytest.raises(aiohttp.ClientError):
            async with logged_in(sim):
                pass
        await sim.up()
        async with logged_in(sim) as bot:
            assert bot.user and bot.user.id == sim.bot.id


async def test_a_server_that_was_away_for_a_while_is_found_again(team: Team) -> None:
    await team.sim.down()
    team.ann.write(team.channel, "meanwhile")
    await team.sim.up()

    assert (await team.bot.hears("message")).content == "meanwhile"
