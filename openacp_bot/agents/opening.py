"""From a started process to an open conversation, with a sentence for whatever goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from openacp_bot.agents.limits import Limits
from openacp_bot.agents.loose import Json, short, text
from openacp_bot.agents.outcomes import needs_login
from openacp_bot.agents.pipes import Pipes
from openacp_bot.agents.traits import VERSION, Traits, introduction, mcp_servers, traits_of
from openacp_bot.agents.wire import AUTH_REQUIRED, Answer, Refused, Wire
from openacp_bot.core.errors import AgentError, AgentGone, AuthenticationNeeded
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.ports import How

NO_AGENT = " Does its command start an ACP agent? Some need an argument for that, such as --acp or acp."

Began: TypeAlias = Callable[[str, How, Json], bool]
"""Told the conversation's id, how it began and the agent's answer, before anything that follows on the line is read;
False if the conversation turns out to be of no use."""


class Opening:
    """One agent's beginning."""

    def __init__(self, spec: AgentSpec, wire: Wire, pipes: Pipes, limits: Limits) -> None:
        self._spec = spec
        self._wire = wire
        self._pipes = pipes
        self._limits = limits

    async def shake_hands(self, version: str) -> Traits:
        """Raises AgentError."""
        params = introduction(version, files=self._spec.client_files)
        try:
            result = await self._wire.call("initialize", params, limit=self._limits.handshake)
        except Refused as error:
            raise AgentError(f"{self._spec.name} could not be started: {error.words}") from error
        except TimeoutError as error:
            raise AgentError(
                self._with_traces(self._silent("did not speak the protocol", self._limits.handshake))
            ) from error
        except AgentGone as gone:
            raise self._ended(gone, NO_AGENT if gone.code == 0 else "") from gone
        self._check_version(result)
        return traits_of(result)

    def _check_version(self, result: Json) -> None:
        answered = result.get("protocolVersion")
        if type(answered) is int and answered == VERSION:  # ACP: a whole number; True and 1.0 only equal it
            return
        told = f"speaks version {short(json.dumps(answered))}" if "protocolVersion" in result else "names no version"
        raise AgentError(
            f"{self._spec.name} {told} of the Agent Client Protocol; openacp-bot speaks version {VERSION}. "
            f"Install a version of the agent that does too."
        )

    async def converse(self, traits: Traits, cwd: Path, resume: str, began: Began) -> list[str]:
        """Opens the conversation, the old one if the agent can; returns the MCP servers that it cannot reach. Raises
        AgentError."""
        servers, unreachable = mcp_servers(self._spec.mcp_servers, traits)
        where: Json = {"cwd": str(cwd), "mcpServers": servers}
        if not resume or not await self._goes_on(traits, where, resume, began):
            await self._begins(traits, where, How.NEW_WITHOUT_HISTORY if resume else How.NEW, began)
        return unreachable

    async def _goes_on(self, traits: Traits, where: Json, resume: str, began: Began) -> bool:
        """False if the agent cannot take up the conversation."""
        if traits.resume:
            method, how = "session/resume", How.RESUMED
        elif traits.load:
            method, how = "session/load", How.LOADED
        else:
            return False
        went_on = False

        def then(answer: Answer) -> None:
            nonlocal went_on
            if not answer.error:
                went_on = began(text(answer.members, "sessionId") or resume, how, answer.members)

        try:
            await self._call(method, where | {"sessionId": resume}, traits, then)
        except AuthenticationNeeded:
            raise
        except AgentGone as gone:
            raise self._ended(gone) from gone
        except AgentError:
            return False
        return went_on

    async def _begins(self, traits: Traits, where: Json, how: How, began: Began) -> None:
        def then(answer: Answer) -> None:
            if id := text(answer.members, "sessionId"):
                began(id, how, answer.members)

        try:
            result = await self._call("session/new", where, traits, then)
        except AgentGone as gone:
            raise self._ended(gone) from gone
        if not text(result, "sessionId"):
            raise AgentError(f"{self._spec.name} opened a conversation without telling its id.")

    async def _call(self, method: str, params: Json, traits: Traits, then: Callable[[Answer], None]) -> Json:
        name, limit = self._spec.name, self._limits.conversation
        try:
            return await self._wire.call(method, params, limit=limit, then=then)
        except Refused as error:
            if error.code == AUTH_REQUIRED:
                raise AuthenticationNeeded(needs_login(self._spec, traits)) from error
            raise AgentError(f"{name} could not open a conversation: {error.words}") from error
        except TimeoutError as error:
            raise AgentError(self._with_traces(self._silent("opened no conversation", limit))) from error

    def _silent(self, what: str, limit: float) -> str:
        return f"{self._spec.name} {what} within {limit:g} seconds."

    def _ended(self, gone: AgentGone, hint: str = "") -> AgentGone:
        code = f" ({exit_words(gone.code)})" if gone.code is not None else ""
        said = self._with_traces(f"{self._spec.name} ended while it was starting{code}.", hint)
        return AgentGone(said, code=gone.code, stderr=gone.stderr)

    def _with_traces(self, sentence: str, hint: str = "") -> str:
        """The sentence, and what else the process has said: lines that are no protocol, and its last errors."""
        if strays := self._wire.strays:
            lines = "1 line" if strays == 1 else f"{strays} lines"
            sentence += (
                f" It wrote {lines} to standard output that were no JSON-RPC, first: “{self._wire.first_stray}”."
            )
            hint = NO_AGENT
        return with_last_words(sentence + hint, self._pipes.stderr_tail(lines=8))


def with_last_words(sentence: str, stderr: str) -> str:
    return f"{sentence} Its last words:\n{stderr}" if stderr else sentence


def exit_words(code: int) -> str:
    """An exit status for a person."""
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
