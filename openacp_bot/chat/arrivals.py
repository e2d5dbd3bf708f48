"""What arrives for the screen: events mark cards, notices and replies open them.

`show` marks what is known at once; what is not known yet (a new turn, a notice) is looked up or opened by one task.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable
from typing import Any

from openacp_bot.chat.drawing import WAITS
from openacp_bot.chat.lane import OpenCard, Shelf
from openacp_bot.chat.opening import Opener
from openacp_bot.chat.pen import Pen
from openacp_bot.chat.places import Keeper
from openacp_bot.chat.pulse import Pulse, pause
from openacp_bot.chat.sheet import Rank
from openacp_bot.chat.signs import Signs, draft_gate
from openacp_bot.core.cards import CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import (
    FileSent,
    Notice,
    Outcome,
    PlaceChanged,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    SessionChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import Place, PromptState, ThreadRef

log = logging.getLogger(__name__)

LATE_SECONDS = 1.0  # late text is gathered so long
LONGEST_PAUSE = 30.0  # after the store refused
ENDS_WELL = (Outcome.DONE, Outcome.CANCELLED)


class Arrivals:
    """Fills the shelf."""

    def __init__(
        self,
        name: str,
        pen: Pen[Any],
        shelf: Shelf,
        opener: Opener,
        signs: Signs[Any],
        keeper: Keeper[Any],
        pulse: Pulse,
        *,
        gather: float,
    ) -> None:
        self._name = name
        self._pen = pen
        self._shelf = shelf
        self._opener = opener
        self._signs = signs
        self._keeper = keeper
        self._clock = pulse.clock
        self._wake = pulse.wake
        self._gather = gather
        self._unknown: dict[tuple[CardKind, str], tuple[Place, str, Rank]] = {}
        self._notices: dict[str, tuple[Place | None, str, Notice]] = {}
        self._late: dict[tuple[str, str], tuple[Place, float, list[str]]] = {}
        self._news = asyncio.Event()
        self._at_rest = asyncio.Event()

    # --- told by the feed

    def show(self, place: Place | None, said: Said) -> None:
        ours = place if place is not None and place.adapter == self._name else None
        match said.event:
            case TextChunk(item=item, text=text) if said.turn is None:
                self._late_text(ours, said.session, item, text)
            case TextChunk() | ThoughtChunk() | ToolCallChanged() | ToolOutput() | PlanChanged():
                self._grew(ours, said)
            case FileSent():
                self._grew(ours, said, Rank.CARD)
            case TurnEnded(outcome=outcome):
                rank = Rank.FINAL if outcome in ENDS_WELL else Rank.ERROR
                self._mark(CardKind.TURN, said.turn or "", rank, ours, said.session)
            case QuestionAsked(question=question):
                self._mark(CardKind.QUESTION, question.id, Rank.PERSON, ours, said.session)
                self._grew(ours, said, Rank.CARD)
            case QuestionSettled(question=id):
                self._mark(CardKind.QUESTION, id, Rank.PERSON, ours, said.session)
                self._grew(ours, said, Rank.EDIT)
            case PromptChanged(prompt=prompt):
                self._prompt_changed(ours, said.session, prompt.id, prompt.state)
            case PlaceChanged(place=changed, is_passing=is_passing) if changed.adapter == self._name:
                self._place_changed(changed, is_passing=is_passing)
            case SessionChanged(deleted=True):
                self._session_gone(said.session)
            case Notice() as notice:
                self._told(ours, said.session, notice)
            case _:
                pass

    def _grew(self, place: Place | None, said: Said, rank: Rank | None = None) -> None:
        """`rank`: what came ends a stretch; else it only grows."""
        if said.turn is not None:
            self._mark(CardKind.TURN, said.turn, rank, place, said.session)

    def _mark(self, kind: CardKind, ref: str, rank: Rank | None, place: Place | None, session: str) -> None:
        """This card looks different now, perhaps."""
        entry = self._shelf.find(kind, ref)
        if entry is not None:
            self._touch(entry, rank)
        elif place is not None and not self._shelf.is_ignored(kind, ref):
            self._unknown[kind, ref] = (place, session, Rank.CARD if rank is None else rank)
            self._stir()

    def _touch(self, entry: OpenCard, rank: Rank | None) -> None:
        now = self._clock()
        if rank is None:
            entry.is_live = True
            if self._signs.is_apart(entry):
                self._touch_draft(entry, now)
                return
            if entry.since is not None:
                return
            entry.rest(now + self._gather)
            rank = Rank.EDIT if entry.is_sent else Rank.CARD
        entry.touch(now, rank)
        self._wake(entry.lane.gate)

    def _touch_draft(self, entry: OpenCard, now: float) -> None:
        if entry.draft_since is None:
            entry.draft_since = now
            self._wake(draft_gate(entry.lane.gate))

    def _prompt_changed(self, place: Place | None, session: str, prompt: str, state: PromptState) -> None:
        if state is PromptState.STARTED:
            self._mark(CardKind.TURN, prompt, None, place, session)
        for entry in self._shelf:
            if entry.card.kind is not CardKind.REPLY or entry.card.session != session or not entry.prompt:
                continue
            if entry.prompt == prompt:
                entry.is_over = state not in WAITS
            self._touch(entry, Rank.REMOVAL)  # those behind it have moved up

    def _place_changed(self, place: Place, *, is_passing: bool) -> None:
        lane = self._shelf.lane_of(place.id)
        if lane is not None and place.ref is not None and lane.where is None:
            lane.stand(place.ref, self._pen.gate(place.ref))
            self._wake(lane.gate)
        if self._keeper.want(place, is_passing=is_passing):
            self._wake(self._pen.gate(place.ref or ThreadRef(self._name, place.space)))
        for entry in self._shelf:
            if entry.card.kind is CardKind.REPLY and place.session and entry.card.session == place.session:
                entry.rise()
                self._touch(entry, Rank.PERSON)

    def _session_gone(self, session: str) -> None:
        for entry in self._shelf:
            if entry.card.session == session:
                self._touch(entry, Rank.REMOVAL)

    def _told(self, place: Place | None, session: str, notice: Notice) -> None:
        if (notice.to is None and place is None) or (notice.to is not None and notice.to.adapter != self._name):
            return
        ref = f"{session}:{notice.id}"
        self._notices.pop(ref, None)
        self._notices[ref] = (place, session, notice)
        self._stir()

    def _late_text(self, place: Place | None, session: str, item: str, text: str) -> None:
        if place is None:
            return
        due = self._clock() + LATE_SECONDS
        self._late.setdefault((session, item), (place, due, []))[2].append(text)
        self._stir()

    def _stir(self) -> None:
        self._news.set()

    # --- the task that looks up and opens

    async def take(self) -> None:
        """Look up and open what is not known yet, until cancelled."""
        failures = 0
        while True:
            self._news.clear()
            if await self._take_all():
                failures = 0
            else:
                await asyncio.sleep(pause(failures, longest=LONGEST_PAUSE))
                failures += 1
                self._news.set()
            if not self._news.is_set():
                self._at_rest.set()
                await self._wait()
                self._at_rest.clear()

    async def rest(self) -> None:
        """Until nothing waits to be looked up or opened."""
        while self._unknown or self._notices or self._late:
            self._late = {key: (place, 0.0, texts) for key, (place, _, texts) in self._late.items()}
            self._at_rest.clear()
            self._news.set()
            await self._at_rest.wait()

    async def _wait(self) -> None:
        """For something new, or for late text that has been gathered."""
        due = min((due for _, due, _ in self._late.values()), default=None)
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - self._clock())):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _take_all(self) -> bool:
        """Each once; False if any has to be tried again."""
        self._tell_late()
        is_done = True
        for (kind, ref), (place, session, rank) in list(self._unknown.items()):
            is_taken = await self._tried(self._opener.look_up(kind, ref, place, session, rank))
            if is_taken:
                self._unknown.pop((kind, ref), None)
            is_done = is_done and is_taken
        for id, told in list(self._notices.items()):
            is_taken = await self._tried(self._opener.open_notice(id, *told))
            if is_taken and self._notices.get(id) is told:
                del self._notices[id]
            is_done = is_done and is_taken
        return is_done

    async def _tried(self, opening: Awaitable[None]) -> bool:
        """False if the store refused: then once more. What fails by a bug of ours is dropped, and ends nothing else."""
        try:
            await opening
        except StoreError as error:
            log.error("a card could not be opened: %s", error)
            return False
        except Exception:
            log.exception("a card could not be opened")
        return True

    def _tell_late(self) -> None:
        now = self._clock()
        for key, (place, due, texts) in list(self._late.items()):
            if due <= now:
                del self._late[key]
                session, item = key
                self._told(place, session, Notice(f"late:{item}:{secrets.token_hex(4)}", "".join(texts)))
