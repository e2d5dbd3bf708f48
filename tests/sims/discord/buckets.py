"""Rate limits: buckets per route, method and major id, a limit over all, and the ban for too many invalid requests."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field

Rate = tuple[int, float]  # so many in so many seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes as observed at Discord. `names`: changes of a channel's name or topic, threads too."""

    messages: Rate = (5, 5.0)
    edits: Rate = (5, 5.0)
    deletions: Rate = (5, 1.0)
    reactions: Rate = (1, 0.25)
    channels: Rate = (5, 15.0)
    names: Rate = (2, 600.0)
    threads: Rate = (10, 10.0)
    typing: Rate = (5, 5.0)
    webhooks: Rate = (5, 2.0)
    commands: Rate = (5, 20.0)
    other: Rate = (50, 1.0)
    overall: Rate = (50, 1.0)
    invalid: Rate = (10_000, 600.0)
    old_edits: int = 20  # edits of one message that is older than an hour


MANY: Rate = (10_000, 1.0)
GENEROUS = Limits(
    messages=MANY, edits=MANY, deletions=MANY, reactions=MANY, channels=MANY, threads=MANY, typing=MANY, webhooks=MANY,
    commands=MANY, other=MANY, overall=MANY,
)  # fmt: skip
"""Only renames are scarce: for tests that are about something else."""


@dataclass(slots=True)
class _Bucket:
    """A window that opens with its first call."""

    most: int
    seconds: float
    opened: float = float("-inf")
    used: int = 0

    def left(self, now: float) -> int:
        return self.most if now >= self.opened + self.seconds else self.most - self.used

    def wait(self, now: float) -> float:
        return max(self.opened + self.seconds - now, 0.0)

    def take(self, now: float) -> None:
        if now >= self.opened + self.seconds:
            self.opened, self.used = now, 0
        self.used += 1


@dataclass(frozen=True, slots=True)
class Admission:
    """`wait` > 0: refused for so long; `scope` says by what: user (a bucket), shared, global."""

    headers: dict[str, str]
    wait: float = 0.0
    scope: str = "user"


@dataclass(slots=True)
class Buckets:
    """What was let through lately."""

    limits: Limits
    refused: dict[str, int] = field(default_factory=dict)  # by bucket
    banned: bool = False
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    _invalid: deque[float] = field(default_factory=deque)

    def admit(self, name: str, kind: str, major: str, *, overall: bool) -> Admission:
        """Counted and let through, or refused; refused calls prolong nothing."""
        now = time.monotonic()
        whole = self._bucket("", "overall", "")
        if overall and whole.left(now) <= 0:
            self._note("overall")
            return Admission({}, max(whole.wait(now), 0.001), "global")
        bucket = self._bucket(name, kind, major)
        if bucket.left(now) <= 0:
            self._note(name)
            return Admission(_headers(name, kind, bucket, now), max(bucket.wait(now), 0.001))
        bucket.take(now)
        if overall:
            whole.take(now)
        return Admission(_headers(name, kind, bucket, now))

    def admit_name(self, channel: int) -> float:
        """Seconds until the channel may be renamed; 0, and counted."""
        now = time.monotonic()
        bucket = self._bucket("name", "names", str(channel))
        if bucket.left(now) <= 0:
            self._note("name")
            return bucket.wait(now)
        bucket.take(now)
        return 0.0

    def count_invalid(self) -> None:
        """401, 403 or 429 was answered; the address is banned once there are too many."""
        now = time.monotonic()
        most, seconds = self.limits.invalid
        self._invalid.append(now)
        while self._invalid[0] <= now - seconds:
            self._invalid.popleft()
        self.banned = len(self._invalid) >= most

    @property
    def invalid(self) -> int:
        """How many invalid requests count just now."""
        return len(self._invalid)

    def reopen(self) -> None:
        """All windows are new, as if time had passed."""
        self._buckets.clear()

    def _bucket(self, name: str, kind: str, major: str) -> _Bucket:
        if (name, major) not in self._buckets:
            self._buckets[name, major] = _Bucket(*getattr(self.limits, kind))
        return self._buckets[name, major]

    def _note(self, name: str) -> None:
        self.refused[name] = self.refused.get(name, 0) + 1


def _headers(name: str, kind: str, bucket: _Bucket, now: float) -> dict[str, str]:
    after = bucket.wait(now)
    return {
        "X-RateLimit-Limit": str(bucket.most),
        "X-RateLimit-Remaining": str(max(bucket.left(now), 0)),
        "X-RateLimit-Reset": f"{time.time() + after:.3f}",
        "X-RateLimit-Reset-After": f"{after:.3f}",
        "X-RateLimit-Bucket": hashlib.md5(f"{name}{kind}".encode()).hexdigest(),
    }
