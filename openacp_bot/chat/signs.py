"""Signs of life of running turns: drafts where a platform has them, else the typing indicator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from openacp_bot.chat.deliver import bounded
from openacp_bot.chat.lane import NEVER, OpenCard
from openacp_bot.chat.pen import MarkupRefused, MessageGone, Pace, Pen, PlaceGone, Refused
from openacp_bot.chat.rendering import rendered
from openacp_bot.chat.sheet import Drawing
from openacp_bot.core.model import ThreadRef

W = TypeVar("W")

DRAFTS = "#drafts"  # how the name of a gate for drafts ends
DRAFT_PACE = Pace(calls=60, per=60.0, apart=1.0)
KEPT_ALIVE = 20.0  # Telegram: a draft vanishes 30 s after its last update
TYPING_SECONDS = 5.0  # Telegram: a chat action lasts so long
SILENT_SECONDS = 1.0  # a turn that begins may have its first words by then
MOST_REFUSED_DRAFTS = 3


class Signs(Generic[W]):
    """What a live card may show beside its messages, and when."""

    def __init__(self, pen: Pen[W], clock: Callable[[], float]) -> None:
        self._pen = pen
        self._clock = clock

    def drafts(self, entry: OpenCard) -> bool:
        """Whether the card's growing text is shown by drafts."""
        where = entry.lane.where
        return entry.is_turn and self._pen.streams and where is not None and self._pen.drafts(where)

    def is_apart(self, entry: OpenCard) -> bool:
        """Whether growing text does not concern the card's messages: it is shown by drafts, or not at all."""
        return entry.is_turn and (not self._pen.streams or self.drafts(entry))

    def draft_due(self, entry: OpenCard) -> tuple[float, float] | None:
        """Since when the next draft waits, and before when it does not leave."""
        if not entry.is_live or not self.drafts(entry) or entry.refused_drafts >= MOST_REFUSED_DRAFTS:
            return None
        if entry.draft_since is not None:
            return entry.draft_since, 0.0
        due = entry.drafted_at + KEPT_ALIVE
        return due, due

    def begin(self, entry: OpenCard) -> None:
        """Its turn runs."""
        entry.is_live = True
        entry.typed_at = self._clock() - TYPING_SECONDS + SILENT_SECONDS

    def typing_due(self, entry: OpenCard) -> float:
        """Before when no typing indicator is needed."""
        if not entry.is_live or entry.lane.where is None or self.drafts(entry):
            return NEVER
        return entry.typed_at + TYPING_SECONDS

    async def draft(self, entry: OpenCard, drawing: Drawing, where: ThreadRef) -> None:
        """One call; raises PenError where the gate is concerned."""
        entry.draft_since = None
        entry.drafted_at = self._clock()
        text = await rendered(self._tail, drawing, entry.known)
        if text is not None and entry.refused_drafts:
            text = self._pen.dialect.plain(text)
        try:
            await bounded(self._pen.draft(where, entry.card.ref, text))
        except (MarkupRefused, MessageGone, PlaceGone, Refused):
            entry.refused_drafts += 1  # the message at the end says what is wrong, if anything is

    def _tail(self, drawing: Drawing) -> W | None:
        return self._pen.dialect.tail(drawing.stretches[-1].blocks if drawing.stretches else ())

    async def probe(self, where: ThreadRef) -> None:
        """Whether calls get through: one that harms nobody, before one that would be seen twice."""
        try:
            await bounded(self._pen.typing(where))
        except (MarkupRefused, MessageGone, PlaceGone, Refused):
            pass  # it got through

    async def typing(self, entry: OpenCard, where: ThreadRef) -> None:
        """One call; raises PenError where the gate is concerned."""
        entry.typed_at = self._clock()
        try:
            await bounded(self._pen.typing(where))
        except (MarkupRefused, MessageGone, Refused):
            pass  # as above; but that the place is gone is good to know


def draft_gate(gate: str) -> str:
    return gate + DRAFTS
