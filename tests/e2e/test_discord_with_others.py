"""One daemon, a session in a Discord thread and one in a Telegram topic, and the page at both of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.desk import Desk
from tests.e2e.house import House
from tests.e2e.phone import Phone
from tests.sims.discord import Discord
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    """A Discord that must find nothing strange in what it is asked."""
    async with Discord() as sim:
        yield sim
        assert sim.strange == []


async def test_the_page_is_at_a_discord_and_a_telegram_session_at_once(
    discord: Discord, sim: Telegram, house: House
) -> None:
    ann, alice = discord.person("Ann"), sim.person("Alice")
    guild, forum = discord.guild("Team", ann), sim.forum("Work", alice)
    channel = discord.text_channel(guild, "agents")
    house.configure(
        "--resume",
        discord={"token": discord.token, "api_base_url": discord.url, "allowed_user_ids": [ann.id]}
        | {"guild_id": guild.id, "channel_id": channel.id},
        telegram={"token": sim.token, "api_base_url": sim.url, "allowed_user_ids": [alice.id], "chat_id": forum.id},
    )
    async with house.daemon() as daemon:
        thread = await Desk(discord, ann, guild, channel).new()
        topic = await Phone(sim, alice, forum).new()
        thread.say("echo from Discord; permission; echo and on")
        question = await thread.wait(lambda: next((one for one in thread.messages if "Allow" in one.labels), None))
        topic.say("echo from Telegram")
        await topic.sees("from Telegram")
        sessions = dict(house.rows("SELECT adapter, session FROM places"))

        async with daemon.tab(sessions["discord"]) as one, daemon.tab(sessions["telegram"]) as two:
            await one.press("Allow")
            await thread.sees("and on")
            await thread.wait(lambda: not question.labels or None)
            await one.until(lambda: "and on" in one.answer)
            await two.send("echo from the page")
            await topic.sees("from the page")
            await one.send("echo from the other page")
            mirrored = await thread.sees("from the other page")
            await two.until(lambda: "from the page" in two.answer)

    assert "on the page" in mirrored.text and "> echo from the other page" in mirrored.text
    assert "Telegram" not in thread.text and "Discord" not in topic.text
