"""Topics: named like their session, opened, refused, deleted, renamed and closed by hand, moved with their chat."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Notice, PlaceChanged, TitleChanged
from openacp_bot.core.inbound import Reply, Report
from openacp_bot.core.model import Ending, Phase, Place, State, ThreadRef, TitleRank, Wanted
from tests.core.chat import ALICE, BOB, STRANGER, TEAM, Chat, button, refused
from tests.core.lodge import Lodge, lodge, queued
from tests.core.slow import SlowStore
from tests.virtual_time import virtual


def wanted(core: Lodge) -> list[Place]:
    """What the outbox was told of places."""
    return [event.place for event in core.screen.events(PlaceChanged) if isinstance(event, PlaceChanged)]


def told(core: Lodge) -> list[Notice]:
    """What was said elsewhere than in the session."""
    return [notice for notice in core.notices() if notice.to is not None]


@virtual
async def test_a_topic_is_asked_for_where_the_command_was_and_gets_the_link_once_it_is_open(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, topic="3")
        reply = await chat.command("new", "fake .")
        assert reply is not None
        place = await chat.place(reply.session)
        assert (place.ref, place.asked_in, place.space) == (None, chat.where, "-100")
        await chat.open(reply.session, "7")

        opened = wanted(core)[-1]
        assert (opened.ref, opened.url) == (ThreadRef("telegram", "-100", "7"), "https://t.example/7")
        assert core.screen.places[reply.session] == opened and not told(core)


@virtual
async def test_a_topic_is_called_like_its_session_whoever_names_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("Fix the login\nplease")
        assert (wanted(core)[-1].title, wanted(core)[-1].insists) == ("Fix the login", False)
        await core.pass_time(1)
        assert (wanted(core)[-1].title, wanted(core)[-1].insists) == ("A fine title", False)
        await topic.command("rename", "Mine")
        assert (wanted(core)[-1].title, wanted(core)[-1].insists) == ("Mine", True)

        assert (await topic.place(id)).title == "Mine"


@virtual
async def test_a_sleeping_session_is_renamed_in_its_topic_too(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("finish")
        await core.pass_time(1)
        assert core.phase(id) is Phase.ASLEEP
        await topic.command("rename", "Mine")

        assert (wanted(core)[-1].title, wanted(core)[-1].insists) == ("Mine", True)


# --- refused --------------------------------------------------------------------------------------------


@virtual
async def test_a_refused_topic_is_told_where_it_was_asked_for_and_the_session_lives_on(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, topic="3")
        reply = await chat.command("new", "fake .")
        assert reply is not None
        await chat.report(reply.session, Report.REFUSED, detail="the bot may not manage topics")
        (notice,) = told(core)

        assert notice.to == chat.where and notice.ring
        assert "could not be opened: the bot may not manage topics. The session lives on, on the page." in notice.text
        assert [choice.label for choice in notice.choices] == ["Try again", "End"]
        assert core.phase(reply.session) is not Phase.ASLEEP
        assert (await chat.place(reply.session)).refused == "the bot may not manage topics"


@virtual
async def test_try_again_wants_the_topic_once_more_and_tells_it_here(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        reply = await chat.command("new", "fake .")
        assert reply is not None
        await chat.report(reply.session, Report.REFUSED, detail="no right")
        answer = await chat.at("9").press(told(core)[0].choices[0])

        assert answer is not None and answer.replaces
        assert (wanted(core)[-1].refused, wanted(core)[-1].asked_in) == ("", chat.at("9").where)
        await chat.open(reply.session, "7")
        assert (await chat.place(reply.session)).refused == ""


@virtual
async def test_end_of_a_refused_topic_is_for_owner_and_admins_and_frees_the_slot(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        reply = await chat.command("new", "fake .")
        assert reply is not None
        await chat.report(reply.session, Report.REFUSED, detail="no right")
        end = told(core)[0].choices[1]
        assert "Only the person who started" in refused(await chat.by(BOB).press(end))
        await chat.press(end)
        await core.pass_time(1)

        assert (await core.record(reply.session)).state is State.CANCELLED


@virtual
async def test_a_topic_refused_after_its_session_was_archived_is_told_nobody(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        reply = await chat.command("new", "fake .")
        assert reply is not None
        await chat.push(await chat.command("archive", reply.session), "Confirm")
        await chat.report(reply.session, Report.REFUSED, detail="no right")

        assert not told(core)


@virtual
async def test_a_topic_that_stays_after_archiving_is_tried_again_by_button(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        await topic.report(id, Report.STAYS, detail="too early")
        assert not told(core)
        await topic.push(await topic.command("archive"), "Confirm")
        await topic.report(id, Report.STAYS, detail="the bot may not delete messages")
        (notice,) = told(core)
        assert notice.ring and notice.to == Chat(core).where
        assert "stays: the bot may not delete messages." in notice.text
        changes = len(wanted(core))
        assert "Only the person who started" in refused(await topic.by(BOB).press(notice.choices[0]))
        answer = await Chat(core).press(notice.choices[0])

        assert notice.choices[0].label == "Try again" and answer is not None and answer.quiet
        rewritten = told(core)[-1]
        assert (rewritten.id, rewritten.to, rewritten.choices) == (notice.id, notice.to, ())
        assert "goes as soon as the platform allows it." in rewritten.text
        assert len(wanted(core)) == changes + 1 and wanted(core)[-1].wanted is Wanted.CLOSED
        assert [place.session for place in await core.store.unmade_places("telegram")] == [id]


@virtual
async def test_a_topic_that_is_wanted_again_is_not_closed_by_an_old_button(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await topic.report(id, Report.STAYS, detail="no right")
        await topic.command("restore")

        assert "wanted again" in refused(await topic.press(told(core)[0].choices[0]))


@virtual
async def test_that_a_topic_went_after_all_is_told_where_it_was_said_that_it_stays(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await topic.report(id, Report.STAYS, detail="no right")
        (stays,) = told(core)
        await gone(core, topic, id)
        await gone(core, topic, id)

        assert len(told(core)) == 2
        assert (told(core)[1].id, told(core)[1].to, told(core)[1].choices) == (stays.id, stays.to, ())
        assert told(core)[1].text.endswith("is gone.") and not told(core)[1].ring


@virtual
async def test_a_topic_that_goes_at_once_is_not_talked_of(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await gone(core, topic, id)

        assert told(core) == []


@virtual
async def test_an_old_button_of_a_topic_that_went_says_so_and_loses_itself(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await topic.report(id, Report.STAYS, detail="no right")
        (stays,) = told(core)
        place = await topic.place(id)
        await core.store.made(place.id, Wanted.GONE)
        answer = await Chat(core).press(stays.choices[0])

        assert answer is not None and "is gone" in answer.text
        assert (told(core)[-1].id, told(core)[-1].choices) == (stays.id, ())


async def gone(core: Lodge, topic: Chat, session: str) -> None:
    """The platform has deleted the topic."""
    place = await topic.place(session)
    await core.store.made(place.id, Wanted.GONE)
    await topic.report(session, Report.GONE, ref=topic.where)


# --- deleted --------------------------------------------------------------------------------------------


@virtual
async def test_a_deleted_topic_is_wanted_anew_and_its_chat_gets_the_link(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        before = core.now()
        await topic.report(id, Report.LOST, ref=topic.where)
        lost = wanted(core)[-1]
        assert (lost.ref, lost.shown, lost.url, lost.wanted) == (None, None, "", Wanted.OPEN)
        assert lost.lost_at >= before and not told(core)
        await topic.open(id, "8")
        (notice,) = told(core)

        assert notice.to == ThreadRef("telegram", "-100", "") and notice.url == "https://t.example/8"
        assert "was deleted" in notice.text and not notice.ring
        await topic.at("8").say("still there?")
        assert core.agent.prompts == ["still there?"]


@virtual
async def test_a_topic_deleted_by_hand_while_nothing_is_under_way_is_opened_anew_by_open(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        id, topic = await chat.new(topic="7")
        await topic.report(id, Report.DELETED)
        listed = await chat.command("sessions")
        assert listed is not None
        (row,) = listed.rows
        assert (await topic.place(id)).ref is None and (await topic.place(id)).refused
        assert row.url == "" and "on the page" in row.detail and not told(core)

        opened = await chat.press(row.choices[0].token)
        assert opened is not None and (opened.session, opened.refused) == (id, False)
        assert "Write there" in opened.text
        assert (wanted(core)[-1].ref, wanted(core)[-1].refused) == (None, "")


@virtual
async def test_a_topic_deleted_by_hand_while_its_agent_works_is_opened_anew_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.report(id, Report.DELETED)

        assert ((await topic.place(id)).ref, (await topic.place(id)).refused) == (None, "")


@virtual
async def test_that_a_topic_is_deleted_which_was_to_go_changes_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        before = await topic.place(id)
        await topic.report(id, Report.DELETED)

        assert await topic.place(id) == before


@virtual
async def test_a_topic_deleted_twice_within_ten_minutes_is_not_opened_a_third_time(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.report(id, Report.LOST, ref=topic.where)
        await topic.open(id, "8")
        await core.pass_time(599)
        await topic.report(id, Report.LOST, ref=topic.at("8").where)

        assert (await topic.place(id)).refused == "it was deleted twice within 10 minutes"
        assert labels_of(told(core)[-1]) == ["Try again", "End"]


@virtual
async def test_a_topic_deleted_again_after_ten_minutes_is_opened_anew(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.report(id, Report.LOST, ref=topic.where)
        await topic.open(id, "8")
        await core.pass_time(601)
        await topic.report(id, Report.LOST, ref=topic.at("8").where)

        assert not (await topic.place(id)).refused and (await topic.place(id)).ref is None


@virtual
async def test_a_loss_of_an_address_that_is_no_longer_its_own_is_old_news(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.report(id, Report.LOST, ref=topic.where)
        await topic.open(id, "8")
        await topic.report(id, Report.LOST, ref=topic.where)

        assert (await topic.place(id)).ref == topic.at("8").where


@virtual
async def test_an_archived_topic_that_is_found_deleted_stays_so(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await topic.report(id, Report.LOST, ref=topic.where)

        assert wanted(core)[-1].wanted is Wanted.CLOSED and not told(core)


@virtual
async def test_a_restored_session_wants_its_topic_again_without_the_old_losses(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.report(id, Report.LOST, ref=topic.where)
        await topic.open(id, "8")
        await topic.push(await topic.at("8").command("archive"), "Confirm")
        said = len(told(core))
        await topic.at("").push(await topic.at("").command("sessions", "archived"), "Restore")
        restored = wanted(core)[-1]
        assert (restored.wanted, restored.asked_in) == (Wanted.OPEN, topic.at("").where)
        await topic.open(id, "9")

        assert len(told(core)) == said


# --- by hand --------------------------------------------------------------------------------------------


@virtual
async def test_a_topic_renamed_by_hand_names_the_session_for_good(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.does(Report.RENAMED, "  By   hand ")
        await topic.say("first words")
        await core.pass_time(1)
        record, place = await core.record(id), await topic.place(id)

        assert (record.title, record.title_rank) == ("By hand", TitleRank.PERSON)
        assert (place.title, place.named, place.insists) == ("By hand", "By hand", True)
        titles = [event.title for event in core.screen.events(TitleChanged) if isinstance(event, TitleChanged)]
        assert titles == ["By hand"]


@virtual
async def test_a_name_that_the_topic_was_given_by_us_is_no_persons(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await core.store.change_place((await topic.place(id)).id, named="Ours")
        await topic.does(Report.RENAMED, "Ours")

        assert (await core.record(id)).title_rank is not TitleRank.PERSON


@virtual
async def test_what_is_said_of_a_sleeping_sessions_topic_goes_on_counting(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        last = core.screen.said[-1].rev
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        await Chat(core).report(id, Report.LOST, ref=topic.where)

        assert [said.rev > last for said in core.screen.said] == [True]


@virtual
async def test_a_topic_closed_by_hand_is_opened_again_by_the_next_message(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await core.pass_time(1)
        said = len(core.screen.said)
        await topic.does(Report.CLOSED)
        assert len(core.screen.said) == said and (await topic.place(id)).shown is Wanted.CLOSED
        changes = len(wanted(core))
        await topic.say("go on")

        assert queued(core, id) == ["go on"] and len(wanted(core)) == changes + 1
        assert (wanted(core)[-1].wanted, wanted(core)[-1].shown) == (Wanted.OPEN, None)
        assert [place.id for place in await core.store.unmade_places("telegram")] == [wanted(core)[-1].id]


@virtual
async def test_a_topic_closed_by_hand_stays_closed_when_its_session_gets_a_title(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await core.store.made((await topic.place(id)).id, Wanted.OPEN, named=(await topic.place(id)).title)
        await topic.does(Report.CLOSED)
        await core.manager.change(await core.record(id), title="By the agent", title_rank=TitleRank.AGENT)

        assert ((await topic.place(id)).title, (await topic.place(id)).shown) == ("By the agent", Wanted.CLOSED)
        assert await core.store.unmade_places("telegram") == []


@pytest.mark.parametrize("is_live", [True, False])
@virtual
async def test_an_archiving_that_could_not_be_stored_can_be_repeated(is_live: bool, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("waits")
        if not is_live:
            core.live(id).end(Ending.STOPPED, within=0)
            await core.pass_time(20)
        confirm = button(await topic.command("archive"), "Confirm")
        core.store.refuses = "The disk is full."
        with pytest.raises(StoreError):
            await topic.press(confirm)
        core.store.refuses = ""
        assert (await core.record(id)).archived_at is None and (await topic.place(id)).wanted is Wanted.OPEN
        assert [prompt.text for prompt in await core.store.queued(id)] == ["waits"]
        assert (await topic.press(confirm) or Reply("")).text.startswith("Archived")

        assert (await core.record(id)).archived_at is not None and (await topic.place(id)).wanted is Wanted.CLOSED
        assert await core.store.queued(id) == []


@virtual
async def test_a_restoring_that_could_not_be_stored_can_be_repeated(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await core.pass_time(20)
        core.store.refuses = "The disk is full."
        with pytest.raises(StoreError):
            await topic.command("restore")
        core.store.refuses = ""
        assert (await core.record(id)).archived_at is not None and (await topic.place(id)).wanted is Wanted.CLOSED
        assert (await topic.command("restore") or Reply("")).text.startswith("Restored")

        assert (await topic.place(id)).wanted is Wanted.OPEN


@virtual
async def test_what_strangers_do_to_a_topic_counts_for_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.by(STRANGER).does(Report.RENAMED, "Theirs")

        assert (await core.record(id)).title != "Theirs"


@virtual
async def test_general_is_nobodys_topic(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        general = Chat(core)
        reply = await general.say("hello")
        assert reply is not None
        await general.does(Report.RENAMED, "Lobby")
        await general.does(Report.CLOSED)

        assert (await core.record(reply.session)).title != "Lobby"
        assert (await general.place(reply.session)).shown is Wanted.OPEN


@virtual
async def test_a_moved_chat_takes_its_topics_along(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        other, _ = await Chat(core, space="-200").new(topic="7")
        await topic.report(id, Report.MOVED, ref=ThreadRef("telegram", "-1009", ""))
        here = Chat(core, space="-1009", topic="7")
        await here.say("hello")

        assert core.screen.places[id] == await here.place(id)
        assert (await here.place(id)).ref == here.where
        assert (await here.place(other)).space == "-200"


def labels_of(notice: Notice) -> list[str]:
    return [choice.label for choice in notice.choices]
