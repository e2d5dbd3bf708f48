"""Gateway sessions: what was dispatched to them, so that a lost connection can be resumed; and who hears what."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

from tests.sims.discord.world import Json

REMEMBERED = 10_000  # dispatches that a session can replay


class Intent(IntFlag):
    NONE = 0
    GUILDS = 1 << 0
    MEMBERS = 1 << 1
    PRESENCES = 1 << 8
    MESSAGES = 1 << 9
    REACTIONS = 1 << 10
    TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_REACTIONS = 1 << 13
    DIRECT_TYPING = 1 << 14
    CONTENT = 1 << 15


PRIVILEGED = Intent.MEMBERS | Intent.PRESENCES | Intent.CONTENT
ALL_INTENTS = (1 << 22) - 1 | 1 << 24 | 1 << 25


@dataclass(frozen=True, slots=True)
class Event:
    """`needs`: the intent without which it is not told (0: told to all). `open`: its content is told without the
    content intent: own messages, mentions, direct messages."""

    name: str
    data: Json
    needs: Intent = Intent.NONE
    open: bool = True


class Session:
    """One identified client. `send` is set while a connection carries it."""

    def __init__(self, intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.seq = 0
        self.send: Callable[[Json], None] | None = None
        self._past: deque[Json] = deque(maxlen=REMEMBERED)

    def hear(self, event: Event) -> None:
        """Told if its intents cover it; kept for a resume."""
        if event.needs and not event.needs & self.intents:
            return
        data = event.data if event.open or self.intents & Intent.CONTENT else without_content(event.data)
        self.seq += 1
        payload: Json = {"op": 0, "s": self.seq, "t": event.name, "d": data}
        self._past.append(payload)
        if self.send is not None:
            self.send(payload)

    def can_replay(self, after: int) -> bool:
        return after <= self.seq and (after == self.seq or self._past[0]["s"] <= after + 1)

    def replay(self, after: int) -> None:
        """All that came after `after`, then RESUMED."""
        assert self.send is not None
        for payload in list(self._past):
            if payload["s"] > after:
                self.send(payload)
        self.hear(Event("RESUMED", {"_trace": []}))


def without_content(message: Json) -> Json:
    """As a bot without the message content intent gets it."""
    shown = message | {"content": "", "embeds": [], "attachments": [], "components": []}
    shown.pop("message_snapshots", None)
    if isinstance(message.get("referenced_message"), dict):
        shown["referenced_message"] = without_content(message["referenced_message"])
    return shown
