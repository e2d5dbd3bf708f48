"""One job of a clerk: a card is drawn, what it lacks first is found and done, and what went wrong is put right.

A step is taken only if the gate lets it pass at the step's own rank, which is known once the card is drawn; else the
card goes back into the line at that rank.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from openacp_bot.chat.clerk import Job
from openacp_bot.chat.deliver import Courier
from openacp_bot.chat.gate import IDLE, Gate, Turnstile
from openacp_bot.chat.lane import NEVER, Lane, OpenCard, Shelf
from openacp_bot.chat.order import Draw, Due, Order, rank_of
from openacp_bot.chat.pen import Pen, PenError, PerhapsDone, Retry
from openacp_bot.chat.place_deeds import PlaceJob, address
from openacp_bot.chat.places import Keeper
from openacp_bot.chat.plan import Edit, Forget, Send
from openacp_bot.chat.pulse import Pulse
from openacp_bot.chat.replies import GONE
from openacp_bot.chat.sheet import Drawing, Rank
from openacp_bot.chat.signs import DRAFTS, Signs, draft_gate
from openacp_bot.chat.troubles import Troubles
from openacp_bot.core.cards import CardKind
from openacp_bot.core.errors import Problem
from openacp_bot.core.model import ThreadRef, Wanted
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

W = TypeVar("W")

RECHECK = 0.25  # between two looks at a card that had nothing to show
AGED = 10.0  # a renaming or a deletion that waited so long goes like an edit


class Tender(Generic[W]):
    """Does one job at a time for each gate."""

    def __init__(
        self,
        ledger: Ledger,
        pen: Pen[W],
        draw: Draw,
        shelf: Shelf,
        keeper: Keeper[W],
        signs: Signs[W],
        troubles: Troubles,
        turnstile: Turnstile,
        pulse: Pulse,
    ) -> None:
        self.is_leaving = False
        self._ledger = ledger
        self._pen = pen
        self._draw = draw
        self._shelf = shelf
        self._keeper = keeper
        self._turnstile = turnstile
        self._clock = pulse.clock
        self._wake = pulse.wake
        self._courier = Courier(pen, ledger)
        self._signs = signs
        self._order = Order(pen, draw, shelf, pulse)
        self._troubles = troubles

    # --- what waits at a gate

    def jobs(self, gate: str) -> Iterator[Job]:
        if gate.endswith(DRAFTS):
            yield from self._drafts(gate.removesuffix(DRAFTS))
            return
        for lane in self._shelf.lanes:
            if lane.gate == gate and lane.where is not None and not lane.is_lost:
                yield from self._cards(lane)
        for rank, job in self._keeper.jobs(gate):
            hold = max(job.hold, self._troubles.rest(gate))
            if hold < NEVER:
                yield self._job(rank, job.since, hold, partial(self._keep, job), is_edit=False)

    def _cards(self, lane: Lane) -> Iterator[Job]:
        rest = self._troubles.rest(lane.gate)
        for entry in lane.cards.values():
            if entry.since is not None:
                act = partial(self._tend, entry)
                yield self._job(entry.rank, entry.since, max(entry.hold, rest), act, is_edit=entry.is_edit)
            typing = self._signs.typing_due(entry)
            if typing < NEVER and not self.is_leaving:
                yield Job(IDLE, entry.typed_at, max(typing, rest), partial(self._type, entry), is_edit=False)

    def _drafts(self, gate: str) -> Iterator[Job]:
        for lane in self._shelf.lanes:
            if lane.gate != gate or lane.is_lost or self.is_leaving:
                continue
            for entry in lane.cards.values():
                due = self._signs.draft_due(entry)
                if due is not None:
                    since, hold = due
                    rest = self._troubles.rest(lane.gate)
                    yield Job(Rank.CARD, since, max(hold, rest), partial(self._draft, entry))

    def _job(
        self,
        rank: Rank,
        since: float,
        not_before: float,
        act: Callable[[Gate], Awaitable[None]],
        *,
        is_edit: bool | None,
    ) -> Job:
        ages = since + AGED if self._aged(rank, since) > Rank.EDIT else NEVER
        return Job(self._aged(rank, since), since, not_before, act, ages, is_edit)

    def _aged(self, rank: Rank, since: float) -> Rank:
        return min(rank, Rank.EDIT) if self._clock() - since >= AGED else rank

    # --- cards

    async def _tend(self, entry: OpenCard, gate: Gate) -> None:
        since = entry.take()
        due: Due[W] | None = None
        try:
            due = await self._due(entry)
            if due is None:
                return
            if isinstance(due.step, Forget):
                await self._courier.carry_out(due.step, due.entry, due.where)
            elif not await self._take(due, gate, self._aged(due.rank, self._clock() if since is None else since)):
                self._again(entry, since, due.rank, is_edit=due.is_edit)
                return
            if not _is_up_to_date(due) and (left := await self._due(entry)) is not None:
                # An end line waits behind other answers.
                self._again(entry, since, left.rank, is_edit=left.is_edit)
        except PenError as error:
            self._again(entry, since, entry.rank)
            await self._troubles.meet(error, gate, entry.lane, due.entry if due else entry)
        except Exception as error:  # one card's bug must not stop the others
            self._again(entry, since, entry.rank)
            if not isinstance(error, Problem):
                log.exception("a %s could not be shown", entry.card.kind)
            await self._troubles.put_off(due.entry if due else entry, repr(error))

    def _again(self, entry: OpenCard, since: float | None, rank: Rank, *, is_edit: bool | None = None) -> None:
        """Its turn is not over."""
        entry.again(since, rank, is_edit=is_edit)
        self._wake(entry.lane.gate)

    async def _take(self, due: Due[W], gate: Gate, rank: Rank) -> bool:
        """Take the step; False if this gate does not let it pass now."""
        if due.entry.lane.gate != gate.name or not self._is_free(gate, rank, is_edit=due.is_edit):
            return False
        entry = due.entry
        is_probe = isinstance(due.step, Send) and due.step.want.number in entry.pages and not entry.is_reachable
        with _passage(gate, self._turnstile, rank, is_edit=due.is_edit):
            if is_probe:
                await self._signs.probe(due.where)
            else:
                await self._courier.carry_out(due.step, entry, due.where)
        gate.succeeded()
        entry.detours = 0
        entry.is_reachable = is_probe
        if isinstance(due.step, Send) and not is_probe:
            self._sent(entry)
        return True

    def _sent(self, entry: OpenCard) -> None:
        """What a new message changes for others: drafts there vanish, and a turn goes on below its question."""
        now = self._clock()
        for other in self._shelf:
            if other.is_live and other.lane.space == entry.lane.space and self._signs.drafts(other):
                other.draft_since = other.draft_since or now
                self._wake(draft_gate(other.lane.gate))
        if entry.card.kind is CardKind.QUESTION:
            for other in entry.lane.before(entry):
                other.touch(now)

    async def _due(self, entry: OpenCard) -> Due[W] | None:
        """What is to be done so that the card, or one that has to stand above, is as drawn; None: nothing."""
        where = await self._troubles.address(entry.lane)
        if where is None:
            await self._stay(entry)
            return None
        drawing = GONE if entry.is_over else await self._draw.drawing(entry.card)
        if drawing is None:
            await self._troubles.settle(entry)
            return None
        if self._is_awaited(entry, drawing):
            return None
        entry.is_live = drawing.live
        step = await self._order.step(entry, drawing, where)
        if step is None:
            await self._rest(entry, drawing)
            return None
        rank = rank_of(step)
        if isinstance(step, Send):
            above = await self._order.owed_above(entry, where, rank)
            if above is not None:
                return above
        return Due(entry, step, where, rank)

    async def _stay(self, entry: OpenCard) -> None:
        """Its place has no address: it waits if there will be one."""
        entry.touch(self._clock())
        place = await self._ledger.place(entry.lane.place)
        if place is None or place.wanted is not Wanted.OPEN:
            await self._troubles.settle(entry, "its place is gone")

    def _is_awaited(self, entry: OpenCard, drawing: Drawing) -> bool:
        """Whether a reply still waits for the topic that it speaks of."""
        if entry.card.kind is not CardKind.REPLY or drawing.final or entry.is_sent or self._clock() >= entry.expires:
            return False
        entry.touch(self._clock(), Rank.PERSON)
        entry.rest(entry.expires)
        return True

    async def _rest(self, entry: OpenCard, drawing: Drawing) -> None:
        """Nothing is left to do for now, or for ever."""
        entry.rest(self._clock() + RECHECK)
        is_done = drawing.gone or (drawing.final and not entry.prompt)
        if is_done and entry.since is None and not self._order.is_held_back(drawing):
            await self._troubles.settle(entry, next(iter(entry.known.refused.values()), ""))

    def _is_free(self, gate: Gate, rank: int, *, is_edit: bool = False) -> bool:
        return gate.wait(rank, is_edit=is_edit) == 0 and self._turnstile.wait(rank) == 0

    # --- other jobs

    async def _keep(self, job: PlaceJob, gate: Gate) -> None:
        try:
            await self._make(job, gate)
        except Exception as error:  # one place's bug must not stop the others
            if isinstance(error, Problem):
                log.error("a topic could not be made what it should be: %s", error)
            else:
                log.exception("a topic could not be made what it should be")
            job.put_off(self._clock())

    async def _make(self, job: PlaceJob, gate: Gate) -> None:
        deed = await self._keeper.next_deed(job)
        if deed is None:
            return
        rank = next((rank for rank, one in self._keeper.jobs(gate.name) if one is job), None)
        if rank is None or not self._is_free(gate, self._aged(rank, job.since)):
            self._wake(self._pen.gate(address(job.place)))
            return
        is_probe, job.is_in_doubt = job.is_in_doubt, False
        try:
            with _passage(gate, self._turnstile, rank):
                if is_probe:
                    await self._signs.probe(ThreadRef(job.place.adapter, job.place.space))
                else:
                    await self._keeper.carry_out(deed, job)
            gate.succeeded()
            job.detours = 0
            if not is_probe:
                await self._keeper.next_deed(job)
        except PenError as error:
            job.is_in_doubt = isinstance(error, PerhapsDone) or is_probe
            if isinstance(error, Retry):
                job.go_another_way(self._clock())
            lane = Lane(gate.name, job.place.id, job.place.space, address(job.place))
            await self._troubles.meet(error, gate, lane, None)

    async def _draft(self, entry: OpenCard, gate: Gate) -> None:
        where = await self._troubles.address(entry.lane)
        drawing = None if where is None else await self._draw.drawing(entry.card)
        if where is None or drawing is None or not drawing.live:
            entry.draft_since, entry.is_live = None, False
            return
        await self._sign(entry, gate, Rank.CARD, self._signs.draft(entry, drawing, where))

    async def _type(self, entry: OpenCard, gate: Gate) -> None:
        if entry.lane.where is not None:
            await self._sign(entry, gate, IDLE, self._signs.typing(entry, entry.lane.where))

    async def _sign(self, entry: OpenCard, gate: Gate, rank: int, call: Awaitable[None]) -> None:
        try:
            with _passage(gate, self._turnstile, rank):
                await call
            gate.succeeded()
        except PenError as error:
            await self._troubles.meet(error, gate, entry.lane, None)


@contextmanager
def _passage(gate: Gate, turnstile: Turnstile, rank: int, *, is_edit: bool = False) -> Iterator[None]:
    """One call through both; it counts from its end, whatever becomes of it."""
    turnstile.began()
    try:
        yield
    finally:
        turnstile.ended()
        gate.ended(rank, is_edit=is_edit)


def _is_up_to_date(due: Due[W]) -> bool:
    """Whether the step showed the newest words of what grows, so that there is nothing to look at before more come."""
    step = due.step
    return isinstance(step, Edit) and step.want.live and step.want.number in due.entry.known.prints
