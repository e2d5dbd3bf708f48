"""Threads and topics that were opened by a call whose answer never came, and what people do with them meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.e2e.desk import in_guild
from tests.e2e.house import House, eventually
from tests.e2e.phone import in_group
from tests.sims import telegram
from tests.sims.discord import BAD_GATEWAY_AFTER, Discord, Fault, hang, slow
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


@pytest.mark.parametrize("resumes", [True, False])
async def test_a_thread_is_not_opened_twice_when_the_network_fails_at_that_moment(
    discord: Discord, house: House, resumes: bool
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        discord.fail("start_thread", 1, slow(2))
        asked = desk.run("new", agent="stub", workspace=".", message="echo from the start")
        await desk.wait(lambda: asked.answer or None)
        discord.gateway.late = 3  # the cut comes before the news of the thread
        thread = desk.at(await desk.new_thread(set()))
        if not resumes:
            discord.gateway.forget_sessions()
        discord.gateway.late = 0
        await discord.down()
        await asyncio.sleep(1)
        await discord.up()
        await thread.sees("✅")
        assert len(discord.threads(desk.channel)) == 1


async def test_a_topic_is_not_opened_twice_when_the_network_fails_at_that_moment(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        await general.sim.wait_for(lambda: sim.called("getUpdates"))
        sim.fail("createForumTopic", 1, telegram.Fault(502, handled=True, hang=3))
        topic = await general.new()
        await sim.down()
        await asyncio.sleep(1)
        await sim.up()
        topic.say("echo in it")
        await topic.sees("✅")
        assert len(sim.topics(general.chat)) == 2  # General is one
        assert len(house.rows("SELECT 1 FROM sessions")) == 1


@pytest.mark.parametrize("fault", [slow(1.5), replace(BAD_GATEWAY_AFTER, hang=1.0)], ids=["late", "lost"])
async def test_a_name_that_a_person_gives_a_thread_that_is_being_opened_stays(
    discord: Discord, house: House, fault: Fault
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        discord.fail("start_thread", 1, fault)
        desk.run("new", agent="stub", workspace=".", message="echo from the start")
        thread = desk.at(await desk.new_thread(set()))
        desk.who.rename(thread.channel, "My own name")
        await eventually(lambda: house.rows("SELECT 1 FROM sessions WHERE title = 'My own name' AND title_rank = 4"))
        await thread.sees("✅")
        thread.say("title From the agent; echo and done")
        await thread.sees("and done")
        await thread.wait(lambda: thread.channel.name == "My own name" or None)


async def test_an_opening_that_hangs_holds_up_nobody_else(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        other = await desk.new()
        await other.sees("Just write")
        by_hand = [desk.at(desk.who.open_thread(desk.channel, f"By hand {number}")) for number in range(6)]
        discord.fail("start_thread", 1, hang(25))
        desk.run("new", agent="stub", workspace=".")
        await eventually(lambda: house.rows("SELECT 1 FROM places WHERE opening_at IS NOT NULL"))
        for one in by_hand:
            one.say("echo by hand")
        other.say("echo important")
        await other.sees("important")
        assert len(discord.called("start_thread")) == 1  # the other's; this one hangs still


async def test_two_renamings_that_are_told_late_are_two(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        await thread.sees("Just write")
        discord.gateway.late = 1.0
        for title in ("One", "Two"):
            thread.say(f"/rename {title}")
        await thread.wait(lambda: thread.channel.name == "Two" or None)
        thread.say("echo settled")
        await thread.sees("settled")
        discord.gateway.late = 0.0
        assert [call.body["name"] for call in discord.called("modify_channel")] == ["One", "Two"]
        thread.say(f"/rename {'a long title ' * 9}")  # more than Discord shows
        await thread.sees("lets nobody rename this thread more often")
        thread.say("echo and on")
        await thread.sees("and on")
        assert len(discord.called("modify_channel")) == 3
