"""One session's life, from waking until its process is gone, told as one straight line.

1. Doors are synchronous and legal in every phase: they change memory and ring; only the life line waits. What may be
   done with what is queued are the doors of its mailbox.
2. A prompt leaves the queue in the transaction that marks it started.
3. Two tasks change the life: this line, which takes prompts through their turns (conduct), and the pump, which takes
   what the agent says (hearing).
4. The state moves to finished, cancelled or error only when the process is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from openacp_bot.core import offers
from openacp_bot.core.conduct import CANCEL_SECONDS, END_SECONDS, Conduct
from openacp_bot.core.errors import AgentError, ModelRefused, StoreError
from openacp_bot.core.events import AgentCommand, AgentOption, Notice, Outcome, StateChanged, TurnEnded, UsageChanged
from openacp_bot.core.hearing import Hearing
from openacp_bot.core.life import Life, loop_time
from openacp_bot.core.mailbox import Mailbox
from openacp_bot.core.means import Means
from openacp_bot.core.model import Ending, Phase, Prompt, Question, SessionRecord, State, UserRef
from openacp_bot.core.ports import Agent, How, SessionFields
from openacp_bot.core.turn import Turn, last_words

log = logging.getLogger(__name__)

LOST = (
    "The agent could not reload its memory of this session. "
    "It starts afresh and is given our record of the conversation."
)
BUG = "An error inside openacp-bot ended this session. The log has the details."


class Session:
    """A live session. Its owner runs `live` once; when that returns, the process is gone."""

    def __init__(self, record: SessionRecord, means: Means) -> None:
        self.started = False  # its owner runs `live`
        self.launched = asyncio.Event()  # the first launch is over, well or not
        self._means = means
        self._life = Life(record, means)
        self.mailbox = Mailbox(self._life)
        self._hearing = Hearing(self._life)
        self._conduct = Conduct(self._life, self.mailbox, self._hearing)
        self._launching: asyncio.Timeout | None = None

    # --- what can be seen ------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self._life.id

    @property
    def record(self) -> SessionRecord:
        return self._life.record

    @property
    def phase(self) -> Phase:
        return self._life.phase

    @property
    def turn(self) -> Turn | None:
        return self._life.turn

    @property
    def queue(self) -> tuple[Prompt, ...]:
        return self.mailbox.queue

    @property
    def questions(self) -> tuple[Question, ...]:
        return self._life.asking.open

    @property
    def options(self) -> tuple[AgentOption, ...]:
        return self._hearing.options

    @property
    def commands(self) -> tuple[AgentCommand, ...]:
        return self._hearing.commands

    @property
    def usage(self) -> UsageChanged | None:
        return self._hearing.usage

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
        if not self.mailbox.is_due or self._life.ending in (Ending.STOPPED, Ending.DELETE):
            return False
        if self.record.archived_at is not None:
            return False
        return self.record.state is not State.ERROR or self.mailbox.asked_since

    # --- doors -----------------------------------------------------------------------------------

    def cancel(self, *, keep_queue: bool = False) -> tuple[Prompt, ...] | None:
        """End the running turn, or a second time kill it; the prompts that were dropped. None: nothing to cancel."""
        turn = self.turn
        if self.phase is Phase.ENDING or (turn is None and not self.queue):
            return None
        dropped = () if keep_queue else self.mailbox.drop()
        if turn is not None and turn.cancel_by is not None:
            self._life.kill = True
        elif turn is not None:
            self._conduct.cancel(CANCEL_SECONDS)
        self._life.ring()
        return dropped

    def answer(self, question: str, option: str | None, values: Mapping[str, str] | None, by: UserRef) -> bool:
        """False if unknown or already settled. `option` None: a reply instead, which rejects."""
        return self._life.asking.answer(question, option, values, by)

    def set_option(self, option: str, value: str) -> bool:
        """False if there is no agent to tell."""
        if self._life.agent is None:
            return False
        self._life.agent.set_option(option, value)
        return True

    def be_patient(self) -> None:
        """A person waits on for a silent agent."""
        self._life.be_patient()

    def note(self, **fields: Unpack[SessionFields]) -> None:
        """Facts that its owner stores now; said to everybody."""
        self._life.note(**fields)

    def end(self, reason: Ending, *, within: float = END_SECONDS) -> None:
        """End the process. A running turn is cancelled and has `within` seconds to end; when the daemon stops, it is
        left to run for so long first."""
        life, order = self._life, list(Ending)
        if life.ending is None or order.index(reason) > order.index(life.ending):
            life.ending = reason
        if self._launching is not None and not self._launching.expired():
            self._launching.reschedule(loop_time())
        if reason is Ending.STOPPED:
            life.cut_off_at = loop_time() + within
        elif life.turn is not None and life.turn.cancel_by is None:
            self._conduct.cancel(within)
        life.ring()

    # --- the life --------------------------------------------------------------------------------

    async def live(self) -> None:
        """From waking until the process is gone; the record's state then says why."""
        try:
            while await self._one_process():
                await self._life.move(State.INITIALIZING, "The agent did not react and is started again.")
        except StoreError as error:
            self._life.failure = str(error)
        except Exception:  # the root of a session's task: its bug must not end another session
            log.exception("session %s ended by a bug", self.id)
            self._life.failure = BUG
        await self._rest()

    async def _one_process(self) -> bool:
        """One agent process from spawn to its end; True if another is to follow in the same slot."""
        life = self._life
        life.gone, life.kill = None, False
        life.enter(Phase.LAUNCHING)
        try:
            async with AsyncExitStack() as stack:
                agent = await self._launched(stack)
                if agent is not None:
                    await self._serve(agent)
                life.agent = None
                life.enter(Phase.ENDING)
        except AgentError as error:
            life.failure = str(error)
            await self._offer_another_try(life.failure, own_model=isinstance(error, ModelRefused))
        return life.kill and not life.ending and not life.failure

    async def _launched(self, stack: AsyncExitStack) -> Agent | None:
        """The agent, ready; None if the session's end was asked meanwhile. Raises AgentError."""
        record = self.record
        try:
            async with asyncio.timeout(0 if self._life.ending else None) as self._launching:
                spec = self._means.current().agents.get(record.agent)
                if spec is None:
                    raise AgentError(
                        f"The agent “{record.agent}” is no longer configured. Add it again, or start a new session."
                    )
                return await stack.enter_async_context(
                    self._means.launcher.launch(
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
                self._life.begin(agent, errands)
                self._hearing.listen(agent)
                await self._life.guarded(partial(self._turns, agent))
                self._hearing.stop()
        except* StoreError as group:
            self._life.failure = str(group.exceptions[0])
        finally:
            self._life.over()

    async def _turns(self, agent: Agent) -> None:
        await self._greet(agent)
        while (prompt := await self._next_prompt()) is not None:
            await self._conduct.run(agent, prompt)
        await self._life.close_questions()

    async def _greet(self, agent: Agent) -> None:
        """The conversation is open; what it has lost is told and handed over."""
        lost = agent.how is How.NEW_WITHOUT_HISTORY and bool(await self._conduct.lost_conversation())
        handed_over = self.record.handed_over and not lost
        await self._life.move(State.ACTIVE, "", conversation=agent.conversation, handed_over=handed_over)
        if lost:
            self._life.say(Notice(f"lost:{self._life.mark}", LOST))

    async def _next_prompt(self) -> Prompt | None:
        """The next prompt, taken from the queue; None when the process is to end."""
        life = self._life
        life.enter(Phase.IDLE)
        since = loop_time()
        while not (life.ending or life.gone or life.kill or life.failure):
            if self.mailbox.is_due:
                return self.mailbox.take_next()
            if life.asking.open:  # an open question is not idleness
                since = loop_time()
            limit = since + self._means.current().sessions.idle_timeout.total_seconds()
            if loop_time() >= limit:
                self._tire()
            else:
                await life.wait(limit)
        return None

    def _tire(self) -> None:
        minutes = round(self._means.current().sessions.idle_timeout.total_seconds() / 60)
        self._life.ending = Ending.IDLE
        why = f"Nothing was asked for {minutes} min, so the agent was ended. Your next message wakes it."
        self._life.say(Notice(f"idle:{self._life.mark}", why))

    # --- rest ------------------------------------------------------------------------------------

    async def _rest(self) -> None:
        """The process is gone: close what is open, and say in the state how it ended."""
        life = self._life
        try:
            if life.turn is not None and not life.turn.started:
                self.mailbox.put_back(life.turn.prompt)
                life.turn = None
            if life.turn is not None:
                await self._conduct.close(TurnEnded(Outcome.FAILED, life.failure))
            await life.close_questions()
            life.phase = Phase.ASLEEP
            state, why = self._last_state()
            await life.move(state, why)
            if state is State.ERROR and not life.offered and not self.wakes_again:
                await self._tell_end(why)
        except StoreError as error:
            log.error("session %s: its end could not be stored: %s", self.id, error)
            self._say_unstored_end(str(error))
        except Exception:  # the root of a session's task, once more: its bug must not end another session
            log.exception("session %s: its end failed by a bug", self.id)
            self._say_unstored_end(BUG)
        life.phase = Phase.ASLEEP

    async def _tell_end(self, why: str) -> None:
        """Between turns, nothing else tells it where it happened."""
        if self.queue:
            await self._offer_another_try(why)
        else:
            text = f"❌ {why} Your next message wakes it."
            self._life.say(Notice(f"gone:{self._life.mark}", text, ring=True))

    async def _offer_another_try(self, why: str, *, own_model: bool = False) -> None:
        self._life.offered = True
        offer = offers.try_again(self.id, self._life.mark, why=why, queued=len(self.queue), own_model=own_model)
        await self._life.offer(offer)

    def _say_unstored_end(self, why: str) -> None:
        """What the store cannot keep is told to the screens all the same: nothing on them stays open."""
        life = self._life
        life.asking.give_up()
        self._conduct.close_unstored(why)
        life.phase = Phase.ASLEEP
        life.record = replace(life.record, state=State.ERROR, reason=why, bypass=False)
        life.say(StateChanged(State.ERROR, life.phase, why))
        life.say(Notice(f"store:{life.mark}", f"❌ {why}", ring=True))

    def _last_state(self) -> tuple[State, str]:
        life = self._life
        if life.failure:
            return State.ERROR, life.failure
        if life.ending in (Ending.IDLE, Ending.SLOT):
            return State.CANCELLED, "idle" if life.ending is Ending.IDLE else "ended to free its slot"
        if life.ending is None and life.gone is not None and life.gone.code != 0:
            return State.ERROR, last_words(life.gone)
        return State.FINISHED, "" if life.ending else "The agent ended by itself."
