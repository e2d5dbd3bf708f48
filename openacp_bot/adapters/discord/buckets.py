"""Discord's rate limits as its answers tell them, kept by nobody's sleeping.

discord.py waits out a bucket inside the call: before one if nothing is left, and behind the one that took the last. So
whoever comes later cannot go first, though somebody may be waiting for it. And once such waits are bounded, it refuses
every call in a window that is longer, whatever is left.
"""

from __future__ import annotations

from discord import RateLimited
from discord.http import Ratelimit

MOST = 256


class Bucket(Ratelimit):
    """Raises discord.RateLimited while nothing is left."""

    def __init__(self) -> None:
        super().__init__(None)

    async def acquire(self) -> None:
        now = self._last_request = self._loop.time()
        if self.is_expired():
            self.reset()  # type: ignore[no-untyped-call]
        if self.dirty and self.remaining <= 0:
            raise RateLimited(max(0.0, (self.expires or now) - now))
        self.remaining -= 1
        self.outgoing += 1

    async def __aexit__(self, *_: object) -> None:
        self.outgoing -= 1


class Buckets(dict[str, Ratelimit]):
    """Made as they are asked for; those that nobody uses go."""

    def __missing__(self, key: str) -> Ratelimit:
        if len(self) >= MOST:
            for idle in [name for name, bucket in self.items() if bucket.is_inactive()]:
                del self[idle]
        bucket = self[key] = Bucket()
        return bucket
