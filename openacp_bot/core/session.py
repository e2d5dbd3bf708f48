"""One session's life, from waking until its process is gone, told as one straight line.

1. Doors are synchronous and legal in every phase: they change memory and ring; only the life line waits.
2. A prompt leaves the queue in the transaction that marks it started, and that is committed before the pipe is
   written.
3. Everything of a turn comes before its TurnEnded; late text belongs to no turn.
4. What the agent says is taken by the pump, in order; the pump alone waits for room in the transcript.
5. The state moves to finished, cancelled or error only when the process is gone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

from openacp_bot.core import handover, naming, offers
from openacp_bot.core.asking import Asking, Voice
from openacp_bot.core.errors import AgentError, AgentGone, StoreError
from openacp_bot.core.events import (
    AgentCommand,
    AgentEvent,
    AgentNotice,
    AgentOption,
    Asked,
    AskWithdrawn,
    CommandsChanged,
    Event,
    Notice,
    OptionsChanged,
    Outcome,
    PromptChanged,
    SessionChanged,
    StateChanged,
    TitleChanged,
    ToolCallChanged,
    TurnEnded,
    UsageChanged,
)
from openacp_bot.core.feed import Feed
from openacp_bot.core.menus import minted
from openacp_bot.core.model import (
    Ending,
    Grant,
    Phase,
    Prompt,
    PromptKind,
    PromptState,
    Question,
    SessionRecord,
    State,
    TitleRank,
    UserRef,
)
from openacp_bot.core.offers import Offer
from openacp_bot.core.ports import Agent, AgentLauncher, How, Records, SessionFields, Transcript
from openacp_bot.core.settings import Settings
from openacp_bot.core.state import moved
from openacp_bot.core.turn import Turn, last_words

log = logging.getLogger(__name__)

CANCEL_SECONDS = 10.0  # then the agent is killed and launched again, in the same slot
END_SECONDS = 5.0  # how long a running turn may take to end when its session ends
ROOM_SECONDS = 30.0  # how long a store in trouble may hold up an agent before its turn ends
MOMENT = 0.01  # the least to sleep, so that rounding cannot spin the loop
LOST = (
    "The agent could not reload its memory of this session. "
    "It starts afresh and is given our record of the conversation."
)
UNFINISHED = (Outcome.CRASHED, Outcome.STUCK, Outcome.INTERRUPTED)  # Continue is offered


@dataclass(frozen=True, slots=True)
class Desk:
    """What every session works with."""

    records: Records
    transcript: Transcript
    launcher: AgentLauncher
    feed: Feed
    current: Callable[[], Settings]
    now: Callable[[], float]


class Session:
    """A live session. Its owner runs `live` once; when that returns, the process is gone."""

    def __init__(self, record: SessionRecord, desk: Desk) -> None:
        self.record = record
        self.started = False  # its owner runs `live`
        self.launched = asyncio.Event()  # the first launch is over, well or not
        self.phase = Phase.LAUNCHING
        self.options: tuple[AgentOption, ...] = ()
        self.commands: tuple[AgentCommand, ...] = ()
        self.usage: UsageChanged | None = None
        self.turn: Turn | None = None
        self._desk = desk
        self._queue: list[Prompt] = []
        self._known: set[str] = set()  # every prompt that this life has seen
        self.coming = 0  # prompts that are being stored for it
        self._bell = asyncio.Event()
        self._launching: asyncio.Timeout | None = None
        self._agent: Agent | None = None
        self._gone: AgentGone | None = None
        self._kill = False
        self._ending: Ending | None = None
        self._cut_off_at = 0.0  # when a running turn is cut off for the daemon's stop; loop time
        self._failure = ""  # why this life ends in error
        self._asked_since = False  # a message came after what ended this life
        self._mark = secrets.token_hex(3)  # of this life, in the ids of its notices
        self._offered = False  # a person was told how to go on after this life's end
        self._errands: asyncio.TaskGroup | None = None
        self._naming: asyncio.Task[object] | None = None
        voice = Voice(
            lambda event, turn: self._say(event, turn=turn), self._questions_moved, self._granted, self._is_cancelling
        )
        self._asking = Asking(self.id, desk.records, desk.now, voice)

    # --- doors -----------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def queue(self) -> tuple[Prompt, ...]:
        return tuple(self._queue)

    @property
    def questions(self) -> tuple[Question, ...]:
        return self._asking.open

    @property
    def doing(self) -> str:
        """What the turn is doing, in words; empty when there is none."""
        match self.phase:
            case Phase.RUNNING if self.turn:
                return self.turn.doing
            case Phase.WAITING:
                return "waiting for an answer"
            case Phase.CANCELLING:
                return "being stopped"
            case _:
                return ""

    @property
    def wakes_again(self) -> bool:
        """Once `live` has returned: whether prompts came that it did not run, and may be run."""
        if not self._queue or self.record.held or self._ending in (Ending.STOPPED, Ending.DELETE):
            return False
        if self.record.archived_at is not None:
            return False
        return self.record.state is not State.ERROR or self._asked_since

    def adopt(self, prompt: Prompt) -> bool:
        """Take a stored prompt into the queue; False if this life has seen it before."""
        if prompt.id in self._known:
            return False
        self._known.add(prompt.id)
        self._queue.append(prompt)
        self._queue.sort(key=lambda one: one.position)
        self._bell.set()
        return True

    def disown(self, prompts: Sequence[Prompt]) -> None:
        """They were dropped in the store: not to be taken over any more."""
        gone = {prompt.id for prompt in prompts}
        self._known |= gone
        self._queue = [prompt for prompt in self._queue if prompt.id not in gone]

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """While a prompt for this session is being stored."""
        self.coming += 1
        try:
            yield
        finally:
            self.coming -= 1

    def submit(self, prompt: Prompt) -> int:
        """Its place in the queue, 1 = next; 0: seen before. A new message releases a held queue."""
        if not self.adopt(prompt):
            return 0
        self.record = replace(self.record, held=False, prompts=self.record.prompts + 1, active_at=prompt.asked_at)
        self._asked_since |= bool(self._failure) or self.phase in (Phase.CANCELLING, Phase.ENDING)
        ahead = self._queue.index(prompt) + 1
        self._say(PromptChanged(prompt, ahead))
        return ahead

    def change(self, prompt: str, text: str | None) -> bool:
        """Edit a queued prompt, or remove it; False if it is no longer queued."""
        index = self._place_of(prompt)
        if index is None:
            return False
        if text is None:
            self._say(PromptChanged(replace(self._queue.pop(index), state=PromptState.DROPPED)))
        else:
            self._queue[index] = replace(self._queue[index], text=text)
            self._say(PromptChanged(self._queue[index], index + 1))
        return True

    def has_begun(self, prompt: str) -> bool:
        """Whether this life has taken it from the queue."""
        return prompt in self._known and self._place_of(prompt) is None

    def advance(self, prompt: str) -> float | None:
        """Put a queued prompt first; its new position, None if it is no longer queued."""
        index = self._place_of(prompt)
        if index is None:
            return None
        lowest = min(one.position for one in self._queue)
        first = replace(self._queue.pop(index), position=lowest - 1)
        self._queue.insert(0, first)
        self._say(PromptChanged(first, 1))
        self.release()
        return first.position

    def release(self) -> None:
        """A held queue runs."""
        self.record = replace(self.record, held=False)
        self._say(SessionChanged())
        self._bell.set()

    def cancel(self, *, keep_queue: bool = False) -> tuple[Prompt, ...] | None:
        """End the running turn, or a second time kill it; the prompts that were dropped. None: nothing to cancel."""
        if self.phase is Phase.ENDING or (self.turn is None and not self._queue):
            return None
        dropped = () if keep_queue else self.drop_queue()
        if self.turn is not None and self.turn.cancel_by is not None:
            self._kill = True
        elif self.turn is not None:
            self._cancel_turn(CANCEL_SECONDS)
        self._bell.set()
        return dropped

    def drop_queue(self) -> tuple[Prompt, ...]:
        """Everything that is queued is not to be sent."""
        dropped = tuple(replace(prompt, state=PromptState.DROPPED) for prompt in self._queue)
        self._queue.clear()
        for prompt in dropped:
            self._say(PromptChanged(prompt))
        return dropped

    def take_back(self, dropped: Sequence[Prompt]) -> None:
        """That they were dropped could not be stored."""
        queued = [replace(prompt, state=PromptState.QUEUED) for prompt in dropped]
        self._queue = sorted([*queued, *self._queue], key=lambda one: one.position)
        for prompt in queued:
            self._say(PromptChanged(prompt, self._queue.index(prompt) + 1))

    def answer(self, question: str, option: str | None, values: Mapping[str, str] | None, by: UserRef) -> bool:
        """False if unknown or already settled. `option` None: a reply instead, which rejects."""
        return self._asking.answer(question, option, values, by)

    def set_option(self, option: str, value: str) -> bool:
        """False if there is no agent to tell."""
        if self._agent is None:
            return False
        self._agent.set_option(option, value)
        return True

    def be_patient(self) -> None:
        """A person waits on for a silent agent."""
        if self.turn is not None:
            self.turn.patience_from = self._time()
            self.turn.warned = False
            self._bell.set()

    def note(self, **fields: Unpack[SessionFields]) -> None:
        """Facts that its owner stores now; said to everybody."""
        self.record = replace(self.record, **fields)
        self._say(
            TitleChanged(self.record.shown_title, self.record.title_rank) if "title" in fields else SessionChanged()
        )

    def end(self, reason: Ending, *, within: float = END_SECONDS) -> None:
        """End the process. A running turn is cancelled and has `within` seconds to end; when the daemon stops, it is
        left to run for so long first."""
        order = list(Ending)
        if self._ending is None or order.index(reason) > order.index(self._ending):
            self._ending = reason
        if self._launching is not None and not self._launching.expired():
            self._launching.reschedule(self._time())
        if reason is Ending.STOPPED:
            self._cut_off_at = self._time() + within
        elif self.turn is not None and self.turn.cancel_by is None:
            self._cancel_turn(within)
        self._bell.set()

    # --- the life --------------------------------------------------------------------------------

    async def live(self) -> None:
        """From waking until the process is gone; the record's state then says why."""
        try:
            while await self._one_process():
                await self._move(State.INITIALIZING, "The agent did not react and is started again.")
        except StoreError as error:
            self._failure = str(error)
        except Exception:  # the root of a session's task: its bug must not end another session
            log.exception("session %s ended by a bug", self.id)
            self._failure = "An error inside openacp-bot ended this session. The log has the details."
        await self._rest()

    async def _one_process(self) -> bool:
        """One agent process from spawn to its end; True if another is to follow in the same slot."""
        self._gone, self._kill = None, False
        self._enter(Phase.LAUNCHING)
        try:
            async with AsyncExitStack() as stack:
                agent = await self._launched(stack)
                if agent is not None:
                    await self._serve(agent)
                self._agent = None
                self._enter(Phase.ENDING)
        except AgentError as error:
            self._failure = str(error)
            await self._offer_another_try(self._failure)
        return self._kill and not self._ending and not self._failure

    async def _launched(self, stack: AsyncExitStack) -> Agent | None:
        """The agent, ready; None if the session's end was asked meanwhile. Raises AgentError."""
        record = self.record
        try:
            async with asyncio.timeout(0 if self._ending else None) as self._launching:
                spec = self._desk.current().agents.get(record.agent)
                if spec is None:
                    raise AgentError(
                        f"The agent “{record.agent}” is no longer configured. Add it again, or start a new session."
                    )
                return await stack.enter_async_context(
                    self._desk.launcher.launch(
                        spec,
                        cwd=Path(record.workspace),
                        session=self.id,
                        model=(record.current_model if record.conversation else "") or record.model,
                        resume=record.conversation,
                        options=record.options,
                    )
                )
        except TimeoutError:
            return None
        finally:
            self._launching = None
            self.launched.set()

    async def _serve(self, agent: Agent) -> None:
        """Prompts one after another, until the end is asked or the agent is gone."""
        try:
            async with asyncio.TaskGroup() as errands:
                self._agent, self._errands = agent, errands
                self._asking.begin(agent, errands)
                pump = self._spawn(partial(self._pump, agent))
                await self._guarded(partial(self._turns, agent))
                for task in (pump, self._naming):
                    if task is not None:
                        task.cancel()
        except* StoreError as group:
            self._failure = str(group.exceptions[0])
        finally:
            self._errands = self._naming = None
            self._asking.over()

    async def _turns(self, agent: Agent) -> None:
        await self._greet(agent)
        while (prompt := await self._next_prompt()) is not None:
            await self._one_turn(agent, prompt)
        await self._close_questions()

    async def _greet(self, agent: Agent) -> None:
        """The conversation is open; what it has lost is told and handed over."""
        lost = agent.how is How.NEW_WITHOUT_HISTORY and bool(await self._handover())
        await self._move(
            State.ACTIVE, "", conversation=agent.conversation, handed_over=self.record.handed_over and not lost
        )
        if lost:
            self._say(Notice(f"lost:{self._mark}", LOST))

    async def _next_prompt(self) -> Prompt | None:
        """The next prompt, taken from the queue; None when the process is to end."""
        self._enter(Phase.IDLE)
        since = self._time()
        while not (self._ending or self._gone or self._kill or self._failure):
            if self._queue and not self.record.held:
                return self._queue.pop(0)
            if self._asking.open:  # an open question is not idleness
                since = self._time()
            limit = since + self._desk.current().sessions.idle_timeout.total_seconds()
            if self._time() >= limit:
                self._tire()
            else:
                await self._ring(limit)
        return None

    def _tire(self) -> None:
        minutes = round(self._desk.current().sessions.idle_timeout.total_seconds() / 60)
        self._ending = Ending.IDLE
        self._say(
            Notice(
                f"idle:{self._mark}",
                f"Nothing was asked for {minutes} min, so the agent was ended. Your next message wakes it.",
            )
        )

    # --- a turn ----------------------------------------------------------------------------------

    async def _one_turn(self, agent: Agent, prompt: Prompt) -> None:
        at, time = self._desk.now(), self._time()
        self.turn = turn = Turn(replace(prompt, state=PromptState.STARTED, started_at=at), time, time)
        self._enter(Phase.WAITING if self._asking.open else Phase.RUNNING)
        words = await self._words(prompt)
        if not await self._desk.records.start_turn(prompt.id, at):
            self.turn = None  # it was dropped while it was on its way out of the queue
            return
        turn.started = True
        await self._take_back_offer(prompt)
        self._say(PromptChanged(turn.prompt), turn=turn.id)
        if turn.cancel_by is None:
            agent.prompt(words)
            turn.sent = True
            self._ask_for_title(agent, prompt)
            await self._hand_over()
        await self._close_turn(await self._turn_end(agent, turn))

    async def _take_back_offer(self, prompt: Prompt) -> None:
        """Continue, offered after the turn before, would now ask for something long past."""
        if prompt.kind is PromptKind.CONTINUE:  # it was taken up
            return
        for before in await self._desk.records.last_prompts(self.id, 2):
            if before.id != prompt.id and before.state is PromptState.INTERRUPTED:
                self._say(offers.taken(before.id, "The conversation has gone on."))

    async def _words(self, prompt: Prompt) -> str:
        """What the agent is sent: its age, and our record where the agent has lost its own."""
        words = handover.aged(prompt, self._desk.now())
        if self.record.handed_over:
            return words
        record = await self._handover()
        return f"{record}\n\n{words}" if record else words

    async def _hand_over(self) -> None:
        """The agent has our record now."""
        if not self.record.handed_over:
            self.record = replace(self.record, handed_over=True)
            await self._desk.records.change_session(self.id, handed_over=True)

    async def _handover(self) -> str:
        history = await self._desk.transcript.history(self.id, limit=1000)
        return handover.transcript(history.items, tokens=self._desk.current().sessions.context_tokens)

    async def _turn_end(self, agent: Agent, turn: Turn) -> TurnEnded:
        """Waits for the agent's word, or for whatever cuts the turn off."""
        while (ended := turn.result(self._gone, killed=self._kill)) is None:
            now = self._time()
            if turn.cancel_by is not None:
                if now >= turn.cancel_by:
                    self._kill = True
                    continue
                await self._ring(turn.cancel_by)
            elif self._ending is Ending.STOPPED and now >= self._cut_off_at:
                turn.cut = Outcome.INTERRUPTED
                self._cancel_turn(END_SECONDS)
            else:
                await self._ring(await self._next_look(agent, turn))
        return ended

    async def _next_look(self, agent: Agent, turn: Turn) -> float | None:
        """When to look at the running turn again. Tells of silence, and at three times the limit cancels for it."""
        if self._ending is Ending.STOPPED:
            return self._cut_off_at
        if self._asking.open:
            return None
        limit = self._desk.current().sessions.silence.total_seconds()
        quiet = min(agent.silent_for, self._time() - turn.patience_from)
        if quiet < limit:
            turn.warned = False
            return self._time() + max(MOMENT, limit - quiet)
        if not turn.warned:
            turn.warned = True
            tool = next(iter(turn.calls.values())).title if turn.calls else ""
            await self._offer(offers.be_patient(self.id, turn.id, quiet=quiet, tool=tool), ring=True)
        if turn.calls:  # an hour's test run survives
            return None
        if quiet >= 3 * limit:
            turn.cut = Outcome.STUCK
            self._cancel_turn(CANCEL_SECONDS)
        return self._time() + max(MOMENT, 3 * limit - quiet)

    async def _close_turn(self, ended: TurnEnded) -> None:
        """The turn's end, committed before it is shown."""
        turn = self.turn
        assert turn is not None
        await self._close_questions()
        for call in turn.left_open():
            self._say(ToolCallChanged(call), turn=turn.id)
        unfinished = ended.outcome in UNFINISHED
        at = self._desk.now()
        state = PromptState.INTERRUPTED if unfinished else PromptState.ENDED
        await self._desk.transcript.flush()
        held = unfinished and bool(self._queue)
        await self._desk.records.end_turn(turn.id, state=state, outcome=ended.outcome, at=at, held=held)
        await self._note_usage(at)
        if unfinished:
            self._failure = self._failure or ended.detail or f"The turn ended: {ended.outcome}."
            self.record = replace(self.record, held=held)
        elif self._gone is not None and turn.cancel_by is not None:
            self._failure = last_words(self._gone)
        seconds = self._time() - turn.began
        self._say(PromptChanged(replace(turn.prompt, state=state, outcome=ended.outcome, ended_at=at)), turn=turn.id)
        self._say(replace(ended, seconds=seconds, tools=len(turn.seen)), turn=turn.id)
        self.record = replace(self.record, active_at=at)
        self.turn = None
        if unfinished:
            self._offered = True
            await self._offer(offers.go_on(self.id, turn.id, queued=len(self._queue)), ring=True)

    async def _note_usage(self, at: float) -> None:
        if (usage := self.usage) is not None:
            await self._desk.records.add_usage(self.id, at, usage.used, usage.cost, usage.currency)

    def _cancel_turn(self, within: float) -> None:
        turn = self.turn
        assert turn is not None
        turn.cancel_by = self._time() + within
        if turn.sent and self._agent is not None:
            self._agent.cancel()
        self._enter(Phase.CANCELLING)
        self._asking.close("cancelled")  # ACP: a cancelled turn must answer its open questions

    # --- what the agent says ---------------------------------------------------------------------

    async def _pump(self, agent: Agent) -> None:
        try:
            async for event in agent.events():
                await self._take(event)
                await self._room()
        except AgentGone as gone:
            self._gone = gone
        self._bell.set()

    async def _room(self) -> None:
        """Until the transcript takes more; raises StoreError if what was said cannot be stored."""
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                await self._desk.transcript.room(self.id)
        except TimeoutError:
            await self._desk.transcript.flush()

    async def _take(self, event: AgentEvent) -> None:
        match event:
            case TurnEnded():
                self._take_end(event)
            case Asked():
                await self._ask(event)
            case AskWithdrawn(id=id):
                self._asking.withdraw(id)
            case TitleChanged(title=title):
                await self._retitle(title, TitleRank.AGENT)
            case OptionsChanged(options=options):
                await self._take_options(options)
            case CommandsChanged(commands=commands):
                self.commands = commands
                self._say(event)
            case UsageChanged():
                self.usage = event
                self._say(event)
            case AgentNotice(text=text):
                self._say(Notice(secrets.token_hex(4), text), turn=self._turn_id())
            case ToolCallChanged(call=call):
                if self.turn is not None and self._turn_id() is not None:
                    self.turn.take(call)
                    self._bell.set()  # silence counts differently while a call is open
                self._say(event, turn=self._turn_id())
            case _:
                self._say(event, turn=self._turn_id())

    def _take_end(self, ended: TurnEnded) -> None:
        if self.turn is None or not self.turn.sent or self.turn.ended is not None:
            log.warning("session %s: the agent ended a turn that was not running", self.id)
            return
        self.turn.ended = ended
        self._bell.set()

    async def _take_options(self, options: tuple[AgentOption, ...]) -> None:
        self.options = options
        self._say(OptionsChanged(options))
        model = next((option.value for option in options if option.category == "model"), "")
        if model and model != self.record.current_model:
            self.record = replace(self.record, current_model=model)
            await self._desk.records.change_session(self.id, current_model=model)

    # --- questions -------------------------------------------------------------------------------

    async def _ask(self, asked: Asked) -> None:
        prompt = self.turn.prompt if self.turn else None
        await self._desk.transcript.flush()
        if self._is_cancelling():
            self._asking.refuse(asked)
            return
        await self._asking.hear(asked, self.record, self._desk.current(), turn=self._turn_id(), prompt=prompt)
        if self.phase in (Phase.CANCELLING, Phase.ENDING):  # it was cancelled while the question was being stored
            self._asking.close("cancelled")

    def _questions_moved(self) -> None:
        """A turn waits while a question is open; the agent's silence counts from the last answer."""
        if self.phase is Phase.RUNNING and self._asking.open:
            self._enter(Phase.WAITING)
        elif self.phase is Phase.WAITING and not self._asking.open:
            self._enter(Phase.RUNNING)
            self.be_patient()
        self._bell.set()

    def _is_cancelling(self) -> bool:
        return self.phase is Phase.CANCELLING

    def _granted(self, grant: Grant) -> None:
        self.record = replace(self.record, grants=(*self.record.grants, grant))
        self._spawn(partial(self._desk.records.change_session, self.id, grants=self.record.grants))

    async def _close_questions(self) -> None:
        """Nothing of a turn, or of a process, stays open on a screen after its end."""
        await self._asking.finish("interrupted" if self._gone or self._failure else "cancelled")

    # --- titles and offers -----------------------------------------------------------------------

    def _ask_for_title(self, agent: Agent, prompt: Prompt) -> None:
        """After the first prompt is sent, in a conversation of its own; the next prompt does not wait for it."""
        wanted = self._desk.current().sessions.naming == "agent" and prompt.kind is not PromptKind.CONTINUE
        if wanted and self._naming is None and naming.outranks(self.record, TitleRank.ASKED):
            self._naming = self._spawn(partial(self._named, agent, prompt.text))

    async def _named(self, agent: Agent, message: str) -> None:
        answer = await agent.side_prompt(naming.question(message), naming.ASK_SECONDS)
        await self._retitle(naming.cleaned(answer, message) or naming.fallback(self.record), TitleRank.ASKED)

    async def _retitle(self, title: str, rank: TitleRank) -> None:
        title = naming.by_person(title)
        if not title or not naming.outranks(self.record, rank):
            return
        self.note(title=title, title_rank=rank)
        await self._desk.records.change_session(self.id, title=title, title_rank=rank)

    async def _offer_another_try(self, why: str) -> None:
        self._offered = True
        await self._offer(offers.try_again(self.id, self._mark, why=why, queued=len(self._queue)), ring=True)

    async def _offer(self, offer: Offer, *, ring: bool = False) -> None:
        menu, choices = minted(offer.buttons, session=self.id)
        await self._desk.records.mint(menu)
        self._say(Notice(offer.id, offer.text, choices, ring=ring), turn=self._turn_id())

    # --- rest ------------------------------------------------------------------------------------

    async def _rest(self) -> None:
        """The process is gone: close what is open, and say in the state how it ended."""
        try:
            if self.turn is not None and not self.turn.started:
                self._put_back(self.turn.prompt)
            if self.turn is not None:
                await self._close_turn(TurnEnded(Outcome.FAILED, self._failure))
            await self._close_questions()
            self.phase = Phase.ASLEEP
            state, why = self._last_state()
            await self._move(state, why)
            if state is State.ERROR and not self._offered and not self.wakes_again:
                await self._tell_end(why)
        except StoreError as error:
            log.error("session %s: its end could not be stored: %s", self.id, error)
            self._say_unstored_end(str(error))
        except Exception:  # the root of a session's task, once more: its bug must not end another session
            log.exception("session %s: its end failed by a bug", self.id)
            self._say_unstored_end("An error inside openacp-bot ended this session. The log has the details.")
        self.phase = Phase.ASLEEP

    async def _tell_end(self, why: str) -> None:
        """Between turns, nothing else tells it where it happened."""
        if self._queue:
            await self._offer_another_try(why)
        else:
            self._say(Notice(f"gone:{self._mark}", f"❌ {why} Your next message wakes it.", ring=True))

    def _put_back(self, prompt: Prompt) -> None:
        """It was taken from the queue, and could not be started."""
        self._queue.insert(0, replace(prompt, state=PromptState.QUEUED, started_at=None))
        self.turn = None

    def _say_unstored_end(self, why: str) -> None:
        """What the store cannot keep is told to the screens all the same: nothing on them stays open."""
        self._asking.give_up()
        if (turn := self.turn) is not None:
            self.turn = None
            seconds = self._time() - turn.began
            self._say(TurnEnded(Outcome.FAILED, why, seconds=seconds, tools=len(turn.seen)), turn=turn.id)
        self.phase = Phase.ASLEEP
        self.record = replace(self.record, state=State.ERROR, reason=why, bypass=False)
        self._say(StateChanged(State.ERROR, self.phase, why))
        self._say(Notice(f"store:{self._mark}", f"❌ {why}", ring=True))

    def _last_state(self) -> tuple[State, str]:
        if self._failure:
            return State.ERROR, self._failure
        if self._ending in (Ending.IDLE, Ending.SLOT):
            return State.CANCELLED, "idle" if self._ending is Ending.IDLE else "ended to free its slot"
        if self._ending is None and self._gone is not None and self._gone.code != 0:
            return State.ERROR, last_words(self._gone)
        return State.FINISHED, "" if self._ending else "The agent ended by itself."

    # --- small things ----------------------------------------------------------------------------

    async def _move(self, to: State, why: str, **fields: Unpack[SessionFields]) -> None:
        changed = fields.copy()
        changed.update({"state": moved(self.record.state, to), "reason": why})
        if to is not State.ACTIVE:
            changed["bypass"] = False
        self.record = replace(self.record, **changed)
        await self._desk.records.change_session(self.id, **changed)
        self._say(StateChanged(to, self.phase, why))

    def _enter(self, phase: Phase) -> None:
        if self.phase is not phase:
            self.phase = phase
            self._say(StateChanged(self.record.state, phase, self.record.reason))

    async def _ring(self, until: float | None) -> None:
        """Waits for a door, the agent, a question's time, or `until` (loop time); then minds the questions."""
        times = [until] if until is not None else []
        if (due := self._asking.due_in) is not None:
            times.append(self._time() + max(MOMENT, due))
        try:
            async with asyncio.timeout_at(min(times, default=None)):
                await self._bell.wait()
        except TimeoutError:
            pass
        self._bell.clear()
        self._asking.mind_time()

    def _spawn(self, errand: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
        assert self._errands is not None
        return self._errands.create_task(self._guarded(errand))

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> object:
        """Where work fails the process is going: from then on nothing is answered any more."""
        try:
            return await work()
        except Exception:
            self._asking.over()
            raise

    def _say(self, event: Event, *, turn: str | None = None) -> None:
        self._desk.feed.say(self.id, event, turn=turn)

    def _turn_id(self) -> str | None:
        """The turn that what the agent now says belongs to; None: it comes late."""
        turn = self.turn
        return turn.id if turn is not None and turn.sent and turn.ended is None else None

    def _place_of(self, prompt: str) -> int | None:
        return next((index for index, one in enumerate(self._queue) if one.id == prompt), None)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()
