"""What goes wrong with calls, and where lanes are: gates close, chats rest or move, topics are lost."""

from __future__ import annotations

import logging
from typing import Any

from openacp_bot.chat.gate import Gate
from openacp_bot.chat.lane import Lane, OpenCard, Shelf
from openacp_bot.chat.pauses import Pauses
from openacp_bot.chat.pen import (
    Forbidden,
    Later,
    Moved,
    NotDone,
    Pen,
    PenError,
    PerhapsDone,
    PlaceGone,
    Retry,
    RetryAfter,
)
from openacp_bot.chat.place_news import tells_of_silence
from openacp_bot.chat.places import Keeper
from openacp_bot.chat.pulse import MOST_DETOURS, Pulse, pause
from openacp_bot.core.cards import CardKind
from openacp_bot.core.errors import Problem
from openacp_bot.core.inbound import Report
from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

GATE_RESTS = 30.0, 600.0  # after a chat said that nothing may be said there: first, and at most
GIVEN_UP = 86400.0


class Troubles:
    """Puts right what a call that failed has shown to be otherwise, and ends cards."""

    def __init__(
        self,
        ledger: Ledger,
        pen: Pen[Any],
        shelf: Shelf,
        keeper: Keeper[Any],
        pulse: Pulse,
    ) -> None:
        self._ledger = ledger
        self._pen = pen
        self._shelf = shelf
        self._keeper = keeper
        self._now = pulse.now
        self._clock = pulse.clock
        self._wake = pulse.wake
        self._rests: dict[str, float] = {}  # by gate
        self._pauses: dict[str, Pauses] = {}

    def rest(self, gate: str) -> float:
        """Before when nothing is said behind this gate."""
        return self._rests.get(gate, 0.0)

    def heard(self, gate: str) -> None:
        """Somebody spoke there: it may be spoken to again."""
        self._rests.pop(gate, None)
        self._pauses.pop(gate, None)

    def restored(self) -> None:
        """Whatever may be said may have changed."""
        self._rests.clear()
        self._pauses.clear()

    async def address(self, lane: Lane) -> ThreadRef | None:
        """Where the lane is at this moment."""
        if not lane.place:
            return lane.where
        place = await self._ledger.place(lane.place)
        if place is None or place.ref is None or _is_put_away(place):
            lane.leave()
            return None
        gate = self._pen.gate(place.ref)
        has_moved = gate != lane.gate
        lane.stand(place.ref, gate)
        if has_moved:
            self._wake(gate)
        return place.ref

    # --- a call failed

    async def meet(self, error: PenError, gate: Gate, lane: Lane, entry: OpenCard | None) -> None:
        """`entry`: the card that was to be shown, and is given up if the platform will never take it."""
        try:
            await self._meet(error, gate, lane, entry)
        except Exception as fault:  # noqa: BLE001  every call of a clerk may end here, and none may end the clerk
            _log("what a call has shown could not be put right", fault)
            if entry is None:
                gate.failed()
            else:
                await self.put_off(entry, repr(fault))

    async def _meet(self, error: PenError, gate: Gate, lane: Lane, entry: OpenCard | None) -> None:
        match error:
            case RetryAfter(seconds=seconds):
                await self._ledger.close_gate(gate.name, self._now() + gate.close(seconds))
            case NotDone() | PerhapsDone():
                gate.failed()
            case Later(seconds=seconds) if entry is not None:
                entry.rest(self._clock() + seconds)
            case Retry() if entry is not None:
                if lane.where is not None:
                    await self._keeper.stirred(lane.where)
                await self._go_another_way(entry, error)
            case Retry():
                pass  # a place's job counts its own
            case Moved(space=space):
                await self._moved(lane, space)
            case Forbidden() if entry is None or not tells_of_silence(entry.card):
                await self._silenced(gate, lane, entry, error)
            case PlaceGone() if lane.place:
                await self._lost(lane)
            case _:
                log.warning("refused: %s", error)
                if entry is not None:
                    await self.settle(entry, str(error))

    async def _go_another_way(self, entry: OpenCard, error: Retry) -> None:
        """At once, unless one way leads to the next for ever."""
        entry.detours += 1
        if entry.detours > MOST_DETOURS:
            entry.detours = 0
            await self.put_off(entry, str(error))

    async def _silenced(self, gate: Gate, lane: Lane, entry: OpenCard | None, error: Forbidden) -> None:
        """Tried again, less and less often; and what is waited for is told of where something may be said."""
        log.warning("nothing may be said in %s: %s", gate.name, error)
        pauses = self._pauses.setdefault(gate.name, Pauses(*GATE_RESTS))
        self._rests[gate.name] = self._clock() + pauses.next()
        place = await self._ledger.place(lane.place) if lane.place and entry is not None else None
        if place is not None:
            await self._keeper.news.silenced(place, str(error))

    async def _moved(self, lane: Lane, space: str) -> None:
        where = lane.where
        if where is None or space == lane.space:
            return
        await self._keeper.news.moved(lane.place, where, space)
        self._keeper.follow(lane.space, space)
        self._follow(lane.space, space)

    async def _lost(self, lane: Lane) -> None:
        """Told once; the lane rests until its place has another address. What could not be told is found once more."""
        place = await self._ledger.place(lane.place)
        if place is None or place.ref is None:
            lane.leave()
        elif place.ref != lane.where:
            lane.stand(place.ref, self._pen.gate(place.ref))
        elif not lane.is_lost:
            await self._keeper.news.report(place, Report.LOST, ref=place.ref)
            if lane.where == place.ref:
                lane.lose()

    def _follow(self, space: str, to: str) -> None:
        """A chat has another id: cards at addresses move along."""
        for lane in self._shelf.lanes:
            if lane.space == space:
                lane.follow(to, self._pen.gate)
                self._wake(lane.gate)

    # --- a card ends, or is put off

    async def put_off(self, entry: OpenCard, error: str) -> None:
        """One more attempt failed, nobody knows why. Never raises: where nothing can be stored, memory has to do."""
        now = self._now()
        delay = pause(entry.card.attempts)
        entry.put_off(until=self._clock() + delay, not_before=now + delay)
        try:
            if entry.card.created_at and now - entry.card.created_at > GIVEN_UP:
                await self.settle(entry, error)
            else:
                await self._ledger.put_off(entry.card.id, now + delay)
        except Exception as fault:  # noqa: BLE001  as above
            entry.touch(self._clock())
            _log("a card could not be put off", fault)

    async def settle(self, entry: OpenCard, error: str = "") -> None:
        """The card is done with, unless it changed meanwhile."""
        entry.take()
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


def _is_put_away(place: Place) -> bool:
    """It was archived, and is to be left alone."""
    return place.wanted is not Wanted.OPEN and place.shown in (Wanted.CLOSED, Wanted.GONE)


def _log(what: str, fault: Exception) -> None:
    """A problem is a sentence; anything else is a bug of ours."""
    log.error("%s: %s", what, fault, exc_info=None if isinstance(fault, Problem) else fault)
