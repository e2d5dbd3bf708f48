"""Where the bot works, and what it may do there: told when it is so, and noticed when it changes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from openacp_bot.core.inbound import Reply
from tests.discord.house import House, guild_of, house, shown, where
from tests.fakes import ScriptedHub
from tests.sims.discord import BOT, Channel, Discord, Intent, Person, Right
from tests.sims.discord.world import TEXT

UP = "discord: up as"


@pytest.fixture
def bare(discord: Discord, ann: Person) -> Channel:
    """In a server where the bot has no more rights than it needs."""
    return discord.text_channel(discord.guild("Bare", ann, rights=BOT), "agents")


async def test_it_is_up_once_the_gateway_has_taken_it_and_nothing_is_wrong(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    discord.privileged = Intent.NONE
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.until(lambda: "Message Content Intent" in home.adapter.status)
        assert UP not in caplog.text and "was lost" not in caplog.text
        discord.privileged = Intent.CONTENT
        await home.until(lambda: UP in caplog.text)

    assert caplog.text.count(UP) == 1


async def test_it_is_not_up_without_its_channel(
    discord: Discord, ann: Person, bare: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild = guild_of(bare)
    discord.restrict(guild, Right.ATTACH_FILES)
    async with house(discord, tmp_path, ScriptedHub(), bare, ann) as home:
        await home.until(lambda: "Attach Files" in home.adapter.status and discord.commands)
        assert UP not in caplog.text
        discord.set_rights(guild, guild.everyone, BOT)
        await home.until(lambda: UP in caplog.text)


async def test_rights_that_are_given_again_open_a_thread_at_once(
    discord: Discord, ann: Person, bare: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guild, hub = guild_of(bare), ScriptedHub()
    async with house(discord, tmp_path, hub, bare, ann) as home:
        await home.up()
        thread = discord.make_thread(bare, discord.bot, "One")
        discord.restrict(guild, Right.SEND_IN_THREADS)
        await home.adapter._outbox.reply(where(thread), Reply("hello"), key="k1")
        await home.until(lambda: "nothing may be said" in caplog.text)
        discord.set_rights(guild, guild.everyone, BOT)
        await shown(discord, thread, "hello")


async def test_a_role_that_is_given_to_the_bot_opens_a_thread_at_once(
    discord: Discord, ann: Person, bare: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guild, hub = guild_of(bare), ScriptedHub()
    (role,) = guild.members[discord.bot.id].roles
    async with house(discord, tmp_path, hub, bare, ann) as home:
        await home.up()
        thread = discord.make_thread(bare, discord.bot, "One")
        discord.restrict(guild, Right.SEND_IN_THREADS)
        ann.take_role(discord.bot, role)
        discord.set_rights(guild, role, BOT)
        await home.adapter._outbox.reply(where(thread), Reply("hello"), key="k1")
        await home.until(lambda: "nothing may be said" in caplog.text)
        ann.give_role(discord.bot, role)
        await shown(discord, thread, "hello")


async def test_a_channel_that_was_never_there_leaves_nothing_behind(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = Channel(discord.new_id(), agents.kind, "mistyped", guild_of(agents))
    async with house(discord, tmp_path, ScriptedHub(), given, ann) as home:
        await home.until(lambda: "or correct the id" in home.adapter.status)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await home.until_noted("channel", agents.id)

    assert "go on in" not in caplog.text


async def test_a_stranger_s_interactions_leave_one_line(
    home: House, discord: Discord, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    eve = discord.person("Eve", guild_of(agents))
    for _ in range(3):
        await eve.slash(agents, "new").said()

    assert caplog.text.count(f"discord:{eve.id}") == 1


async def test_a_forum_in_which_tags_may_not_be_made_is_told_with_the_right_that_it_takes(
    discord: Discord, ann: Person, tmp_path: Path
) -> None:
    forum = discord.forum(discord.guild("Team", ann, rights=BOT & ~Right.MANAGE_CHANNELS), "posts")
    async with house(discord, tmp_path, ScriptedHub(), forum, ann) as home:
        await home.up()
        assert "Manage Channels" in home.adapter.status


async def test_the_channel_that_it_makes_says_how_to_begin(discord: Discord, ann: Person, tmp_path: Path) -> None:
    guild = discord.guild("Team", ann)
    none = Channel(0, TEXT, "none", guild)
    async with house(discord, tmp_path, ScriptedHub(), none, ann) as home:
        await home.up()

    (made,) = (one for one in guild.channels.values() if one.name == "openacp")
    assert "/new" in (made.topic or "")
