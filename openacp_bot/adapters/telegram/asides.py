"""Asides: answers in a group that only the one who asked sees (Bot API 10.2, "Ephemeral messages").

1. One is sent within 15 seconds of a command or a press; whether it arrives is not known. What cannot be one is an
ordinary message. 2. Above the pen messages are names without meaning: that of an aside says whose it is, and what an
answer answers says for whom it may be an aside, and until when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from aiogram.types import Message, MessageId, User

SECONDS = 13.0  # of the 15, for what is on its way
SIGN = "~"


@dataclass(frozen=True, slots=True)
class AsideName:
    """`number` is Telegram's among the asides of this person in this chat."""

    user: int
    number: int

    def __str__(self) -> str:
        return f"{SIGN}{self.user}{SIGN}{self.number}"

    @classmethod
    def read(cls, name: str) -> Self | None:
        """None: an ordinary message."""
        nothing, *parts = name.split(SIGN)
        return cls(*map(int, parts)) if parts and not nothing else None


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer answers: a message, and if it may be an aside, its reader, their press and the time."""

    message: str
    user: str = ""
    query: str = ""
    until: float = 0.0

    def __str__(self) -> str:
        return SIGN.join((self.message, self.user, self.query, f"{self.until:.0f}")) if self.user else self.message

    @classmethod
    def read(cls, text: str) -> Self:
        if AsideName.read(text) is not None:
            return cls("")  # an aside can only be answered by another
        message, *parts = text.split(SIGN)
        return cls(message, parts[0], parts[1], float(parts[2])) if parts else cls(message)


class Echo(MessageId):
    """Of a message that was sent, as much as its name needs."""

    receiver_user: User | None = None
    ephemeral_message_id: int | None = None


def name_of(message: Message | Echo) -> str:
    """What the message is called above the pen."""
    reader = message.receiver_user
    if message.ephemeral_message_id is None or reader is None:
        return str(message.message_id)
    return str(AsideName(reader.id, message.ephemeral_message_id))
