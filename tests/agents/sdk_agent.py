"""A third party's agent: built on the official Python SDK, knowing nothing of openacp_bot. Run as a process."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import acp
from acp import schema
from acp.interfaces import Client

OPTIONS = [
    schema.PermissionOption(option_id="go", name="Go ahead", kind="allow_once"),
    schema.PermissionOption(option_id="stop", name="Stop", kind="reject_once"),
]


class SdkAgent:
    """Reads, asks, writes and speaks; and can be loaded again."""

    _client: Client

    def __init__(self) -> None:
        self._cwd = ""
        self._cancelled = asyncio.Event()

    def on_connect(self, conn: Client) -> None:
        self._client = conn

    async def initialize(self, protocol_version: int, *args: Any, **kwargs: Any) -> acp.InitializeResponse:
        capabilities = schema.AgentCapabilities(load_session=True)
        return acp.InitializeResponse(protocol_version=protocol_version, agent_capabilities=capabilities)

    async def new_session(self, cwd: str, *args: Any, **kwargs: Any) -> acp.NewSessionResponse:
        self._cwd = cwd
        return acp.NewSessionResponse(session_id="sdk-1")

    async def load_session(self, cwd: str, session_id: str, *args: Any, **kwargs: Any) -> acp.LoadSessionResponse:
        self._cwd = cwd
        await self._client.session_update(session_id, acp.update_agent_message_text("as I said before"))
        return acp.LoadSessionResponse()

    async def cancel(self, session_id: str, **kwargs: Any) -> None:
        self._cancelled.set()

    async def prompt(self, session_id: str, prompt: list[Any], **kwargs: Any) -> acp.PromptResponse:
        if prompt[0].text == "wait":
            await self._client.session_update(session_id, acp.update_agent_message_text("waiting"))
            await self._cancelled.wait()
            return acp.PromptResponse(stop_reason="cancelled")
        path = f"{self._cwd}/made.txt"
        diff = acp.tool_diff_content(path, "made by an agent\n")
        call = acp.start_tool_call("c1", "Make made.txt", kind="edit", status="pending", content=[diff])
        await self._client.session_update(session_id, call)
        about = schema.ToolCallUpdate(tool_call_id="c1", title="Make made.txt", kind="edit", content=[diff])
        answer = await self._client.request_permission(session_id=session_id, tool_call=about, options=OPTIONS)
        chosen = getattr(answer.outcome, "option_id", "cancelled")
        if chosen == "go":
            await self._client.write_text_file(session_id=session_id, path=path, content="made by an agent\n")
        done = acp.update_tool_call("c1", status="completed" if chosen == "go" else "failed")
        await self._client.session_update(session_id, done)
        read = await self._client.read_text_file(session_id=session_id, path=path)
        await self._client.session_update(session_id, acp.update_agent_message_text(f"It says: {read.content}"))
        return acp.PromptResponse(stop_reason="end_turn")


if __name__ == "__main__":
    asyncio.run(acp.run_agent(cast(acp.Agent, SdkAgent())))
