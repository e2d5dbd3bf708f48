"""The slots for agent processes: a live session holds one, from before its spawn until its process is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openacp_bot.core.errors import CapReached
from openacp_bot.core.means import Means
from openacp_bot.core.model import SessionRecord
from openacp_bot.core.session import Session


class Slots:
    """`live`: the sessions that hold one, by id. Between `check_room` and `reserve` there is no await."""

    def __init__(self, means: Means, *, free_mb: Callable[[], int | None]) -> None:
        self.live: dict[str, Session] = {}
        self._means = means
        self._free_mb = free_mb
        self._freed = asyncio.Event()

    def check_room(self) -> None:
        """Raises CapReached if no further agent may be started now."""
        limits = self._means.current().sessions
        if len(self.live) >= limits.max_concurrent:
            raise CapReached(
                f"All {limits.max_concurrent} session slots are in use (the cap). "
                "End one with /finish, or here, and try again."
            )
        free = self._free_mb()
        if free is not None and free < limits.min_free_mb:
            raise CapReached(
                f"Only {free} MB of memory are available and {limits.min_free_mb} MB are to stay free, so no further "
                "agent is started. End a session with /finish, or here, and try again."
            )

    def longest_idle(self) -> tuple[Session, ...]:
        """Those that could be ended, longest idle first; those at work come last."""
        return tuple(sorted(self.live.values(), key=lambda one: (one.turn is not None, one.record.active_at)))

    def reserve(self, record: SessionRecord) -> Session:
        session = self.live[record.id] = Session(record, self._means)
        return session

    @contextmanager
    def released_unless_started(self, session: Session) -> Iterator[None]:
        """While it is being made ready for its life, which releases its slot."""
        try:
            yield
        finally:
            if not session.started:
                self.release(session)

    def release(self, session: Session) -> None:
        """Its process is gone."""
        self.live.pop(session.id, None)
        self._freed.set()

    async def freed(self, *, within: float) -> None:
        """Waits for a slot to be released, or for so long."""
        self._freed.clear()
        try:
            async with asyncio.timeout(within):
                await self._freed.wait()
        except TimeoutError:
            pass

    async def all_free(self) -> None:
        while self.live:
            self._freed.clear()
            await self._freed.wait()
