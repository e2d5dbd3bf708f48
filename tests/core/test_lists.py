"""/sessions, what may be removed, and looking."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.events import AgentCommand as TheirCommand
from openacp_bot.core.events import CommandsChanged, SessionChanged, UsageChanged
from openacp_bot.core.inbound import Ground, Reply
from openacp_bot.core.model import Phase, SessionRecord, Source, State, UserRef
from openacp_bot.core.settings import AccessList
from openacp_bot.core.views import (
    CommandMenu,
    Health,
    History,
    NewChatChoices,
    OneSession,
    Query,
    Sessions,
)
from openacp_bot.core.words import TOPIC
from tests.core.chat import ALICE, BOB, STRANGER, TEAM, Chat, button, choices, labels, refused
from tests.core.lodge import YOU, Lodge, lodge
from tests.virtual_time import virtual

NUMBERS = itertools.count(1)


async def sleeping(core: Lodge, count: int = 1, owner: UserRef = YOU, **fields: object) -> list[str]:
    """Sessions without a process, the last the newest."""
    ids = []
    for number in itertools.islice(NUMBERS, count):
        made = SessionRecord(f"{number:012x}", "fake", "", "", "/w", Source.MANUAL, owner.key, 0.0, number / 1000)
        titled = replace(made, title="work", state=State.FINISHED)
        await core.store.create_session(replace(titled, **fields))  # type: ignore[arg-type]
        ids.append(made.id)
    return ids


def shown(reply: Reply | None) -> list[str]:
    assert reply is not None
    return [row.session for row in reply.rows]


# --- /sessions ------------------------------------------------------------------------------------------


@virtual
async def test_a_list_has_ten_a_page_and_turns(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        ids = await sleeping(core, 23)
        first = await core.command("sessions")
        assert first is not None and first.text == "23 active sessions (1–10 of 23)"
        assert shown(first) == ids[22:12:-1]
        second = await core.press(button(first, "Next").token)
        assert second is not None and second.replaces and shown(second) == ids[12:2:-1]
        third = await core.press(button(second, "Next").token)
        assert shown(third) == ids[2::-1] and "Next" not in labels(third)
        back = await core.press(button(third, "Back").token)

        assert shown(back) == shown(second)


@virtual
async def test_a_list_is_searched_by_words_of_the_title(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await sleeping(core, 3)
        named = (await sleeping(core))[0]
        await core.command("rename", f"{named} Fix the Parser")

        for search in ("parser", "FIX parser", "active parser fix"):
            assert shown(await core.command("sessions", search)) == [named]
        nothing = await core.command("sessions", "no such words")
        assert nothing is not None and nothing.text == "No active sessions matching “no such words”"


@virtual
async def test_groups_are_active_archived_and_scheduled(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (plain,) = await sleeping(core)
        (archived,) = await sleeping(core, archived_at=5.0)
        (scheduled,) = await sleeping(core, source=Source.SCHEDULED)

        assert shown(await core.command("sessions")) == [scheduled, plain]
        assert shown(await core.command("sessions", "archived")) == [archived]
        assert shown(await core.command("sessions", "Scheduled")) == [scheduled]


@virtual
async def test_a_row_shows_state_title_agent_age_and_what_can_be_done(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (plain,) = await sleeping(core)
        (pinned,) = await sleeping(core, pinned=True)
        listed = await core.command("sessions")
        assert listed is not None
        rows = {row.session: row for row in listed.rows}
        assert listed.rows[0].session == pinned and "pinned" in rows[pinned].detail
        assert (rows[plain].mark, rows[plain].title) == ("✅", "work")
        assert rows[plain].detail == "fake · 16 min ago"
        assert [choice.label for choice in rows[plain].choices] == ["Open", "Rename", "Pin", "Archive", "Delete"]
        assert [choice.label for choice in rows[pinned].choices] == ["Open", "Rename", "Unpin", "Delete"]
        await core.press(rows[plain].choices[3].token)
        archived = await core.command("sessions", "archived")

        assert [choice.label for choice in choices(archived)] == ["Rename", "Restore", "History", "Delete"]


@virtual
async def test_every_button_of_a_row_does_what_it_says(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (id,) = await sleeping(core)
        await core.press(button(await core.command("sessions"), "Pin").token)
        assert (await core.record(id)).pinned
        await core.press(button(await core.command("sessions"), "Unpin").token)
        await core.press(button(await core.command("sessions"), "Archive").token)
        assert (await core.record(id)).archived_at is not None and not (await core.record(id)).pinned
        await core.press(button(await core.command("sessions", "archived"), "Restore").token)
        asked = await core.press(button(await core.command("sessions"), "Rename").token)
        assert asked is not None and asked.form is not None
        await core.press(asked.form.token, title="Better")
        opened = await core.press(button(await core.command("sessions"), "Open").token)
        assert opened is not None and opened.session == id and opened.text == "Better"
        sure = await core.press(button(await core.command("sessions"), "Delete").token)
        await core.press(button(sure, "Confirm").token)

        assert await core.store.session(id) is None


@virtual
async def test_a_row_s_buttons_redraw_the_list_as_it_then_is(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        ids = await sleeping(core, 12)
        second = await core.press(button(await core.command("sessions"), "Next").token)
        pinned = await core.press(button(second, "Pin").token)
        assert pinned is not None and pinned.replaces and pinned.text == "12 active sessions (11–12 of 12)"
        assert shown(pinned) == ids[2:0:-1] or shown(pinned) == [ids[2], ids[0]]
        first = await core.press(button(pinned, "Back").token)
        assert first is not None and first.rows[0].session == ids[1] and "pinned" in first.rows[0].detail
        unpinned = await core.press(button(first, "Unpin").token)

        assert unpinned is not None and unpinned.replaces and "Unpin" not in labels(unpinned)


@virtual
async def test_restore_redraws_the_archived_list_and_says_so(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        ids = await sleeping(core, 11, archived_at=5.0)
        second = await core.press(button(await core.command("sessions", "archived"), "Next").token)
        restored = await core.press(button(second, "Restore").token)

        assert restored is not None and restored.replaces and shown(restored) == ids[:0:-1]
        assert restored.text == "“work” was restored. Its next message wakes it.\n10 archived sessions"


@virtual
async def test_a_row_s_button_that_came_too_late_is_refused_and_redraws_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (id,) = await sleeping(core)
        listed, again = await core.command("sessions"), await core.command("sessions")
        await core.press(button(listed, "Archive").token)
        late = await core.press(button(again, "Pin").token)

        assert "read-only" in refused(late) and late is not None and not late.replaces
        assert not (await core.record(id)).pinned


@virtual
async def test_admins_see_all_and_others_their_own_and_this_chats(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        (elsewhere,) = await sleeping(core, owner=ALICE)
        here, _ = await Chat(core, ALICE).new(topic="7")
        (bobs,) = await sleeping(core, owner=BOB)
        chat, other_chat = Chat(core, BOB), Chat(core, BOB, space="-200")

        assert set(shown(await chat.command("sessions"))) == {here, bobs}
        assert shown(await other_chat.command("sessions")) == [bobs]
        assert set(shown(await Chat(core, ALICE, space="-200").command("sessions"))) == {elsewhere, here, bobs}
        rows = {row.session: row for row in (await chat.command("sessions") or Reply("")).rows}
        assert "Delete" not in [choice.label for choice in rows[here].choices]
        assert "Delete" in [choice.label for choice in rows[bobs].choices]


# --- removing -------------------------------------------------------------------------------------------


@virtual
async def test_remove_all_counts_running_turns_asks_and_spares_pinned_and_archived(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await sleeping(core, 2)
        (pinned,) = await sleeping(core, pinned=True)
        (archived,) = await sleeping(core, archived_at=5.0)
        for _ in range(2):
            await core.send(await core.new(), "work")
        idle = await core.new()
        sure = await core.press(button(await core.command("sessions"), "Remove all").token)
        assert sure is not None and sure.text.startswith(
            f"Remove 5 sessions with their histories and {TOPIC}s? 2 running turns"
        )
        assert labels(sure) == ["Confirm", "Cancel"]
        assert core.phase(idle) is Phase.IDLE
        done = await core.press(button(sure, "Confirm").token)
        assert done is not None and done.text == "Removing 5 sessions."
        await core.pass_time(10)

        assert {record.id for record in await core.store.sessions_like("")} == {pinned, archived}
        assert core.manager.slots_used == 0
        assert len({said.session for said in core.screen.said if said.event == SessionChanged(deleted=True)}) == 5


@virtual
async def test_remove_by_state_takes_only_that_state(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        ids = {
            state: (await sleeping(core, state=state))[0] for state in (State.FINISHED, State.ERROR, State.CANCELLED)
        }
        listed = await core.command("sessions")
        assert [label for label in labels(listed) if label.startswith("Remove")] == [
            "Remove finished",
            "Remove errored",
            "Remove cancelled",
            "Remove all",
        ]
        sure = await core.press(button(listed, "Remove errored").token)
        assert sure is not None and sure.text.startswith(f"Remove 1 session with its history and {TOPIC}? ")
        await core.press(button(sure, "Confirm").token)
        left = {record.id for record in await core.store.sessions_like("")}

        assert left == {ids[State.FINISHED], ids[State.CANCELLED]}
        assert "Remove errored" not in labels(await core.command("sessions"))


@virtual
async def test_nobody_removes_what_is_not_theirs(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        here, _ = await Chat(core, ALICE).new(topic="7")
        (bobs,) = await sleeping(core, owner=BOB)
        chat = Chat(core, BOB)
        sure = await chat.push(await chat.command("sessions"), "Remove all")
        assert sure.text.startswith("Remove 1 session ")
        await chat.push(sure, "Confirm")

        assert await core.store.session(bobs) is None and await core.store.session(here) is not None


@virtual
async def test_cancel_removes_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await sleeping(core, 2)
        sure = await core.press(button(await core.command("sessions"), "Remove all").token)
        await core.press(button(sure, "Cancel").token)

        assert len(await core.store.sessions_like("")) == 2


# --- looking --------------------------------------------------------------------------------------------

EVERYTHING: list[Query[Any]] = [Sessions(), OneSession("x"), History("x"), CommandMenu(), NewChatChoices(), Health()]


@pytest.mark.parametrize("query", EVERYTHING, ids=lambda query: type(query).__name__)
@virtual
async def test_strangers_see_nothing(query: Query[Any], tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        with pytest.raises(NotAllowed):
            await core.hub.look(query, STRANGER)


@virtual
async def test_other_peoples_sessions_are_not_to_be_seen(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, _ = await Chat(core, ALICE).new(topic="7")
        mine: list[Query[Any]] = [OneSession(id), History(id)]
        for query in mine:
            with pytest.raises(UserError):
                await core.hub.look(query, BOB)
            await core.hub.look(query, ALICE)
        gone: list[Query[Any]] = [OneSession("nosuch"), History("nosuch")]
        for query in gone:
            with pytest.raises(UserError, match="no longer exists"):
                await core.hub.look(query, ALICE)

        assert (await core.hub.look(Sessions(), BOB)).total == 0
        assert (await core.hub.look(Sessions(), ALICE)).total == 1


@virtual
async def test_one_session_shows_what_is_going_on(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "later")
        core.agent.say(UsageChanged(10, 100))
        core.agent.ask("q1")
        await core.pass_time(1)
        view = await core.hub.look(OneSession(id), YOU)

        assert (view.row.phase, view.doing) == (Phase.WAITING, "waiting for an answer")
        assert [prompt.text for prompt in view.queue] == ["later"]
        assert [question.title for question in view.questions] == ["Run make"]
        assert view.usage == UsageChanged(10, 100)


@virtual
async def test_looking_changes_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.store.refuses = "nothing may be written now"
        said = len(core.screen.said)
        for query in [*EVERYTHING, OneSession(id), History(id)]:
            if query not in (OneSession("x"), History("x")):
                await core.hub.look(query, YOU)
        core.store.refuses = ""

        assert len(core.screen.said) == said


@virtual
async def test_a_menu_holds_the_agents_commands_and_where_names_clash_ours_wins(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.say(CommandsChanged((TheirCommand("compact", "make it short"), TheirCommand("status", "theirs"))))
        await core.pass_time(1)
        menu = {one.name: one for one in await core.hub.look(CommandMenu(id), YOU)}

        assert menu["compact"].agent and menu["/status"].agent and not menu["status"].agent


@virtual
async def test_health_counts_sessions_and_slots(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await core.new()
        await sleeping(core, 2)
        health = await core.hub.look(Health(), YOU)

        assert (health.slots_used, health.slots, health.version) == (1, 20, "1.2.3")
        assert health.counts[State.ACTIVE] == 1 and health.counts[State.FINISHED] == 2


@virtual
async def test_a_form_for_a_new_session_is_pre_filled(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "sub").mkdir()
        await core.new("fake sub")
        await core.new("fake .")
        form = await core.hub.look(NewChatChoices(), YOU)

        assert [agent.name for agent in form.agents] == ["fake", "other"] and form.default_agent == "fake"
        assert form.workspaces == (str(core.settings.base_dir / "sub"),)
        assert form.base_dir == str(core.settings.base_dir)


# --- where they live ------------------------------------------------------------------------------------


@virtual
async def test_every_row_says_where_its_session_is_by_a_link_or_in_a_word(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        page = await core.new()
        opened, _ = await Chat(core).new(topic="10")
        by_hand = await begun_in(Chat(core, topic="11", url="https://t.example/11"))
        alone = await begun_in(Chat(core, space="1", ground=Ground.CHAT))
        direct = UserRef("discord", "9", "Dan")
        core.settings = replace(core.settings, access={**TEAM, "discord": AccessList(users=frozenset({"8", "9"}))})
        far = await begun_in(Chat(core, direct, space="77", ground=Ground.CHAT, url="https://d.example/77"))

        listed = {row.session: row for row in (await Chat(core).command("sessions") or Reply("")).rows}
        where = {id: (row.url, row.detail.rpartition(" · ")[2]) for id, row in listed.items()}
        assert where[page] == ("", "on the page")
        assert where[opened][0] == "https://t.example/10" and where[opened][1].endswith(" ago")
        assert where[by_hand][0] == "https://t.example/11"
        assert where[alone] == ("", "in its own chat")
        assert where[far] == ("", "in Discord")  # somebody else's direct messages cannot be entered

        here = {row.session: row for row in (await Chat(core, topic="11").command("sessions") or Reply("")).rows}
        assert here[by_hand].detail.endswith(" · here")
        own = Chat(core, direct, space="78", ground=Ground.CHAT)
        assert [(row.session, row.url) for row in (await own.command("sessions") or Reply("")).rows] == [
            (far, "https://d.example/77")
        ]


async def begun_in(chat: Chat) -> str:
    """The session that a message begins there."""
    reply = await chat.say("work")
    assert reply is not None and reply.session
    await chat.core.pass_time(1)
    return reply.session


@virtual
async def test_restore_with_nothing_archived_says_so(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await Chat(core).new(topic="7")

        assert refused(await Chat(core).command("restore")) == "Nothing is archived."
