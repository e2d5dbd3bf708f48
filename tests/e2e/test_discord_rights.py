"""A real daemon whose rights in Discord change, and what it says of that; and what its log never holds."""

from __future__ import annotations

import json

import pytest

from tests.e2e.desk import Desk, configure, in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import BOT, Discord, Right

pytestmark = pytest.mark.wall_clock


def at_work(discord: Discord, house: House) -> Desk:
    """In a server where the bot has no more rights than it needs."""
    ann = discord.person("Ann")
    guild = discord.guild("Team", ann, rights=BOT)
    channel = discord.text_channel(guild, "agents")
    configure(house, discord, ann, guild, channel)
    return Desk(discord, ann, guild, channel)


async def test_a_question_that_may_not_be_asked_in_its_thread_is_told_beside_it(discord: Discord, house: House) -> None:
    desk = at_work(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; slow 3 0.3; permission; echo allowed")
        await thread.sees("begun")
        discord.restrict(desk.guild, Right.SEND_IN_THREADS)
        told = await desk.sees("The bot may not write in the thread of")
        assert "Send Messages in Threads" in told.text
        discord.set_rights(desk.guild, desk.guild.everyone, BOT)
        await thread.press("Allow")
        await thread.sees("allowed")
        assert desk.text.count("may not write") == 1
        assert "Traceback" not in daemon.log


async def test_without_the_right_to_manage_threads_archiving_closes_the_thread_all_the_same(
    discord: Discord, house: House
) -> None:
    desk = at_work(discord, house)
    async with house.daemon() as daemon:
        discord.restrict(desk.guild, Right.MANAGE_THREADS)
        thread = await desk.new()
        thread.say("echo hello")
        await thread.sees("✅")
        thread.run("archive")
        await thread.press("Confirm")
        await thread.wait(lambda: thread.channel.archived or None)
        assert not thread.channel.locked
        assert "cannot be changed" not in daemon.log


async def test_a_command_of_the_agent_outside_of_a_session_begins_none(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        answer = await desk.run("agent", name="compact").said()
        assert "There is no session here. /new starts one" in answer.text
        await desk.run("new", agent="stub", workspace=".").said()
        await desk.sees(f"https://discord.com/channels/{desk.guild.id}/")
        assert house.prompts() == []


async def test_the_log_holds_no_tokens_and_no_signed_addresses_however_much_it_tells(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    file = house.folder / "config.yaml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"logging": {"level": "debug"}}))
    async with house.daemon() as daemon:
        thread = await desk.new(agent="demo")
        desk.who.write(thread.channel, "run date", files={"data.csv": b"col\n1\n"})
        await thread.press("Allow")
        discord.gateway.drop()
        await eventually(lambda: discord.gateway.resumed)
        await thread.run("status").said()
        desk.who.write(thread.channel, "image")
        await thread.wait(lambda: next((one for one in thread.messages if one.attachments), None))
        log = daemon.log

    assert discord.token not in log
    assert discord.interactions and not [one for one in discord.interactions.values() if one.token in log]
    assert "ex=" not in log and "hm=" not in log
