"""Topics that we opened and that nobody knows yet: their call is under way, or its answer was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from openacp_bot.chat.place_deeds import PlaceJob, shows
from openacp_bot.chat.recent import Recent
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger

MOST_ORPHANS = 100
MOST_OPENED = 1000

Orphan = tuple[ThreadRef, str]  # and what it is called


class Orphans:
    """Each is taken by the job whose topic it is, instead of a second one. `unopened`: those that are to open one."""

    def __init__(self, name: str, ledger: Ledger, unopened: Callable[[], Iterable[PlaceJob]]) -> None:
        self._name = name
        self._ledger = ledger
        self._unopened = unopened
        self._orphans: list[Orphan] = []
        self._opened: Recent[ThreadRef] = Recent(MOST_OPENED)
        self._opening: set[str] = set()  # spaces
        self._less = asyncio.Event()  # set, and replaced, when less is open than before

    def add(self, where: ThreadRef, title: str) -> None:
        """The platform tells of it: perhaps it was opened by a call whose answer never came, or in an earlier life that
        ended before it could be stored."""
        if where in self._opened:
            return
        self._orphans = [*self._orphans[1 - MOST_ORPHANS :], (where, title)]
        for job in self._unopened():
            if _is_called(job, where, title):
                job.hold, job.is_in_doubt = 0.0, False

    async def of(self, job: PlaceJob) -> Orphan | None:
        """One where somebody began another session meanwhile is that session's."""
        if not any(_is_called(job, *orphan) for orphan in self._orphans):
            return None
        taken = await self._known()
        self._orphans = [orphan for orphan in self._orphans if orphan[0] not in taken]
        return next((orphan for orphan in self._orphans if _is_called(job, *orphan)), None)

    @contextmanager
    def opening(self, space: str) -> Iterator[None]:
        """Inside, a topic may stand there whose address is not stored."""
        self._opening.add(space)
        try:
            yield
        finally:
            self._opening.discard(space)
            self.less_is_open()

    def opened(self, where: ThreadRef) -> None:
        """Its address is known."""
        self._opened.add(where)
        self._orphans = [orphan for orphan in self._orphans if orphan[0] != where]

    async def none_may_be(self, where: ThreadRef) -> None:
        """As soon as this is known not to be one."""
        if where.space in self._opening and where in await self._known():
            return
        while where.space in self._opening or self._is_wanted(where):
            await self._less.wait()

    def less_is_open(self) -> None:
        """Whoever waits for that is to look again."""
        self._less.set()
        self._less = asyncio.Event()

    async def _known(self) -> set[ThreadRef | None]:
        return {place.ref for place in await self._ledger.known_places(self._name)}

    def _is_wanted(self, where: ThreadRef) -> bool:
        titles = [title for orphan, title in self._orphans if orphan == where]
        return any(_is_called(job, where, title) for title in titles for job in self._unopened())


def _is_called(job: PlaceJob, where: ThreadRef, title: str) -> bool:
    """By its title, or one of which we do not know whether it was opened by it."""
    if job.place.space != where.space:
        return False
    return any(shows(title, one) for one in (job.place.title, *job.tried))
