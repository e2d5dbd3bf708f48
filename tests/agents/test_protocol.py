"""What we send is ACP: by the official SDK's models, and by an agent that is built on it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from acp import schema
from pydantic import BaseModel, TypeAdapter

from openacp_bot.core.events import Asked, Outcome, TextChunk, ToolCallChanged, TurnEnded
from openacp_bot.core.model import AgentSpec, Diff, McpServer
from openacp_bot.core.ports import How
from tests.agents.kit import Listener, launched, only, stub, words

pytestmark = pytest.mark.wall_clock

SDK_AGENT = AgentSpec("sdk", sys.executable, (str(Path(__file__).with_name("sdk_agent.py")),), client_files=True)

REQUESTS: dict[str, Any] = {
    "initialize": schema.InitializeRequest,
    "session/new": schema.NewSessionRequest,
    "session/load": schema.LoadSessionRequest,
    "session/resume": schema.ResumeSessionRequest,
    "session/close": schema.CloseSessionRequest,
    "session/delete": schema.DeleteSessionRequest,
    "session/prompt": schema.PromptRequest,
    "session/cancel": schema.CancelNotification,
    "session/set_mode": schema.SetSessionModeRequest,
    "session/set_config_option": schema.SetSessionConfigOptionBooleanRequest
    | schema.SetSessionConfigOptionSelectRequest,
}
RESULTS: dict[str, Any] = {
    "session/request_permission": schema.RequestPermissionResponse,
    "elicitation/create": schema.CreateElicitationResponse,
    "fs/read_text_file": schema.ReadTextFileResponse,
    "fs/write_text_file": schema.WriteTextFileResponse,
}


class Error(BaseModel):
    """JSON-RPC's error object."""

    code: int
    message: str


def recorded(log: Path, *flags: str, **fields: Any) -> AgentSpec:
    """The stub behind a launcher that writes down both directions."""
    script = f'tee "{log}.in" | "$@" | tee "{log}.out"'
    return stub(*flags, launcher=("sh", "-c", script, "sh"), **fields)


def lines(log: Path, direction: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(f"{log}.{direction}").read_text().splitlines()]


def check(log: Path) -> set[str]:
    """Validates every frame that we sent; returns what was seen."""
    asked = {
        message["id"]: message["method"] for message in lines(log, "out") if "method" in message and "id" in message
    }
    seen = set()
    for frame in lines(log, "in"):
        assert frame["jsonrpc"] == "2.0"
        if "method" in frame:
            kind, model, value = frame["method"], REQUESTS[frame["method"]], frame["params"]
        elif "error" in frame:
            kind, model, value = "error", Error, frame["error"]
        else:
            kind, model, value = asked[frame["id"]], RESULTS[asked[frame["id"]]], frame["result"]
        TypeAdapter(model).validate_python(value)
        seen.add(kind)
    return seen


async def answer(agent: Listener, prompt: str, option: str | None, values: dict[str, str] | None = None) -> None:
    agent.agent.prompt(prompt)
    agent.agent.answer((await agent.until(Asked)).id, option, values)
    await agent.rest()


async def test_every_frame_that_we_send_is_valid(workspace: Path, tmp_path: Path) -> None:
    log, files = tmp_path / "log", [tmp_path / name for name in ("a.png", "b.wav", "c.md", "d.bin")]
    for file in files:
        file.write_bytes(b"x")
    servers = (
        McpServer("local", command="mcp", args=("-x",), env={"A": "1"}),
        McpServer("web", "http", url="https://mcp.example", headers={"K": "v"}),
        McpServer("old", "sse", url="https://sse.example"),
    )
    flags = ("--options", "--close-delete", "--mcp", "http,sse", "--takes", "image,audio,embedded")
    saved = {"mode": "auto", "fast": "true"}
    async with launched(
        workspace, spec=recorded(log, *flags, mcp_servers=servers), model="large", options=saved
    ) as agent:
        await agent.turn("hello", files)
        await answer(agent, "permission", "yes")
        await answer(agent, "permission", None)
        await answer(agent, "form", None, {"colour": "r", "sure": "no", "tags": "x"})
        await answer(agent, "form", None)
        await agent.turn(f"url; write {workspace}/a words; read {workspace}/a; read /etc/passwd; terminal")
        assert await agent.agent.side_prompt("permission", 20)
        agent.agent.prompt("echo go; wait")
        await agent.until(TextChunk)
        agent.agent.cancel()
        await agent.rest()

    assert check(log) == {"error", *RESULTS, *REQUESTS} - {"session/load", "session/resume", "session/set_mode"}


@pytest.mark.parametrize(
    ("flags", "method"), [(("--load", "--old"), "session/load"), (("--resume",), "session/resume")]
)
async def test_frames_that_go_on_are_valid(
    workspace: Path, tmp_path: Path, flags: tuple[str, ...], method: str
) -> None:
    log = tmp_path / "log"
    async with launched(workspace, spec=recorded(log, *flags), resume="old", options={"mode": "auto"}) as agent:
        await agent.said("echo settled")

    assert method in check(log)


async def test_a_turn_of_an_agent_built_on_the_sdk(workspace: Path) -> None:
    async with launched(workspace, spec=SDK_AGENT) as agent:
        agent.agent.prompt("make it")
        asked = await agent.until(Asked)
        agent.agent.answer(asked.id, "go")
        events = await agent.rest()

    assert asked.call is not None
    assert asked.call.diffs == (Diff(f"{workspace}/made.txt", None, "made by an agent\n"),)
    assert [option.label for option in asked.options] == ["Go ahead", "Stop"]
    assert words(events) == "It says: made by an agent\n"
    assert only(ToolCallChanged, events)[-1].call.status == "completed"
    assert events[-1] == TurnEnded(Outcome.DONE)
    assert (workspace / "made.txt").read_text() == "made by an agent\n"


async def test_an_agent_built_on_the_sdk_is_refused_cancelled_and_loaded_again(workspace: Path) -> None:
    async with launched(workspace, spec=SDK_AGENT) as agent:
        await answer(agent, "make it", "stop")
        agent.agent.prompt("wait")
        await agent.until(TextChunk)
        agent.agent.cancel()
        cancelled = (await agent.rest())[-1]
    async with launched(workspace, spec=SDK_AGENT, resume="sdk-1") as agent:
        how, conversation = agent.agent.how, agent.agent.conversation
        agent.agent.prompt("wait")
        first = await agent.until(TextChunk)

    assert not (workspace / "made.txt").exists()
    assert cancelled == TurnEnded(Outcome.CANCELLED)
    assert (how, conversation) == (How.LOADED, "sdk-1")
    assert first.text == "waiting"
