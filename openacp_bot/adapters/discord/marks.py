"""How far everything was heard: where a gap begins, if there is one.

1. There is a mark for each server, and one for direct messages. 2. While something may have been missed a mark is held:
it stays until all of that is handled, so that a crash in the middle begins there again. 3. Messages of two channels may
come in another order than they were made in, so a gap begins somewhat earlier; what comes twice is handled once.
"""

from __future__ import annotations

from collections.abc import Mapping

from openacp_bot.adapters.discord.facts import ADAPTER
from openacp_bot.core.ports import Ledger

FIRST, HEARD = "first:", "heard:"
DIRECT = "direct"
A_SECOND = 1000 << 22  # as the difference of two ids
SLACK = 10 * A_SECOND
APART = 60 * A_SECOND  # so old may be what is stored, where nothing of ours was written


class Mark:
    """The last message up to which everything was handled. Notes of the ledger keep it over a restart."""

    def __init__(self, ledger: Ledger, world: str, notes: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._world = world
        self._first = int(notes.get(FIRST + world, 0))
        self._kept = self._newest = int(notes.get(HEARD + world, 0))
        self.is_held = True

    @property
    def after(self) -> int | None:
        """What came behind this may have been missed; None: we were never there."""
        return max(self._first, self._kept - SLACK) if self._kept else None

    @property
    def at(self) -> int:
        """The mark itself, for what may rather be missed than come twice."""
        return self._kept

    async def begin(self, newest: int) -> None:
        """The first time: what stands there already is not ours. Else nothing happens."""
        if not self._kept:
            await self._ledger.note(ADAPTER, FIRST + self._world, str(newest))
            self._first = newest
            await self._keep(newest)

    async def heard(self, message: int, *, is_ours: bool = True) -> None:
        """This message was handled; what is not ours is stored now and then only."""
        self._newest = max(self._newest, message)
        if not self.is_held and (is_ours or self._newest - self._kept > APART):
            await self._keep_newest()

    def hold(self) -> None:
        """From now on something may be missed."""
        if not self.is_held:
            self._kept, self.is_held = self._newest, True

    async def release(self) -> None:
        """All that was missed is handled."""
        self.is_held = False
        await self._keep_newest()

    async def _keep_newest(self) -> None:
        if self._newest and not self._kept:
            await self.begin(self._newest)
        elif self._newest > self._kept:
            await self._keep(self._newest)

    async def _keep(self, message: int) -> None:
        await self._ledger.note(ADAPTER, HEARD + self._world, str(message))
        self._kept = message
        self._newest = max(self._newest, message)


class Marks:
    """All of them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._notes: Mapping[str, str] = {}
        self._servers: dict[int, Mark] = {}
        self.direct = Mark(ledger, DIRECT, {})

    async def load(self) -> None:
        self._notes = await self._ledger.notes(ADAPTER)
        self._servers.clear()
        self.direct = Mark(self._ledger, DIRECT, self._notes)

    def server(self, guild: int) -> Mark:
        if guild not in self._servers:
            self._servers[guild] = Mark(self._ledger, str(guild), self._notes)
        return self._servers[guild]

    def hold(self) -> None:
        """A new connection: anything may have been missed."""
        self.direct.hold()
        for mark in self._servers.values():
            mark.hold()
