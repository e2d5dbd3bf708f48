"""Faults on demand: what goes wrong between the bot and Telegram."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call. `handled`: Telegram does the work before the fault. `status` 0 cuts the connection."""

    status: int = 0
    description: str = ""
    handled: bool = False
    hang: float = 0.0
    retry_after: int = 0
    page: bool = False  # a proxy's HTML instead of JSON


SERVER_ERROR = Fault(500, "Internal Server Error")
BAD_GATEWAY = Fault(502, "Bad Gateway", page=True)
UNAUTHORIZED = Fault(401, "Unauthorized")
CONFLICT = Fault(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
CUT_BEFORE = Fault()
CUT_AFTER = Fault(handled=True)


def flood(retry_after: int) -> Fault:
    return Fault(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def hang(seconds: float) -> Fault:
    """No answer for so long, then the connection is cut; nothing was done."""
    return Fault(hang=seconds)


def refuse(code: int, description: str) -> Fault:
    """Any refusal in JSON; the description as the client is to see it."""
    return Fault(code, description)


class Faults:
    """Queues of faults by method; `*` hits whatever comes next (getUpdates excepted)."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, n: int, fault: Fault) -> None:
        self._waiting[method.lower()].extend([fault] * n)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        for name in (method.lower(), "*" if method.lower() != "getupdates" else ""):
            if self._waiting.get(name):
                return self._waiting[name].popleft()
        return None
