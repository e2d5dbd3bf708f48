"""A visit: the demo agent's process, the official SDK's client connected to it, and every frame it sent.

At the end of a visit every frame is checked against the SDK's models, and none may carry a field they do not know.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from acp import schema
from acp.client.connection import ClientSideConnection
from acp.connection import StreamDirection, StreamEvent
from acp.core import connect_to_agent
from pydantic import BaseModel, TypeAdapter

LIMIT = 20.0  # for every wait; none comes near it unless something is wrong

RESULTS: dict[str, type[BaseModel]] = {
    "initialize": schema.InitializeResponse,
    "session/new": schema.NewSessionResponse,
    "session/load": schema.LoadSessionResponse,
    "session/resume": schema.ResumeSessionResponse,
    "session/list": schema.ListSessionsResponse,
    "session/close": schema.CloseSessionResponse,
    "session/delete": schema.DeleteSessionResponse,
    "session/prompt": schema.PromptResponse,
    "session/set_mode": schema.SetSessionModeResponse,
    "session/set_config_option": schema.SetSessionConfigOptionResponse,
}
PARAMS: dict[str, Any] = {
    "session/update": schema.SessionNotification,
    "session/request_permission": schema.RequestPermissionRequest,
    "elicitation/create": schema.CreateElicitationRequest,
}


class Guest:
    """The SDK's client side: answers permission questions with `option` (None: cancelled), forms with `form`."""

    def __init__(self) -> None:
        self.option: str | None = "allow"
        self.hold = asyncio.Event()
        self.hold.set()
        self.asked: asyncio.Queue[schema.ToolCallUpdate] = asyncio.Queue()
        self.form: dict[str, Any] = {"action": "decline"}

    async def request_permission(
        self, session_id: str, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **_: Any
    ) -> dict[str, Any]:
        self.asked.put_nowait(tool_call)
        await self.hold.wait()
        if self.option is None:
            return {"outcome": {"outcome": "cancelled"}}
        return {"outcome": {"outcome": "selected", "optionId": self.option}}

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """The frames are kept by the visit's observer, in order."""

    async def create_elicitation(self, message: str, mode: Any, **_: Any) -> dict[str, Any]:
        return self.form


class Visit:
    """One agent process and its client."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process = process
        self.home = home
        self.guest = Guest()
        self.frames: list[dict[str, Any]] = []
        self._sent: dict[Any, str] = {}
        self._grown = asyncio.Condition()
        self.agent: ClientSideConnection = connect_to_agent(
            self.guest,  # type: ignore[arg-type]  # terminals and files are not advertised
            process.stdin,
            process.stdout,
            use_unstable_protocol=True,
            observers=[self._observe],
        )

    async def _observe(self, event: StreamEvent) -> None:
        message = event.message
        if event.direction is StreamDirection.OUTGOING:
            if "method" in message and "id" in message:
                self._sent[message["id"]] = message["method"]
            return
        self.frames.append(message)
        async with self._grown:
            self._grown.notify_all()

    async def opened(self, folder: Path, *, forms: bool = False) -> str:
        """Shake hands and open a session."""
        await self.greet(forms=forms)
        return (await self.agent.new_session(cwd=str(folder), mcp_servers=[])).session_id

    async def greet(self, *, forms: bool = False) -> schema.InitializeResponse:
        form: dict[str, Any] = {"elicitation": {"form": {}}} if forms else {}
        capabilities = schema.ClientCapabilities.model_validate(form)
        return await self.agent.initialize(protocol_version=1, client_capabilities=capabilities)

    async def say(self, session: str, text: str) -> str:
        """Send a prompt; its stop reason."""
        async with asyncio.timeout(LIMIT):
            return (await self.agent.prompt(session_id=session, prompt=[_text(text)])).stop_reason

    async def call(self, method: str, **params: Any) -> Any:
        """A request that the SDK's client has no method for."""
        async with asyncio.timeout(LIMIT):
            return await self.agent._conn.send_request(method, params)

    async def heard(self, words: str) -> None:
        """Wait until the agent's text contains `words`."""
        async with asyncio.timeout(LIMIT), self._grown:
            await self._grown.wait_for(lambda: words in self.text())

    def updates(self, kind: str = "") -> list[dict[str, Any]]:
        """The session updates so far, of one kind."""
        every = [frame["params"]["update"] for frame in self.frames if frame.get("method") == "session/update"]
        return [update for update in every if kind in ("", update["sessionUpdate"])]

    def text(self, kind: str = "agent_message_chunk") -> str:
        return "".join(update["content"].get("text", "") for update in self.updates(kind))

    def calls(self) -> dict[str, dict[str, Any]]:
        """Tool calls as a client knows them: fields of later updates replace earlier ones."""
        known: dict[str, dict[str, Any]] = {}
        for update in self.updates():
            if "toolCallId" in update:
                known.setdefault(update["toolCallId"], {}).update(update)
        return known

    def check_frames(self) -> None:
        for frame in self.frames:
            assert frame["jsonrpc"] == "2.0"
            if "method" in frame:
                _check(PARAMS[frame["method"]], frame["params"])
            elif "error" in frame:
                _check(schema.Error, frame["error"])
            else:
                _check(RESULTS[self._sent[frame["id"]]], frame["result"])


def _text(text: str) -> schema.TextContentBlock:
    return schema.TextContentBlock(type="text", text=text)


def _check(model: Any, body: dict[str, Any]) -> None:
    value = TypeAdapter(model).validate_python(body)
    assert value.model_dump(mode="json", by_alias=True, exclude_unset=True) == body


@asynccontextmanager
async def visit(home: Path, *, pace: str = "0") -> AsyncIterator[Visit]:
    """Start the agent with an empty home; afterwards it must have left by itself when stdin closed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DEMO_PACE": pace}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openacp_bot.demo_agent"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=64 * 1024 * 1024,
    )
    visited = Visit(process, home)
    try:
        yield visited
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(LIMIT):
            await process.wait()
        visited.check_frames()
    finally:
        await visited.agent.close()
        if process.returncode is None:
            process.kill()
            await process.wait()
