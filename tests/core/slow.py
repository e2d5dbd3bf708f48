"""A store and agents that take their time, so that what happens in between can be seen to happen."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from openacp_bot.core.errors import AgentError
from openacp_bot.core.events import Outcome
from openacp_bot.core.model import Prompt, Question
from tests.fakes import FakeAgent, FakeLauncher
from tests.memory_store import MemoryStore

LOOKS = frozenset({"session", "sessions_like", "sessions", "counts", "workspaces", "seen", "history", "left_over"}) | {
    *("prompt", "prompt_of", "queued", "last_prompts", "question", "menu", "expected", "place", "place_at", "place_of"),
}


class SlowStore(MemoryStore):
    """A MemoryStore whose calls take some turns of the loop, as those of the real one do: writes one after another in
    the order in which they were made, even if nobody waits for them any more; looks beside them, at what is written."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0, *, write_turns: int = 3, look_turns: int = 1) -> None:
        super().__init__(now)
        self.write_turns = write_turns
        self.look_turns = look_turns
        self._at_work = False  # what one of its methods asks of another is part of the same call

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or self._at_work or not inspect.iscoroutinefunction(found):
            return found
        turns = self.look_turns if name in LOOKS else self.write_turns

        async def slowly(*args: Any, **named: Any) -> Any:
            return await _later(self._alone(found(*args, **named)), turns)

        return slowly

    async def _alone(self, work: Coroutine[Any, Any, Any]) -> Any:
        self._at_work = True
        try:
            return await work
        finally:
            self._at_work = False

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Every prompt that was ever stored, oldest first."""
        return tuple(self._prompts.values())

    @property
    def open_questions(self) -> tuple[Question, ...]:
        return tuple(self._open_questions())


def _later(work: Coroutine[Any, Any, Any], turns: int) -> asyncio.Future[Any]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def turn(left: int) -> None:
        if left:
            loop.call_soon(turn, left - 1)
        else:
            _carry_out(work, answer)

    turn(turns)
    return answer


def _carry_out(work: Coroutine[Any, Any, Any], answer: asyncio.Future[Any]) -> None:
    try:
        work.send(None)
    except StopIteration as done:
        if not answer.done():
            answer.set_result(done.value)
    except Exception as error:  # noqa: BLE001  whatever it is, it belongs to the caller
        if not answer.done():
            answer.set_exception(error)
    else:
        raise AssertionError("a MemoryStore never waits")


class StrictAgent(FakeAgent):
    """Ends only turns that run, as an agent can that answers each prompt once."""

    _unanswered = False

    def prompt(self, text: str, files: Any = ()) -> None:
        assert not self._unanswered, "a prompt while another is running"
        self._unanswered = True
        super().prompt(text, files)

    def finish(self, outcome: Outcome = Outcome.DONE, detail: str = "") -> None:
        if self._unanswered:
            self._unanswered = False
            super().finish(outcome, detail)


@dataclass
class SlowLauncher(FakeLauncher):
    """Launches StrictAgents."""

    kind: type[FakeAgent] = StrictAgent


def not_installed() -> AgentError:
    """What a launch fails with."""
    return AgentError("fake is not installed")
