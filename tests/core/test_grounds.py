"""Sessions by a plain message, and chats that hold one session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.inbound import Ground, Reply, Report
from openacp_bot.core.model import Place, SessionRecord, Source, State, TitleRank, Wanted
from openacp_bot.core.words import TOPIC
from tests.core.chat import ALICE, BOB, TEAM, Chat, button, labels, refused
from tests.core.lodge import Lodge, changed, lodge, queued
from tests.core.slow import SlowStore
from tests.virtual_time import virtual


def private(core: Lodge) -> Chat:
    """Alice's chat with the bot, without topics."""
    return Chat(core, space="1", ground=Ground.CHAT)


async def begun(core: Lodge, reply: Reply | None) -> tuple[SessionRecord, Place]:
    assert reply is not None and reply.session and not reply.refused, reply
    await core.pass_time(1)
    place = await core.store.place_of(reply.session)
    assert place is not None
    return await core.record(reply.session), place


# --- by a message ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", [Ground.CHAT, Ground.TOPIC], ids=["a chat without topics", "General"])
@virtual
async def test_a_message_in_a_chat_without_a_session_begins_the_chats_pinned_one(
    ground: Ground, tmp_path: Path
) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ground=ground)
        reply = await chat.say("Look around")
        record, place = await begun(core, reply)
        await chat.say("and then?")

        assert reply is not None and reply.quiet and reply.text.startswith("New session with fake in ")
        assert (record.source, record.pinned, record.owner) == (Source.TRIGGER, True, ALICE.key)
        assert (record.agent, record.workspace) == ("fake", str(core.settings.base_dir))
        assert place.is_chat and place.ref == chat.where and (place.shown, place.named) == (Wanted.OPEN, place.title)
        assert core.agent.prompts == ["Look around"] and queued(core, record.id) == ["and then?"]


