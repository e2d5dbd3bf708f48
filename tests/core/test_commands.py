"""Every command answers, everywhere it is listed."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.core.commands.table import BY_NAME, COMMANDS, VERBS
from openacp_bot.core.events import Outcome, PromptChanged
from openacp_bot.core.inbound import Message, Reply
from openacp_bot.core.model import PromptState, SessionRecord, Source, State, ThreadRef, UserRef, Verbosity
from openacp_bot.core.views import CommandMenu
from tests.core.chat import ALICE, BOB, TEAM, Chat, button, choices, labels, refused
from tests.core.lodge import YOU, Lodge, lodge
from tests.virtual_time import virtual

NAMES = [spec.name for spec in COMMANDS if not spec.for_options]  # what comes with /agent is a message
WITHOUT_WORDS = [spec.name for spec in COMMANDS if (spec.about_session or spec.name == "status") and not spec.usage]
SITUATIONS = "idle running starting asleep failed archived nowhere prefix ambiguous unknown words".split()  # noqa: SIM905


async def in_situation(core: Lodge, situation: str) -> tuple[str | None, str]:
    """The session that a command is given in, and its arguments."""
    match situation:
        case "nowhere":
            await core.new()
            return None, ""
        case "prefix":
            return None, (await core.new())[:6]
        case "ambiguous" | "unknown":
            for id in ("abcdef000001", "abcdef000002"):
                await core.store.create_session(stored(id))
            return (await core.new()), "abcdef" if situation == "ambiguous" else "dead0000"
        case "words":
            return (await core.new()), "-- some “words” 'that mean nothing \\"
    core.launcher.delay = 30 if situation == "starting" else 0.01
    id = await core.new()
    if situation in ("running", "failed"):
        await core.send(id, "work")
        await core.send(id, "more")
    if situation == "failed":
        core.agent.die()
    if situation in ("asleep", "archived"):
        await core.command("finish" if situation == "asleep" else "archive", session=id)
    await core.pass_time(1)
    return id, ""


def stored(id: str, owner: UserRef = YOU, **fields: object) -> SessionRecord:
    record = SessionRecord(id, "fake", "", "", "/w", Source.MANUAL, owner.key, 0.0, 0.0, State.FINISHED)
    return replace(record, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", NAMES)
@virtual
async def test_every_command_answers_everywhere(
    name: str, situation: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with lodge(tmp_path) as core:
        session, args = await in_situation(core, situation)
        core.launcher.delay = 0.01
        reply = await core.command(name, args, session)
        typed = await core.send(session, f"/{name} {args}") if session else None

        for answer in (reply, typed) if session else (reply,):
            assert answer is not None and answer.text.strip()
            for choice in choices(answer):
                assert await core.press(choice.token, session=session) is not None
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@virtual
async def test_no_command_and_no_button_share_a_name(tmp_path: Path) -> None:
    assert not set(BY_NAME) & set(VERBS)
    assert len(BY_NAME) == len(COMMANDS)


# --- which session is meant ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITHOUT_WORDS)
@virtual
async def test_an_unknown_id_is_refused_and_not_taken_for_the_session_here(name: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        before = await core.record(id)

        assert "dead0000" in refused(await core.command(name, "dead0000", id))
        assert await core.record(id) == before and core.manager.slots_used == 1


@virtual
async def test_an_ambiguous_prefix_names_the_sessions(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        for id in ("abcdef000001", "abcdef000002"):
            await core.store.create_session(stored(id))

        why = refused(await core.command("delete", "abcdef"))
        assert "abcdef000001" in why and "abcdef000002" in why


@virtual
async def test_a_prefix_means_its_session_wherever_it_is_typed(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "keep")
        here = await core.new("other .")
        await core.command("rename", f"{id[:8]} the other one", here)
        await core.command("pin", id[:4], here)

        record = await core.record(id)
        assert (record.title, record.pinned) == ("the other one", True)
        assert (await core.record(here)).title == ""


@virtual
async def test_a_title_that_looks_like_an_id_is_a_title(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.command("rename", "decade in review", id)

        assert (await core.record(id)).title == "decade in review"


@virtual
async def test_ids_of_other_peoples_sessions_are_no_ids(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await core.store.create_session(stored("abcdef000001", ALICE))
        bob, alice = Chat(core, BOB), Chat(core, ALICE)

        assert "abcdef0" in refused(await bob.command("status", "abcdef0"))
        assert "abcdef000001" not in refused(await bob.command("delete", "abcdef0"))
        seen = await alice.command("status", "abcdef0")
        assert seen is not None and not seen.refused and seen.session == "abcdef000001"


@pytest.mark.parametrize("name", [spec.name for spec in COMMANDS if spec.about_session])
@virtual
async def test_outside_a_session_a_picker_is_shown_and_its_button_does_it(name: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.finish()
        await core.pass_time(1)
        if name == "restore":
            await core.command("archive", session=id)
        reply = await core.command(name)
        assert reply is not None and reply.private and not reply.rows
        assert reply.text == f"Which session is /{name} for?"
        record = core.manager.current(await core.record(id))
        assert [choice.label for choice in reply.choices] == [f"{record.state.mark} {record.shown_title} · fake"]
        done = await core.press(reply.choices[0].token)

        assert done is not None and done.session and not done.refused


@virtual
async def test_without_any_session_a_picker_says_what_to_do(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        assert "/new" in refused(await core.command("finish"))


# --- owners and admins ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["finish", "archive", "delete"])
@virtual
async def test_only_the_owner_and_admins_may_end_a_session(name: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        why = refused(await topic.by(BOB).command(name, confirm="yes"))
        assert "admin" in why and core.manager.live(id) is not None
        await topic.command(name, confirm="yes")
        await core.pass_time(1)

        assert core.manager.live(id) is None


@virtual
async def test_an_owner_who_is_no_admin_may_end_their_own(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, BOB).new(topic="7")
        reply = await topic.command("finish")
        await core.pass_time(1)

        assert reply is not None and not reply.refused and core.manager.live(id) is None


@virtual
async def test_bypass_is_for_admins_and_for_active_sessions(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, BOB).new(topic="7")
        assert "admins" in refused(await topic.command("bypass", "on"))
        await topic.by(ALICE).command("bypass", "on")
        assert (await core.record(id)).bypass
        assert "on or off" in refused(await topic.by(ALICE).command("bypass", "perhaps"))
        shown = await topic.by(ALICE).command("bypass")
        assert labels(shown) == ["Turn off"]
        assert "admins" in refused(await topic.press(button(shown, "Turn off")))
        await topic.by(ALICE).press(button(shown, "Turn off"))
        assert not (await core.record(id)).bypass
        await topic.command("finish")
        await core.pass_time(1)

        assert "only while the session is active" in refused(await topic.by(ALICE).command("bypass", "on"))


@virtual
async def test_help_and_menus_list_what_one_may_use(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        bobs, alices = await Chat(core, BOB).command("help"), await Chat(core, ALICE).command("help")
        assert bobs is not None and alices is not None
        assert "/bypass" in alices.text and "/bypass" not in bobs.text
        menu = await core.hub.look(CommandMenu(), BOB)

        assert [one.name for one in menu] == [name for name in NAMES if name != "bypass"]


# --- small commands -------------------------------------------------------------------------------------


@virtual
async def test_verbosity_outside_a_session_says_where_it_is_set(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        shown = await core.command("verbosity")
        assert shown is not None and "shown at medium" in shown.text and "display.verbosity" in shown.text

        assert "Send /verbosity high in the session" in refused(await core.command("verbosity", "high"))


@virtual
async def test_verbosity_is_set_by_word_value_or_button(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.command("verbosity", "LOW", id)
        assert (await core.record(id)).verbosity is Verbosity.LOW
        await core.command("verbosity", session=id, level="high")
        shown = await core.command("verbosity", session=id)
        assert labels(shown) == ["low", "medium"]
        await core.press(button(shown, "medium").token, session=id)

        assert (await core.record(id)).verbosity is Verbosity.MEDIUM
        assert "low, medium or high" in refused(await core.command("verbosity", "loud", id))


@virtual
async def test_rename_without_a_title_asks_for_it(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        asked = await core.command("rename", session=id)
        assert asked is not None and asked.form is not None
        assert asked.form.fields[0].default == f"Session {id[:6]}"
        await core.press(asked.form.token, session=id, title="A name")

        assert (await core.record(id)).title == "A name"


@virtual
async def test_retry_asks_the_last_message_again(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        assert "Nothing was asked" in refused(await core.command("retry", session=id))
        for text in ("one", "two"):
            await core.send(id, text)
            core.agent.finish()
            await core.pass_time(1)
        await core.command("retry", session=id)
        await core.pass_time(1)

        assert core.agent.prompts == ["one", "two", "two"]


@virtual
async def test_status_tells_what_the_session_is_doing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "later")
        here, elsewhere = await core.command("status", session=id), await core.command("status")

        assert here is not None and elsewhere is not None
        for words in ("🟢 active: work", "Doing: thinking", "Agent: fake", "Queue: 1", "Source: manual"):
            assert words in here.text
        for words in ("🟢 active: 1", "Slots: 1 of 20", "page: up", "version 1.2.3"):
            assert words in elsewhere.text


@pytest.mark.parametrize("verb", ["continue", "run_queue", "send_again", "send_now", "try_again", "own_model", "clear"])
@virtual
async def test_no_old_button_wakes_an_archived_session(verb: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "begun")
        await core.send(id, "queued")
        shown: Reply | None = await core.command("queue", session=id)
        core.agent.die()
        await core.pass_time(1)
        offered = {choice.label: choice for notice in core.notices() for choice in notice.choices}
        tokens = {"continue": "Continue", "run_queue": "Run the queue", "clear": "Clear"}
        if verb in ("send_now", "send_again"):
            cleared = await core.press(offered["Clear"].token) if verb == "send_again" else shown
            choice = button(cleared, "Send now" if verb == "send_now" else "Send again")
        else:
            choice = offered[tokens.get(verb, "Continue")]
        await core.command("archive", session=id)
        await core.pass_time(1)
        await core.press(choice.token)
        await core.pass_time(1)

        assert core.manager.slots_used == 0
        assert (await core.record(id)).archived_at is not None


@virtual
async def test_each_prompt_that_was_not_sent_can_be_sent_again_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("one", "two", "three"):
            await core.send(id, text)
        reply = await core.command("cancel", session=id)
        await core.pass_time(1)
        assert labels(reply) == ["Send again: two", "Send again: three"]
        for choice in choices(reply):
            for _ in range(2):
                await core.press(choice.token, session=id)
                core.agent.finish()
                await core.pass_time(1)

        assert core.agent.prompts == ["one", "two", "three"]


@virtual
async def test_a_session_that_ends_in_error_with_a_queue_offers_to_go_on(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "one")
        await core.send(id, "two")
        core.agent.finish(Outcome.DONE)
        core.agent.die(1)
        await core.pass_time(1)
        assert (await core.record(id)).state is State.ERROR
        assert [prompt.text for prompt in await core.store.queued(id)] == ["two"]
        assert [choice.label for choice in core.notices()[-1].choices] == ["Try again", "Clear"]
        await core.press(core.notices()[-1].choices[0].token, session=id)
        await core.pass_time(1)

        assert core.agent.prompts == ["two"]


@virtual
async def test_history_shows_each_prompt_once_with_its_last_state(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "one")
        await core.send(id, "two")
        await core.command("cancel", session=id)
        await core.pass_time(1)

        prompts = [event.prompt for event in await core.history(id) if isinstance(event, PromptChanged)]
        assert [(one.text, one.state) for one in prompts] == [("one", PromptState.ENDED), ("two", PromptState.DROPPED)]


@virtual
async def test_a_command_can_be_given_by_a_message_or_as_a_command(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        origin = core.origin(id)
        typed = await core.hub.handle(Message(origin, "m", "/PIN@our_bot"))

        assert typed is not None and typed.text.startswith("Pinned")
        assert (await core.record(id)).pinned
        assert origin.where == ThreadRef("web", "page", id)
