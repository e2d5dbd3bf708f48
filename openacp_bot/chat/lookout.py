"""A look at how a platform is set up: once it is asked for, then every so often, and soon after something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Lookout:
    """`apart`: at least so long lies between two looks, whatever happens; `recheck`: at most."""

    def __init__(self, *, apart: float, recheck: float) -> None:
        self._apart = apart
        self._recheck = recheck
        self._again = asyncio.Event()

    def again(self) -> None:
        """Something changed."""
        self._again.set()

    async def run(self, look: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled. `look` handles its own failures."""
        while True:
            await self._again.wait()
            self._again.clear()
            await look()
            await asyncio.sleep(self._apart)
            try:
                async with asyncio.timeout(self._recheck):
                    await self._again.wait()
            except TimeoutError:
                self._again.set()
