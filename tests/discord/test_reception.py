"""What comes over the gateway: told once, in order, after what was missed; what is ours is not taken for others'."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.adapters.discord.reception import MOST_WAITING
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import PlaceChanged, Said
from openacp_bot.core.inbound import Edited, Ground, Message, PlaceReported, Report
from openacp_bot.core.model import Place, Wanted
from tests.discord.house import House, guild_of, house, where
from tests.fakes import ScriptedHub
from tests.sims.discord import (
    BOT,
    CUT_BEFORE,
    UNAVAILABLE,
    UNREADABLE,
    Channel,
    Discord,
    Fault,
    Person,
    Right,
    refuse,
    slow,
)


async def opened(home: House, thread: Channel, *, title: str = "") -> Place:
    """The thread is a place that core knows."""
    ref = where(thread)
    shown_title = thread.name
    place = Place(
        "p1", None, "discord", ref.space, ref, title or shown_title, shown=Wanted.OPEN, named=shown_title
    )  # fmt: skip
    await home.records.add_place(place)
    home.adapter.show(None, Said("s1", None, 1, 0.0, PlaceChanged(place)))
    return place


async def test_our_own_renaming_is_not_taken_for_a_person_s(
    home: House, discord: Discord, ann: Person, agents: Channel
) -> None:
    thread = discord.make_thread(agents, discord.bot, "First")
    discord.fail("modify_channel", 1, slow(0.5))  # the gateway tells of it before Discord has answered
    await opened(home, thread, title="Better")
    await discord.until(lambda: thread.name == "Better" or None)
    await home.until(lambda: [one for one in discord.calls if one.name == "modify_channel"])

    ann.rename(thread, "Ann's")
    report = await home.hub.until(lambda: next((o for o in home.hub.heard if isinstance(o, PlaceReported)), None))

    assert isinstance(report, PlaceReported)
    assert (report.what, report.detail, report.origin.where) == (Report.RENAMED, "Ann's", where(thread))
    assert sum(isinstance(one, PlaceReported) for one in home.hub.heard) == 1


@pytest.mark.parametrize("fault", [UNAVAILABLE, CUT_BEFORE, UNREADABLE])
async def test_what_was_missed_is_read_although_discord_fails_for_a_while(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, fault: Fault
) -> None:
    hub = ScriptedHub()
    async with house(discord, tmp_path, hub, agents, ann) as home:
        await home.up()
        message = ann.write(agents, "first")
        await home.until_noted(f"heard:{agents.guild.id}", message.id)  # type: ignore[union-attr]
    ann.write(agents, "second")
    ann.write(agents, "third")
    discord.fail("get_messages", 6, fault)
    discord.fail("list_public_archived_threads", 6, fault)

    hub = ScriptedHub()
    async with house(discord, tmp_path, hub, agents, ann) as home:
        await home.up()
        ann.write(agents, "fourth")
        await hub.until(lambda: hub.heard and hub.texts[-1] == "fourth")

    assert [one for one in hub.texts if one != "first"] == [
        "second",
        "third",
        "fourth",
    ]  # core knows the first by its key
    assert not any(one.origin.late for one in hub.heard)


async def test_a_place_that_may_not_be_read_holds_up_nothing(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    for words in ("first", "second"):
        hub = ScriptedHub()
        discord.fail("get_messages", 1, refuse(403, 50001, "Missing Access"))
        async with house(discord, tmp_path, hub, agents, ann) as home:
            await home.up()
            ann.write(agents, words)
            await hub.until(lambda hub=hub, words=words: words in hub.texts)  # type: ignore[misc]
            assert discord.faults.left("get_messages") == 0


@pytest.mark.parametrize("fault", [CUT_BEFORE, UNREADABLE, Fault(200, page=True)])
async def test_direct_messages_that_cannot_be_read_hold_up_nothing_and_are_read_later(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, fault: Fault
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
        message = ann.write(ann.direct(), "before")
        await home.until_noted("heard:direct", message.id)
    ann.write(ann.direct(), "in private")
    ann.write(agents, "missed")
    discord.fail("get_channel", 1000, fault)

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "after")
        await home.hub.until(lambda: "after" in home.hub.texts)
        discord.faults.end("get_channel")
        await home.hub.until(lambda: "in private" in home.hub.texts)

    assert [one for one in home.hub.texts if one not in ("before", "in private")] == ["missed", "after"]


async def test_what_is_told_at_once_is_never_late_though_our_clock_is_fast(tmp_path: Path) -> None:
    async with Discord(slow=600) as discord:
        ann = discord.person("Ann")
        agents = discord.text_channel(discord.guild("Team", ann), "agents")
        async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
            await home.up()
            ann.write(agents, "live")
            await home.hub.until(lambda: home.hub.heard)
            discord.gateway.drop()
            ann.write(agents, "while we were cut off")
            await discord.until(lambda: discord.gateway.resumed or None)
            ann.write(agents, "live again")
            await home.hub.until(lambda: len(home.hub.heard) == 3)

    assert [one.origin.late for one in home.hub.heard] == [False, True, False]


async def test_of_more_than_can_be_kept_nothing_is_lost(
    home: House, discord: Discord, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    home.hub.hold = asyncio.Event()
    said = [f"message {number}" for number in range(MOST_WAITING + 50)]
    before = len(discord.called("get_messages"))
    for words in said:
        ann.write(agents, words)
    await home.until(lambda: "are let go" in caplog.text)
    home.hub.hold.set()
    await home.hub.until(lambda: len(home.hub.heard) == len(said))

    assert home.hub.texts == said
    assert len(discord.called("get_messages")) > before


async def test_a_right_that_is_lost_is_told_in_the_log_once(
    home: House, discord: Discord, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    guild = guild_of(agents)
    for role in guild.roles.values():
        discord.set_rights(guild, role, int(Right.VIEW_CHANNEL))
    await home.until(lambda: "Attach Files" in home.adapter.status)

    assert len([one for one in caplog.messages if "may not" in one and "Attach Files" in one]) == 1


async def test_while_the_store_fails_messages_wait_in_their_order(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies += [StoreError("The disk is full."), StoreError("The disk is full."), None, None]
    ann.write(agents, "first")
    ann.write(agents, "second")

    await home.hub.until(lambda: len(home.hub.heard) == 2)

    assert [one.text for one in home.hub.heard if isinstance(one, Message)] == ["first", "second"]


async def test_a_bug_in_one_message_ends_nothing_else(
    home: House, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    home.hub.replies += [ZeroDivisionError(), None]
    ann.write(agents, "first")
    ann.write(agents, "second")

    await home.hub.until(lambda: home.hub.heard)

    assert "is left out" in caplog.text


async def test_what_a_message_means(home: House, discord: Discord, ann: Person, agents: Channel) -> None:
    ann.write(agents, "chatter")
    ann.write(agents, f"<@{discord.bot.id}> hello")
    thread = ann.open_thread(agents, "By hand")
    ann.write(thread, "in a thread")
    ann.write(ann.direct(), "in private")
    await home.hub.until(lambda: len(home.hub.heard) == 4)
    chatter, mention, in_thread, private = (one for one in home.hub.heard if isinstance(one, Message))

    assert (chatter.addressed, chatter.opens) == (False, True)
    assert (mention.addressed, mention.opens, mention.text) == (True, True, "hello")
    assert (in_thread.addressed, in_thread.opens, in_thread.title) == (True, False, "By hand")
    assert (private.addressed, private.opens, private.origin.ground) == (True, False, Ground.CHAT)
    assert in_thread.origin.where == where(thread)


async def test_a_bare_mention_is_greeted(home: House, discord: Discord, ann: Person, agents: Channel) -> None:
    ann.write(agents, f"<@{discord.bot.id}>")
    await home.hub.until(lambda: home.hub.heard)
    (message,) = home.hub.heard
    assert isinstance(message, Message) and message.text == "/menu"


async def test_edits_deletions_and_what_is_neither(home: House, discord: Discord, ann: Person, agents: Channel) -> None:
    thread = ann.open_thread(agents, "By hand")
    await opened(home, thread)
    message = ann.write(thread, "first")
    await home.hub.until(lambda: home.hub.heard)
    discord.unfurl(message, "https://example.org")
    ann.edit(message, "second")
    ann.delete(message)
    await home.hub.until(lambda: len(home.hub.heard) == 3)

    edits = [one for one in home.hub.heard if isinstance(one, Edited)]
    assert [(one.id, one.text) for one in edits] == [(str(message.id), "second"), (str(message.id), None)]


async def test_other_bots_are_not_heard(home: House, discord: Discord, ann: Person, agents: Channel) -> None:
    robot = discord.other_bot("Robot", agents.guild) if agents.guild else None
    assert robot is not None
    robot.write(agents, "I am a bot")
    ann.write(agents, "after it")
    await home.hub.until(lambda: home.hub.heard)
    assert [one.text for one in home.hub.heard if isinstance(one, Message)] == ["after it"]


async def test_attachments_name_the_message_on_which_they_hang(
    home: House, discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    ann.write(agents, "look", files={"a.txt": b"hello"})
    await home.hub.until(lambda: home.hub.heard)
    (message,) = home.hub.heard
    assert isinstance(message, Message)
    (file,) = message.files
    path = await home.adapter.fetch(file, tmp_path, 1000)
    assert path.read_bytes() == b"hello" and file.name == "a.txt"

    (_, attachment) = next(iter(discord.files.values()))
    discord.keep_file(agents, attachment)  # a new address, as the old one has expired
    path = await home.adapter.fetch(file, tmp_path, 1000)
    assert path.read_bytes() == b"hello"


async def test_a_bot_without_the_right_to_make_commands_is_told_how(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    discord.fail("bulk_overwrite_guild_commands", 50, refuse(403, 50001, "Missing Access"))
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.until(lambda: "applications.commands" in home.adapter.status)


async def test_a_channel_is_made_once(discord: Discord, ann: Person, agents: Channel, tmp_path: Path) -> None:
    guild = agents.guild
    assert guild is not None
    for _ in range(2):
        nowhere = Channel(0, 0, guild=guild)
        async with house(discord, tmp_path, ScriptedHub(), nowhere, ann) as home:
            await home.up()
            discord.set_rights(guild, next(iter(guild.roles.values())), int(BOT | Right.VIEW_CHANNEL))
            made = await discord.until(
                lambda: [one for one in guild.channels.values() if one.name == "openacp"] or None
            )
            assert made
            ann.write(made[0], f"<@{discord.bot.id}> hello")
            await home.hub.until(lambda home=home: home.hub.heard)  # type: ignore[misc]
    assert sum(one.name == "openacp" for one in guild.channels.values()) == 1
