"""The outbox ledger's values: a card is one thing to be shown, its pages are the platform's messages for it.

Content is never stored twice: turn and question cards are folded from transcript and questions; only notices and
replies carry a body.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openacp_bot.core.model import ThreadRef


class CardKind(StrEnum):
    """What a card shows."""

    TURN = "turn"
    QUESTION = "question"
    NOTICE = "notice"
    REPLY = "reply"


class PageState(StrEnum):
    """`sending` is written before the call leaves; a crash then leaves it ambiguous."""

    SENDING = "sending"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Page:
    """One platform message of a card. `tries` counts how often it was sent."""

    number: int
    message: str | None
    state: PageState
    rings: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """The unit of the outbox ledger; one for each (kind, ref).

    `ref`: the turn's or question's id, `session:notice`, or the key of the inbound that a reply answers. It stands in
    the place `place`, or, where there is none, at the address `where`. `body`: a notice's Notice or a reply's Reply, as
    core.codec writes it. `answers`: the chat message that a reply replies to."""

    id: str
    kind: CardKind
    ref: str
    place: str = ""
    where: ThreadRef | None = None
    session: str = ""
    body: str = ""
    answers: str = ""
    pages: tuple[Page, ...] = ()
    attempts: int = 0
    not_before: float = 0.0
    created_at: float = 0.0
