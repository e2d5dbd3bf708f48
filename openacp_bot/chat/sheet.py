"""What a card shows, before a dialect cuts it into messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from openacp_bot.chat.blocks import Block
from openacp_bot.core.inbound import Choice
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document


class Rank(IntEnum):
    """Who goes first at a gate: the lower, the sooner; within a rank the one that waits longest."""

    PERSON = 0  # questions, and replies to somebody who waits
    FINAL = 1
    ERROR = 2
    PLACE = 3  # a topic is to be opened
    CARD = 4  # the first words of something
    RECEIPT = 5  # that a message waits: one person may send fifty
    EDIT = 6
    RENAME = 7
    REMOVAL = 8


@dataclass(frozen=True, slots=True)
class Picker:
    """One of these may be picked from a menu, on platforms that have menus. `words`: what stands on it."""

    choices: tuple[Choice, ...]
    words: str

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.choices)

    def __len__(self) -> int:
        return len(self.choices)


Keyboard = tuple[tuple[Choice, ...] | Picker, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One stretch of a card: a run of messages with nothing in between. With a `file` it is one message, and the blocks
    are its caption. `keyboard` hangs on the last message of the stretch. `asks_text`: the next plain message of the
    person answers it. `rings`: its last message is heard. `then`: the question that ended the stretch, if one did; what
    comes after the stretch is not shown before that question is."""

    blocks: tuple[Block, ...] = ()
    keyboard: Keyboard = ()
    file: Blob | Document | None = None
    asks_text: bool = False
    rings: bool = False
    then: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A card as it should stand now: its stretches in order. Only the last can still grow (`live`): it is shown by one
    message with its newest part; all others are shown whole.

    `end`: what a turn's end adds; see `chat.plan` for the message that carries it. `whole`: the same as a file,
    for an answer of too many messages. `final`: once it stands, the card is settled. `gone`: the card's messages go."""

    stretches: tuple[Sheet, ...]
    rank: Rank
    live: bool = False
    final: bool = True
    end: tuple[Block, ...] = ()
    end_keyboard: Keyboard = ()
    whole: Document | None = None
    gone: bool = False
