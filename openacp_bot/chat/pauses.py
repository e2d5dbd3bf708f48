"""Pauses that grow, and waiting through them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from openacp_bot.core.errors import StoreError

T = TypeVar("T")


class Pauses:
    """Each is twice as long as the one before, up to the longest."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        pause, self._next = self._next, min(2 * self._next, self._longest)
        return pause

    def reset(self) -> None:
        self._next = self._first


async def until_done(deed: Callable[[], Awaitable[T]], pauses: Pauses, tell: Callable[[StoreError], object]) -> T:
    """What came waits while the store fails: the deed is done again until it does not, and each failure is told."""
    while True:
        try:
            return await deed()
        except StoreError as error:
            tell(error)
            await asyncio.sleep(pauses.next())
