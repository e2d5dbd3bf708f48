"""Discord from end to end: threads that are opened, tagged, renamed, woken, lost; sessions that a message begins."""

from __future__ import annotations

import pytest

from tests.e2e.desk import Desk, configure, in_guild
from tests.e2e.house import House, eventually
from tests.sims.discord import BOT, Discord, Right, slow

pytestmark = pytest.mark.wall_clock


def in_forum(sim: Discord, house: House, *tags: str, rights: int = BOT) -> Desk:
    """Ann in a text channel of a guild in which the bot's own channel is a forum."""
    ann = sim.person("Ann")
    guild = sim.guild("Team", ann, rights=rights)
    sim.forum(guild, "sessions", *tags)
    lobby = sim.text_channel(guild, "lobby")
    forum = next(one for one in guild.channels.values() if one.name == "sessions")
    configure(house, sim, ann, guild, forum)
    return Desk(sim, ann, guild, lobby)


async def test_a_session_in_a_forum_is_a_post_with_state_and_agent(discord: Discord, house: House) -> None:
    lobby = in_forum(discord, house, "mine")
    forum = next(one for one in lobby.guild.channels.values() if one.name == "sessions")
    async with house.daemon():
        await lobby.ready()
        answer = await lobby.run("new", agent="stub", workspace=".").said()
        (post,) = await lobby.wait(lambda: discord.threads(forum) or None)
        desk = lobby.at(post)
        await desk.wait(lambda: "Just write." in desk.text or None)
        assert [one.id for one in desk.messages] == [post.id]
        await lobby.wait(lambda: str(post.id) in answer.text or None)
        await desk.wait(lambda: set(post.tag_names) == {"active", "stub"} or None)

        lobby.who.tag(post, "active", "stub", "mine")
        desk.say("echo hello; leave 3")
        await desk.sees("hello")
        await desk.wait(lambda: set(post.tag_names) == {"error", "stub", "mine"} or None)
        desk.say("echo again")
        await desk.sees("again")
        await desk.wait(lambda: set(post.tag_names) == {"active", "stub", "mine"} or None)

        by_hand = desk.at(lobby.who.open_post(forum, "Mine by hand", "echo from the post"))
        await by_hand.sees("from the post")
        await by_hand.wait(lambda: set(by_hand.channel.tag_names) == {"active", "stub"} or None)
    assert sorted(tag.name for tag in forum.tags.values()) == sorted(
        ["mine", "initializing", "active", "finished", "error", "cancelled", "stub"]
    )


@pytest.mark.parametrize(("call", "gateway"), [(1.5, 0.0), (0.0, 0.7)], ids=["call", "gateway"])
async def test_a_post_shows_what_became_of_its_session_meanwhile_whoever_tells_of_it_late(
    discord: Discord, house: House, call: float, gateway: float
) -> None:
    lobby = in_forum(discord, house)
    forum = next(one for one in lobby.guild.channels.values() if one.name == "sessions")
    async with house.daemon():
        await lobby.ready()
        discord.fail("start_thread", 1, slow(call))
        lobby.run("new", agent="stub", workspace=".")
        discord.gateway.late = gateway
        (post,) = await lobby.wait(lambda: discord.threads(forum) or None)
        await lobby.wait(lambda: set(post.tag_names) == {"active", "stub"} or None)


async def test_without_the_right_to_make_tags_posts_go_without(discord: Discord, house: House) -> None:
    lobby = in_forum(discord, house, "stub", rights=BOT & ~Right.MANAGE_CHANNELS)
    async with house.daemon():
        await lobby.ready()
        await lobby.run("new", agent="stub", workspace=".").said()
        forum = next(one for one in lobby.guild.channels.values() if one.name == "sessions")
        (post,) = await lobby.wait(lambda: discord.threads(forum) or None)
        desk = lobby.at(post)
        desk.say("echo hello")
        await desk.sees("hello")
        assert post.tag_names == ["stub"]


