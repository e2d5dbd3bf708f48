"""A real daemon while Discord, its gateway, or the people in it make trouble."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.e2e.desk import Desk, configure, in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import (
    BAD_GATEWAY,
    BAD_GATEWAY_AFTER,
    BANNED,
    BOT,
    CUT_AFTER,
    SERVER_ERROR,
    UNAUTHORIZED,
    UNREADABLE,
    Discord,
    Fault,
    Intent,
    Limits,
    Right,
    flood,
)

pytestmark = pytest.mark.wall_clock


FAULTS = {
    "500": SERVER_ERROR,
    "502 before": BAD_GATEWAY,
    "502 after": BAD_GATEWAY_AFTER,
    "cut after": CUT_AFTER,
    "unreadable": UNREADABLE,
    "flood": flood(0.5),
    "global flood": flood(0.5, "global"),
    "long flood": flood(3.0),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_failing_rest_delays_an_answer_and_doubles_nothing(
    discord: Discord, house: House, fault: Fault
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        for route in ("create_message", "edit_message"):
            discord.fail(route, 2, fault)
        thread.say("echo through the storm")
        await thread.sees("through the storm")
        await thread.wait(lambda: "✅" in thread.text or None)
        assert thread.text.count("through the storm") == 1
        assert "repeat" not in thread.text
        assert "Traceback" not in daemon.log


async def test_a_slash_command_through_a_failing_rest(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        discord.fail("create_interaction_response", 1, CUT_AFTER)
        answer = await desk.run("new", agent="stub", workspace=".").said()
        thread = await desk.new_thread(set())
        await desk.wait(lambda: str(thread.id) in answer.text or None)
        assert [one.text for one in desk.messages].count(answer.text) == 1


async def test_an_interaction_that_cannot_be_answered_at_all_leaves_the_daemon_as_it_is(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        await desk.ready()
        discord.fail("create_interaction_response", 100, UNREADABLE)
        desk.run("status")
        await eventually(lambda: "was not taken" in daemon.log)
        discord.faults.end("create_interaction_response")
        assert "Slots:" in (await desk.run("status").said()).text
        assert "Traceback" not in daemon.log


async def test_rest_and_gateway_are_away_at_the_start_and_later(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    await discord.down()
    async with house.daemon() as daemon:
        await eventually(lambda: "cannot be reached" in daemon.log)
        await discord.up()
        thread = await desk.new()
        thread.say("echo one")
        await thread.sees("one")
        await discord.down()
        await eventually(lambda: "connection to Discord was lost" in daemon.log)
        await discord.up()
        await thread.wait(lambda: discord.gateway.resumed or len(discord.gateway.identified) > 1 or None)
        thread.say("echo two")
        await thread.sees("two")
        assert "Traceback" not in daemon.log


async def test_the_gateway_alone_is_away_at_the_start(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    discord.gateway_away = True
    async with house.daemon() as daemon:
        await eventually(lambda: "gateway cannot be reached" in daemon.log)
        discord.gateway_away = False
        thread = await desk.new()
        thread.say("echo here")
        await thread.sees("here")
        assert "Traceback" not in daemon.log


@pytest.mark.parametrize("loss", ["dropped", "reconnect", "invalid"])
async def test_the_gateway_is_lost_in_mid_turn(discord: Discord, house: House, loss: str) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo before; permission; echo after")
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        if loss == "invalid":
            discord.gateway.forget_sessions()
        if loss == "reconnect":
            discord.gateway.ask_to_reconnect()
        else:
            discord.gateway.drop()
        thread.say("echo while away")
        by_hand = desk.at(desk.who.open_thread(desk.channel, "While away"))
        by_hand.say("echo in a new thread")
        await thread.sees("Queued")
        await desk.who.press(question, "Allow").answered()
        await thread.sees("after")
        await thread.sees("while away")
        await by_hand.sees("in a new thread")
        assert house.prompts().count("echo while away") == 1
        assert house.prompts().count("echo in a new thread") == 1
        assert "Traceback" not in daemon.log


async def test_missing_intents_are_told_once_and_the_page_goes_on(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    discord.privileged = Intent.NONE
    async with house.daemon() as daemon:
        await eventually(lambda: "Message Content Intent" in daemon.log)
        async with daemon.browser() as page, page.get("/healthz") as answer:
            assert answer.status == 200
        assert daemon.log.count("Message Content Intent") == 1
        assert "Traceback" not in daemon.log
    assert desk.messages == []


async def test_a_refused_token_is_told_once(discord: Discord, house: House) -> None:
    in_guild(discord, house)
    discord.fail("*", 100, UNAUTHORIZED)
    async with house.daemon() as daemon:
        await eventually(lambda: "Reset Token" in daemon.log)
        async with daemon.browser() as page, page.get("/healthz") as answer:
            assert answer.status == 200
        assert daemon.log.count("Reset Token") == 1
        assert "Traceback" not in daemon.log


async def test_a_cloudflare_ban_is_waited_out(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        discord.fail("create_message", 1, BANNED)
        thread.say("echo hello")
        await eventually(lambda: any(call.status == 429 for call in discord.calls))
        thread.run("status")
        assert "Traceback" not in daemon.log


async def test_closed_for_good_is_told_and_rest_goes_on(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; slow 4 0.5; echo and done")
        await thread.sees("begun")
        discord.gateway.close(4014)
        await thread.sees("and done")
        await thread.wait(lambda: "✅" in thread.text or None)
        assert daemon.log.count("Message Content Intent") == 1
        assert "Traceback" not in daemon.log


async def test_rights_that_are_missing_are_named(discord: Discord, house: House) -> None:
    ann = discord.person("Ann")
    guild = discord.guild("Team", ann, rights=BOT)
    channel = discord.text_channel(guild, "agents")
    discord.restrict(guild, Right.CREATE_PUBLIC_THREADS)
    configure(house, discord, ann, guild, channel)
    desk = Desk(discord, ann, guild, channel)
    async with house.daemon() as daemon:
        await desk.ready()
        await desk.run("new", agent="stub", workspace=".").said()
        refused = await desk.sees("could not be opened")
        assert "Create Public Threads" in refused.text
        assert refused.labels == ["Try again", "End"]
        assert "Create Public Threads" in daemon.log
        assert "Create Public Threads" in (await desk.run("status").said()).text

        bot = next(role for role in guild.roles.values() if role.name == discord.bot.name)
        discord.set_rights(guild, bot, BOT)
        await desk.press("Try again")
        thread = desk.at(await desk.new_thread(set()))
        thread.say("echo it works")
        await thread.sees("it works")


async def test_a_locked_thread_is_written_in_where_that_is_allowed(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo before; wait")
        await thread.sees("before")
        desk.who.archive(thread.channel, locked=True)
        thread.run("cancel")  # Discord takes no first answer there, so it comes as a message
        await thread.sees("Stopping")
        await thread.sees("⛔ Stopped")


async def test_files_go_in_and_out(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new(agent="demo")
        desk.who.write(thread.channel, "help", files={"data.csv": b"col\n1\n"})
        await thread.sees("✅")
        (stored,) = (house.workspace / ".openacp" / "uploads").rglob("*data.csv")
        assert stored.read_bytes() == b"col\n1\n"
        desk.who.write(thread.channel, files={"voice.ogg": b"OggS"}, voice=True)
        await thread.wait(lambda: list((house.workspace / ".openacp" / "uploads").rglob("*voice.ogg")) or None)
        thread.say("image")
        await thread.wait(lambda: next((one for one in thread.messages if one.attachments), None))


async def test_a_very_long_answer_is_its_first_and_last_part_and_a_file(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("chunks 1000 " + "fifty characters of text that go on and on, really.\n")
        file = await thread.wait(lambda: next((one for one in thread.messages if one.attachments), None))
        await thread.wait(lambda: "✅" in thread.text or None)
        assert len(file.attachments[0].data) > 45_000
        assert 3 <= len(thread.messages) <= 5
        assert sum(one.rings for one in thread.messages) == 1, discord.transcript(thread.channel)


async def test_rest_alone_is_away_while_a_turn_ends(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; slow 3 0.3; echo and done")
        await thread.sees("begun")
        discord.rest_away = True
        await eventually(lambda: house.rows("SELECT 1 FROM prompts WHERE state = 'ended'"))
        discord.rest_away = False
        await thread.sees("and done")
        await thread.sees("✅")
        assert thread.text.count("and done") == 1 and "repeat" not in thread.text
        assert "Traceback" not in daemon.log


async def test_a_message_that_takes_no_edits_for_a_while_gets_them_later(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    limit = Fault(429, 30046, "Maximum number of edits to messages older than 1 hour reached", retry_after=0.7)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo begun; slow 8 0.5; echo and done")
        await thread.sees("begun")
        discord.fail("edit_message", 4, limit)
        await thread.sees("and done")
        await thread.sees("✅")
        assert not [one for one in thread.channel.messages.values() if one.author is discord.bot and one.deleted]
        assert thread.text.count("begun") == 1
        assert "refused" not in daemon.log and "Traceback" not in daemon.log


@pytest.mark.parametrize(("late", "pause"), [(0.0, 0.0), (0.1, 0.0), (0.1, 1.0), (0.0, 1.5)])
async def test_a_thread_that_was_opened_by_a_call_that_failed_is_not_opened_twice(
    discord: Discord, house: House, late: float, pause: float
) -> None:
    """Written in at once or later, it is the session's, however late the failure came."""
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        discord.fail("start_thread", 1, replace(BAD_GATEWAY_AFTER, hang=late))
        thread = await desk.new()
        await asyncio.sleep(pause)
        thread.say("echo hello")
        await thread.sees("hello")
        assert len(discord.threads(desk.channel)) == 1
        assert house.rows("SELECT count(*) FROM sessions") == [(1,)]


