"""What waits since an earlier life: sessions with undelivered prompts, woken as slots allow."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence, Set

from openacp_bot.core import leftovers
from openacp_bot.core.errors import CapReached, Problem, StoreError
from openacp_bot.core.means import Means
from openacp_bot.core.session import Session
from openacp_bot.core.slots import Slots

log = logging.getLogger(__name__)

WAKES_AT_ONCE = 2
RETRY_SECONDS = 60.0  # memory may become free without a slot becoming free


class Revival:
    """`errand` runs its work beside the sessions."""

    def __init__(
        self,
        means: Means,
        slots: Slots,
        *,
        wake: Callable[[str], Awaitable[Session]],
        errand: Callable[[Coroutine[object, object, None]], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._means = means
        self._slots = slots
        self._wake = wake
        self._errand = errand
        self._is_stopping = is_stopping

    async def begin(self, ids: Sequence[str]) -> None:
        """Oldest first, two at a time; those whose surfaces may have more to tell, once they had time to."""
        ready, untold, surfaces = deque[str](), deque[str](), set[str]()
        for id in ids:
            awaited = leftovers.surfaces_of(await self._means.records.queued(id))
            surfaces |= awaited
            (untold if awaited else ready).append(id)
        self._begin(ready)
        if untold:
            self._errand(self._begin_once_told(untold, surfaces))

    async def _begin_once_told(self, untold: deque[str], surfaces: Set[str]) -> None:
        await leftovers.have_told(surfaces, self._means.caught_up)
        self._begin(untold)

    def _begin(self, waiting: deque[str]) -> None:
        for _ in range(WAKES_AT_ONCE):
            self._errand(self._wake_all(waiting))

    async def _wake_all(self, waiting: deque[str]) -> None:
        while waiting and not self._is_stopping():
            id = waiting.popleft()
            try:
                session = await self._wake(id)
            except (CapReached, StoreError):
                waiting.appendleft(id)
                await self._slots.freed(within=RETRY_SECONDS)
            except Problem as error:
                log.warning("session %s could not be woken: %s", id, error)
            except Exception:  # its bug must not keep the others asleep
                log.exception("session %s could not be woken", id)
            else:
                await session.launched.wait()
