"""The order of messages: what a card lacks next, and what has to stand above it first.

1. New messages of a place stand in the order of its cards: what a card above still owes goes first, at the rank of the
one that waits for it. 2. What follows a question in a turn waits for the question. 3. A card that was put off holds up
nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from openacp_bot.chat.lane import OpenCard, Shelf
from openacp_bot.chat.pen import Pen
from openacp_bot.chat.plan import Edit, Forget, Send, Step, Want, next_step, wanted
from openacp_bot.chat.pulse import Pulse
from openacp_bot.chat.rendering import rendered
from openacp_bot.chat.sheet import Drawing, Rank
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.model import ThreadRef

W = TypeVar("W")


class Draw(Protocol):
    """Looks at core and draws."""

    async def drawing(self, card: Card) -> Drawing | None:
        """None: there is nothing to show any more."""


@dataclass(frozen=True, slots=True)
class Due(Generic[W]):
    """A step that may be taken: of this card, there, at this rank."""

    entry: OpenCard
    step: Step[W]
    where: ThreadRef
    rank: Rank

    @property
    def is_edit(self) -> bool:
        """Whether it changes a message that stands."""
        return isinstance(self.step, Edit)


class Order(Generic[W]):
    """Finds the next step of a card."""

    def __init__(self, pen: Pen[W], draw: Draw, shelf: Shelf, pulse: Pulse) -> None:
        self._pen = pen
        self._draw = draw
        self._shelf = shelf
        self._now = pulse.now
        self._clock = pulse.clock

    async def step(self, entry: OpenCard, drawing: Drawing, where: ThreadRef) -> Step[W] | None:
        wants = await self._wants(entry, drawing, where)
        entry.known.look_at(wants)
        held_back = self.is_held_back(drawing)
        if held_back:
            most = self._stretches_before_question(drawing)
            wants = tuple(want for want in wants if want.stretch < most)
        is_all = not held_back and (drawing.final or drawing.gone or not entry.is_turn)
        return next_step(wants, drawing, entry.pages, entry.known, is_all=is_all)

    async def _wants(self, entry: OpenCard, drawing: Drawing, where: ThreadRef) -> tuple[Want[W], ...]:
        streams = self._pen.streams and not self._pen.drafts(where)
        pages, dialect, known = entry.pages, self._pen.dialect, entry.known
        dedupes = self._pen.dedupes
        return await rendered(
            lambda one: wanted(one, pages, dialect, known, streams=streams, dedupes=dedupes), drawing, known
        )

    def is_held_back(self, drawing: Drawing) -> bool:
        return self._stretches_before_question(drawing) <= len(drawing.stretches)

    def _stretches_before_question(self, drawing: Drawing) -> int:
        """How many stretches may be shown before a question that is still to be sent; all if there is none."""
        for number, sheet in enumerate(drawing.stretches):
            question = self._shelf.find(CardKind.QUESTION, sheet.then) if sheet.then else None
            if question is not None and not question.is_sent and not self._is_put_off(question):
                return number + 1
        return len(drawing.stretches) + 1

    async def owed_above(self, entry: OpenCard, where: ThreadRef, rank: Rank) -> Due[W] | None:
        """The first step that a card above owes before `entry` may send."""
        for other in entry.lane.before(entry):
            if self._is_put_off(other):
                continue
            drawing = await self._draw.drawing(other.card)
            if drawing is None or drawing.gone or (drawing.live and not drawing.stretches):
                continue
            if other.card.kind is CardKind.NOTICE and drawing.rank > Rank.EDIT:
                continue  # a quiet line may stand anywhere, so it holds up nothing
            wants = await self._wants_above(other, drawing, where, entry.card)
            asks = entry.card.kind is CardKind.QUESTION
            step = next_step(wants, drawing, other.pages, other.known, is_all=False, edits=asks)
            if isinstance(step, Send | Edit):
                other.touch(self._clock())
                return Due(other, step, where, min(rank, rank_of(step)))
        return None

    async def _wants_above(
        self, other: OpenCard, drawing: Drawing, where: ThreadRef, below: Card
    ) -> tuple[Want[W], ...]:
        """What stands above the card `below`: all that grows no more, or, for a question, what came before it."""
        most = len(drawing.stretches) + 1
        for number, sheet in enumerate(drawing.stretches):
            if below.kind is CardKind.QUESTION and sheet.then == below.ref:
                most = number + 1
        most = min(most, self._stretches_before_question(drawing))
        wants = await self._wants(other, drawing, where)
        return tuple(want for want in wants if not want.live and want.stretch < most)

    def _is_put_off(self, entry: OpenCard) -> bool:
        return entry.card.not_before > self._now()


def rank_of(step: Step[W]) -> Rank:
    return Rank.REMOVAL if isinstance(step, Forget) else step.rank
