"""From the command to the conversation, and every way in which that fails."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.agents.limits import Limits
from openacp_bot.core.errors import AgentError, AgentGone, AuthenticationNeeded
from openacp_bot.core.events import (
    AgentNotice,
    CommandsChanged,
    OptionsChanged,
    TextChunk,
    TitleChanged,
)
from openacp_bot.core.model import AgentSpec, McpServer
from openacp_bot.core.ports import How
from tests.agents.kit import QUICK, Book, launched, stub

pytestmark = pytest.mark.wall_clock

IMPATIENT = replace(QUICK, handshake=0.4, conversation=0.4)


async def why_not(workspace: Path, *flags: str, spec: AgentSpec | None = None, limits: Limits = QUICK) -> str:
    with pytest.raises(AgentError) as failure:
        async with launched(workspace, *flags, spec=spec, limits=limits):
            pass
    return str(failure.value)


async def test_a_new_conversation(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert agent.agent.how is How.NEW
        assert agent.agent.conversation.startswith("stub-")
        assert await agent.said("cwd") == str(workspace)


async def test_what_is_advertised(workspace: Path) -> None:
    async with launched(workspace) as plain, launched(workspace, spec=stub(client_files=True)) as files:
        without, with_files = await plain.said("caps"), await files.said("caps")

    assert '"readTextFile": false' in without
    assert '"writeTextFile": true' in with_files
    assert '"terminal": false' in without
    assert '"elicitation": {"form": {}}' in without
    assert '"boolean": {}' in without
    assert '"notices": {}' in without


# --- what fails


async def test_a_command_that_is_not_installed(workspace: Path) -> None:
    said = await why_not(workspace, spec=AgentSpec("clever", "clever-agent-of-nobody"))

    assert said.startswith("clever is not installed: clever-agent-of-nobody was not found on PATH.")


async def test_a_path_that_does_not_exist(workspace: Path) -> None:
    assert "does not exist" in await why_not(workspace, spec=AgentSpec("clever", f"{workspace}/agent"))


async def test_a_command_that_is_not_executable(workspace: Path) -> None:
    script = workspace / "agent"
    script.write_text("#!/bin/sh\n")

    assert "chmod +x" in await why_not(workspace, spec=AgentSpec("clever", str(script)))


@pytest.mark.parametrize(("first", "said"), [("", "#! line"), ("#!/nowhere/python\n", "the interpreter")])
async def test_a_script_that_the_system_cannot_run(workspace: Path, first: str, said: str) -> None:
    script = workspace / "agent"
    script.write_text(first)
    script.chmod(0o755)

    assert said in await why_not(workspace, spec=AgentSpec("clever", str(script)))


async def test_a_workspace_that_does_not_exist_or_is_a_file(workspace: Path) -> None:
    file = workspace / "file"
    file.touch()

    assert "does not exist" in await why_not(workspace / "none")
    assert "not a directory" in await why_not(file)


async def test_an_agent_that_exits_tells_its_code_and_last_words(workspace: Path) -> None:
    with pytest.raises(AgentGone) as gone:
        async with launched(workspace, "--stderr", "no API key", "--exit", "3"):
            pass

    assert "ended while it was starting (exit code 3)" in str(gone.value)
    assert "no API key" in str(gone.value)
    assert gone.value.code == 3


async def test_a_banner_is_skipped(workspace: Path) -> None:
    async with launched(workspace, "--banner", "3") as agent:
        assert await agent.said("echo fine") == "fine"


async def test_a_banner_and_then_silence_tells_of_the_lines(workspace: Path) -> None:
    said = await why_not(workspace, "--banner", "3", "--silent", limits=IMPATIENT)

    assert "did not speak the protocol within 0.4 seconds" in said
    assert "3 lines" in said
    assert "“Welcome to the stub!”" in said


async def test_a_program_that_is_no_agent_at_all(workspace: Path) -> None:
    said = await why_not(workspace, spec=AgentSpec("clever", sys.executable, ("-c", "print('hello, world')")))

    assert "ended while it was starting (exit code 0)" in said
    assert "“hello, world”" in said
    assert said.count("Does its command start an ACP agent?") == 1


async def test_a_program_that_ends_without_a_word_is_asked_for_its_arguments(workspace: Path) -> None:
    said = await why_not(workspace, spec=AgentSpec("clever", sys.executable, ("-c", "")))

    assert "ended while it was starting (exit code 0). Does its command start an ACP agent?" in said
    assert "--acp" in said


async def test_an_agent_that_ends_after_the_handshake_is_an_agent(workspace: Path) -> None:
    assert "Does its command start" not in await why_not(workspace, spec=answering(HELLO))


async def test_silence_after_the_handshake(workspace: Path) -> None:
    assert "opened no conversation" in await why_not(workspace, "--deaf-new", limits=IMPATIENT)


async def test_another_protocol_version_is_refused(workspace: Path) -> None:
    said = await why_not(workspace, "--version", "2")

    assert "version 2" in said
    assert "openacp-bot speaks version 1" in said


@pytest.mark.parametrize("version", ["0", "2", '"1"', "1.0", "true", "null", "[1]"])
async def test_what_only_looks_like_version_1_is_named_as_what_it_is(workspace: Path, version: str) -> None:
    answer = f'{{"id": ID, "result": {{"protocolVersion": {version}}}}}'

    assert f"fixed speaks version {version} of the Agent" in await why_not(workspace, spec=answering(answer))


ANSWERS = """
import json, sys
for answer in sys.argv[1:]:
    print(answer.replace("ID", str(json.loads(sys.stdin.readline())["id"])), flush=True)
