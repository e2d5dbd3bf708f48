"""Discord from end to end: what people do while we do not hear it, and what becomes of it when we are cut off again."""

from __future__ import annotations

import pytest

from tests.e2e.desk import Desk, configure, in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import UNAVAILABLE, Discord, Message, hang, slow

pytestmark = pytest.mark.wall_clock


async def test_queued_messages_that_were_deleted_or_edited_while_we_were_away_are_so(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; never")
        await thread.sees("begun")
        _, deleted, edited = (thread.say(f"echo {words}") for words in ("kept", "deleted", "edited"))
        await thread.wait(lambda: thread.text.count("Queued") == 3 or None)
        daemon.kill()
    desk.who.delete(deleted)
    desk.who.edit(edited, "echo with other words")

    async with house.daemon() as daemon:
        await eventually(lambda: house.rows("SELECT 1 FROM prompts WHERE state = 'dropped'"))
        await eventually(lambda: house.rows("SELECT 1 FROM prompts WHERE text = 'echo with other words'"))
        await thread.press("Run the queue")
        await thread.sees("with other words")
        assert "Traceback" not in daemon.log
    assert house.prompts()[-2:] == ["echo kept", "echo with other words"]


async def test_what_was_kept_for_after_the_restart_is_looked_at_before_it_runs(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        busy, asleep = await desk.new(), await desk.new()
        busy.say("echo begun; never")
        await busy.sees("begun")
        asleep.say("echo awake")
        await asleep.sees("✅")
        asleep.say("/finish")
        await eventually(lambda: house.rows("SELECT 1 FROM sessions WHERE state = 'finished'"))
        daemon.ask_to_stop()
        await eventually(lambda: "stopping:" in daemon.log)
        asleep.say("echo kept")
        deleted = asleep.say("echo deleted")
        await asleep.wait(lambda: asleep.text.count("waits for the restart") == 2 or None)
        daemon.ask_to_stop()
        await daemon.ended()
    desk.who.delete(deleted)

    async with house.daemon():
        await asleep.sees("kept")
        asleep.say("echo last")
        await asleep.sees("last")
    assert [one for one in house.prompts() if one in ("echo kept", "echo deleted")] == ["echo kept"]


async def test_killed_in_the_reading_of_what_was_missed_it_is_read_again_and_told_once(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        threads = [await desk.new() for _ in range(3)]
        for thread in threads:
            thread.say("echo begun")
            await thread.sees("✅")
    missed: list[Message] = []
    for number in range(2):
        missed += [thread.say(f"echo missed {number} in {at}") for at, thread in enumerate(threads)]

    async with house.daemon() as daemon:
        discord.fail("get_messages", 1, slow(0.0))
        discord.fail("get_messages", 1, hang(30.0))
        await eventually(lambda: not discord.faults.left("get_messages"))
        await eventually(lambda: house.rows("SELECT count(*) FROM prompts WHERE state = 'ended'") == [(5,)])
        daemon.kill()
    async with house.daemon() as daemon:
        for at, thread in enumerate(threads):
            await thread.sees(f"missed 1 in {at}")
        await eventually(lambda: len(house.prompts()) == 9)
        assert "Traceback" not in daemon.log
    assert sorted(house.prompts()[3:]) == sorted(one.text for one in missed)


@pytest.mark.parametrize("loss", ["resumed", "ready twice", "cut in the reading"])
async def test_losing_the_gateway_again_loses_and_doubles_nothing(discord: Discord, house: House, loss: str) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun")
        await thread.sees("✅")
        connections = len(discord.gateway.identified)
        if loss != "resumed":
            discord.gateway.forget_sessions()
        if loss == "cut in the reading":
            discord.fail("get_messages", 1, hang(1.0))
        discord.gateway.drop()
        thread.say("echo one")
        if loss == "resumed":
            await thread.wait(lambda: discord.gateway.resumed or None)
        else:
            await thread.wait(lambda: len(discord.gateway.identified) > connections or None)
            discord.gateway.forget_sessions()
            discord.gateway.drop()
        thread.say("echo two")
        await thread.sees("two")
        thread.say("echo three")
        await thread.sees("three")
        assert "Traceback" not in daemon.log
    assert house.prompts() == ["echo begun", "echo one", "echo two", "echo three"]


async def test_while_what_was_missed_cannot_be_read_everybody_is_answered(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        direct = desk.at(desk.who.direct())
        missing, other = await desk.new(), await desk.new()
        for one in (missing, other, direct):
            one.say("echo begun")
            await one.sees("✅")
        discord.fail("get_messages", 5000, UNAVAILABLE)
        connections = len(discord.gateway.identified)
        discord.gateway.forget_sessions()
        discord.gateway.drop()
        missing.say("echo overdue")
        await missing.wait(lambda: len(discord.gateway.identified) > connections or None)
        for one in (other, direct):
            one.say("echo live")
        for one in (other, direct):
            await one.sees("live")
        assert "echo overdue" not in house.prompts()
        discord.faults.end("get_messages")
        await missing.sees("overdue")
        assert "Traceback" not in daemon.log
    assert house.prompts().count("echo overdue") == 1
    assert house.prompts().count("echo live") == 2


async def test_a_stranger_whose_roles_cannot_be_read_holds_up_nobody(discord: Discord, house: House) -> None:
    ann = discord.person("Ann")
    guild = discord.guild("Team", ann)
    channel, role = discord.text_channel(guild, "agents"), discord.role(guild, "devs")
    configure(house, discord, ann, guild, channel, allowed_role_ids=[role.id])
    desk = Desk(discord, ann, guild, channel)
    async with house.daemon():
        visited, other = await desk.new(), await desk.new()
        for one in (visited, other):
            one.say("echo begun")
            await one.sees("✅")
    discord.person("Eve", guild).write(visited.channel, "hi, I am nobody")
    other.say("echo overdue")
    discord.fail("get_guild_member", 5000, UNAVAILABLE)

    async with house.daemon() as daemon:
        await other.sees("overdue")
        other.say("echo live")
        await other.sees("live")
        assert discord.faults.left("get_guild_member")
        assert "Traceback" not in daemon.log
    assert house.prompts()[2:] == ["echo overdue", "echo live"]


async def test_a_server_that_is_away_at_the_start_is_taken_up_when_it_is_back(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo begun; slow 4 0.5; echo and done")
        await thread.sees("begun")
    thread.say("echo missed")
    discord.outage(desk.guild)

    async with house.daemon() as daemon:
        await eventually(lambda: "tells nothing of the server" in daemon.log)
        discord.outage(desk.guild, away=False)
        await thread.sees("missed")
        thread.say("echo after")
        await thread.sees("after")
        assert "Traceback" not in daemon.log
    assert house.prompts().count("echo missed") == 1


async def test_the_channel_is_deleted_in_mid_turn_and_a_new_one_is_made(discord: Discord, house: House) -> None:
    ann = discord.person("Ann")
    guild = discord.guild("Team", ann)
    lobby = discord.text_channel(guild, "lobby")
    configure(house, discord, ann, guild, lobby, channel_id=None)
    async with house.daemon() as daemon:
        own = await discord.until(lambda: next((one for one in guild.channels.values() if one.name == "openacp"), None))
        assert own is not None
        desk = Desk(discord, ann, guild, own)
        thread, idle = await desk.new(), await desk.new()
        idle.say("echo idle")
        await idle.sees("✅")
        await idle.wait(lambda: idle.channel.name == "echo idle" or None)
        thread.say("echo before; permission; echo after")
        await thread.wait(lambda: next((one for one in thread.messages if "Allow" in str(one.labels)), None))

        ann.delete_channel(own)
        made = await discord.until(
            lambda: next((one for one in guild.channels.values() if one.name == "openacp" and one is not own), None)
        )
        assert made is not None
        desk = desk.at(made)
        thread = desk.at(await desk.new_thread(set()))
        await thread.press("Allow")
        await thread.sees("after")
        await desk.sees("goes on in a new one")
        assert "Traceback" not in daemon.log
        assert len(discord.threads(made)) == 1
    assert sum(one.name == "openacp" for one in guild.channels.values()) == 1


async def test_a_configured_channel_that_is_deleted_is_told_and_another_takes_over(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    direct = desk.at(desk.who.direct())
    async with house.daemon() as daemon:
        await desk.ready()
        direct.say("echo in private")
        await direct.sees("✅")
        thread = await desk.new()
        thread.say("echo before; permission; echo after")
        await thread.wait(lambda: next((one for one in thread.messages if "Allow" in str(one.labels)), None))
        desk.who.delete_channel(desk.channel)
        await direct.sees("set discord.channel_id to another channel")
        assert "Traceback" not in daemon.log

        await eventually(lambda: house.rows("SELECT 1 FROM places WHERE refused <> ''"))
    other = discord.text_channel(desk.guild, "other")
    configure(house, discord, desk.who, desk.guild, other)

    async with house.daemon() as daemon:
        desk = desk.at(other)
        thread = desk.at(await desk.new_thread(set()))
        thread.say("echo here again")
        await thread.sees("here again")
        assert "Traceback" not in daemon.log
