"""Discord from end to end: slash commands, their steps, menus, forms, and what is offered while typing."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.desk import in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import Discord

pytestmark = pytest.mark.wall_clock

PRIVATE = ("help", "start", "menu", "status", "sessions")


async def test_new_asks_for_agent_and_directory_and_opens_a_thread(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        asked = await desk.run("new").said()
        assert "which agent" in asked.text
        await desk.press("stub")
        await desk.wait(lambda: "in which directory" in asked.text or None)

        form = await (await desk.press("Type a path")).opened()
        assert [field["label"] for field in form.fields] == ["Workspace"]
        desk.who.submit(form, Workspace="proj")
        await desk.press("Create")
        thread = desk.at(await desk.new_thread(set()))

        await desk.wait(lambda: f"channels/{desk.guild.id}/{thread.channel.id}" in asked.text or None)
        assert asked.labels == []
        assert desk.who.id in thread.channel.joined
        thread.say("echo hello")
        await thread.sees("hello")
        assert (house.workspace / "proj").is_dir()


async def test_private_answers_are_for_the_asker_alone_and_all_commands_answer(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        for name in PRIVATE:
            assert (await desk.run(name).said()).ephemeral
        for command in list(discord.commands.values()):
            if command.name in ("agent", "new", *PRIVATE):
                continue
            answer = await desk.run(command.name).answered()
            assert not answer.failed


async def test_a_menu_and_buttons_of_the_private_list(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        for _ in range(11):
            await desk.run("new", agent="stub", workspace=".").said()
        await desk.wait(lambda: len(discord.threads(desk.channel)) == 11 or None)
        listed = await desk.run("sessions").said()
        assert listed.ephemeral and "1–10 of 11" in listed.text
        await desk.who.press(listed, "Next").answered()
        await desk.wait(lambda: "11–11 of 11" in listed.text or None)
        await desk.who.press(listed, "Back").answered()
        await desk.wait(lambda: "1–10 of 11" in listed.text or None)

        named = discord.threads(desk.channel)[-1]
        await desk.who.choose(listed, named.name).answered()
        await desk.wait(lambda: "Rename" in listed.labels or None)
        assert listed.labels == ["Open", "Rename", "Pin", "Archive", "Delete", "Back"]
        assert listed.text.count(named.name) == 1
        form = await desk.who.press(listed, "Rename").opened()
        assert [field["value"] for field in form.fields] == [named.name]
        renamed = await desk.who.submit(form, {"Title": "Pears"}).said()
        assert renamed.ephemeral and "Pears" in renamed.text
        await desk.wait(lambda: named.name == "Pears" or None)
        assert (await desk.who.press(listed, "Pin").said()).ephemeral
        await desk.who.press(listed, "Back").answered()
        await desk.wait(lambda: ("Pears" in listed.text and "pinned" in listed.text) or None)


async def test_options_are_offered_while_typing(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        who, channel = desk.who, desk.channel
        assert await who.autocomplete(channel, "new", "agent", "st") == ["stub"]
        assert str(house.workspace) in await who.autocomplete(channel, "new", "workspace", "")
        (house.workspace / "proj" / "src").mkdir(parents=True)
        assert await who.autocomplete(channel, "new", "workspace", "proj/") == [str(house.workspace / "proj" / "src")]
        thread = await desk.new()
        thread.say("commands")
        await thread.sees("✅")
        (session,) = house.rows("SELECT id FROM sessions")[0]
        assert await who.autocomplete(channel, "status", "session", "") == [session]
        offered = await who.autocomplete(thread.channel, "agent", "name", "")
        assert offered

        status = await desk.run("status", session=session).said()
        assert "Workspace" in status.text and status.ephemeral
        thread.run("agent", name=offered[0], message="now")
        await eventually(lambda: f"/{offered[0]} now" in house.prompts())
        thread.say(f"/agent {offered[0]} typed")
        await eventually(lambda: f"/{offered[0]} typed" in house.prompts())
        thread.say("/status")
        await thread.sees("Workspace")


async def test_commands_are_set_once_however_often_the_daemon_starts(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    for _ in range(2):
        async with house.daemon():
            await desk.ready()
            thread = await desk.new()
            thread.say("echo here")
            await thread.sees("here")

    assert len([call for call in discord.calls if call.name == "bulk_overwrite_guild_commands"]) == 1, {
        call.name for call in discord.calls
    }


async def test_the_private_greeting_leads_to_a_thread(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        greeting = await desk.run("start").said()
        asked = await desk.who.press(greeting, "New session").said()
        assert asked.ephemeral and "which agent" in asked.text
        await desk.who.press(asked, "stub").answered()
        await desk.wait(lambda: "in which directory" in asked.text or None)
        form = await desk.who.press(asked, "Model").opened()
        await desk.who.submit(form, {"Model": "fast"}).answered()
        await desk.wait(lambda: "Model: fast" in asked.labels or None)
        await desk.who.press(asked, "Base directory").answered()
        thread = desk.at(await desk.new_thread(set()))
        await desk.wait(lambda: str(thread.channel.id) in asked.text or None)
        assert "as soon as it is open" not in asked.text and asked.labels == []


async def test_help_shows_what_one_fills_in(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        told = (await desk.run("help").said()).text
        shown = {command.name for command in discord.commands.values()}
        assert {line.split()[0].strip("/:*`") for line in told.splitlines() if line.startswith(("/", "`/"))} == shown
        assert "/new [agent] [workspace] [model] [message]" in told and "--model" not in told
        assert "/agent name [message]" in told


async def test_a_typed_command_that_nobody_knows_is_answered_in_the_channel(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        desk.say("/usr/bin is a path, and this is chatter")
        desk.say("chatter, too")
        typed = desk.say("/nwe stub")
        answer = await desk.sees("Did you mean /new?")
        assert answer.reply_to is typed
        desk.say("/quux")
        await desk.sees("There is no command /quux")
        assert len(desk.messages) == 2 and not house.rows("SELECT 1 FROM sessions")


async def test_a_flood_of_key_strokes_among_many_sessions_holds_nothing_up(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.new()
    _multiply_the_session(house, 300)
    async with house.daemon() as daemon:
        await desk.ready()
        async with asyncio.TaskGroup() as people:
            offers = [
                people.create_task(desk.who.autocomplete(desk.channel, "status", "session", f"copy {number:03}"))
                for number in range(50)
            ]
            status = people.create_task(desk.run("status").said())
        assert "301" in status.result().text
        assert [f"copy{number}" in offer.result() for number, offer in enumerate(offers)] == [True] * 50
        assert "Traceback" not in daemon.log


def _multiply_the_session(house: House, copies: int) -> None:
    columns = [name for _, name, *_ in house.rows("PRAGMA table_info(sessions)")]
    changed = {"id": "?", "sought": "?"}
    values = ", ".join(changed.get(name, name) for name in columns)
    with closing(sqlite3.connect(house.data / "openacp.db")) as database, database:
        titles = [(f"copy{number}", f"session copy {number:03}") for number in range(copies)]
        database.executemany(f"INSERT INTO sessions SELECT {values} FROM sessions LIMIT 1", titles)
