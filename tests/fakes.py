"""Fakes that behave: an agent that a test speaks for, a launcher of such agents, a screen that remembers, a front door
that a test scripts.

They keep the promises of core/ports; the contract suites run against them as against the real ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from openacp_bot.core.errors import AgentError, AgentGone, UserError
from openacp_bot.core.events import AgentEvent, Asked, AskOption, Event, Outcome, Said, TextChunk, TurnEnded
from openacp_bot.core.inbound import Inbound, Message, Reply
from openacp_bot.core.model import AgentSpec, FileRef, Place, ToolCall, UserRef
from openacp_bot.core.ports import How, Hub
from openacp_bot.core.settings import Settings
from openacp_bot.core.views import CommandInfo, CommandMenu, Param, Query

T = TypeVar("T")


class FakeAgent:
    """An agent in the hands of a test: `say`, `ask`, `finish` and `die` are what it does; the rest is what it heard."""

    def __init__(self, conversation: str, how: How) -> None:
        self.conversation = conversation
        self.how = how
        self.prompts: list[str] = []
        self.files: list[tuple[Path, ...]] = []  # of each prompt
        self.cancels = 0
        self.answers: list[tuple[str, str | None, Mapping[str, str] | None]] = []
        self.options_set: list[tuple[str, str]] = []
        self.title: str | None = "A fine title"
        self.side_prompts: list[str] = []
        self.obeys_cancel = True
        self.takes_audio = True
        self._stream: deque[AgentEvent | AgentGone] = deque()
        self._more = asyncio.Event()
        self._spoke = asyncio.get_running_loop().time()

    @property
    def silent_for(self) -> float:
        return asyncio.get_running_loop().time() - self._spoke

    async def events(self) -> AsyncIterator[AgentEvent]:
        while True:
            while self._stream:
                event = self._stream.popleft()
                if isinstance(event, AgentGone):
                    raise event
                yield event
            self._more.clear()
            await self._more.wait()

    def prompt(self, text: str, files: Sequence[Path] = ()) -> None:
        self.prompts.append(text)
        self.files.append(tuple(files))

    def cancel(self) -> None:
        self.cancels += 1
        if self.obeys_cancel:
            self.finish(Outcome.CANCELLED)

    def answer(self, ask: str, option: str | None, values: Mapping[str, str] | None = None) -> None:
        self.answers.append((ask, option, values))

    def set_option(self, option: str, value: str) -> None:
        self.options_set.append((option, value))

    async def side_prompt(self, text: str, limit: float) -> str | None:
        self.side_prompts.append(text)
        await asyncio.sleep(0.5)
        return self.title

    # --- what a test makes it do -----------------------------------------------------------------

    def say(self, *events: AgentEvent | str) -> None:
        """Events, or words of its message m1."""
        self._spoke = asyncio.get_running_loop().time()
        self._stream.extend(TextChunk("m1", event) if isinstance(event, str) else event for event in events)
        self._more.set()

    def ask(self, id: str, *options: AskOption, call: ToolCall | None = None) -> None:
        """A permission question, by default for a command, with allow and reject."""
        call = call or ToolCall(f"call-{id}", "Run make", "execute", "pending", command="make")
        self.say(Asked(id, call.title, call=call, options=options or ALLOW_REJECT))

    def finish(self, outcome: Outcome = Outcome.DONE, detail: str = "") -> None:
        self.say(TurnEnded(outcome, detail))

    def die(self, code: int | None = 1, stderr: str = "boom") -> None:
        self._stream.append(AgentGone(f"The agent ended with exit code {code}.", code=code, stderr=stderr))
        self._more.set()


ALLOW_REJECT = (AskOption("yes", "Allow once", "allow_once"), AskOption("no", "Reject", "reject_once"))


@dataclass
class FakeLauncher:
    """Launches agents of a `kind`; `fail` and `delay` decide how the next launches go. Every end takes `end_delay`,
    also that of a launch that is broken off."""

    agents: list[FakeAgent] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    fail: list[AgentError] = field(default_factory=list)
    delay: float = 0.01
    end_delay: float = 0.01
    resumes: How = How.RESUMED
    launched_with: list[dict[str, object]] = field(default_factory=list)
    of: list[str] = field(default_factory=list)  # which session each agent serves
    kind: type[FakeAgent] = FakeAgent

    @asynccontextmanager
    async def launch(
        self,
        agent: AgentSpec,
        *,
        cwd: Path,
        session: str,
        model: str = "",
        resume: str = "",
        options: Mapping[str, str] | None = None,
    ) -> AsyncIterator[FakeAgent]:
        assert session not in self.running, "two processes for one session"
        self.launched_with.append({"agent": agent.name, "cwd": cwd, "model": model, "resume": resume})
        self.running.add(session)
        try:
            await asyncio.sleep(self.delay)
            if self.fail:
                raise self.fail.pop(0)
            how = self.resumes if resume else How.NEW
            known = how in (How.RESUMED, How.LOADED)
            fake = self.kind(resume if known else f"conversation-{len(self.agents)}", how)
            self.agents.append(fake)
            self.of.append(session)
            yield fake
        finally:
            try:
                await asyncio.sleep(self.end_delay)
            finally:
                self.running.discard(session)

    @property
    def last(self) -> FakeAgent:
        return self.agents[-1]

    def agent_of(self, session: str) -> FakeAgent | None:
        """The newest agent of a session."""
        served = [agent for agent, of in zip(self.agents, self.of, strict=True) if of == session]
        return served[-1] if served else None


@dataclass
class FakeFiles:
    """The files that a platform holds: contents by file id. `delay` is how long each takes to come."""

    held: dict[str, bytes] = field(default_factory=dict)
    delay: float = 0.0
    named: str = "evil name.bin"  # what the platform calls a file on disk

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        await asyncio.sleep(self.delay)
        if file.id not in self.held:
            raise UserError(f"“{file.name}” is not there any more.")
        if len(self.held[file.id]) > limit:
            raise UserError(f"“{file.name}” is too large.")
        path = into / self.named
        path.write_bytes(self.held[file.id])
        return path


class FakeScreen:
    """A chat adapter that shows everything to its own memory."""

    name = "fake"
    status = "up"

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.places: dict[str, Place | None] = {}
        self.is_hurried = False

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        yield

    def show(self, place: Place | None, said: Said) -> None:
        self.places[said.session] = place
        self.said.append(said)

    def hurry(self) -> None:
        self.is_hurried = True

    async def listen(self, hub: Hub) -> None:
        await asyncio.Event().wait()

    async def caught_up(self) -> None:
        pass

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        raise UserError("this surface has no files")

    def events(self, kind: type[Event] | None = None, *, session: str | None = None) -> list[Event]:
        """Everything shown, or everything of one kind."""
        return [
            said.event
            for said in self.said
            if (kind is None or isinstance(said.event, kind)) and (session is None or said.session == session)
        ]


def settings(tmp: Path, **changes: object) -> Settings:
    """Two agents, a base directory, and the defaults."""
    agents = {name: AgentSpec(name, f"/bin/{name}", models=("small", "large")) for name in ("fake", "other")}
    known: dict[str, object] = {
        "data_dir": tmp / "data",
        "base_dir": tmp / "work",
        "agents": MappingProxyType(agents),
        "default_agent": "fake",
    }
    (tmp / "work").mkdir(exist_ok=True)
    return Settings(**{**known, **changes})  # type: ignore[arg-type]


MENU = (
    CommandInfo("new", "start a session", "[agent]"),
    CommandInfo("bypass", "approve everything", "", needs_session=True, admin=True),
    CommandInfo("compact", "the agent's own", "", agent=True),
    CommandInfo("Not-A-Name", "never shown", ""),
)
AGENT = CommandInfo(  # only where options are filled in
    "agent",
    "a command of the agent",
    "",
    params=(Param("name", "its name", suggests=True, required=True), Param("message", "")),
)


class ScriptedHub:
    """`replies`: what is said to the next inbounds; `views`: what is seen, by query."""

    def __init__(self, *, admins: frozenset[str] = frozenset()) -> None:
        self.heard: list[Inbound] = []
        self.replies: list[Reply | Exception | None] = []
        self.views: dict[Query[Any], Any] = {}
        self.menu: tuple[CommandInfo, ...] = MENU
        self.admins = admins
        self.hold: asyncio.Event | None = None  # nothing is said before it is set
        self._changed = asyncio.Event()
        self._keys: set[str] = set()

    @property
    def texts(self) -> list[str]:
        """What messages said, in order."""
        return [one.text for one in self.heard if isinstance(one, Message)]

    async def handle(self, inbound: Inbound) -> Reply | None:
        if self.hold is not None:
            await self.hold.wait()
        reply = self.replies.pop(0) if self.replies else None
        if isinstance(reply, Exception):
            raise reply
        if inbound.origin.key in self._keys:
            return None
        self._keys.add(inbound.origin.key)
        self.heard.append(inbound)
        self._changed.set()
        self._changed = asyncio.Event()
        return reply

    async def look(self, query: Query[Any], who: UserRef) -> Any:
        if isinstance(query, CommandMenu):
            menu = (*self.menu, AGENT) if query.options else self.menu
            return tuple(one for one in menu if who.id in self.admins or not one.admin)
        if query not in self.views:
            raise UserError("There is nothing to see.")
        return self.views[query]

    async def until(self, condition: Callable[[], T], seconds: float = 10) -> T:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                await self._changed.wait()
        return found
