"""Typed options of commands, as a platform offers them, and the card of one session that is picked from a menu."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from openacp_bot.core.commands.spec import CommandSpec
from openacp_bot.core.commands.table import COMMANDS
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import AgentSpec, UserRef
from openacp_bot.core.views import CommandMenu
from tests.core.chat import TEAM, Chat, refused, three_sessions
from tests.core.lodge import lodge
from tests.virtual_time import virtual

AGENTS = MappingProxyType({"fake": AgentSpec("fake", "x"), "other": AgentSpec("other", "y", models=("tiny",))})


# --- options ---------------------------------------------------------------------------------------------

# product.md §8
NAMES = {"agent", "workspace", "model", "message", "query", "session", "name"}
OURS = {"level", "on"}  # of /verbosity and /bypass: one of a few words


def test_options_are_called_as_the_contract_says() -> None:
    params = {param.name for spec in COMMANDS for param in spec.all_params}

    assert params == NAMES | OURS


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_every_command_about_a_session_can_name_it_and_no_option_comes_twice(spec: CommandSpec) -> None:
    names = [param.name for param in spec.all_params]

    assert len(names) == len(set(names))
    assert ("session" in names) == (spec.about_session or spec.name == "status")


@virtual
async def test_a_menu_tells_options_and_whose_answers_are_private(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        menu = {one.name: one for one in await core.hub.look(CommandMenu(), UserRef("telegram", ""))}
        informing = {"status", "sessions", "queue", "help", "start", "menu"}

        assert [param.name for param in menu["new"].params] == ["agent", "workspace", "model", "message"]
        assert [param.suggests for param in menu["new"].params] == [True, True, True, False]
        assert menu["verbosity"].params[0].choices == ("low", "medium", "high")
        assert {name for name, one in menu.items() if one.private} == informing
        for name in informing:
            assert (await Chat(core).command(name) or Reply("")).private


@virtual
async def test_the_agents_own_commands_are_one_command_where_options_are_filled_in(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        menus = [
            {one.name: one for one in await core.hub.look(CommandMenu(options=options), UserRef("telegram", ""))}
            for options in (True, False)
        ]
        assert [param.required for param in menus[0]["agent"].params] == [True, False]
        assert "agent" not in menus[1] and menus[0].keys() - menus[1].keys() == {"agent"}

        assert "which command" in refused(await topic.command("agent"))
        assert await topic.command("agent", name="/compact", message="all of it") is None
        await core.pass_time(1)
        assert core.agent.prompts == ["/compact all of it"]


@virtual
async def test_new_with_options_starts_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, agents=AGENTS) as core:
        (core.settings.base_dir / "site").mkdir()
        reply = await Chat(core).command("new", agent="other", workspace="site", model="tiny", message="go on")
        assert reply is not None and reply.session
        await core.pass_time(1)

        record = await core.record(reply.session)
        assert (record.agent, record.model, Path(record.workspace).name) == ("other", "tiny", "site")
        assert core.agent.prompts == ["go on"]


@virtual
async def test_an_option_names_the_session_and_another_its_title(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, topic = await Chat(core).new(topic="10")
        other, _ = await Chat(core).new(topic="11")
        await topic.say("hello")
        await topic.command("rename", session=other, name="Chosen by option")
        await topic.command("rename", name="Chosen here")

        assert (await core.record(other)).title == "Chosen by option"
        assert (await core.record(hers)).title == "Chosen here"


@pytest.mark.parametrize("named", ["no such one", "ffffffffffff", "Parser", "pars"])
@virtual
async def test_a_session_that_there_is_not_is_said_and_nothing_is_done_here(named: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, topic = await Chat(core).new(topic="10")
        for command in ("finish", "delete", "pin", "status"):
            assert refused(await topic.command(command, session=named)).startswith(f"There is no session “{named}”.")

        record = await core.record(hers)
        assert (record.state.holds_slot, record.pinned) == (True, False)


@virtual
async def test_a_list_is_searched_by_its_option(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, his, far = await three_sessions(core)
        await core.manager.archive(await core.record(far))
        await core.pass_time(5)
        found = await Chat(core).command("sessions", query="his")
        archived = await Chat(core).command("sessions", query="archived")
        both = await Chat(core).command("sessions", query="archived far")
        none = await Chat(core).command("sessions", query="archived his")

        shown = [[row.session for row in reply.rows] for reply in (found, archived, both, none) if reply]
        assert shown == [[his], [far], [far], []]


@virtual
async def test_what_is_typed_as_a_line_wins_over_an_option(tmp_path: Path) -> None:
    """Nobody can do both; it must only be certain."""
    async with lodge(tmp_path, access=TEAM) as core:
        _, his, _ = await three_sessions(core)
        found = await Chat(core).command("sessions", "his", query="far")

        assert found is not None and [row.session for row in found.rows] == [his]


# --- the card of one session, picked from a menu --------------------------------------------------------


@virtual
async def test_a_row_is_picked_and_shown_alone_and_back_shows_the_list(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, his, _ = await three_sessions(core)
        listed = await Chat(core).command("sessions")
        assert listed is not None
        row = next(row for row in listed.rows if row.session == hers)
        assert row.pick is not None and "Her parser" in row.pick.label

        card = await Chat(core).press(row.pick)
        assert card is not None and card.replaces and card.private
        (alone,) = card.rows
        assert alone.session == hers
        assert [choice.label for choice in alone.choices] == ["Open", "Rename", "Pin", "Archive", "Delete"]
        back = await Chat(core).push(card, "Back")

        assert back.replaces and {hers, his} <= {row.session for row in back.rows}


@virtual
async def test_the_card_of_an_archived_session_goes_back_to_the_archive(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, _, _ = await three_sessions(core)
        await core.manager.archive(await core.record(hers))
        await core.pass_time(5)
        listed = await Chat(core).command("sessions", query="archived")
        assert listed is not None and listed.rows[0].pick is not None
        card = await Chat(core).press(listed.rows[0].pick)
        assert card is not None
        assert [choice.label for choice in card.rows[0].choices] == ["Rename", "Restore", "History", "Delete"]
        back = await Chat(core).push(card, "Back")

        assert [row.session for row in back.rows] == [hers]


@virtual
async def test_a_card_of_a_session_that_is_gone_says_so(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, *_ = await three_sessions(core)
        listed = await Chat(core).command("sessions")
        assert listed is not None
        row = next(row for row in listed.rows if row.session == hers)
        assert row.pick is not None
        core.manager.delete_all([await core.record(hers)])
        await core.pass_time(5)

        assert refused(await Chat(core).press(row.pick)) in (
            "This session no longer exists.",
            "This button is no longer valid.",
        )
