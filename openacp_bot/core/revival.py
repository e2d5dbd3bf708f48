"""What waits since an earlier life: sessions with undelivered prompts, woken as slots allow."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

from openacp_bot.core import leftovers
from openacp_bot.core.errors import CapReached, Problem, StoreError
from openacp_bot.core.means import Means

if TYPE_CHECKING:
    from openacp_bot.core.manager import Manager

log = logging.getLogger(__name__)

WAKES_AT_ONCE = 2
RETRY_SECONDS = 60.0  # memory may become free without a slot becoming free


class Revival:
    """Its work are the manager's errands."""

    def __init__(self, manager: Manager, means: Means) -> None:
        self._manager = manager
        self._means = means

    async def begin(self, ids: Sequence[str]) -> None:
        """Oldest first, two at a time; those whose surfaces may have more to tell, once they had time to."""
        ready, untold, surfaces = deque[str](), deque[str](), set[str]()
        for id in ids:
            awaited = leftovers.surfaces_of(await self._means.records.queued(id))
            surfaces |= awaited
            (untold if awaited else ready).append(id)
        for _ in range(WAKES_AT_ONCE):
            self._manager.errand(self._wake(ready))
        self._manager.errand(self._wake_once_told(untold, surfaces))

    async def _wake_once_told(self, untold: deque[str], surfaces: Set[str]) -> None:
        if untold:
            await leftovers.have_told(surfaces, self._means.is_up)
            for _ in range(WAKES_AT_ONCE):
                self._manager.errand(self._wake(untold))

    async def _wake(self, waiting: deque[str]) -> None:
        while waiting and not self._manager.stopping:
            id = waiting.popleft()
            try:
                session = await self._manager.wake(id)
            except (CapReached, StoreError):
                waiting.appendleft(id)
                await self._manager.slots.freed(within=RETRY_SECONDS)
            except Problem as error:
                log.warning("session %s could not be woken: %s", id, error)
            except Exception:  # its bug must not keep the others asleep
                log.exception("session %s could not be woken", id)
            else:
                await session.launched.wait()
