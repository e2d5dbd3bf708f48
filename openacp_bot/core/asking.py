"""The questions of one session: rules before a person, one answer for each, a time limit, a reminder.

1. Memory decides who was first; every settlement is then stored with its audit line.
2. A yes is stored before the agent hears it; a no need not wait.
3. No question is open longer than the agent that asked it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from openacp_bot.core import permissions, questions
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Asked, Event, Notice, QuestionAsked, QuestionSettled
from openacp_bot.core.model import Grant, Prompt, PromptKind, Question, SessionRecord, Settlement, Source, UserRef
from openacp_bot.core.ports import Agent, Audit, Records
from openacp_bot.core.questions import CANCELLED, Answer, Open
from openacp_bot.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of a question. `answer` None: a person is asked; `told`: what they are told instead."""

    answer: Answer | None = None
    allowed: bool = False
    because: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a session is told: `say` with a turn, `moved` when what is open changed, `granted` for its whole life.
    `cancelling`: whatever the rules say, the answer is cancelled."""

    say: Callable[[Event, str | None], None]
    moved: Callable[[], None]
    granted: Callable[[Grant], None]
    cancelling: Callable[[], bool]


class Asking:
    """Lives as long as its session; has an agent and errands while there is a process."""

    def __init__(self, session: str, records: Records, now: Callable[[], float], voice: Voice) -> None:
        self._session = session
        self._records = records
        self._now = now
        self._voice = voice
        self._open: dict[str, Open] = {}
        self._unsettled: dict[str, Open] = {}  # what the store, or a screen, may take for open
        self._agent: Agent | None = None
        self._errands: asyncio.TaskGroup | None = None
        self._settling: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> tuple[Question, ...]:
        return tuple(one.question for one in self._open.values())

    def begin(self, agent: Agent, errands: asyncio.TaskGroup) -> None:
        """There is a process; settlements are stored by `errands`, which outlives every call until `over`."""
        self._agent, self._errands = agent, errands

    def over(self) -> None:
        """The process is going: nothing is answered any more."""
        self._agent = self._errands = None

    # --- asking ----------------------------------------------------------------------------------

    async def hear(
        self, asked: Asked, record: SessionRecord, settings: Settings, *, turn: str | None, prompt: Prompt | None
    ) -> None:
        """Rules decide first, then a person is asked; stored on return."""
        judged = self._judged(asked, record, settings, prompt)
        if judged.answer is None:
            await self._ask(asked, record, settings, turn, prompt)
            return
        decision = "allowed" if judged.allowed else "denied"
        line = Audit(self._now(), "rule", _what(asked), decision, session=self._session, rule=judged.because)
        await self._records.audit(line)
        self._tell(asked.id, CANCELLED if self._voice.cancelling() else judged.answer)
        if judged.told:
            self._voice.say(Notice(secrets.token_hex(4), judged.told), turn)

    def refuse(self, asked: Asked) -> None:
        """Unseen: it comes while the turn is being cancelled."""
        self._tell(asked.id, CANCELLED)

    def _judged(self, asked: Asked, record: SessionRecord, settings: Settings, prompt: Prompt | None) -> Judged:
        attended = _has_a_person(record) if prompt is None else prompt.kind is not PromptKind.RUN
        if asked.call is None:
            return (
                Judged() if attended else Judged(Answer(), because="unattended", told=f"Nobody to ask: {asked.title}")
            )
        request = permissions.requested(asked.call, agent=record.agent, workspace=record.workspace, attended=attended)
        verdict = permissions.judge(request, settings.permissions.rules, record.grants, bypass=record.bypass)
        if verdict.decide == "deny":
            told = f"⛔ Denied ({verdict.because}): {asked.title}"
            return Judged(questions.rejection(asked), because=verdict.because, told=told)
        option = questions.permission(asked)
        if verdict.decide == "allow" and option is not None:
            return Judged(Answer(option.id), allowed=True, because=verdict.because)
        if not attended:  # allowed, but by no option that the agent has; there is nobody to ask
            return Judged(questions.rejection(asked), because="unattended", told=f"⛔ Denied: {asked.title}")
        return Judged()

    async def _ask(
        self, asked: Asked, record: SessionRecord, settings: Settings, turn: str | None, prompt: Prompt | None
    ) -> None:
        grant = None
        if asked.call is not None:
            request = permissions.requested(asked.call, agent=record.agent, workspace=record.workspace, attended=True)
            grant = permissions.grant_for(request)
        open = questions.opened(
            asked,
            session=self._session,
            turn=turn,
            requester=prompt.author if prompt else None,
            grant=grant,
            now=self._now(),
            limit=settings.permissions.timeout.total_seconds(),
        )
        self._unsettled[open.question.id] = open
        await self._records.ask(open.question, open.menu)
        if open.question.id not in self._unsettled:  # its turn ended meanwhile
            return
        self._open[open.question.id] = open
        open.shown = True
        self._voice.say(QuestionAsked(open.question), turn)
        self._voice.moved()

    # --- settling --------------------------------------------------------------------------------

    def answer(self, question: str, option: str | None, values: Mapping[str, str] | None, by: UserRef) -> bool:
        """False if unknown, already settled, or the option is not its own. `option` None: a reply instead."""
        open = self._open.get(question)
        if open is None or self._errands is None or (option is not None and option not in open.answers):
            return False
        settlement = questions.settlement(open, option, values, by=by, at=self._now())
        self._settle(open, settlement, questions.answer_to(open, option, values))
        return True

    def withdraw(self, asked: str) -> None:
        """The agent no longer waits for it."""
        for open in list(self._open.values()):
            if open.asked.id == asked:
                self._settle(open, questions.closed("withdrawn", self._now()))

    def close(self, how: str) -> None:
        """All that is open, unanswered."""
        for open in list(self._open.values()):
            self._settle(open, questions.closed(how, self._now()))

    async def finish(self, how: str) -> None:
        """Close what is open, or is just being asked; every settlement is stored on return."""
        for open in list(self._unsettled.values()):
            if not open.shown:
                del self._unsettled[open.question.id]
            if self._errands is None or not open.shown:
                self._open.pop(open.question.id, None)
                await self._settled(open, questions.closed(how, self._now()), CANCELLED)
        self.close(how)
        if self._settling:
            await asyncio.wait(self._settling)

    def give_up(self) -> None:
        """Nothing can be stored: screens are told all the same that nothing is open."""
        self._open.clear()
        for open in list(self._unsettled.values()):
            self._say_settled(open, questions.closed("interrupted", self._now()))

    def _settle(self, open: Open, settlement: Settlement, answer: Answer = CANCELLED) -> None:
        if self._errands is None:  # the process is going; `finish` closes it
            return
        del self._open[open.question.id]
        task = self._errands.create_task(self._settled(open, settlement, answer))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        self._voice.moved()

    async def _settled(self, open: Open, settlement: Settlement, answer: Answer) -> None:
        if not settlement.allowed:
            self._tell(open.asked.id, answer)
        who = settlement.by.key if settlement.by else "openacp"
        decision = settlement.label or settlement.how
        line = Audit(settlement.at, who, _what(open.asked), decision, session=self._session, rule=settlement.rule)
        try:
            await self._records.decide(open.question.id, settlement, line)
        except StoreError:
            self.over()
            raise
        if settlement.kind == questions.ALLOW_SESSION and open.grant is not None:
            self._voice.granted(open.grant)
        if settlement.allowed:
            self._tell(open.asked.id, answer)
        self._say_settled(open, settlement)

    def _say_settled(self, open: Open, settlement: Settlement) -> None:
        self._unsettled.pop(open.question.id, None)
        if open.shown:
            self._voice.say(QuestionSettled(open.question.id, settlement), open.question.turn)

    def _tell(self, asked: str, answer: Answer) -> None:
        if self._agent is not None:
            self._agent.answer(asked, answer.option, answer.values)

    # --- time ------------------------------------------------------------------------------------

    @property
    def due_in(self) -> float | None:
        """Seconds until a question is to be reminded of, or runs out."""
        times = [one.question.expires_at if one.reminded else _half(one.question) for one in self._open.values()]
        return max(0.0, min(time for time in times if time is not None) - self._now()) if times else None

    def mind_time(self) -> None:
        """Close what has run out; remind once, at half time."""
        for open in list(self._open.values()):
            if (open.question.expires_at or 0) <= self._now():
                self._settle(open, questions.closed("timeout", self._now()))
            elif not open.reminded and _half(open.question) <= self._now():
                open.reminded = True
                text = f"🔔 Still waiting for an answer: {open.question.title}"
                self._voice.say(Notice(f"reminder:{open.question.id}", text, ring=True), open.question.turn)


def _has_a_person(record: SessionRecord) -> bool:
    """Who asks between turns: a session that a person began by a message is theirs, whatever its source."""
    return record.source is Source.MANUAL or (record.source is Source.TRIGGER and bool(record.owner))


def _half(question: Question) -> float:
    return (question.asked_at + (question.expires_at or question.asked_at)) / 2


def _what(asked: Asked) -> str:
    """The audit's words for what was asked: the command or the paths in full."""
    if asked.call is None:
        return asked.title
    paths = " ".join(diff.path for diff in asked.call.diffs) or " ".join(one.path for one in asked.call.locations)
    return f"{asked.call.kind}: {asked.call.command or paths or asked.title}"
