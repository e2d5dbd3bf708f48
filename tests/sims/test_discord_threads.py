"""Threads and forums of the simulated Discord through the real discord.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord.http import Route

from tests.sims.discord import Limits, Overwrite, Right
from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


async def opened(team: Team, name: str = "Talk") -> discord.Thread:
    return await team.text.create_thread(name=name, type=discord.ChannelType.public_thread)


async def test_a_thread_on_a_message_has_its_id(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    message: discord.Message = await team.bot.hears("message")

    made = await message.create_thread(name="Going", auto_archive_duration=1440)

    (thread,) = team.sim.threads(team.channel)
    assert made.id == thread.id == asked.id and asked.thread is thread
    assert [one.kind for one in team.ann.sees(thread)] == [21]
    assert [one.kind for one in team.ann.sees(team.channel)] == [0]
    await refused(message.create_thread(name="Again"), 400, 160004, "already been created")


async def test_a_thread_without_a_message_leaves_a_note(team: Team) -> None:
    made = await opened(team)
    await made.send("first")

    (thread,) = team.sim.threads(team.channel)
    assert [one.text for one in team.sim.sent(thread)] == ["first"]
    assert [(one.kind, one.text) for one in team.ann.sees(team.channel)] == [(18, "Talk")]
    assert (await team.bot.fetch_channel(made.id)).id == thread.id


async def test_without_a_type_a_thread_is_private(team: Team) -> None:
    here = Route("POST", "/channels/{channel_id}/threads", channel_id=team.channel.id)
    made: dict[str, Any] = await team.bot.http.request(here, json={"name": "Hush"})

    (thread,) = team.sim.threads(team.channel)
    bob = team.sim.person("Bob", team.guild)
    assert made["type"] == thread.kind == 12
    assert bob.sees(thread) == [] and not bob.sees(team.channel)
    await team.thread(thread).add_user(discord.Object(bob.id))
    await team.thread(thread).send("hello Bob")
    assert [one.text for one in bob.sees(thread)] == ["hello Bob"]


async def test_thread_calls_that_discord_refuses(team: Team) -> None:
    made = await opened(team)
    note = await team.text.fetch_message(team.ann.sees(team.channel)[0].id)

    await refused(opened(team, "n" * 101), 400, 50035, "100")
    await refused(opened(team, ""), 400, 50035)
    await refused(team.bot.http.edit_channel(made.id, auto_archive_duration=7), 400, 50035, "Value must be one of")
    await refused(note.create_thread(name="x"), 403, 50021, "system message")
    await refused(team.bot.http.edit_channel(made.id, topic="x"), 400, 50035, "topic")
    team.sim.strange.clear()
    team.sim.restrict(team.guild, Right.CREATE_PUBLIC_THREADS | Right.SEND_IN_THREADS | Right.MANAGE_THREADS)
    await refused(opened(team), 403, 50013)
    await refused(made.send("x"), 403, 50013)
    await refused(made.edit(locked=True), 403, 50013)
    await refused(made.delete(), 403, 50013)


async def test_a_message_brings_an_archived_thread_back(team: Team) -> None:
    made = await opened(team)
    sent = await made.send("one")
    await made.edit(archived=True)
    (thread,) = team.sim.threads(team.channel)
    assert [thread.archived, team.text.guild.get_thread(made.id)] == [True, None]

    await refused(sent.edit(content="x"), 400, 50083, "Thread is archived")
    await refused(sent.add_reaction("👀"), 400, 50083)
    await refused(made.add_user(discord.Object(team.ann.id)), 400, 50083)
    await refused(team.bot.http.edit_channel(made.id, name="New"), 400, 50083)
    await refused(team.bot.http.edit_channel(made.id, name="New", archived=False), 400, 50083)
    await made.send("two")
    assert [thread.archived] == [False]
    await team.bot.hears("raw_thread_update", 2)

    team.ann.archive(thread)
    team.ann.write(thread, "three")
    assert [thread.archived] == [False]
    assert [one.text for one in team.ann.sees(thread)] == ["one", "two", "three"]


async def test_a_locked_thread_stays_shut(team: Team) -> None:
    made = await opened(team)
    (thread,) = team.sim.threads(team.channel)
    bob = team.sim.person("Bob", team.guild)

    await made.edit(locked=True)
    await made.send("whoever manages threads still may")
    with pytest.raises(AssertionError, match="locked"):
        bob.write(thread, "x")
    await made.edit(archived=True)
    await refused(made.send("x"), 400, 160005, "Thread is locked")
    await made.edit(archived=False)
    team.sim.restrict(team.guild, Right.MANAGE_THREADS)
    await refused(made.send("x"), 400, 160005)
    await refused(made.edit(name="x"), 403, 50013)


async def test_archived_threads_must_be_fetched(team: Team) -> None:
    names = ["a", "b", "c"]
    threads = [team.ann.open_thread(team.channel, name) for name in names]
    for thread in threads[:2]:
        team.ann.archive(thread)

    assert [one.name async for one in team.text.archived_threads()] == ["b", "a"]
    assert [one.name async for one in team.text.archived_threads(limit=1)] == ["b"]
    assert [one.name for one in await team.text.guild.active_threads()] == ["c"]


async def test_archived_private_threads_are_for_members_and_managers(team: Team) -> None:
    ours = await team.text.create_thread(name="ours", type=discord.ChannelType.private_thread)
    theirs = team.ann.open_thread(team.channel, "theirs", private=True)
    await ours.edit(archived=True)
    team.ann.archive(theirs)

    async def names(*, joined: bool = False) -> list[str]:
        return [one.name async for one in team.text.archived_threads(private=True, joined=joined)]

    assert await names() == ["theirs", "ours"]
    assert await names(joined=True) == ["ours"]
    team.sim.restrict(team.guild, Right.MANAGE_THREADS)
    with pytest.raises(discord.Forbidden):
        await names()
    assert await names(joined=True) == ["ours"]
    here = Route("GET", "/channels/{channel_id}/threads/archived/public", channel_id=team.channel.id)
    await refused(team.bot.http.request(here, params={"before": "yesterday"}), 400, 50035, "Could not parse")


async def test_a_person_renames_tags_and_locks(team: Team) -> None:
    forum = team.sim.forum(team.guild, "Work", "bug", "done")
    post = team.ann.open_post(forum, "It breaks", "see here", "bug")
    await team.bot.hears("thread_create")

    team.ann.rename(post, "It broke")
    team.ann.tag(post, "done")
    team.ann.lock(post)

    await team.bot.hears("raw_thread_update", 3)
    seen = team.thread(post)
    assert (seen.name, [tag.name for tag in seen.applied_tags], seen.locked) == ("It broke", ["done"], True)


async def test_a_forum_may_require_a_tag(team: Team) -> None:
    forum = team.sim.forum(team.guild, "Work", "bug", flags=1 << 4)
    await team.bot.hears("guild_channel_create")

    await refused(team.forum(forum).create_thread(name="x", content="x"), 400, 40067)
    nothing = Route("POST", "/channels/{channel_id}/threads", channel_id=forum.id)
    await refused(team.bot.http.request(nothing, json={"name": "x"}), 400, 50035, "message: This field is required")


async def test_what_is_no_place_for_threads(team: Team) -> None:
    made = await opened(team)
    direct = team.ann.direct()
    asked = team.ann.write(direct, "hi")
    start = Route(
        "POST", "/channels/{channel_id}/messages/{message_id}/threads", channel_id=direct.id, message_id=asked.id
    )

    await refused(team.bot.http.request(start, json={"name": "x"}), 400, 50024)
    inside = Route("POST", "/channels/{channel_id}/threads", channel_id=made.id)
    await refused(team.bot.http.request(inside, json={"name": "x", "type": 11}), 400, 50024)
    await refused(team.bot.http.get_thread_members(team.channel.id), 400, 50024)


async def test_a_third_rename_must_wait(team: Team) -> None:
    made = await opened(team)
    team.bot.http.max_ratelimit_timeout = 30.0  # else the library would sleep ten minutes inside the call

    await made.edit(name="One")
    await made.edit(name="Two")
    with pytest.raises(discord.RateLimited) as caught:
        await made.edit(name="Three")

    (thread,) = team.sim.threads(team.channel)
    assert [name for _, name in thread.names] == ["Talk", "One", "Two"]
    assert 500 < caught.value.retry_after <= 600
    assert [one.text for one in team.ann.sees(thread) if one.kind == 4] == ["One", "Two"]
    await made.edit(archived=True)  # nothing but the name waits
    assert team.sim.buckets.refused == {"name": 1}
    team.sim.buckets.reopen()
    await made.edit(archived=False)
    await made.edit(name="Three")


async def test_a_person_closes_and_deletes_a_thread(team: Team) -> None:
    made = await opened(team)
    (thread,) = team.sim.threads(team.channel)

    team.ann.archive(thread, locked=True)
    update: discord.RawThreadUpdateEvent = await team.bot.hears("raw_thread_update")
    team.ann.unarchive(thread)
    await team.bot.hears("raw_thread_update", 2)
    team.ann.delete_channel(thread)
    await team.bot.hears("raw_thread_delete")

    assert update.data["thread_metadata"]["archived"] and update.data["thread_metadata"].get("locked")
    await refused(made.send("x"), 404, 10003, "Unknown Channel")
    await refused(made.edit(name="x"), 404, 10003)
    assert team.sim.threads(team.channel) == []


async def test_a_forum_takes_posts_with_tags(team: Team) -> None:
    forum = team.sim.forum(team.guild, "Work", "active", "done")
    await team.bot.hears("guild_channel_create")
    seen = team.forum(forum)

    made = await seen.create_thread(name="A post", content="first", applied_tags=[seen.available_tags[0]])
    (post,) = team.sim.threads(forum)
    await made.thread.edit(applied_tags=[seen.available_tags[1]])

    assert made.thread.id == made.message.id == post.id
    assert ([one.text for one in team.ann.sees(post)], post.tag_names) == (["first"], ["done"])
    say = Route("POST", "/channels/{channel_id}/messages", channel_id=forum.id)
    await refused(team.bot.http.request(say, json={"content": "x"}), 400, 40058, "forum")
    await refused(team.bot.http.edit_channel(post.id, applied_tags=["4711"]), 400, 10087, "Unknown tag")
    await refused(team.bot.http.edit_channel(post.id, applied_tags=["1"] * 6), 400, 50035, "5 or fewer")
    params = discord.http.handle_message_parameters(content="", channel_payload={"name": "x"})
    await refused(team.bot.http.start_thread_in_forum(forum.id, params=params), 400, 50006)


async def test_moderated_tags_are_for_those_who_manage_threads(team: Team) -> None:
    forum = team.sim.forum(team.guild, "Work", "official")
    next(iter(forum.tags.values())).moderated = True
    await team.bot.hears("guild_channel_create")
    seen = team.forum(forum)
    team.sim.restrict(team.guild, Right.MANAGE_THREADS)

    await refused(seen.create_thread(name="x", content="x", applied_tags=list(seen.available_tags)), 403, 50013)


async def test_a_person_opens_a_post(team: Team) -> None:
    forum = team.sim.forum(team.guild, "Work", "bug")

    post = team.ann.open_post(forum, "It breaks", "see here", "bug")

    heard: discord.Message = await team.bot.hears("message")
    assert (heard.id, heard.content, post.tag_names) == (post.id, "see here", ["bug"])
    assert isinstance(heard.channel, discord.Thread) and heard.channel.parent_id == forum.id


async def test_members_come_and_go(team: Team) -> None:
    made = await opened(team)
    bob, stranger = team.sim.person("Bob", team.guild), team.sim.person("Eve")

    await made.add_user(discord.Object(bob.id))
    assert {member.id for member in await made.fetch_members()} == {bob.id, team.sim.bot.id}
    await made.remove_user(discord.Object(bob.id))
    await refused(made.fetch_member(bob.id), 404, 10007, "Unknown Member")
    await refused(made.add_user(discord.Object(stranger.id)), 403, 50001)
    await refused(made.add_user(discord.Object(4711)), 404, 10013, "Unknown User")


async def test_who_writes_or_is_mentioned_becomes_a_member(team: Team) -> None:
    thread = team.ann.open_thread(team.channel, "Talk")
    await team.bot.hears("thread_create")
    bob, eve = team.sim.person("Bob", team.guild), team.sim.person("Eve", team.guild)

    bob.write(thread, "hello")
    await team.thread(thread).send(f"<@{eve.id}>")
    await team.thread(thread).send(f"<@{team.ann.id}>", allowed_mentions=discord.AllowedMentions.none())

    assert set(thread.joined) == {team.ann.id, bob.id, eve.id, team.sim.bot.id}
    assert [len(one.mentions) for one in team.sim.sent(thread)] == [1, 0]


async def test_a_guild_that_the_bot_was_thrown_out_of(team: Team) -> None:
    made = await opened(team)

    team.sim.remove_member(team.guild, team.sim.bot)
    await team.bot.hears("guild_remove")

    await refused(made.send("x"), 403, 50001, "Missing Access")
    await refused(team.bot.fetch_guild(team.guild.id), 404, 10004, "Unknown Guild")
    team.sim.add_member(team.guild, team.sim.bot)
    await team.bot.hears("guild_join")
    await made.send("x")


async def test_a_thread_follows_the_rights_of_its_channel(team: Team) -> None:
    made = await opened(team)

    team.sim.set_overwrite(team.channel, Overwrite(team.sim.bot.id, 1, deny=Right.VIEW_CHANNEL))

    await refused(made.send("x"), 403, 50001)
    await refused(team.bot.fetch_channel(made.id), 403, 50001)


async def test_too_many_active_threads(team: Team) -> None:
    for number in range(1000):
        team.sim.make_thread(team.channel, team.ann, str(number))

    await refused(opened(team), 400, 160006, "Maximum number of active threads")


async def test_channels_are_made_and_changed() -> None:
    async with a_team({"limits": Limits()}) as team:
        made = await team.text.guild.create_text_channel("My Agents", topic="t")
        forum = await team.text.guild.create_forum("Work", available_tags=[discord.ForumTag(name="bug")])
        await made.edit(topic="other")

        assert made.name == "my-agents"
        assert [tag.name for tag in team.sim.channels[forum.id].tags.values()] == ["bug"]
        assert team.sim.channels[made.id].topic == "other"
        await made.delete()
        assert made.id not in team.guild.channels
        team.sim.restrict(team.guild, Right.MANAGE_CHANNELS)
        await refused(team.text.guild.create_text_channel("x"), 403, 50013)
        await refused(team.text.edit(topic="x"), 403, 50013)
