"""Where one life of a session stands, and how that is told. The session's rooms (mailbox, hearing, conduct) share it.

1. Memory changes first and is said in the same step; what is stored follows.
2. One bell rings whenever something may have happened; only the life line waits for it.
3. Where work of a process fails the process is going: from then on nothing is answered any more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Unpack

from openacp_bot.core.asking import Asking, Voice
from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import Event, SessionChanged, StateChanged, TitleChanged
from openacp_bot.core.means import Means
from openacp_bot.core.menus import minted
from openacp_bot.core.model import Ending, Grant, Phase, SessionRecord, State
from openacp_bot.core.offers import Offer
from openacp_bot.core.ports import Agent, SessionFields
from openacp_bot.core.state import moved
from openacp_bot.core.turn import Turn

MOMENT = 0.01  # the least to sleep, so that rounding cannot spin the loop


class Life:
    """From waking to sleep, over one process or two. Its rooms read and change it between two awaits."""

    def __init__(self, record: SessionRecord, means: Means) -> None:
        self.record = record
        self.means = means
        self.phase = Phase.LAUNCHING
        self.turn: Turn | None = None
        self.agent: Agent | None = None  # who can be told something
        self.gone: AgentGone | None = None
        self.kill = False  # the process does not react and is to go
        self.ending: Ending | None = None
        self.cut_off_at = 0.0  # when a running turn is cut off for the daemon's stop; loop time
        self.failure = ""  # why this life ends in error
        self.offered = False  # a person was told how to go on after this life's end
        self.mark = secrets.token_hex(3)  # of this life, in the ids of its notices
        self._bell = asyncio.Event()
        self._errands: asyncio.TaskGroup | None = None
        voice = Voice(
            say=lambda event, turn: self.say(event, turn=turn),
            moved=self._questions_moved,
            granted=self._granted,
            cancelling=lambda: self.is_cancelling,
        )
        self.asking = Asking(self.id, means.records, means.now, voice)

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def turn_id(self) -> str | None:
        """The turn that what the agent now says belongs to; None: it comes late."""
        turn = self.turn
        return turn.id if turn is not None and turn.sent and turn.ended is None else None

    @property
    def is_cancelling(self) -> bool:
        return self.phase is Phase.CANCELLING

    @property
    def is_stopping(self) -> bool:
        """What runs is on its way out: the turn, or the process."""
        return self.phase in (Phase.CANCELLING, Phase.ENDING)

    # --- a process and its errands ---------------------------------------------------------------

    def begin(self, agent: Agent, errands: asyncio.TaskGroup) -> None:
        """There is a process; `errands` outlives every `spawn` until `over`."""
        self.agent, self._errands = agent, errands
        self.asking.begin(agent, errands)

    def over(self) -> None:
        """The process is going."""
        self._errands = None
        self.asking.over()

    def spawn(self, errand: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
        """Work beside the life line, for as long as the process lives."""
        assert self._errands is not None
        return self._errands.create_task(self.guarded(errand))

    async def guarded(self, work: Callable[[], Awaitable[object]]) -> object:
        """Where it fails, nothing is answered any more."""
        try:
            return await work()
        except Exception:
            self.asking.over()
            raise

    # --- telling ---------------------------------------------------------------------------------

    def say(self, event: Event, *, turn: str | None = None) -> None:
        self.means.feed.say(self.id, event, turn=turn)

    async def offer(self, offer: Offer) -> None:
        """A notice, with its buttons stored."""
        menu, choices = minted(offer.buttons, session=self.id)
        await self.means.records.mint(menu)
        self.say(offer.notice(choices), turn=self.turn_id)

    def note(self, **fields: Unpack[SessionFields]) -> None:
        """Facts beside the state, that the caller stores; said to everybody."""
        self.record = replace(self.record, **fields)
        self.say(
            TitleChanged(self.record.shown_title, self.record.title_rank) if "title" in fields else SessionChanged()
        )

    def enter(self, phase: Phase) -> None:
        if self.phase is not phase:
            self.phase = phase
            self.say(StateChanged(self.record.state, phase, self.record.reason))

    async def move(self, to: State, why: str, **fields: Unpack[SessionFields]) -> None:
        """Change the state, with facts that change along with it; told when it is stored."""
        changed = fields.copy()
        changed.update({"state": moved(self.record.state, to), "reason": why})
        if to is not State.ACTIVE:
            changed["bypass"] = False
        self.record = replace(self.record, **changed)
        await self.means.records.change_session(self.id, **changed)
        self.say(StateChanged(to, self.phase, why))

    # --- waiting ---------------------------------------------------------------------------------

    def ring(self) -> None:
        """Something may have happened."""
        self._bell.set()

    async def wait(self, until: float | None) -> None:
        """For the bell, a question's time, or `until` (loop time); then minds the questions."""
        times = [until] if until is not None else []
        if (due := self.asking.due_in) is not None:
            times.append(loop_time() + max(MOMENT, due))
        try:
            async with asyncio.timeout_at(min(times, default=None)):
                await self._bell.wait()
        except TimeoutError:
            pass
        self._bell.clear()
        self.asking.mind_time()

    def be_patient(self) -> None:
        """The agent's silence counts from now."""
        if self.turn is not None:
            self.turn.patience_from = loop_time()
            self.turn.warned = False
            self.ring()

    # --- questions -------------------------------------------------------------------------------

    async def close_questions(self) -> None:
        """Nothing of a turn, or of a process, stays open on a screen after its end."""
        await self.asking.finish("interrupted" if self.gone or self.failure else "cancelled")

    def _questions_moved(self) -> None:
        """A turn waits while a question is open; the agent's silence counts from the last answer."""
        if self.phase is Phase.RUNNING and self.asking.open:
            self.enter(Phase.WAITING)
        elif self.phase is Phase.WAITING and not self.asking.open:
            self.enter(Phase.RUNNING)
            self.be_patient()
        self.ring()

    def _granted(self, grant: Grant) -> None:
        self.record = replace(self.record, grants=(*self.record.grants, grant))
        self.spawn(partial(self.means.records.change_session, self.id, grants=self.record.grants))


def loop_time() -> float:
    """The clock of all waits."""
    return asyncio.get_running_loop().time()
