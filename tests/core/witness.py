"""What must be true of every session whatever people, agents, disks and clocks do: checked on what the screens were
shown, what the store keeps, and what lives."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

from openacp_bot.core.events import (
    Notice,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    SessionChanged,
    StateChanged,
    TurnEnded,
)
from openacp_bot.core.model import Phase, PromptState, State
from openacp_bot.core.state import MOVES
from tests.core.lodge import Lodge
from tests.core.slow import SlowLauncher, SlowStore

SENT_BUT_MAYBE_NOT = ("cancelled", "failed", "crashed", "interrupted", "stuck")  # the agent may never have got it


class Bugs(logging.Handler):
    """Collects what core logs as its own bug."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


@dataclass
class Shown:
    """What the screens know of one session."""

    rev: int = 0
    state: State = State.INITIALIZING
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    refused_wake: bool = False
    deleted: bool = False

    def take(self, said: Said) -> None:
        event, turn = said.event, said.turn
        assert said.rev == self.rev + 1, f"rev {said.rev} after {self.rev}"
        self.rev = said.rev
        assert turn not in self.ended, f"after the turn's end: {event}"
        match event:
            case StateChanged(state=state):
                assert state is self.state or state in MOVES[self.state], f"{self.state} → {state}"
                self.state = state
                self.refused_wake = self.refused_wake and state not in (State.INITIALIZING, State.ACTIVE)
            case PromptChanged(prompt=prompt) if prompt.state is PromptState.STARTED:
                assert prompt.id == turn and prompt.id not in self.begun, "a prompt began twice"
                self.begun.add(prompt.id)
            case TurnEnded():
                assert turn in self.begun and turn not in self.ended, "an end without a beginning, or a second one"
                self.ended.add(turn)
            case QuestionAsked(question=question):
                assert question.id not in self.asked
                self.asked.add(question.id)
            case QuestionSettled(question=id):
                assert id in self.asked and id not in self.settled, "settled twice, or never asked"
                self.settled.add(id)
            case Notice(id=id) if id.startswith("wake:"):
                self.refused_wake = True
            case SessionChanged(deleted=True):
                self.deleted = True
            case _:
                pass


@dataclass
class Witness:
    """Looks at everything between two steps, when nothing is under way but agents and timers."""

    core: Lodge
    store: SlowStore
    launcher: SlowLauncher
    shown: dict[str, Shown] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)  # messages that were not refused: text → session
    edited: set[str] = field(default_factory=set)  # texts that a person has changed since
    troubled: set[str] = field(default_factory=set)  # sessions whose facts a full disk may have kept from the store
    _seen: int = 0

    async def look(self) -> None:
        said = self.core.screen.said
        for one in said[self._seen :]:
            self.shown.setdefault(one.session, Shown()).take(one)
        self._seen = len(said)
        self._slots()
        for id in self.shown:
            await self._session(id)
        self._prompts()

    def _slots(self) -> None:
        used = self.core.manager.slots_used
        assert used == sum(1 for id in self.shown if self.core.manager.live(id)), "a slot without a session"
        assert used <= self.core.settings.sessions.max_concurrent, "more sessions than slots"
        assert len(self.launcher.running) <= used, "a process without a slot"

    async def _session(self, id: str) -> None:
        if self.core.manager.live(id):
            await self._awake(id)
        else:
            await self._asleep(id, self.shown[id])

    async def _awake(self, id: str) -> None:
        live = self.core.live(id)
        shown = self.shown[id]
        record = await self.store.session(id)
        if record is None:
            assert shown.deleted, "gone, and nobody was told"
            return
        assert shown.state in (State.INITIALIZING, State.ACTIVE), f"awake and {shown.state}"
        if record.archived_at is not None:
            assert live.phase in (Phase.ENDING, Phase.CANCELLING, Phase.LAUNCHING), f"archived and {live.phase}"
        open_now = {question.id for question in live.questions}
        if live.phase is not Phase.ENDING:
            assert open_now == shown.asked - shown.settled, "the screens show other questions than are open"
        if live.turn is not None and live.phase in (Phase.RUNNING, Phase.WAITING):
            assert (live.phase is Phase.WAITING) == bool(open_now), f"{live.phase} with {len(open_now)} questions"
        if live.turn is None:
            assert shown.begun == shown.ended, "a turn without an end"
        if not self.store.refuses and id not in self.troubled:
            queued = [prompt.id for prompt in await self.store.queued(id)]
            assert queued == [prompt.id for prompt in live.queue], "store and session disagree about the queue"
            assert record.state is live.record.state and record.bypass == live.record.bypass
            assert {one.id for one in self.store.open_questions if one.session == id} == open_now

    async def _asleep(self, id: str, shown: Shown) -> None:
        assert shown.begun == shown.ended, "asleep, and a turn without an end"
        assert shown.asked == shown.settled, "asleep, and a question without an end"
        assert id not in self.launcher.running, "asleep, with a process"
        record = await self.store.session(id)
        if record is None:
            assert shown.deleted
            return
        assert not shown.state.holds_slot, f"asleep and {shown.state}"
        if self.store.refuses or id in self.troubled:
            return
        assert record.state is shown.state, f"stored {record.state}, shown {shown.state}"
        assert not record.bypass, "bypass outlived the process"
        assert not [one for one in self.store.open_questions if one.session == id], "open in the store"
        assert not [one for one in self.store.prompts if one.session == id and one.state is PromptState.STARTED]
        waits = record.held or record.state is State.ERROR or record.archived_at is not None or shown.refused_wake
        waits = waits or self.core.manager.stopping
        assert waits or not await self.store.queued(id), "nobody runs the queue"

    def _prompts(self) -> None:
        """Nothing accepted is lost, nothing is sent twice, nothing is sent that was dropped."""
        there = {id for id, shown in self.shown.items() if not shown.deleted}
        served = zip(self.launcher.agents, self.launcher.of, strict=True)
        sent = Counter(_words(text) for agent, of in served if of in there for text in agent.prompts)
        begun: Counter[str] = Counter()
        surely: Counter[str] = Counter()
        for prompt in self.store.prompts:
            if prompt.started_at is not None and prompt.session in there:
                begun[_words(prompt.text)] += 1
                surely[_words(prompt.text)] += prompt.outcome not in (*SENT_BUT_MAYBE_NOT, "")
        for text in sent:
            assert sent[text] <= begun[text], f"{text!r} was sent {sent[text]} times, and began {begun[text]} times"
        for text in surely:
            assert sent[text] >= surely[text], f"{text!r} was never sent"
        stored = {prompt.text for prompt in self.store.prompts}
        lost = {text for text, session in self.accepted.items() if session in there} - self.edited - stored
        assert not lost, f"lost: {lost}"


def _words(text: str) -> str:
    """What a person wrote, without what is put before it."""
    return text.rpartition("\n\n")[2]
