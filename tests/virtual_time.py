"""A loop whose clock jumps: when nothing is ready, time moves to the next timer at once.

`asyncio.sleep(3600)` is free, and a test that would wait for ever fails with Stuck.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

P = ParamSpec("P")


class Stuck(Exception):
    """Nothing is ready and no timer is set: nothing would ever happen."""


class _Selector(selectors.DefaultSelector):
    """Never waits; what the loop would have waited is added to its clock."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise Stuck("nothing is ready and no timer is set")
        self.skipped += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 1,000 s, so that a time of 0 is never in the future."""

    def __init__(self) -> None:
        self._jumps = _Selector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return 1000.0 + self._jumps.skipped


def virtual(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run an async test on a VirtualLoop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(main())

    del run.__wrapped__
    return _with_signature(run, test)


def _with_signature(run: Callable[P, None], test: Callable[..., Any]) -> Callable[P, None]:
    """pytest reads the fixtures' names from here."""
    import inspect

    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return run


async def settle(rounds: int = 50) -> None:
    """Let everything that is ready run, without time passing."""
    for _ in range(rounds):
        await asyncio.sleep(0)