async def test_a_person_s_name_for_a_thread_stays_and_ours_is_not_taken_for_one(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("/rename Ours")
        await desk.wait(lambda: thread.channel.name == "Ours" or None)
        thread.say("echo settled")
        await thread.sees("settled")
        assert house.rows("SELECT title_rank FROM sessions") == [(4,)]

        second = await desk.new()
        second.say("echo a title of its own")
        await desk.wait(lambda: house.rows("SELECT 1 FROM sessions WHERE title = 'echo a title of its own'") or None)
        desk.who.rename(second.channel, "By hand")
        await eventually(lambda: house.rows("SELECT 1 FROM sessions WHERE title = 'By hand' AND title_rank = 4"))
        second.say("title From the agent; echo done")
        await second.sees("done")
        await second.wait(lambda: second.channel.name == "By hand" or None)


async def test_a_thread_is_called_by_its_first_message_at_once_if_nobody_else_names_it(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo the first")
        await thread.wait(lambda: thread.channel.name.startswith("echo the first") or None)


async def test_a_renaming_while_we_were_away_is_found(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo hello")
        await thread.sees("✅")
    desk.who.rename(thread.channel, "By hand")
    async with house.daemon():
        await eventually(lambda: house.rows("SELECT 1 FROM sessions WHERE title = 'By hand' AND title_rank = 4"))


async def test_a_third_renaming_waits_and_holds_up_nothing(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        for title in ("One", "Two", "Three"):
            thread.say(f"/rename {title}")
            await eventually(lambda title=title: house.rows(f"SELECT 1 FROM sessions WHERE title = '{title}'"))  # type: ignore[misc]
            if title != "Three":
                await desk.wait(lambda title=title: thread.channel.name == title or None)  # type: ignore[misc]
        await desk.wait(lambda: discord.buckets.refused.get("name") or None)
        told = await thread.sees("Discord lets nobody rename this thread more often for now.")
        assert "It will be called “Three” in 9 min." in told.text
        thread.say("echo goes on")
        await thread.sees("goes on")
        assert thread.channel.name == "Two"
        assert discord.buckets.refused["name"] == 1


async def test_an_archived_thread_is_woken(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo before; permission; echo after")
        question = await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        desk.who.archive(thread.channel)
        await desk.who.press(question, "Allow").answered()
        await thread.sees("after")
        await thread.wait(lambda: not question.labels or None)

        desk.who.archive(thread.channel)
        thread.say("echo woken")
        await thread.sees("woken")


async def test_archive_closes_the_thread_and_restore_opens_it(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo to keep")
        await thread.sees("to keep")
        thread.say("/archive")
        await thread.press("Confirm")
        await thread.wait(lambda: (thread.channel.archived and thread.channel.locked) or None)

        listed = await desk.run("sessions", query="archived").said()
        history = desk.who.press(listed, "History")
        (file,) = await desk.wait(lambda: [one for said in history.messages for one in said.attachments] or None)
        assert b"to keep" in file.data and all(one.ephemeral for one in history.messages)
        await desk.who.press(listed, "Restore").answered()
        await thread.wait(lambda: not (thread.channel.archived or thread.channel.locked) or None)
        thread.say("echo and on")
        await thread.sees("and on")

        desk.who.archive(thread.channel)
        listed = await desk.run("archive", session=house.rows("SELECT id FROM sessions")[0][0]).said()
        await desk.who.press(listed, "Confirm").answered()
        await thread.wait(lambda: (thread.channel.archived and thread.channel.locked) or None)


async def test_a_sleeping_session_that_is_archived_in_its_own_thread_stays_archived(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo to keep")
        await thread.sees("to keep")
        thread.say("/finish")
        await thread.wait(lambda: house.rows("SELECT id FROM sessions WHERE state = 'finished'") or None)
        thread.say("/archive")
        await thread.press("Confirm")
        await thread.sees("press Restore")
        await thread.wait(lambda: (thread.channel.archived and thread.channel.locked) or None)
        await desk.run("status").answered()

        assert thread.channel.archived and thread.channel.locked
        archivings = await desk.wait(
            lambda: [call.body for call in discord.called("modify_channel") if "archived" in call.body] or None
        )
        assert archivings == [{"archived": True, "locked": True}]


async def test_an_archived_thread_says_how_it_is_brought_back_and_its_button_does_it(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo to keep")
        await thread.sees("to keep")
        thread.say("/archive")
        await thread.press("Confirm")
        await thread.sees("press Restore, or send /restore outside of this thread.")
        await thread.wait(lambda: (thread.channel.archived and thread.channel.locked) or None)

        await thread.press("Restore")
        await thread.wait(lambda: not (thread.channel.archived or thread.channel.locked) or None)
        thread.say("echo and on")
        await thread.sees("and on")


async def test_a_deleted_thread_is_opened_anew_with_a_link(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo before; permission; echo after")
        await thread.wait(
            lambda: next((one for one in thread.messages if any("Allow" in label for label in one.labels)), None)
        )
        before = set(map(id, discord.threads(desk.channel)))
        desk.who.delete_channel(thread.channel)
        again = desk.at(await desk.new_thread(before))
        await again.press("Allow")
        await again.sees("after")
        await desk.sees("goes on in a new one")


async def test_a_thread_deleted_by_hand_is_not_linked_any_more_and_open_makes_another(
    discord: Discord, house: House
) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo before")
        await thread.sees("before")
        await thread.sees("✅")
        before = set(map(id, discord.threads(desk.channel)))
        desk.who.delete_channel(thread.channel)
        await eventually(lambda: house.rows("SELECT refused <> '' FROM places") == [(1,)])
        listed = await desk.run("sessions").said()
        assert str(thread.channel.id) not in listed.text

        opened = desk.who.press(listed, "Open")
        again = desk.at(await desk.new_thread(before))
        again.say("echo and on")
        await again.sees("and on")
        await opened.answered()


async def test_a_thread_opened_by_hand_begins_a_session(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        thread = desk.at(desk.who.open_thread(desk.channel, "My work"))
        thread.say("echo by hand")
        await thread.sees("by hand")
        assert house.rows("SELECT title FROM sessions") == [("My work",)]
        assert f"/{desk.guild.id}/{thread.channel.id}" in (await desk.run("sessions").said()).text


async def test_a_mention_opens_a_thread_with_its_words_as_first_prompt(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    other = desk.at(discord.text_channel(desk.guild, "random"))
    async with house.daemon():
        await desk.ready()
        other.say(f"<@{discord.bot.id}> echo not here")
        desk.say("just talking")
        desk.say(f"<@{discord.bot.id}> echo hello")
        thread = desk.at(await desk.new_thread(set()))
        await thread.sees("hello")
        assert house.prompts() == ["echo hello"]
    configure(house, discord, desk.who, desk.guild, desk.channel, mention_anywhere=True)
    async with house.daemon():
        await desk.ready()
        other.say(f"<@{discord.bot.id}> echo anywhere")
        thread = other.at(await other.new_thread(set()))
        await thread.sees("anywhere")


async def test_a_direct_message_holds_one_session(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        await desk.ready()
        direct = desk.at(desk.who.direct())
        direct.say("echo first of all")
        await direct.sees("first of all")
        direct.say("/new stub .")
        await direct.sees("New session with stub")
        direct.say("echo once more")
        await direct.sees("once more")
        assert f"/@me/{direct.channel.id}" in (await desk.run("sessions").said()).text
    assert len(set(house.conversations())) == 2


async def test_those_that_wait_are_told_when_they_move_up(discord: Discord, house: House) -> None:
    desk = in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("permission")
        await thread.wait(lambda: any("Allow" in label for label in thread.labels) or None)
        for text in ("slow 600 0.1", "echo two"):
            thread.say(text)
        await thread.sees("Queued, number 2.")
        await thread.press("Allow")

        await thread.wait(
            lambda: [one.text for one in thread.messages if "Queued" in one.text] == ["Queued, number 1."] or None
        )
