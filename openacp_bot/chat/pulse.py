"""What every part of the outbox is handed alike: the time, the pauses between attempts, how a gate is woken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_DETOURS = 4  # of a call that is to go another way, before it counts as failed
ATTEMPTS = (1.0, 2.0, 30.0, 120.0, 600.0)  # seconds from one failed attempt to the next


@dataclass(frozen=True, slots=True)
class Pulse:
    """`now`: UTC seconds, as the ledger keeps them; `clock`: the loop's, by which pace is measured; `wake`: there is
    something new at this gate."""

    now: Callable[[], float]
    clock: Callable[[], float]
    wake: Callable[[str], None]


def pause(failures: int, *, longest: float = ATTEMPTS[-1]) -> float:
    """Seconds before the next attempt, after so many that failed."""
    return min(longest, ATTEMPTS[min(failures, len(ATTEMPTS) - 1)])
