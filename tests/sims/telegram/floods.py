"""Flood control: sliding windows per chat and for the whole bot."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """How many changes are let through. Edits, deletions and topic calls draw on the same budget as messages;
    drafts have their own. `slack` seconds of jitter on the way are forgiven."""

    group_per_minute: int = 20
    private_per_second: int = 1
    overall_per_second: int = 30
    drafts_per_second: int = 1
    slack: float = 0.05


@dataclass(slots=True)
class _Window:
    most: int
    seconds: float
    past: deque[float] = field(default_factory=deque)

    def wait(self, now: float, cost: int) -> float:
        """Seconds until `cost` more calls fit."""
        while self.past and self.past[0] <= now - self.seconds:
            self.past.popleft()
        over = len(self.past) + min(cost, self.most) - self.most
        return self.past[over - 1] + self.seconds - now if over > 0 else 0.0


class FloodControl:
    """Counts what was let through; refused calls prolong nothing."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._chats: dict[tuple[int, bool], _Window] = {}
        self._overall = _Window(limits.overall_per_second, 1.0 - limits.slack) if limits else None
        self.refused: dict[int, int] = defaultdict(int)

    def admit(self, chat: int, *, private: bool, draft: bool = False, cost: int = 1) -> int:
        """0, and counted; or the seconds after which to try again."""
        if self.limits is None or self._overall is None:
            return 0
        now = time.monotonic()
        windows = (self._window(chat, private, draft, self.limits), self._overall)
        wait = max(window.wait(now, cost) for window in windows)
        if wait > 0:
            self.refused[chat] += 1
            return max(1, math.ceil(wait))
        for window in windows:
            window.past.extend([now] * cost)
        return 0

    def _window(self, chat: int, private: bool, draft: bool, limits: Limits) -> _Window:
        if (chat, draft) not in self._chats:
            self._chats[chat, draft] = _made(private, draft, limits)
        return self._chats[chat, draft]


def _made(private: bool, draft: bool, limits: Limits) -> _Window:
    if draft:
        return _Window(limits.drafts_per_second, 1.0 - limits.slack)
    if private:
        return _Window(limits.private_per_second, 1.0 - limits.slack)
    return _Window(limits.group_per_minute, 60.0 - limits.slack)