@virtual
async def test_a_message_in_a_topic_that_a_person_opened_begins_a_session_there(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = Chat(core, topic="42")
        record, place = await begun(core, await topic.say("hello", title="My topic"))

        assert (record.source, record.pinned) == (Source.TRIGGER, False)
        assert (record.title, record.title_rank) == ("My topic", TitleRank.PERSON)
        assert (place.ref, place.title, place.named, place.insists) == (topic.where, "My topic", "My topic", True)
        assert core.agent.prompts == ["hello"]


@virtual
async def test_a_topic_whose_name_is_unknown_is_not_renamed_by_the_first_message(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        reply = await Chat(core, topic="42").say("hello there")
        assert reply is not None
        place = await core.store.place_of(reply.session)

        assert place is not None and place.title == place.named == "hello there" and not place.insists


@virtual
async def test_chatter_that_is_not_meant_for_us_does_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        for text in ("hello", "/thing of another bot", "", "x" * 300_000):
            assert await chat.say(text, addressed=False) is None
        assert not await core.store.sessions_like("")
        await chat.say("hello")
        await chat.say("not for you", addressed=False)
        await core.pass_time(1)

        assert core.agent.prompts == ["hello"]


@virtual
async def test_our_own_commands_and_forms_work_in_chatter_too(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        assert await chat.say("/help", addressed=False) is not None
        await chat.push(await chat.say("/new fake", addressed=False), "Type a path")
        record, _ = await begun(core, await chat.say(".", addressed=False))

        assert record.workspace == str(core.settings.base_dir)


@virtual
async def test_where_no_sessions_live_a_message_begins_none(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        assert "/new starts one" in refused(await Chat(core, ground=Ground.NONE).say("hello"))


@virtual
async def test_several_first_messages_at_once_begin_one_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, store=SlowStore(asyncio.get_running_loop().time)) as core:
        chat = Chat(core, ground=Ground.CHAT)
        replies = await asyncio.gather(*(chat.say(str(n)) for n in range(4)))
        (record,) = await core.store.sessions_like("")
        await core.pass_time(1)

        assert sum(reply is not None and reply.text.startswith("New session") for reply in replies) == 1
        assert core.agent.prompts == ["0"] and queued(core, record.id) == ["1", "2", "3"]


@virtual
async def test_the_first_message_keeps_its_quote_and_its_place(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        _, place = await begun(core, await chat.say("explain", quote="this", id="77"))
        prompt = await core.store.prompt_of(chat.where, "77")

        assert core.agent.prompts == ["> this\n\nexplain"]
        assert prompt is not None and prompt.place == place.id


@virtual
async def test_at_the_cap_a_first_message_is_refused_with_what_could_end(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await Chat(core).new(topic="7")
        core.settings = changed(core.settings, max_concurrent=1)
        reply = await Chat(core).say("hello")

        assert "cap" in refused(reply) and labels(reply) == ["End"]
        assert len(await core.store.sessions_like("")) == 1


@virtual
async def test_a_session_that_a_message_began_asks_its_person(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        record, _ = await begun(core, await private(core).say("work"))
        core.agent.ask("q1")
        await core.pass_time(1)
        assert len(core.live(record.id).questions) == 1
        core.agent.finish()
        await core.pass_time(1)
        core.agent.ask("between turns")
        await core.pass_time(1)

        assert len(core.live(record.id).questions) == 1


@virtual
async def test_what_is_archived_says_how_it_comes_back_where_that_can_be_done(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        inside = await topic.push(await topic.command("archive"), "Confirm")
        assert inside.text == f"Archived. To bring it back, press Restore, or send /restore outside of this {TOPIC}."
        await topic.push(inside, "Restore")
        assert (await core.record(id)).archived_at is None
        general = Chat(core)
        outside = await general.push(await general.command("archive", id), "Confirm")
        assert outside.text == "Archived. To bring it back, press Restore, or send /restore."

        chat = private(core)
        await chat.command("new", "fake .")
        alone = await chat.command("archive")
        assert alone is not None and (alone.text, alone.choices) == ("Archived. /restore brings it back.", ())


@virtual
async def test_before_it_is_archived_one_reads_what_that_means_on_every_surface(tmp_path: Path) -> None:
    """One surface deletes the topic, another locks it."""
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        asked = await topic.command("archive")

        assert asked is not None and labels(asked) == ["Confirm", "Cancel"]
        assert f"It becomes read-only, and its {TOPIC} leaves the list." in asked.text
        assert "Its history stays available as a file, and it can be restored." in asked.text


@virtual
async def test_a_topic_whose_session_is_archived_offers_restore_and_a_deleted_ones_begins_anew(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        answer = await topic.say("still there?")
        assert "archived" in refused(answer) and labels(answer) == ["Restore"]
        await topic.push(answer, "Restore")
        assert (await topic.place(id)).wanted is Wanted.OPEN
        await topic.push(await topic.command("delete"), "Confirm")
        record, _ = await begun(core, await topic.say("hello"))

        assert record.id != id and record.source is Source.TRIGGER


# --- chats that hold one session ------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["new", "newchat"])
@virtual
async def test_a_new_session_takes_the_chat_and_ends_the_one_before(command: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        before, _ = await begun(core, await chat.say("hello"))
        reply = await chat.command(command, "fake ." if command == "new" else "")
        record, place = await begun(core, reply)
        await chat.say("to the new one")
        old = await core.record(before.id)
        old_home = await core.store.place_of(before.id)

        assert (old.pinned, old.state) == (False, State.FINISHED)
        assert old_home is not None and old_home.wanted is Wanted.CLOSED
        assert core.screen.places[before.id] == old_home
        assert (record.source, record.pinned, place.ref) == (Source.MANUAL, True, chat.where)
        assert core.agent.prompts == ["to the new one"]


@virtual
async def test_a_wizard_that_is_left_ends_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        record, _ = await begun(core, await chat.say("hello"))
        await chat.push(await chat.command("new", "fake"), "Cancel")
        refused(await chat.command("new", "nonsense ."))

        assert (await core.record(record.id)).pinned and core.live(record.id)


@virtual
async def test_in_a_plain_group_only_its_owner_or_an_admin_replaces_the_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ground=Ground.CHAT)
        record, _ = await begun(core, await chat.say("hello"))

        assert "Only the person who started" in refused(await chat.by(BOB).command("new", "fake ."))
        assert core.live(record.id) and len(await core.store.sessions_like("")) == 1


@virtual
async def test_archive_unpins_the_chats_session_by_itself_and_the_next_message_begins_another(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        before, _ = await begun(core, await chat.say("hello"))
        assert (await chat.command("archive") or Reply("")).text.startswith("Archived")
        after, place = await begun(core, await chat.say("again"))
        old = await core.record(before.id)

        assert old.archived_at is not None and not old.pinned
        assert after.id != before.id and after.pinned and place.ref == chat.where


@virtual
async def test_generals_session_is_archived_only_after_it_was_unpinned(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        await begun(core, await chat.say("hello"))

        assert "pinned" in refused(await chat.command("archive"))
        await chat.command("unpin")
        assert (await chat.command("archive") or Reply("")).text.startswith("Archived")


async def press_row(chat: Chat, listed: Reply | None, session: str, label: str) -> Reply:
    assert listed is not None
    (row,) = [row for row in listed.rows if row.session == session]
    return await chat.push(Reply("", rows=(row,)), label)


@virtual
async def test_open_brings_an_earlier_session_back_into_the_chat(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        first, _ = await begun(core, await chat.say("hello"))
        second, _ = await begun(core, await chat.command("newchat"))
        opened = await press_row(chat, await chat.command("sessions"), first.id, "Open")
        await core.pass_time(1)
        await chat.say("welcome back")
        await core.pass_time(1)

        assert "goes on here" in opened.text
        assert (await core.record(first.id)).pinned and not (await core.record(second.id)).pinned
        assert (await core.record(second.id)).state is State.FINISHED
        assert core.agent.prompts == ["welcome back"] and core.live(first.id).turn is not None
        home = await core.store.place_at(chat.where)
        assert home is not None and home.session == first.id and core.screen.places[first.id] == home


@virtual
async def test_open_of_a_session_without_a_place_brings_it_into_the_chat(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        from_the_page = await core.new()
        chat = private(core)
        assert "goes on here" in (await press_row(chat, await chat.command("sessions"), from_the_page, "Open")).text
        await chat.say("hello")

        assert core.live(from_the_page).turn is not None


@virtual
async def test_open_of_a_session_with_a_topic_or_in_a_chat_with_topics_only_says_where_it_is(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        from_the_page = await core.new()
        chat = private(core)
        opened = await press_row(chat, await chat.command("sessions"), id, "Open")
        elsewhere = await press_row(topic, await topic.command("sessions"), from_the_page, "Open")
        here = await press_row(topic, await topic.command("sessions"), id, "Open")

        assert opened.session == id and f"is in its {TOPIC}. Write there." in opened.text
        assert "lives on the page" in elsewhere.text
        assert "is here. Just write." in here.text
        assert await core.store.place_at(chat.where) is None


@virtual
async def test_open_reopens_a_topic_that_a_person_closed(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.does(Report.CLOSED)
        assert (await topic.place(id)).shown is Wanted.CLOSED
        await press_row(Chat(core), await Chat(core).command("sessions"), id, "Open")

        assert (await topic.place(id)).shown is None
        assert [place.session for place in await core.store.unmade_places("telegram")] == [id]


@pytest.mark.parametrize(
    ("ground", "says"),
    [
        (Ground.TOPIC, f"in a {TOPIC} of its own. Start one, then write there"),
        (Ground.CHAT, "Start one, then just write"),
    ],
)
@virtual
async def test_the_greeting_says_where_to_write(ground: Ground, says: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        greeting = await Chat(core, ground=ground).command("start")

        assert greeting is not None and says in greeting.text


@virtual
async def test_a_new_session_says_where_to_write(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        for chat, says in ((Chat(core), f"Write in its {TOPIC}."), (private(core), "just write.")):
            new = await chat.command("new", "fake .")
            assert new is not None and new.text.endswith(says)


@virtual
async def test_a_restored_session_says_where_its_next_message_goes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        for chat, says in ((Chat(core), f"message in its {TOPIC} wakes it"), (topic, "next message wakes it")):
            await Chat(core).command("archive", id, confirm="yes")
            restored = await chat.command("restore", id)
            assert restored is not None and says in restored.text


@virtual
async def test_restore_brings_an_archived_session_back_into_its_chat(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        first, _ = await begun(core, await chat.say("hello"))
        await chat.command("archive")
        second, _ = await begun(core, await chat.say("again"))
        await press_row(chat, await chat.command("sessions", "archived"), first.id, "Restore")
        home = await core.store.place_at(chat.where)

        assert home is not None and home.session == first.id
        assert (await core.record(first.id)).pinned and not (await core.record(second.id)).pinned


@virtual
async def test_restore_elsewhere_takes_the_chat_only_if_it_is_free(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        first, _ = await begun(core, await chat.say("hello"))
        await chat.command("archive")
        await core.command("restore", first.id)
        assert (await core.store.place_at(chat.where) or chat).session == first.id  # type: ignore[union-attr]
        await chat.command("archive")
        second, _ = await begun(core, await chat.say("again"))
        await core.command("restore", first.id)

        home = await core.store.place_at(chat.where)
        assert home is not None and home.session == second.id
        assert (await core.record(first.id)).archived_at is None


@virtual
async def test_generals_former_session_is_restored_into_a_topic_of_its_own(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        first, _ = await begun(core, await chat.say("hello"))
        await chat.command("unpin")
        await chat.command("archive")
        second, _ = await begun(core, await chat.say("again"))
        await press_row(chat, await chat.command("sessions", "archived"), first.id, "Restore")
        await chat.report(first.id, Report.OPENED, ref=chat.at("9").where, url="u")
        await chat.at("9").say("hello")
        await core.pass_time(1)

        home = await core.store.place_at(chat.where)
        assert home is not None and home.session == second.id
        assert core.live(first.id).turn is not None


@virtual
async def test_lists_and_status_work_in_a_chat(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = private(core)
        assert "Slots" in (await chat.command("status") or Reply("")).text
        record, _ = await begun(core, await chat.say("hello"))

        assert "Workspace:" in (await chat.command("status") or Reply("")).text
        assert [row.session for row in (await chat.command("sessions") or Reply("")).rows] == [record.id]
        assert button(await chat.command("start"), "New session")
