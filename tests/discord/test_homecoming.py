"""Coming to the server anew: what is not there yet, what was missed meanwhile, and where the sessions live then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.adapters.discord.history import MOST
from openacp_bot.adapters.discord.homecoming import LEFT_OUT
from openacp_bot.core.events import PlaceChanged, Said
from openacp_bot.core.inbound import Edited, PlaceReported, Report
from openacp_bot.core.model import Place, Prompt, SessionRecord, Source, UserRef, Wanted
from tests.discord.house import QUICK, House, guild_of, house, shown, where
from tests.fakes import ScriptedHub
from tests.sims.discord import (
    CUT_BEFORE,
    UNAVAILABLE,
    UNREADABLE,
    Channel,
    Discord,
    Fault,
    Guild,
    Overwrite,
    Person,
    Right,
    flood,
    hang,
    refuse,
)


def nowhere(guild: Guild) -> Channel:
    """No channel is configured."""
    return Channel(0, 0, guild=guild)


def calls(discord: Discord, name: str, after: int = 0) -> Callable[[], int]:
    return lambda: sum(call.name == name for call in discord.calls[after:])


async def place(home: House, id: str, thread: Channel, wanted: Wanted = Wanted.OPEN) -> None:
    """This thread is where a session lives."""
    ref = where(thread)
    await home.records.add_place(
        Place(id, None, "discord", ref.space, ref, thread.name, wanted=wanted, shown=wanted, named=thread.name)
    )


# --- a server that is not there ------------------------------------------------------------------


async def test_a_server_that_comes_late_is_waited_for_and_what_was_missed_there_is_told(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
    ann.write(agents, "missed")
    discord.outage(guild_of(agents))

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.until(lambda: "tells nothing of the server" in home.adapter.status)
        assert home.hub.texts == []
        discord.outage(guild_of(agents), away=False)
        ann.write(agents, "after it")
        await home.hub.until(lambda: home.hub.texts[-1:] == ["after it"])
        await home.until(lambda: "tells nothing" not in home.adapter.status)

    assert [one for one in home.hub.texts if one != "before"] == ["missed", "after it"]


async def test_no_channel_is_made_in_a_server_that_is_not_there_yet(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    own = discord.text_channel(guild, "openacp")
    discord.outage(guild)
    async with house(discord, tmp_path, ScriptedHub(), nowhere(guild), ann) as home:
        await home.until(lambda: "tells nothing of the server" in home.adapter.status)
        discord.outage(guild, away=False)
        await home.until(lambda: discord.commands)
        ann.write(own, f"<@{discord.bot.id}> hello")
        await home.hub.until(lambda: home.hub.texts == ["hello"])

    assert [one.name for one in guild.channels.values()].count("openacp") == 1


async def test_direct_messages_do_not_wait_for_the_server(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    discord.outage(guild_of(agents))
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.until(lambda: "tells nothing of the server" in home.adapter.status)
        ann.write(ann.direct(), "are you there?")
        await home.hub.until(lambda: home.hub.texts == ["are you there?"])


async def test_what_is_written_during_an_outage_in_mid_life_is_told_once(
    home: House, discord: Discord, ann: Person, agents: Channel
) -> None:
    ann.write(agents, "before")
    await home.hub.until(lambda: home.hub.heard)
    discord.outage(guild_of(agents))
    await home.until(lambda: "tells nothing of the server" in home.adapter.status)
    ann.write(agents, "meanwhile")
    discord.outage(guild_of(agents), away=False)
    ann.write(agents, "after")
    await home.hub.until(lambda: home.hub.texts[-1:] == ["after"])

    assert home.hub.texts == ["before", "meanwhile", "after"]


async def test_a_service_that_does_not_tell_of_the_bot_itself_is_good_enough(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild_of(agents).is_terse = True
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "hello")
        await home.hub.until(lambda: home.hub.texts == ["hello"])

        assert home.adapter.status == "up as testbot"


async def test_a_bot_that_was_removed_and_is_invited_again_reads_on(
    home: House, discord: Discord, ann: Person, agents: Channel
) -> None:
    guild = guild_of(agents)
    ann.write(agents, "before")
    await home.hub.until(lambda: home.hub.heard)
    roles = guild.members[discord.bot.id].roles
    discord.remove_member(guild, discord.bot)
    await home.until(lambda: "is not in the server" in home.adapter.status)
    ann.write(agents, "meanwhile")
    discord.add_member(guild, discord.bot, *roles)
    await home.hub.until(lambda: "meanwhile" in home.hub.texts)
    ann.write(agents, "after")
    await home.hub.until(lambda: home.hub.texts[-1:] == ["after"])

    assert home.hub.texts == ["before", "meanwhile", "after"]


async def test_what_is_written_while_the_bot_is_in_a_second_server_is_read_once_it_left_that(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, guild=0) as home:
        await home.up()
        ann.write(agents, "before")
        await home.hub.until(lambda: home.hub.heard)
        second = discord.guild("Second", ann)
        await home.until(lambda: "several servers" in home.adapter.status)
        ann.write(agents, "meanwhile")
        discord.remove_member(second, discord.bot)
        await home.hub.until(lambda: "meanwhile" in home.hub.texts)


async def test_what_stood_there_before_the_first_connection_is_not_ours(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    ann.write(agents, "long ago")
    old = ann.open_thread(agents, "Long ago")
    ann.write(old, "in a thread")
    for words in ("first", "second"):
        async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
            await home.up()
            ann.write(agents, words)
            await home.hub.until(lambda home=home, words=words: words in home.hub.texts)  # type: ignore[misc]
            assert not {"long ago", "in a thread"} & set(home.hub.texts)


# --- what was missed -----------------------------------------------------------------------------


async def test_threads_that_were_archived_again_are_read(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    threads = [ann.open_thread(agents, f"Thread {number}") for number in range(4)]
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        for number, thread in enumerate(threads):
            await place(home, f"p{number}", thread, Wanted.CLOSED if number == 2 else Wanted.OPEN)
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
    spoken, _, closed, quiet = threads
    for thread in (spoken, closed):
        ann.write(thread, f"in {thread.name}")
        ann.archive(thread)
    ann.archive(quiet)
    by_hand = ann.open_thread(agents, "By hand")
    ann.write(by_hand, "in a new one")
    ann.archive(by_hand)

    before = len(discord.calls)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await home.hub.until(lambda: "in a new one" in home.hub.texts)

    assert {one for one in home.hub.texts if one != "before"} == {"in Thread 0", "in a new one"}
    read = {call.path.split("/")[2] for call in discord.calls[before:] if call.name == "get_messages"}
    assert str(quiet.id) not in read


async def test_of_many_archived_threads_only_the_latest_are_listed(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
    for number in range(130):
        old = ann.open_thread(agents, f"Thread {number}")
        ann.archive(old)
        assert old.thread is not None
        old.thread.archived_at -= 86400
    spoken = ann.open_thread(agents, "Spoken in")
    ann.write(spoken, "missed")
    ann.archive(spoken)

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.hub.until(lambda: "missed" in home.hub.texts)
        await home.until(lambda: home.adapter.status.startswith("up"))

        assert len(discord.called("list_public_archived_threads")) == 2  # one in each life


async def test_mentions_elsewhere_are_read_where_they_may_begin_a_session(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    lounge, quiet, hidden = (discord.text_channel(guild, name) for name in ("lounge", "quiet", "hidden"))
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, mention_anywhere=True) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    ann.write(lounge, "chatter")
    ann.write(lounge, f"<@{discord.bot.id}> look at this")
    discord.set_overwrite(hidden, Overwrite(discord.bot.id, 1, deny=Right.VIEW_CHANNEL))
    ann.write(hidden, f"<@{discord.bot.id}> in secret")

    before = len(discord.calls)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, mention_anywhere=True) as home:
        await home.up()
        await home.hub.until(lambda: "look at this" in home.hub.texts)

    assert [one for one in home.hub.texts if one != "before"] == ["look at this"]
    read = {call.path.split("/")[2] for call in discord.calls[before:] if call.name == "get_messages"}
    assert not {str(quiet.id), str(hidden.id)} & read


async def test_roles_are_asked_for_once_for_each_person(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    bob, eve = discord.person("Bob", guild), discord.person("Eve", guild)
    team = discord.role(guild, "Team")
    ann.give_role(bob, team)
    roles = frozenset({str(team.id)})
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        bob.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    for number in range(5):
        bob.write(agents, f"<@{discord.bot.id}> from Bob {number}")
        eve.write(agents, f"<@{discord.bot.id}> from Eve {number}")

    before = len(discord.calls)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        await home.hub.until(lambda: "from Bob 4" in home.hub.texts)

    assert [one for one in home.hub.texts if one != "before"] == [f"from Bob {number}" for number in range(5)]
    assert calls(discord, "get_guild_member", before)() == 2


@pytest.mark.parametrize("fault", [CUT_BEFORE, UNREADABLE, UNAVAILABLE])
async def test_while_roles_cannot_be_read_what_was_missed_waits(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    guild = guild_of(agents)
    bob, team = discord.person("Bob", guild), discord.role(guild, "Team")
    ann.give_role(bob, team)
    roles = frozenset({str(team.id)})
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        bob.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    bob.write(agents, f"<@{discord.bot.id}> missed")
    bob.write(agents, f"<@{discord.bot.id}> missed too")
    discord.fail("get_guild_member", 6, fault)

    patient = replace(QUICK, behind=60.0)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles, patience=patient) as home:
        await home.up()
        bob.write(agents, "after")
        await home.hub.until(lambda: "after" in home.hub.texts)

    assert [one for one in home.hub.texts if one != "before"] == ["missed", "missed too", "after"]
    assert "be stored" not in caplog.text


async def test_chatter_and_direct_messages_of_strangers_cost_no_call_for_their_roles(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    lounge, team = discord.text_channel(guild, "lounge"), discord.role(guild, "Team")
    roles = frozenset({str(team.id)})
    eve, bob = discord.person("Eve", guild), discord.person("Bob", guild)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles, mention_anywhere=True) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    eve.write(lounge, "nothing for a bot")
    eve.write(agents, "nor is this")
    ann.write(agents, "missed")

    before = len(discord.calls)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles, mention_anywhere=True) as home:
        await home.up()
        await home.hub.until(lambda: "missed" in home.hub.texts)
        bob.write(bob.direct(), "let me in")
        ann.write(ann.direct(), "hello")
        await home.hub.until(lambda: "hello" in home.hub.texts)

    assert calls(discord, "get_guild_member", before)() == 0


async def test_a_stranger_whose_roles_cannot_be_read_holds_up_nobody(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild, thread = guild_of(agents), ann.open_thread(agents, "Thread")
    eve, bob, team = discord.person("Eve", guild), discord.person("Bob", guild), discord.role(guild, "Team")
    ann.give_role(bob, team)
    roles = frozenset({str(team.id)})
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        await place(home, "p1", thread)
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    eve.write(thread, "I am nobody")
    bob.write(thread, "from Bob")
    ann.write(thread, "missed")
    discord.fail("get_guild_member", 1000, UNAVAILABLE)

    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        ann.write(agents, "live")
        ann.write(thread, "live in the thread")
        await home.hub.until(lambda: {"missed", "live", "live in the thread"} <= set(home.hub.texts))
        assert "from Bob" not in home.hub.texts
        discord.faults.end("get_guild_member")
        await home.hub.until(lambda: "from Bob" in home.hub.texts)

    assert "I am nobody" not in home.hub.texts


async def test_a_limit_during_the_reading_is_waited_out_and_a_refusal_is_not(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    thread = ann.open_thread(agents, "Thread")
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await place(home, "p1", thread)
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    ann.write(agents, "missed")
    ann.write(thread, "not to be read")
    discord.fail("get_messages", 1, refuse(403, 50001, "Missing Access"))
    discord.fail("get_messages", 2, flood(0.3, "global"))
    discord.fail("list_public_archived_threads", 1, flood(0.2))

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await home.hub.until(lambda: "missed" in home.hub.texts)
        ann.write(agents, "after")
        await home.hub.until(lambda: home.hub.texts[-1:] == ["after"])

    assert [one for one in home.hub.texts if one != "before"] == ["missed", "after"]


async def test_what_cannot_be_read_for_long_holds_up_nothing_and_is_read_later_though_others_talk(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
    lounge = discord.text_channel(guild_of(agents), "lounge")
    ann.write(agents, "missed")
    discord.fail("get_messages", 1000, refuse(400, 0, "Something is wrong"))

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "live")
        await home.hub.until(lambda: home.hub.texts == ["live"])
        discord.faults.end("get_messages")
        async with asyncio.timeout(10):
            while "missed" not in home.hub.texts:
                ann.write(lounge, "chatter")
                await asyncio.sleep(0.05)


async def test_while_what_was_missed_cannot_be_read_other_channels_and_direct_messages_go_on_at_once(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild, thread = guild_of(agents), ann.open_thread(agents, "Thread")
    patience = replace(QUICK, behind=3600.0)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await place(home, "p1", thread)
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    ann.write(thread, "missed")
    discord.fail("get_messages", 1000, Fault(200, page=True))  # no failure to the library, which trips over it

    async with house(discord, tmp_path, ScriptedHub(), agents, ann, patience=patience) as home:
        await home.up()
        ann.write(thread, "behind it")
        ann.write(agents, "elsewhere")
        ann.write(ann.direct(), "in private")
        await home.hub.until(lambda: len(home.hub.heard) == 2)
        assert home.hub.texts == ["elsewhere", "in private"]
        discord.faults.end("get_messages")
        await home.hub.until(lambda: "behind it" in home.hub.texts)

    there = [one for one in home.hub.texts if one in ("missed", "behind it")]
    assert there[:2] == ["missed", "behind it"]


async def test_a_page_that_hangs_is_given_up(discord: Discord, ann: Person, agents: Channel, tmp_path: Path) -> None:
    thread = ann.open_thread(agents, "Thread")
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        await place(home, "p1", thread)
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild_of(agents).id}", max(agents.messages))
    ann.write(thread, "missed")
    discord.fail("get_messages", 1, hang(3600.0))

    async with house(discord, tmp_path, ScriptedHub(), agents, ann, patience=replace(QUICK, read=0.2)) as home:
        ann.write(agents, "elsewhere")
        await home.hub.until(lambda: {"elsewhere", "missed"} <= set(home.hub.texts))


async def test_messages_of_other_bots_leave_out_none_of_a_person(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    robot = discord.other_bot("Robot", guild)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    ann.write(agents, "early")
    for number in range(MOST + 5):
        robot.write(agents, f"build {number}")
    ann.write(agents, "late")

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.hub.until(lambda: "late" in home.hub.texts)

    assert [one for one in home.hub.texts if one != "before"] == ["early", "late"]
    assert not any("left out" in one.text for one in discord.sent(agents))


async def test_of_too_many_messages_the_oldest_are_left_out_and_that_is_said_once(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(agents, "before")
        await home.until_noted(f"heard:{guild.id}", max(agents.messages))
    for number in range(MOST + 5):
        ann.write(agents, f"message {number}")

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.hub.until(lambda: f"message {MOST + 4}" in home.hub.texts)
        await shown(discord, agents, LEFT_OUT)

    said = home.hub.texts
    assert said[-MOST:] == [f"message {number}" for number in range(5, MOST + 5)]
    assert "message 0" not in said
    assert sum(LEFT_OUT in one.text for one in discord.sent(agents)) == 1


async def test_strangers_leave_nothing_behind(home: House, discord: Discord, ann: Person, agents: Channel) -> None:
    before = await home.ledger.notes("discord")
    for number in range(3):
        stranger = discord.person(f"Stranger {number}", guild_of(agents))
        stranger.write(stranger.direct(), "let me in")
    ann.write(ann.direct(), "hello")
    await home.hub.until(lambda: home.hub.heard)
    await home.until_noted("heard:direct", max(ann.direct().messages))

    after = await home.ledger.notes("discord")
    assert {one for one in set(after) - set(before) if not one.startswith("commands:")} <= {
        f"met:{ann.direct().id}",
        "first:direct",
        "heard:direct",
        f"heard:{guild_of(agents).id}",
    }
    assert f"met:{ann.direct().id}" in after


async def test_a_first_direct_message_to_an_earlier_life_is_remembered(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        ann.write(ann.direct(), "first")
        await home.until_noted("heard:direct", max(ann.direct().messages))
    ann.write(ann.direct(), "while you were away")

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.hub.until(lambda: "while you were away" in home.hub.texts)


# --- what waits ----------------------------------------------------------------------------------


async def test_only_what_was_changed_meanwhile_is_told_of_messages_that_wait(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    thread = ann.open_thread(agents, "Thread")
    ref, author = where(thread), UserRef("discord", str(ann.id))
    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()
        begun = ann.write(agents, "what began the thread stands outside of it")
        kept, edited, gone, unread = (ann.write(thread, words) for words in ("kept", "edited", "gone", "unread"))
        there = Place("p1", "s1", "discord", ref.space, ref, "Thread", shown=Wanted.OPEN, named="Thread")
        record = SessionRecord("s1", "stub", "", "", "/", Source.MANUAL, author.key, created_at=0.0, active_at=0.0)
        await home.records.create_session(record, place=there)
        for one in (unread, begun, kept, edited, gone):
            await home.records.queue_prompt(
                Prompt(str(one.id), "s1", author, one.text, 0.0, place="p1", message=str(one.id))
            )
        await home.until_noted(f"heard:{guild_of(agents).id}", begun.id)
    ann.edit(edited, "with other words")
    ann.delete(gone)
    discord.fail("get_message", 1, refuse(403, 50001, "Missing Access"))

    async with house(discord, tmp_path, ScriptedHub(), agents, ann) as home:
        await home.up()

    changes = [(one.id, one.text) for one in home.hub.heard if isinstance(one, Edited)]
    assert changes == [(str(edited.id), "with other words"), (str(gone.id), None)]


async def test_what_somebody_whose_roles_cannot_be_read_edited_runs_as_it_was_and_holds_up_nothing(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild, thread = guild_of(agents), ann.open_thread(agents, "Thread")
    bob, team = discord.person("Bob", guild), discord.role(guild, "Team")
    ann.give_role(bob, team)
    ref, author, roles = where(thread), UserRef("discord", str(bob.id)), frozenset({str(team.id)})
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        waiting = bob.write(thread, "as it was")
        there = Place("p1", "s1", "discord", ref.space, ref, "Thread", shown=Wanted.OPEN, named="Thread")
        record = SessionRecord("s1", "stub", "", "", "/", Source.MANUAL, author.key, created_at=0.0, active_at=0.0)
        await home.records.create_session(record, place=there)
        prompt = Prompt(str(waiting.id), "s1", author, waiting.text, 0.0, place="p1", message=str(waiting.id))
        await home.records.queue_prompt(prompt)
        await home.until_noted(f"heard:{guild.id}", ann.write(agents, "before").id)
    bob.edit(waiting, "with other words")
    ann.write(agents, "missed")
    discord.fail("get_guild_member", 1, UNAVAILABLE)

    before = len(discord.calls)
    async with house(discord, tmp_path, ScriptedHub(), agents, ann, roles=roles) as home:
        await home.up()
        await home.hub.until(lambda: "missed" in home.hub.texts)

    assert not any(isinstance(one, Edited) for one in home.hub.heard)
    assert calls(discord, "get_message", before)() == 1  # it did not all begin again


# --- the channel is gone -------------------------------------------------------------------------


async def test_without_a_configured_channel_sessions_move_into_a_new_one(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    guild = guild_of(agents)
    own = discord.text_channel(guild, "openacp")
    async with house(discord, tmp_path, ScriptedHub(), nowhere(guild), ann) as home:
        await home.up()
        await home.until_noted("channel", own.id)
        ann.delete_channel(own)
        report = await home.hub.until(lambda: next((o for o in home.hub.heard if isinstance(o, PlaceReported)), None))

    (made,) = [one for one in guild.channels.values() if one.name == "openacp"]
    assert isinstance(report, PlaceReported)
    assert (report.what, report.origin.where) == (Report.MOVED, where(own))
    assert report.ref == where(made)


async def test_sessions_of_another_channel_that_is_deleted_move_into_ours(
    home: House, discord: Discord, ann: Person, agents: Channel
) -> None:
    lounge = discord.text_channel(guild_of(agents), "lounge")
    thread = ann.open_thread(lounge, "Elsewhere")
    ref = where(thread)
    there = Place("p1", None, "discord", ref.space, ref, "Elsewhere", shown=Wanted.OPEN, named="Elsewhere")
    home.adapter.show(None, Said("s1", None, 1, 0.0, PlaceChanged(there)))
    ann.delete_channel(lounge)
    report = await home.hub.until(lambda: next((o for o in home.hub.heard if isinstance(o, PlaceReported)), None))

    assert isinstance(report, PlaceReported)
    assert (report.what, report.origin.where, report.ref) == (Report.MOVED, where(lounge), where(agents))


async def test_a_configured_channel_that_is_gone_is_told_to_who_can_be_reached(
    home: House, discord: Discord, ann: Person, agents: Channel
) -> None:
    ann.write(ann.direct(), "hello")
    await home.hub.until(lambda: home.hub.heard)
    ann.delete_channel(agents)

    await discord.until(lambda: any("was deleted" in one.text for one in discord.sent(ann.direct())))
    assert str(agents.id) in home.adapter.status
