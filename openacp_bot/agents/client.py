"""A live agent: the doors that a session uses, and the two tasks behind them.

1. Everything the agent says goes through the reader into one stream, in its order; the end of a prompt too.
2. Before the agent is launched only its state is kept (commands, options, usage …); the rest is replay.
3. When the process is gone the stream ends with AgentGone. The end of a running prompt is not invented.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openacp_bot.agents.blocks import prompt_blocks
from openacp_bot.agents.chooser import Chooser
from openacp_bot.agents.desk import Desk
from openacp_bot.agents.limits import Limits
from openacp_bot.agents.loose import Json
from openacp_bot.agents.opening import Opening, exit_words, with_last_words
from openacp_bot.agents.outcomes import turn_ended
from openacp_bot.agents.pipes import Pipes
from openacp_bot.agents.side import SideTalks
from openacp_bot.agents.traits import Traits
from openacp_bot.agents.wire import Answer, Wire
from openacp_bot.core.errors import AgentError, AgentGone, ModelRefused
from openacp_bot.core.events import AgentEvent, AgentNotice
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.ports import How

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Turn:
    """The prompt that runs. `cancelled`: its cancel was written to the agent."""

    cancelled: bool = False


class Client:
    """Implements core.ports.Agent. Made and owned by the launcher."""

    def __init__(
        self, spec: AgentSpec, wire: Wire, pipes: Pipes, desk: Desk, tasks: asyncio.TaskGroup, limits: Limits
    ) -> None:
        self._spec = spec
        self._wire = wire
        self._pipes = pipes
        self._desk = desk
        self._limits = limits
        self._tasks = tasks
        self._mine: set[asyncio.Task[None]] = set()
        self._traits = Traits()
        self._chooser = Chooser(spec.name, wire, desk.options, limits, desk.put)
        self._how = How.NEW
        self._turn: _Turn | None = None
        self._side: SideTalks | None = None

    # the launcher's

    async def open(self, version: str, cwd: Path, resume: str) -> None:
        """Starts both tasks, shakes hands and opens the conversation; raises AgentError."""
        self._start(self._listen())
        self._start(self._speak())
        opening = Opening(self._spec, self._wire, self._pipes, self._limits)
        self._traits = await opening.shake_hands(version)
        self._side = self._desk.side = SideTalks(self._wire, cwd, self._traits, self._limits)
        for server in await opening.converse(self._traits, cwd, resume, self._began):
            self._desk.put(
                AgentNotice(f"{self._spec.name} cannot use the MCP server “{server}”: it takes no such kind.")
            )

    async def settle(self, *, model: str, default_model: str, options: Mapping[str, str]) -> None:
        """The options that the conversation is to begin with; raises ModelRefused if a wanted model cannot be had."""
        chosen = self._desk.options.model()
        if chosen is None or chosen.id not in options:
            await self._settle_model(model, default_model)
        await self._chooser.choose_again(self.conversation, options)
        self._desk.launched()

    async def _settle_model(self, model: str, default_model: str) -> None:
        is_new = self._how in (How.NEW, How.NEW_WITHOUT_HISTORY)
        try:
            if model:
                await self._chooser.choose_model(self.conversation, model)
            elif default_model and is_new:
                await self._chooser.choose_default_model(self.conversation, default_model)
        except AgentGone:
            raise
        except AgentError as error:
            if model and is_new:
                raise ModelRefused(str(error)) from error
            # An old conversation, or a model that nobody asked for in particular, is worth more than its model.
            self._desk.put(AgentNotice(str(error)))

    def stop(self) -> None:
        """Ends its tasks."""
        for task in self._mine:
            task.cancel()

    # the session's

    @property
    def conversation(self) -> str:
        return self._desk.conversation

    @property
    def how(self) -> How:
        return self._how

    @property
    def silent_for(self) -> float:
        """While we do not listen, the agent is not silent."""
        return 0.0 if self._wire.is_held else asyncio.get_running_loop().time() - self._wire.heard_at

    @property
    def takes_audio(self) -> bool:
        return self._traits.takes.audio

    async def events(self) -> AsyncIterator[AgentEvent]:
        while True:
            yield await self._desk.stream.next()

    def prompt(self, text: str, files: Sequence[Path] = ()) -> None:
        if self._turn is not None:
            raise RuntimeError("a prompt is running")
        turn = self._turn = _Turn()
        self._desk.new_turn()

        async def with_files() -> Json:
            return self._prompt(await asyncio.to_thread(prompt_blocks, text, files, self._traits.takes))

        params = with_files if files else self._prompt([{"type": "text", "text": text}])
        self._wire.request("session/prompt", params, lambda answer: self._ended(turn, answer))

    def cancel(self) -> None:
        turn = self._turn
        if turn is None:
            return

        async def cancelling() -> Json:
            turn.cancelled = True
            return {"sessionId": self.conversation}

        self._wire.notify("session/cancel", cancelling)

    def answer(self, ask: str, option: str | None, values: Mapping[str, str] | None = None) -> None:
        self._desk.answer(ask, option, values)

    def set_option(self, option: str, value: str) -> None:
        self._start(self._chooser.choose(self.conversation, option, value))

    async def side_prompt(self, text: str, limit: float) -> str | None:
        return await self._side.talk(text, limit) if self._side else None

    # what happens

    def _began(self, conversation: str, how: How, result: Json) -> bool:
        if how is How.LOADED and not result and not self._desk.replayed:
            return False  # Hermes answers so where it does not know the conversation (acp.md §3.3)
        self._how = how
        self._desk.opened(conversation, result)
        return True

    def _prompt(self, blocks: list[Json]) -> Json:
        return {"sessionId": self.conversation, "prompt": blocks}

    def _ended(self, turn: _Turn, answer: Answer) -> None:
        self._turn = None
        self._desk.turn_over()
        self._desk.put(turn_ended(answer, self._spec, self._traits, self._desk.oddities, cancelled=turn.cancelled))

    async def _listen(self) -> None:
        """The reader's root."""
        why = f"{self._spec.name} closed its output."
        try:
            await self._wire.read(self._desk)
        except Exception:  # a bug in reading one agent's line ends that agent only
            log.exception("reading from %s failed", self._spec.name)
            why = f"{self._spec.name} sent something that openacp-bot could not handle; the log has the details."
        await self._lose(why)

    async def _speak(self) -> None:
        """The writer's root."""
        try:
            await self._wire.write()
        except AgentError as error:
            await self._lose(str(error))
        except Exception:  # a bug in writing one agent's line ends that agent only
            log.exception("writing to %s failed", self._spec.name)
            await self._lose(f"openacp-bot could not write to {self._spec.name}; the log has the details.")

    async def _lose(self, why: str) -> None:
        """`why` counts only if the process lives."""
        await asyncio.wait([self._pipes.exited], timeout=self._limits.after_exit)
        stderr = await self._pipes.last_words()
        code = self._pipes.exited.result() if self._pipes.exited.done() else None
        if code is not None:
            why = f"{self._spec.name} ended by itself ({exit_words(code)})."
        self._desk.lose(AgentGone(with_last_words(why, stderr), code=code, stderr=stderr))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._mine.add(task)
        task.add_done_callback(self._mine.discard)
