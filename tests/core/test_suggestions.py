"""What is suggested while a person types the options of a command, and what those options do."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import MappingProxyType

import pytest

from openacp_bot.core.errors import UserError
from openacp_bot.core.events import AgentCommand, CommandsChanged
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.views import Suggestions
from tests.core.chat import ALICE, BOB, STRANGER, TEAM, Chat, three_sessions
from tests.core.lodge import lodge
from tests.virtual_time import virtual

AGENTS = MappingProxyType(
    {
        "fake": AgentSpec("fake", "x", model="large", models=("small", "large")),
        "other": AgentSpec("other", "y", models=("tiny",)),
        "codex-fake": AgentSpec("codex-fake", "z"),
    }
)


async def suggested(
    chat: Chat, param: str, typed: str = "", *, command: str = "new", **given: str
) -> list[tuple[str, str]]:
    """Values and labels."""
    query = Suggestions(command, param, typed, chat.where, MappingProxyType(given))
    found = await chat.core.hub.look(query, chat.who)
    return list(found)


async def values(chat: Chat, param: str, typed: str = "", *, command: str = "new", **given: str) -> list[str]:
    return [value for value, _ in await suggested(chat, param, typed, command=command, **given)]


# Names of directories come from a thread, for which no virtual time waits.

# --- /new -----------------------------------------------------------------------------------------------


@virtual
async def test_agents_that_begin_so_stand_before_those_that_only_have_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, agents=AGENTS) as core:
        assert await values(Chat(core), "agent") == ["fake", "other", "codex-fake"]
        assert await values(Chat(core), "agent", "FAK") == ["fake", "codex-fake"]
        assert await values(Chat(core), "agent", "nobody") == []


async def test_workspaces_come_newest_first_then_the_base_directory(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat, base = Chat(core), core.settings.base_dir
        for name in ("parser", "site"):
            (base / name).mkdir()
            await chat.command("new", f"fake {name}")

        assert await values(chat, "workspace") == [str(base / "site"), str(base / "parser"), str(base)]
        assert await values(chat, "workspace", "pars") == [str(base / "parser")]


async def test_a_workspace_in_the_home_directory_is_shown_with_its_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with lodge(tmp_path, access=TEAM) as core:
        ((value, label),) = await suggested(Chat(core), "workspace")

        assert value == str(core.settings.base_dir) and label.startswith("~/")
        assert await values(Chat(core), "workspace", "~/") == [value]


async def test_directories_below_the_base_directory_are_suggested_level_by_level(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat, base = Chat(core, BOB), core.settings.base_dir
        for name in ("parser/src", "parser/spare", "site", "a-parser", ".hidden/deep"):
            (base / name).mkdir(parents=True)
        (base / "parser.txt").touch()
        (base / "out").symlink_to(tmp_path)

        async def below(typed: str) -> list[str]:
            return [str(Path(path).relative_to(base)) for path in await values(chat, "workspace", typed)]

        assert await below("") == [".", "a-parser", "parser", "site"]
        assert await below("PAR") == ["parser", "a-parser"]
        assert await below("parser/") == ["parser/spare", "parser/src"]
        assert await below(f"{base}/parser/s") == ["parser/spare", "parser/src"]
        for nowhere in ("out/", ".hidden/", "../", "parser.txt/", "nothing/", "\0/", "~nobody/", "/etc/"):
            assert await below(nowhere) == []


async def test_directories_that_may_not_be_used_are_not_suggested(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    (base / "own" / "data").mkdir(parents=True)
    (base / "free").mkdir()
    elsewhere.mkdir()
    async with lodge(tmp_path, access=TEAM, base_dir=base, data_dir=base / "own" / "data") as core:
        await Chat(core).command("new", f"fake {elsewhere}")
        assert await values(Chat(core, BOB), "workspace", "") == [str(base / "free")]
        assert await values(Chat(core, ALICE), "workspace", "") == [str(elsewhere), str(base / "free")]


async def test_of_very_many_directories_the_first_are_suggested(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        for number in range(40):
            (core.settings.base_dir / f"d{number:02}").mkdir()

        assert len(await values(Chat(core), "workspace")) == 25
        assert await values(Chat(core), "workspace", "d39") == [str(core.settings.base_dir / "d39")]


async def test_a_disk_that_does_not_answer_leaves_the_directories_of_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(os, "scandir", lambda _: is_over.wait(30))
    async with lodge(tmp_path, access=TEAM) as core:
        try:
            assert await values(Chat(core), "workspace") == [str(core.settings.base_dir)]
        finally:
            is_over.set()


@virtual
async def test_models_are_those_of_the_agent_that_was_given_else_of_the_default_one(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, agents=AGENTS, default_agent="fake") as core:
        chat = Chat(core)

        assert await values(chat, "model") == ["large", "small"]
        assert await values(chat, "model", agent="other") == ["tiny"]
        assert await values(chat, "model", agent="codex-fake") == []
        assert await values(chat, "model", "SM") == ["small"]
        assert await values(chat, "model", agent="cod") == ["large", "small", "tiny"]  # of nobody yet: of all


@virtual
async def test_at_most_25_are_suggested(tmp_path: Path) -> None:
    many = MappingProxyType({f"a{n:02}": AgentSpec(f"a{n:02}", "x") for n in range(40)} | dict(AGENTS))
    async with lodge(tmp_path, access=TEAM, agents=many) as core:
        assert len(await values(Chat(core), "agent")) == 25
        assert await values(Chat(core), "agent", "a39") == ["a39"]


@pytest.mark.parametrize("param", ["message", "query", "session ", "nonsense"])
@virtual
async def test_nothing_is_suggested_for_free_text(param: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        assert await suggested(Chat(core), param) == []


# --- sessions -------------------------------------------------------------------------------------------


@virtual
async def test_an_admin_is_suggested_every_session_others_their_own_and_this_chats(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, his, far = await three_sessions(core)

        assert set(await values(Chat(core, ALICE), "session", command="status")) == {hers, his, far}
        assert set(await values(Chat(core, BOB), "session", command="status")) == {hers, his}
        assert await values(Chat(core, BOB, space="-300"), "session", command="status") == [his]
        assert await values(Chat(core, BOB), "session", "his", command="status") == [his]


@virtual
async def test_a_session_is_shown_with_its_state_title_and_agent(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, _ = await Chat(core).new(topic="10")
        await Chat(core).at("10").command("rename", "Parser")

        assert await suggested(Chat(core), "session", command="pin") == [(hers, "🟢 Parser · fake")]


@virtual
async def test_only_archived_sessions_are_suggested_to_be_restored(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        hers, topic = await Chat(core).new(topic="10")
        other, _ = await Chat(core).new(topic="11")
        assert await values(topic, "session", command="restore") == []
        await core.manager.archive(await core.record(hers))
        await core.pass_time(5)

        assert await values(topic, "session", command="restore") == [hers]
        assert await values(topic, "session", command="pin") == [other]


@virtual
async def test_nothing_is_suggested_to_strangers(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await three_sessions(core)
        for param in ("session", "agent", "workspace"):
            with pytest.raises(UserError):
                await suggested(Chat(core, STRANGER), param, command="status")


# --- the agent's own commands ---------------------------------------------------------------------------


@virtual
async def test_the_names_of_the_agents_own_commands_are_suggested_in_its_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        core.agent.say(CommandsChanged((AgentCommand("compact", "make it short"), AgentCommand("init", ""))))
        await core.pass_time(1)

        assert await suggested(topic, "name", command="agent") == [
            ("compact", "compact: make it short"),
            ("init", "init"),
        ]
        assert await values(topic, "name", "/com", command="agent") == ["compact"]
        assert await values(topic.at(""), "name", command="agent") == []
        assert await values(topic, "name", command="rename") == []


@virtual
async def test_a_sleeping_sessions_agent_is_known_by_what_it_offered_last(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        core.agent.say(CommandsChanged((AgentCommand("compact", ""),)))
        await core.pass_time(1)
        await topic.command("finish")
        await core.pass_time(5)

        assert await values(topic, "name", command="agent") == ["compact"]


@virtual
async def test_what_is_suggested_can_be_chosen(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await three_sessions(core)
        bob = Chat(core, BOB)

        for id in await values(bob, "session", command="status"):
            reply = await bob.command("status", session=id)

            assert reply is not None and not reply.refused, reply
