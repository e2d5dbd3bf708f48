"""Discord from end to end: who is heard, what was missed, what is edited or deleted before it runs."""

from __future__ import annotations

import pytest

from tests.e2e.desk import configure, in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import Discord

pytestmark = pytest.mark.wall_clock


async def test_what_was_written_while_the_daemon_was_away_is_handled_once_and_in_order(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo first")
        await thread.sees("✅")
        direct = desk.at(desk.who.direct())
        direct.say("echo direct")
        await direct.sees("✅")
    thread.say("echo second")
    thread.say("echo third")
    direct.say("echo direct again")
    desk.say(f"<@{discord.bot.id}> echo by mention")
    by_hand = desk.at(desk.who.open_thread(desk.channel, "Opened meanwhile"))
    by_hand.say("echo by hand")
    for _ in range(2):
        async with house.daemon():
            await thread.sees("third")
            await direct.sees("direct again")
            await by_hand.sees("by hand")
            await eventually(lambda: len(house.prompts()) == 7)
            await thread.wait(lambda: thread.text.count("✅") == 3 or None)
    prompts = house.prompts()
    assert [one for one in prompts if one in ("echo second", "echo third")] == ["echo second", "echo third"]
    assert sorted(prompts) == sorted(set(prompts))


async def test_old_threads_of_a_channel_are_left_alone(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    old = desk.at(desk.who.open_thread(desk.channel, "Long ago"))
    old.say("echo old")
    desk.say(f"<@{discord.bot.id}> echo old too")
    for _ in range(2):
        async with house.daemon():
            thread = await desk.new()
            thread.say("echo new")
            await thread.sees("new")
    assert house.prompts() == ["echo new", "echo new"]


async def test_edits_and_deletions_of_queued_messages(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo begun; permission")
        await thread.wait(lambda: "Allow" in thread.labels or None)
        changed = thread.say("echo as it was")
        gone = thread.say("echo never")
        await thread.wait(lambda: thread.text.count("Queued") == 2 or None)
        desk.who.edit(changed, "echo as it is")
        desk.who.delete(gone)
        await thread.wait(lambda: thread.text.count("Queued") == 1 or None)
        await thread.press("Allow")
        await thread.sees("as it is")
        desk.who.edit(changed, "echo too late")
        await thread.press("Send as new")
        await thread.sees("too late")
    assert house.prompts() == ["echo begun; permission", "echo as it is", "echo too late"]


async def test_strangers_bots_and_other_servers(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    mallory = discord.person("Mallory", desk.guild)
    robot = discord.other_bot("Robot", desk.guild)
    elsewhere = discord.guild("Elsewhere", desk.who)
    foreign = discord.text_channel(elsewhere, "agents")
    async with house.daemon():
        thread = await desk.new()
        before = len(discord.calls)
        mallory.write(thread.channel, "echo let me in")
        mallory.write(mallory.direct(), "/start")
        mallory.write(desk.channel, f"<@{discord.bot.id}> echo let me in")
        robot.write(thread.channel, "echo let me in")
        desk.who.write(foreign, f"<@{discord.bot.id}> echo not there")
        thread.say("echo for Ann; permission")
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        refused = await mallory.slash(desk.channel, "new").said()
        assert refused.ephemeral and "not allowed" in refused.text
        refused = await mallory.press(question, "Allow").said()
        assert refused.ephemeral and "not allowed" in refused.text
        assert await mallory.autocomplete(desk.channel, "new", "agent", "") == []
        assert question.labels
        told = [call for call in discord.calls[before:] if call.name == "create_message"]
        assert all(str(thread.channel.id) in call.path for call in told)
    assert house.prompts() == ["echo for Ann; permission"]


async def test_a_role_lets_in_and_its_loss_shuts_out(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    bob = discord.person("Bob", desk.guild)
    team = discord.role(desk.guild, "Agents")
    desk.who.give_role(bob, team)
    configure(house, discord, desk.who, desk.guild, desk.channel, allowed_user_ids=[], allowed_role_ids=[team.id])
    async with house.daemon():
        await desk.ready()
        await bob.slash(desk.channel, "new", agent="stub", workspace=".").said()
        thread = desk.at(await desk.new_thread(set()))
        bob.write(thread.channel, "echo by role")
        await thread.sees("✅")
        bob.write(bob.direct(), "echo not here")
    bob.write(thread.channel, "echo in the gap; permission")
    desk.who.write(thread.channel, "echo by nobody")
    async with house.daemon():
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        desk.who.take_role(bob, team)
        refused = await bob.press(question, "Allow").said()
        assert refused.ephemeral and "not allowed" in refused.text
        assert question.labels
        desk.who.give_role(bob, team)
        await bob.press(question, "Allow").answered()
        await thread.wait(lambda: not question.labels or None)
    assert house.prompts() == ["echo by role", "echo in the gap; permission"]


async def test_replies_forwards_and_a_reply_to_a_question(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        first = thread.say("echo something said")
        await thread.sees("✅")
        thread.say("echo about that", reply_to=first)
        await eventually(lambda: "> echo something said\n\necho about that" in house.prompts())
        note = desk.say("a note from elsewhere")
        desk.who.forward(note, thread.channel)
        await eventually(lambda: "a note from elsewhere" in house.prompts())

        thread.say("permission; echo never")
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        thread.say("echo instead", reply_to=question)
        await thread.wait(lambda: not question.labels or None)
        await eventually(lambda: house.prompts()[-1] == "echo instead")


async def test_a_form_is_a_modal(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("form")
        form = await (await thread.press("Answer")).opened()
        assert form.title == "Which one?" and len(form.fields) == 5
        filled = {"colour": "g", "size": "many", "sure": "true", "tags[]": ["x", "z"], "note": "as I said"}
        refused = await desk.who.submit(form, filled).said()
        assert refused.ephemeral and "no whole number" in refused.text
        form = await (await thread.press("Answer")).opened()
        await desk.who.submit(form, filled | {"size": "5"}).answered()
        answered = await thread.sees("Which one?")
        await thread.wait(lambda: not answered.labels or None)
        assert "Green" in answered.text and "Ann" in answered.text
    content = {"colour": "g", "size": 5, "sure": True, "tags": ["x", "z"], "note": "as I said"}
    assert house.answers() == [{"action": "accept", "content": content}]