@pytest.mark.parametrize("fault", [flood(20.0, "global"), BANNED, SERVER_ERROR], ids=["flood", "ban", "500"])
async def test_commands_are_answered_while_the_bot_s_calls_are_refused(
    discord: Discord, house: House, fault: Fault
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        await thread.sees("Just write")
        for route in ("create_message", "edit_message", "trigger_typing"):
            discord.fail(route, 5, fault)
        thread.say("echo hello")
        await eventually(lambda: any(call.status == fault.status for call in discord.calls))
        for _ in range(5):
            assert "Workspace" in (await thread.run("status").said()).text
        assert "Traceback" not in daemon.log


async def test_a_command_that_failed_for_its_person_is_not_carried_out_after_all(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        await desk.ready()
        await desk.run("status").said()
        discord.gateway_away = True
        discord.gateway.drop()
        failing = desk.run("new", agent="stub", workspace=".", message="echo once")
        await eventually(lambda: failing.failed)
        discord.gateway_away = False
        await eventually(lambda: discord.gateway.resumed)
        await desk.run("new", agent="stub", workspace=".", message="echo once").said()
        thread = desk.at(await desk.new_thread(set()))
        await thread.sees("✅")
        assert len(discord.threads(desk.channel)) == 1
        assert house.prompts() == ["echo once"]
        assert "Traceback" not in daemon.log


async def test_where_every_call_takes_a_while_nothing_is_lost_or_doubled(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        discord.slow(1.0)
        thread = await desk.new()
        thread.say("echo hello")
        await thread.sees("hello")
        assert thread.text.count("hello") == 1


async def test_streaming_keeps_within_the_limits_that_discord_is_known_for(house: House) -> None:
    async with Discord(limits=Limits()) as discord:
        desk = in_guild(discord, house)
        async with house.daemon() as daemon:
            threads = [await desk.new() for _ in range(4)]
            for thread in threads:
                thread.say("slow 30 0.2; permission; echo and done")
            for thread in threads:
                await thread.press("Allow")
                await thread.sees("and done")
                await thread.wait(lambda thread=thread: "✅" in thread.text or None)  # type: ignore[misc]
            assert discord.buckets.refused == {}
            assert all(any(len(one.looks) > 2 for one in thread.messages) for thread in threads)
            assert "Traceback" not in daemon.log
        assert discord.strange == []


async def test_replies_that_fill_a_channel_s_bucket_hold_neither_a_growing_text_nor_a_question(house: House) -> None:
    async with Discord(limits=Limits()) as discord:
        desk = in_guild(discord, house)
        async with house.daemon() as daemon:
            thread = await desk.new()
            thread.say("slow 20 0.3; permission; echo and done")
            await thread.sees("0 1")
            began = len(discord.calls)
            for _ in range(6):  # one more than fit
                thread.say("/queue")
            await thread.press("Allow")
            await thread.sees("and done")
            await thread.wait(lambda: "✅" in thread.text or None)

            path = f"/channels/{thread.channel.id}/messages"
            shown = [call.name for call in discord.calls[began:] if call.path.startswith(path)]
            sent = [at for at, name in enumerate(shown) if name == "create_message"]
            assert "edit_message" in shown[sent[0] : sent[5]]
            assert discord.buckets.refused == {}
            assert "Traceback" not in daemon.log
        assert discord.strange == []


@pytest.mark.parametrize("lacking", [Right.MANAGE_THREADS, Right.ATTACH_FILES])
async def test_what_is_refused_in_one_thread_silences_no_other(discord: Discord, house: House, lacking: Right) -> None:
    ann = discord.person("Ann")
    guild = discord.guild("Team", ann, rights=BOT & ~lacking)
    channel = discord.text_channel(guild, "agents")
    configure(house, discord, ann, guild, channel)
    desk = Desk(discord, ann, guild, channel)
    async with house.daemon():
        await desk.ready()
        one, other = await desk.new(), await desk.new()
        one.say("permission; echo done")
        question = await one.wait(lambda: next((said for said in one.messages if "Allow" in str(said.labels)), None))
        other.say("echo begun; slow 8 0.5; permission; echo finished")
        await other.sees("begun")

        if lacking is Right.MANAGE_THREADS:
            ann.archive(one.channel, locked=True)
            ann.press(question, "Allow")
        else:
            await one.press("Allow")
            one.say("chunks 1000 fifty characters of text that go on and on, really. ")

        await other.wait(lambda: next((said for said in other.messages if "Allow" in str(said.labels)), None))


async def test_a_direct_message_leaves_no_error_at_the_next_start(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    direct = desk.at(desk.who.direct())
    async with house.daemon():
        await desk.ready()
        direct.say("echo hello")
        await direct.sees("hello")
    async with house.daemon() as daemon:
        direct.say("echo again")
        await direct.sees("again")

    assert "Traceback" not in daemon.log
