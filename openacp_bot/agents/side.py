"""A second conversation in the same process, unseen: for a title, say. Everything it asks is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

from openacp_bot.agents.limits import Limits
from openacp_bot.agents.loose import Json, obj, text
from openacp_bot.agents.traits import Traits
from openacp_bot.agents.wire import Answer, Refused, Wire
from openacp_bot.core.errors import AgentGone

MOST = 64 * 1024  # characters of an answer


class SideTalks:
    """One process's side conversations."""

    def __init__(self, wire: Wire, cwd: Path, traits: Traits, limits: Limits) -> None:
        self._wire = wire
        self._cwd = cwd
        self._traits = traits
        self._limits = limits
        self._opening = 0
        self._said: dict[str, list[str]] = {}  # by conversation, while it goes on
        self._over: set[str] = set()

    def owns(self, conversation: str, main: str) -> bool:
        """Whether this conversation is a side one; while one is being opened, every strange one is."""
        if conversation == main:
            return False
        return conversation in self._said or conversation in self._over or self._opening > 0

    def hear(self, conversation: str, update: Json) -> None:
        """An update of a side conversation: only its words count."""
        said = self._said.get(conversation)
        if said is None or text(update, "sessionUpdate") != "agent_message_chunk":
            return
        if sum(map(len, said)) < MOST:
            said.append(text(obj(update, "content"), "text"))

    async def talk(self, words: str, limit: float) -> str | None:
        """The answer, or None if it failed in any way."""
        try:
            async with asyncio.timeout(limit):
                return await self._talk(words, limit)
        except (TimeoutError, Refused, AgentGone):
            return None

    async def _talk(self, words: str, limit: float) -> str | None:
        conversation = await self._opened(limit)
        if not conversation:
            return None
        ended = False
        try:
            prompt = {"sessionId": conversation, "prompt": [{"type": "text", "text": words}]}
            result = await self._wire.call("session/prompt", prompt, limit=limit)
            ended = True
            return "".join(self._said[conversation]).strip() or None if result.get("stopReason") == "end_turn" else None
        except Refused:
            ended = True
            return None
        finally:
            self._leave(conversation, cancel=not ended)

    async def _opened(self, limit: float) -> str:
        waiting = True

        def then(answer: Answer) -> None:
            self._opening -= 1
            conversation = text(answer.members, "sessionId")
            if not conversation:
                return
            self._said[conversation] = []
            if not waiting:
                self._leave(conversation, cancel=False)

        self._opening += 1
        try:
            result = await self._wire.call(
                "session/new", {"cwd": str(self._cwd), "mcpServers": []}, limit=limit, then=then
            )
        finally:
            waiting = False
        return text(result, "sessionId")

    def _leave(self, conversation: str, *, cancel: bool) -> None:
        """Nobody waits for the answers: close and delete are a courtesy."""
        self._said.pop(conversation, None)
        self._over.add(conversation)
        where = {"sessionId": conversation}
        if cancel:
            self._wire.notify("session/cancel", where)
        if self._traits.close:
            self._wire.request("session/close", where, _ignored)
        if self._traits.delete:
            self._wire.request("session/delete", where, _ignored)


def _ignored(answer: Answer) -> None:
    pass
