"""What goes wrong with calls, and where lanes are: gates close, chats rest or move, topics are lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from openacp_bot.chat.gate import Gate
from openacp_bot.chat.lane import Lane, OpenCard, Shelf
from openacp_bot.chat.pen import Forbidden, Moved, NotDone, Pen, PenError, PerhapsDone, PlaceGone, RetryAfter
from openacp_bot.chat.places import Keeper
from openacp_bot.core.cards import CardKind
from openacp_bot.core.inbound import Report
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

SPACE_RESTS = 600.0  # after a chat said that nothing may be said there
ATTEMPTS = (1.0, 2.0, 30.0, 120.0, 600.0)  # seconds from one failed attempt to the next
GIVEN_UP = 86400.0


class Troubles:
    """Puts right what a call that failed has shown to be otherwise, and ends cards."""

    def __init__(
        self,
        ledger: Ledger,
        pen: Pen[Any],
        shelf: Shelf,
        keeper: Keeper[Any],
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
        wake: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._pen = pen
        self._shelf = shelf
        self._keeper = keeper
        self._now = now
        self._clock = clock
        self._wake = wake
        self._rests: dict[str, float] = {}

    def rest(self, space: str) -> float:
        """Before when nothing is said there."""
        return self._rests.get(space, 0.0)

    def heard(self, space: str) -> None:
        """Somebody spoke there: it may be spoken to again."""
        self._rests.pop(space, None)

    async def address(self, lane: Lane) -> ThreadRef | None:
        """Where the lane is at this moment."""
        if not lane.place:
            return lane.where
        place = await self._ledger.place(lane.place)
        if place is None or place.ref is None:
            lane.where = None
            return None
        lane.where = place.ref
        lane.space = place.space
        self._move_gate(lane, place.ref)
        return place.ref

    def _move_gate(self, lane: Lane, where: ThreadRef) -> None:
        gate = self._pen.gate(where)
        if gate != lane.gate:
            lane.gate = gate
            self._wake(gate)

    # --- a call failed

    async def meet(self, error: PenError, gate: Gate, lane: Lane, entry: OpenCard | None) -> None:
        """`entry`: the card that was to be shown, and is given up if the platform will never take it."""
        match error:
            case RetryAfter(seconds=seconds):
                await self._ledger.close_gate(gate.name, self._now() + gate.close(seconds))
            case NotDone() | PerhapsDone():
                gate.failed()
            case Moved(space=space):
                await self._moved(lane, space)
            case Forbidden():
                log.warning("nothing may be said in %s: %s", lane.space, error)
                self._rests[lane.space] = self._clock() + SPACE_RESTS
            case PlaceGone() if lane.place:
                await self._lost(lane)
            case _:
                log.warning("refused: %s", error)
                if entry is not None:
                    await self.settle(entry, str(error))

    async def _moved(self, lane: Lane, space: str) -> None:
        where = lane.where
        if where is None or space == lane.space:
            return
        await self._keeper.moved(lane.place, where, space)
        self._keeper.follow(lane.space, space)
        self._follow(lane.space, space)

    async def _lost(self, lane: Lane) -> None:
        """Told once; the lane rests until its place has another address."""
        if lane.is_lost:
            return
        lane.is_lost = True
        place = await self._ledger.place(lane.place)
        if place is None or place.ref is None:
            return
        if place.ref == lane.where:
            await self._keeper.report(place, Report.LOST, ref=place.ref)
        else:
            lane.where, lane.is_lost = place.ref, False

    def _follow(self, space: str, to: str) -> None:
        """A chat has another id: cards at addresses move along."""
        for lane in self._shelf.lanes:
            if lane.space != space:
                continue
            lane.space = to
            if lane.where is not None:
                lane.where = replace(lane.where, space=to)
                self._move_gate(lane, lane.where)
            for entry in lane.cards.values():
                if entry.card.where is not None:
                    entry.card = replace(entry.card, where=replace(entry.card.where, space=to))

    # --- a card ends, or is put off

    async def put_off(self, entry: OpenCard, error: str) -> None:
        """One more attempt failed, nobody knows why."""
        now = self._now()
        if entry.card.created_at and now - entry.card.created_at > GIVEN_UP:
            await self.settle(entry, error)
            return
        delay = ATTEMPTS[min(entry.card.attempts, len(ATTEMPTS) - 1)]
        entry.hold = self._clock() + delay
        entry.card = replace(entry.card, attempts=entry.card.attempts + 1, not_before=now + delay)
        await self._ledger.put_off(entry.card.id, now + delay)

    async def settle(self, entry: OpenCard, error: str = "") -> None:
        """The card is done with, unless it changed meanwhile."""
        entry.since = None
        await self._ledger.settle(entry.card.id, error)
        if entry.is_waiting:
            return
        self._shelf.drop(entry)
        if error:
            self._shelf.ignore(entry.card.kind, entry.card.ref)
        self._keeper.settled(entry.card, error)
        if entry.card.kind is CardKind.QUESTION:
            for other in entry.lane.before(entry):
                other.touch(self._clock())
        self._wake(entry.lane.gate)