"""
HELLO = '{"id": ID, "result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}}'


def answering(*answers: str) -> AgentSpec:
    """An agent that has a fixed answer to each line, and then exits."""
    return AgentSpec("fixed", sys.executable, ("-c", ANSWERS, *answers))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (['{"id": ID, "error": "broken"}'], "fixed could not be started: broken"),
        (['{"id": ID, "error": {"code": 1, "message": "no CODEX_HOME"}}'], "fixed could not be started: no CODEX_HOME"),
        (['{"id": ID, "result": null}'], "names no version of the Agent Client Protocol"),
        ([HELLO], "ended while it was starting (exit code 0)"),
        ([HELLO, '{"id": ID, "result": {}}'], "without telling its id"),
        ([HELLO, '{"id": ID, "error": {"code": -32603, "message": "x", "data": "y"}}'], "open a conversation: x: y"),
    ],
)
async def test_answers_that_are_no_beginning(workspace: Path, answers: list[str], said: str) -> None:
    assert said in await why_not(workspace, spec=answering(*answers))


async def test_an_agent_that_dies_while_it_loads_is_not_asked_for_a_new_conversation(workspace: Path) -> None:
    with pytest.raises(AgentGone, match="ended while it was starting"):
        async with launched(workspace, spec=answering(HELLO), resume="old"):
            pass


async def test_a_login_that_is_wanted_to_go_on_is_told(workspace: Path) -> None:
    wanted = '{"id": ID, "error": {"code": -32000, "message": "Authentication required"}}'
    with pytest.raises(AuthenticationNeeded, match="names no way"):
        async with launched(workspace, spec=answering(HELLO, wanted), resume="old"):
            pass


async def test_a_login_that_is_wanted_names_every_way_with_its_command(workspace: Path) -> None:
    with pytest.raises(AuthenticationNeeded) as needed:
        async with launched(workspace, "--login"):
            pass

    said = str(needed.value)
    assert "Sign in: Opens a browser." in said
    assert f"STUB_LOGIN=1 {sys.executable}" in said
    assert said.endswith("--login --login")


async def test_an_error_of_the_body_comes_out_as_it_is(workspace: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with launched(workspace):
            raise ZeroDivisionError


async def test_a_launch_that_is_cancelled_leaves_nothing_behind(workspace: Path) -> None:
    book = Book()

    async def launch() -> None:
        async with launched(workspace, "--silent", book=book):
            pass

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(launch())
        await book.first()
        task.cancel()

    assert task.cancelled()
    assert len(book.seen) == 1
    assert not book.noted


# --- going on


async def test_resume_is_preferred(workspace: Path) -> None:
    async with launched(workspace, "--load", "--resume", resume="old-1") as agent:
        assert (agent.agent.how, agent.agent.conversation) == (How.RESUMED, "old-1")


async def test_a_replay_is_swallowed_but_the_state_is_kept(workspace: Path) -> None:
    async with launched(workspace, "--load", "--options", resume="old-1") as agent:
        events = await agent.turn("echo new")

    assert agent.agent.how is How.LOADED
    assert [event.text for event in events if isinstance(event, TextChunk)] == ["new"]
    assert [type(event) for event in events[:3]] == [CommandsChanged, TitleChanged, OptionsChanged]


@pytest.mark.parametrize("flags", [(), ("--load-fails",), ("--resume-fails",), ("--load-empty",)])
async def test_what_cannot_be_taken_up_begins_anew_and_says_so(workspace: Path, flags: tuple[str, ...]) -> None:
    async with launched(workspace, *flags, resume="old-1") as agent:
        assert agent.agent.how is How.NEW_WITHOUT_HISTORY
        assert agent.agent.conversation != "old-1"
        assert await agent.said("echo here") == "here"


async def test_a_greeting_after_the_opening_is_heard(workspace: Path) -> None:
    async with launched(workspace, "--greet") as agent:
        assert (await agent.until(TextChunk)).text == "Welcome."


async def test_what_is_asked_before_anybody_listens_is_refused(workspace: Path) -> None:
    async with launched(workspace, "--trust") as agent:
        assert await agent.said("echo in") == "in"


async def test_mcp_servers_go_as_the_agent_can_reach_them(workspace: Path) -> None:
    servers = (
        McpServer("local", command="mcp", args=("-x",), env={"A": "1"}),
        McpServer("web", "http", url="https://mcp.example", headers={"K": "v"}),
        McpServer("old", "sse", url="https://sse.example"),
    )
    async with launched(workspace, spec=stub("--mcp", "http", mcp_servers=servers)) as agent:
        notice = await agent.until(AgentNotice)
        said = await agent.said("mcp")

    assert "“old”" in notice.text
    assert '{"name": "local", "command": "mcp", "args": ["-x"], "env": [{"name": "A", "value": "1"}]}' in said
    assert '"type": "http"' in said
    assert "sse.example" not in said
