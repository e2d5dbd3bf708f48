"""Faults on demand: what goes wrong between the bot and Discord."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call. `handled`: Discord does the work before the fault. `status` 0 cuts the connection,
    -1 answers as ever."""

    status: int = 0
    code: int = 0
    message: str = ""
    handled: bool = False
    hang: float = 0.0
    retry_after: float = 0.0
    scope: str = "user"
    page: bool = False  # a proxy's HTML instead of JSON
    latin: bool = False  # such a page, and not in UTF-8
    via: bool = True  # False: a 429 of Cloudflare's, which discord.py takes for a ban


SERVER_ERROR = Fault(500, 0, "500: Internal Server Error")
BAD_GATEWAY = Fault(502, page=True)
BAD_GATEWAY_AFTER = Fault(502, page=True, handled=True)
UNREADABLE = Fault(502, latin=True)
UNAVAILABLE = Fault(503, 0, "503: Service Unavailable")
UNAUTHORIZED = Fault(401, 0, "401: Unauthorized")
CUT_BEFORE = Fault()
CUT_AFTER = Fault(handled=True)
BANNED = Fault(429, page=True, via=False)


def flood(retry_after: float, scope: str = "user") -> Fault:
    """429; `scope` is user, shared or global."""
    return Fault(429, 0, "You are being rate limited.", retry_after=retry_after, scope=scope)


def hang(seconds: float) -> Fault:
    """No answer for so long, then the connection is cut; nothing was done."""
    return Fault(hang=seconds)


def slow(seconds: float) -> Fault:
    """Done at once, answered so much later."""
    return Fault(-1, handled=True, hang=seconds)


def refuse(status: int, code: int, message: str) -> Fault:
    """Any refusal in JSON."""
    return Fault(status, code, message)


class Faults:
    """Queues of faults by the route's name; `*` hits whatever comes next."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, name: str, n: int, fault: Fault) -> None:
        self._waiting[name].extend([fault] * n)

    def left(self, name: str) -> int:
        """How many wait for this route."""
        return len(self._waiting.get(name, ()))

    def end(self, name: str) -> None:
        """None waits for this route any more."""
        self._waiting.pop(name, None)

    def take(self, name: str) -> Fault | None:
        for known in (name, "*"):
            if self._waiting.get(known):
                return self._waiting[known].popleft()
        return None
