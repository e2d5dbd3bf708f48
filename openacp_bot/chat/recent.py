"""What was found out lately."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)


class Recent(Generic[H]):
    """At most so many things; the oldest are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: dict[H, None] = {}

    def __contains__(self, thing: H) -> bool:
        return thing in self._things

    def add(self, thing: H) -> None:
        self._things[thing] = None
        while len(self._things) > self._most:
            del self._things[next(iter(self._things))]

    def take(self, thing: H) -> bool:
        """Whether it was there; it is not there any more."""
        if thing not in self._things:
            return False
        del self._things[thing]
        return True
