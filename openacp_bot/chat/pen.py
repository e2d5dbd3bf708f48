"""A platform's hand, as the outbox needs it: every method is one call, and says in one tree of errors how it failed.

PenError
├── RetryAfter      the platform is closed for `seconds`
├── NotDone         it certainly was not carried out (no connection, 5xx that says so): try again
├── PerhapsDone     the connection was lost after the request had left
├── MessageGone     the message to be edited or deleted does not exist, or cannot be edited any more
├── PlaceGone       the topic or thread does not exist any more
├── MarkupRefused   the text is fine, its markup is not
├── Moved           the chat has another id now: `space`
├── Later           this one thing may be done again after `seconds`; all else goes on
├── Retry           it was not carried out, and the pen knows better now: the same call goes another way (once more
│                   as soon as the gate lets it, so that each call passes the gate by itself)
└── Refused         it will never work this way; the text says why and what to do, for a person
    └── Forbidden   nothing may be said in this chat any more (removed, blocked)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from openacp_bot.chat.blocks import Dialect
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.model import Blob, Place, SessionRecord, ThreadRef
from openacp_bot.core.views import Document

W = TypeVar("W")


class PenError(Exception):
    """A call did not succeed."""


class RetryAfter(PenError):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"closed for {seconds} s")
        self.seconds = seconds


class NotDone(PenError): ...


class PerhapsDone(PenError): ...


class MessageGone(PenError): ...


class PlaceGone(PenError): ...


class MarkupRefused(PenError): ...


class Moved(PenError):
    def __init__(self, space: str) -> None:
        super().__init__(f"moved to {space}")
        self.space = space


class Later(PenError):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"not before {seconds} s")
        self.seconds = seconds


class Retry(PenError): ...


class Refused(PenError): ...


class Forbidden(Refused): ...


@dataclass(frozen=True, slots=True)
class Pace:
    """What one gate allows: at most `calls` in any `per` seconds, and `apart` seconds between two. Edits leave
    `reserve` calls to what a person waits for, and are at least `edits_apart` seconds apart. `edits`: so many changes
    of messages have a window of their own beside the one for all else; 0: there is one for both."""

    calls: int
    per: float
    apart: float = 0.0
    reserve: int = 3
    edits_apart: float = 0.0
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message comes. `rings`: it is heard. `answers`: the message it replies to, if that still exists. `asks`: a
    text is expected in answer. `nonce`: the same for the same page of a card (see `Pen.dedupes`)."""

    rings: bool = False
    answers: str = ""
    asks: bool = False
    nonce: str = ""


class Pen(Protocol[W]):
    """Calls of one platform. Addresses are those of the moment. Editing a message to what it shows already succeeds."""

    @property
    def dialect(self) -> Dialect[W]: ...

    @property
    def calls_a_second(self) -> int:
        """Through all gates together."""

    @property
    def most_renames(self) -> int:
        """How often a topic may take another title by itself."""

    @property
    def title_patience(self) -> float:
        """Seconds for which a renaming waits for the better title that is to follow."""

    @property
    def dedupes(self) -> bool:
        """Whether the same `nonce` makes one message, however often it is sent."""

    def gate(self, where: ThreadRef) -> str:
        """The gate that every call there passes."""

    def pace(self, gate: str) -> Pace: ...

    async def send(self, where: ThreadRef, text: W, keyboard: Keyboard, manner: Manner) -> str:
        """The new message's id."""

    async def send_file(
        self, where: ThreadRef, file: Blob | Document, caption: W | None, keyboard: Keyboard, manner: Manner
    ) -> str: ...

    async def edit(self, where: ThreadRef, message: str, text: W, keyboard: Keyboard = ()) -> None: ...

    async def delete(self, where: ThreadRef, message: str) -> None: ...

    async def open_place(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str]:
        """The new topic's address and its link."""

    async def adopt_place(self, place: Place, record: SessionRecord | None) -> str:
        """A topic that an earlier call opened, without our hearing of it, is this place's from now on; its link."""

    def first_message(self, where: ThreadRef) -> str:
        """Ours, with which a topic that we opened there begins; empty where a topic begins with nothing."""

    async def rename_place(self, place: Place, title: str) -> None: ...

    async def close_place(self, place: Place) -> None:
        """Archived: Telegram deletes the topic, Discord archives and locks the thread."""

    async def reopen_place(self, place: Place) -> None: ...

    async def delete_place(self, place: Place) -> None: ...

    @property
    def closing_deletes(self) -> bool:
        """Whether a closed place is gone for good, so that its conversation is posted as a file first."""

    async def typing(self, where: ThreadRef) -> None: ...

    @property
    def streams(self) -> bool:
        """Whether growing text is shown at all; False: a turn is shown once it has ended."""

    def drafts(self, where: ThreadRef) -> bool:
        """Whether growing text is shown there by drafts, which vanish, instead of by edits."""

    async def draft(self, where: ThreadRef, turn: str, text: W | None) -> None:
        """Show a growing text, with a Stop button where the platform has one; None: only that work goes on."""

    def link(self, where: ThreadRef) -> str:
        """A link to a topic or thread; empty where there is none."""
