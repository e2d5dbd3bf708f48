"""What a session's agent says, taken in order, and what it means for the turn, the record and the title.

1. The pump takes one event at a time, and it alone waits for room in the transcript.
2. What comes when no turn is listening belongs to no turn.
3. A title is changed only by one that outranks it; the agent is asked for one at most once a process, and nobody
   waits for that.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import replace
from functools import partial

from openacp_bot.core import naming
from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import (
    AgentCommand,
    AgentEvent,
    AgentNotice,
    AgentOption,
    Asked,
    AskWithdrawn,
    CommandsChanged,
    Notice,
    OptionsChanged,
    TextChunk,
    ThoughtChunk,
    TitleChanged,
    ToolCallChanged,
    TurnEnded,
    UsageChanged,
)
from openacp_bot.core.life import Life
from openacp_bot.core.model import Prompt, PromptKind, TitleRank
from openacp_bot.core.ports import Agent

log = logging.getLogger(__name__)

ROOM_SECONDS = 30.0  # how long a store in trouble may hold up an agent before its turn ends


class Hearing:
    """Lives as long as its session; hears one process after the other."""

    def __init__(self, life: Life) -> None:
        self.options: tuple[AgentOption, ...] = ()
        self.commands: tuple[AgentCommand, ...] = ()
        self.usage: UsageChanged | None = None
        self._life = life
        self._pump: asyncio.Task[object] | None = None
        self._naming: asyncio.Task[object] | None = None

    def listen(self, agent: Agent) -> None:
        """From now on, as the life's errand."""
        self._pump, self._naming = self._life.spawn(partial(self._take_all, agent)), None

    def stop(self) -> None:
        """The process is to end; what it still says is not heard."""
        for task in (self._pump, self._naming):
            if task is not None:
                task.cancel()

    # --- one event after the other ---------------------------------------------------------------

    async def _take_all(self, agent: Agent) -> None:
        try:
            async for event in agent.events():
                await self._take(event)
                await self._room()
        except AgentGone as gone:
            self._life.gone = gone
        self._life.ring()

    async def _room(self) -> None:
        """Until the transcript takes more; raises StoreError if what was said cannot be stored."""
        transcript = self._life.means.transcript
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                await transcript.room(self._life.id)
        except TimeoutError:
            await transcript.flush()

    async def _take(self, event: AgentEvent) -> None:
        match event:
            case TurnEnded():
                self._take_end(event)
            case Asked():
                await self._take_question(event)
            case AskWithdrawn(id=id):
                self._life.asking.withdraw(id)
            case TitleChanged(title=title):
                await self._retitle(title, TitleRank.AGENT)
            case OptionsChanged():
                await self._take_options(event)
            case CommandsChanged(commands=commands):
                self.commands = commands
                self._life.say(event)
            case UsageChanged():
                self.usage = event
                self._life.say(event)
            case AgentNotice(text=text):
                self._life.say(Notice(secrets.token_hex(4), text), turn=self._life.turn_id)
            case ToolCallChanged():
                self._take_call(event)
            case TextChunk(item=item) | ThoughtChunk(item=item):
                if self._life.turn is not None:
                    self._life.turn.is_writing = isinstance(event, TextChunk)
                self._life.say(replace(event, item=self._begun_after(item)), turn=self._life.turn_id)
            case _:
                self._life.say(event, turn=self._life.turn_id)

    def _begun_after(self, item: str) -> str:
        """Some agents give a whole turn one message; what they say below a question is a message of its own."""
        turn = self._life.turn
        return f"{item}~{turn.asked}" if turn is not None and turn.asked else item

    def _take_end(self, ended: TurnEnded) -> None:
        turn = self._life.turn
        if turn is None or not turn.sent or turn.ended is not None:
            log.warning("session %s: the agent ended a turn that was not running", self._life.id)
            return
        turn.ended = ended
        self._life.ring()

    def _take_call(self, event: ToolCallChanged) -> None:
        turn_id = self._life.turn_id
        if self._life.turn is not None and turn_id is not None:
            self._life.turn.take(event.call)
            self._life.ring()  # silence counts differently while a call is open
        self._life.say(event, turn=turn_id)

    async def _take_options(self, event: OptionsChanged) -> None:
        self.options = event.options
        self._life.say(event)
        model = next((option.value for option in event.options if option.category == "model"), "")
        if model and model != self._life.record.current_model:
            self._life.record = replace(self._life.record, current_model=model)
            await self._life.means.records.change_session(self._life.id, current_model=model)

    async def _take_question(self, asked: Asked) -> None:
        life = self._life
        prompt = life.turn.prompt if life.turn else None
        await life.means.transcript.flush()
        if life.is_cancelling:
            life.asking.refuse(asked)
            return
        await life.asking.hear(asked, life.record, life.means.current(), turn=life.turn_id, prompt=prompt)
        if life.turn is not None and life.asking.open:
            life.turn.asked += 1
        if life.is_stopping:  # it was cancelled while the question was being stored
            life.asking.close("cancelled")

    # --- titles ----------------------------------------------------------------------------------

    def ask_for_title(self, agent: Agent, prompt: Prompt) -> None:
        """After the first prompt is sent, in a conversation of its own; the next prompt does not wait for it."""
        wanted = self._life.means.current().sessions.naming == "agent" and prompt.kind is not PromptKind.CONTINUE
        if wanted and self._naming is None and naming.outranks(self._life.record, TitleRank.ASKED):
            self._naming = self._life.spawn(partial(self._named, agent, naming.subject(prompt)))

    async def _named(self, agent: Agent, message: str) -> None:
        answer = await agent.side_prompt(naming.question(message), naming.ASK_SECONDS)
        title = naming.cleaned(answer, message) or naming.fallback(self._life.record)
        await self._retitle(title, TitleRank.ASKED)

    async def _retitle(self, title: str, rank: TitleRank) -> None:
        title = naming.by_person(title)
        if not title or not naming.outranks(self._life.record, rank):
            return
        self._life.note(title=title, title_rank=rank)
        await self._life.means.records.change_session(self._life.id, title=title, title_rank=rank)
        await self._life.means.homes.title(self._life.id, title, rank)
