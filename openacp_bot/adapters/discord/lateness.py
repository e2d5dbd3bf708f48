"""How old an interaction is when it comes, though Discord's clock and ours may differ."""

from __future__ import annotations

from collections import deque

REMEMBERED = 20


class Lateness:
    """The quickest of late is taken for one that came at once: what it seems to have taken is how the clocks differ."""

    def __init__(self) -> None:
        self._differences: deque[float] = deque(maxlen=REMEMBERED)

    def of(self, made_at: float, came_at: float) -> float:
        """Seconds; each by the clock of its own side."""
        difference = came_at - made_at
        self._differences.append(difference)
        return difference - min(self._differences)

    def disproved(self) -> None:
        """What seemed to be too old was not: a clock was set anew, and what was learned counts no more."""
        newest = self._differences[-1]
        self._differences.clear()
        self._differences.append(newest)
