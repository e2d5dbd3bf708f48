"""What the tests of the agent room share: the stub agent, launched; and a person who listens to it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from openacp_bot.agents.launcher import Launcher
from openacp_bot.agents.limits import Limits
from openacp_bot.core.events import AgentEvent, TextChunk, TurnEnded
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.ports import Agent, AgentLauncher
from openacp_bot.core.settings import Settings

STUB = Path(__file__).parents[1] / "stub_agent.py"
PATIENCE = 20.0  # no test waits that long unless it fails
QUICK = Limits(handshake=20, conversation=20, setting=20, send=20, after_stdin=0.3, after_term=0.3, after_exit=0.3)

E = TypeVar("E", bound=AgentEvent)


@dataclass
class Book:
    """A process book in memory."""

    noted: dict[int, tuple[str, float]] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    any: asyncio.Event = field(default_factory=asyncio.Event)

    async def spawned(self, session: str, pid: int, started: float) -> None:
        self.noted[pid] = (session, started)
        self.seen.append(pid)
        self.any.set()

    async def first(self) -> int:
        """The first process that is noted."""
        async with asyncio.timeout(PATIENCE):
            await self.any.wait()
        return self.seen[0]

    async def gone(self, pid: int) -> None:
        self.noted.pop(pid, None)

    async def left_over(self) -> Sequence[tuple[int, float]]:
        return [(pid, started) for pid, (_, started) in self.noted.items()]


class Listener:
    """Takes the events of one agent, in order."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._events = agent.events()

    async def next(self) -> AgentEvent:
        async with asyncio.timeout(PATIENCE):
            return await anext(self._events)

    async def until(self, kind: type[E]) -> E:
        """The next event of this kind; what comes before it is dropped."""
        while True:
            event = await self.next()
            if isinstance(event, kind):
                return event

    async def rest(self) -> list[AgentEvent]:
        """Everything up to the turn's end, with it."""
        events: list[AgentEvent] = []
        while not events or not isinstance(events[-1], TurnEnded):
            events.append(await self.next())
        return events

    async def turn(self, text: str, files: Sequence[Path] = ()) -> list[AgentEvent]:
        """Everything that follows a prompt, up to its end."""
        self.agent.prompt(text, files)
        return await self.rest()

    async def said(self, text: str) -> str:
        """What the agent says to a prompt."""
        return words(await self.turn(text))


def words(events: Sequence[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextChunk))


def only(kind: type[E], events: Sequence[AgentEvent]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def stub(*flags: str, **fields: Any) -> AgentSpec:
    return replace(AgentSpec("stub", sys.executable, (str(STUB), *flags)), **fields)


def settings(tmp_path: Path, **fields: Any) -> Settings:
    kept = Settings(tmp_path / "data", tmp_path, agents=MappingProxyType({}), default_agent="stub")
    return replace(kept, **fields)


@asynccontextmanager
async def launched(
    cwd: Path,
    *flags: str,
    spec: AgentSpec | None = None,
    book: Book | None = None,
    limits: Limits = QUICK,
    model: str = "",
    resume: str = "",
    options: Mapping[str, str] | None = None,
    **fields: Any,
) -> AsyncIterator[Listener]:
    """The stub agent (or `spec`), alive."""
    launcher: AgentLauncher = Launcher(book or Book(), lambda: settings(cwd.parent, **fields), "1.2.3", limits)
    agent = spec or stub(*flags)
    async with launcher.launch(agent, cwd=cwd, session="s1", model=model, resume=resume, options=options) as client:
        yield Listener(client)
