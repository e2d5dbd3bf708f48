"""What a skill can do during one turn: speak, think, plan, show a tool at work, ask."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from openacp_bot.demo_agent.history import Conversation
from openacp_bot.demo_agent.options import CONTEXT_WINDOW
from openacp_bot.demo_agent.wire import Json, Wire

WORD_SECONDS = 0.015
PERMISSIONS = (
    {"optionId": "allow", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "always", "name": "Always allow", "kind": "allow_always"},
    {"optionId": "reject", "name": "Reject", "kind": "reject_once"},
)


class Cancelled(Exception):
    """The client answered a question with `cancelled`: the turn is over."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What was asked: its words, and what came along."""

    text: str
    attachments: tuple[Json, ...] = ()


@dataclass
class Tool:
    """One tool call on the client's screen."""

    id: str
    title: str
    kind: str
    turn: Turn
    open: bool = True

    async def news(self, **fields: Any) -> None:
        await self.turn.update({"sessionUpdate": "tool_call_update", "toolCallId": self.id, **fields})

    async def done(self, **fields: Any) -> None:
        self.open = False
        await self.news(status="completed", **fields)

    async def failed(self, why: str, **fields: Any) -> None:
        self.open = False
        await self.news(status="failed", **{"content": [text_content(why)], **fields})


@dataclass
class Turn:
    """One prompt being worked on. `always`: kinds of tool that need no question any more."""

    wire: Wire
    conversation: Conversation
    prompt: Prompt
    forms: bool  # the client can show a form
    pace: float
    always: set[str]
    _message: str = field(default_factory=lambda: str(uuid4()))

    @property
    def folder(self) -> Path:
        return Path(self.conversation.cwd)

    async def say(self, text: str, *, seconds: float = WORD_SECONDS) -> None:
        """Stream Markdown, word by word."""
        await self._stream("agent_message_chunk", text, seconds)

    async def think(self, text: str) -> None:
        await self._stream("agent_thought_chunk", text, WORD_SECONDS)
        self._message = str(uuid4())

    async def _stream(self, kind: str, text: str, seconds: float) -> None:
        for word in re.findall(r"\s*\S+\s*|\s+", text):
            await self.show({"type": "text", "text": word}, kind=kind)
            await asyncio.sleep(seconds * self.pace)

    async def show(self, content: Json, *, kind: str = "agent_message_chunk") -> None:
        """One chunk: a word, or an image."""
        await self.update({"sessionUpdate": kind, "messageId": self._message, "content": content})

    async def plan(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Entries are (text, priority, status)."""
        body = [{"content": text, "priority": priority, "status": status} for text, priority, status in entries]
        await self.update({"sessionUpdate": "plan", "entries": body})

    async def name_session(self, title: str) -> None:
        self.conversation.title = title
        await self.update({"sessionUpdate": "session_info_update", "title": title})

    async def tell_usage(self) -> None:
        size = CONTEXT_WINDOW[self.conversation.model]
        cost = {"amount": 0.0, "currency": "USD"}  # it costs nothing, and says so
        used = min(self.conversation.tokens, size)
        await self.update({"sessionUpdate": "usage_update", "used": used, "size": size, "cost": cost})

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.pace)

    async def update(self, update: Json) -> None:
        self.conversation.record(update)
        await self.wire.notify("session/update", {"sessionId": self.conversation.id, "update": update})

    @asynccontextmanager
    async def tool(self, title: str, kind: str, path: Path | None = None, **fields: Any) -> AsyncIterator[Tool]:
        """A tool call, shown at once; one that is left open (cancelled, or by a bug) is shown as failed."""
        tool = Tool(id=f"call-{uuid4().hex[:12]}", title=title, kind=kind, turn=self)
        where = [{"path": str(path)}] if path is not None else []
        start = {"toolCallId": tool.id, "title": title, "kind": kind, "status": "pending", "locations": where}
        await self.update({"sessionUpdate": "tool_call", **start, **fields})
        self._message = str(uuid4())  # what is said after a tool is a new message
        try:
            yield tool
        finally:
            if tool.open:
                await tool.failed("It was stopped before it was done.")

    async def may(self, tool: Tool, **fields: Any) -> bool:
        """Whether the person lets `tool` go ahead; raises Cancelled if the client ended the turn instead."""
        if self.conversation.mode == "auto" or tool.kind in self.always:
            return True
        call = {"toolCallId": tool.id, "title": tool.title, "kind": tool.kind, "status": "pending", **fields}
        question = {"sessionId": self.conversation.id, "toolCall": call, "options": list(PERMISSIONS)}
        answer = await self.wire.ask("session/request_permission", question)
        outcome = answer.get("outcome", {}) if isinstance(answer, dict) else {}
        if outcome.get("outcome") != "selected":
            raise Cancelled
        if outcome.get("optionId") == "always":
            self.always.add(tool.kind)
        return outcome.get("optionId") in ("allow", "always")

    async def form(self, message: str, schema: Json) -> Json | None:
        """What the person filled in; None if they declined. Only where `forms`."""
        question = {"sessionId": self.conversation.id, "mode": "form", "message": message, "requestedSchema": schema}
        answer = await self.wire.ask("elicitation/create", question)
        if not isinstance(answer, dict) or answer.get("action") == "cancel":
            raise Cancelled
        return (answer.get("content") or {}) if answer.get("action") == "accept" else None


def text_content(text: str) -> Json:
    """A tool call's content that is plain text."""
    return {"type": "content", "content": {"type": "text", "text": text}}


def diff_content(path: Path, old: str | None, new: str) -> Json:
    """A tool call's content that is a change to a file; `old` None: the file is new."""
    return {"type": "diff", "path": str(path), "oldText": old, "newText": new}
