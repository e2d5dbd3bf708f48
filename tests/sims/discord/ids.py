"""Snowflakes: ids that tell when they were made."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH = 1_420_070_400_000  # the first second of 2015 in milliseconds


class Snowflakes:
    """Ever greater ids. `slow`: by how many seconds Discord's clock is behind ours."""

    def __init__(self, slow: float = 0.0) -> None:
        self._last = 0
        self._slow = slow

    def __call__(self) -> int:
        now = (int((time.time() - self._slow) * 1000) - EPOCH) << 22
        self._last = max(now, self._last + 1)
        return self._last


def moved(id: int, seconds: float) -> int:
    """As if it had been made so much later."""
    return id + (round(seconds * 1000) << 22)


def stamp(at: float) -> str:
    """ISO 8601, as Discord writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
