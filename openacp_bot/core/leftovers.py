"""What waits since an earlier life: it is run once its surfaces have told what people did to it meanwhile.

A message that was edited or deleted while we were away is not to run as it was; and an album that a crash cut in two
waits for its rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from openacp_bot.core.model import Prompt

ARRIVAL_SECONDS = 30.0  # until then no platform is given up


def surfaces_of(queued: Sequence[Prompt]) -> frozenset[str]:
    """The chats in which these are messages, which people can edit, delete and add to without our hearing of it."""
    return frozenset(prompt.author.adapter for prompt in queued if prompt.message and prompt.place)


async def have_told(surfaces: Iterable[str], caught_up: Callable[[str], Awaitable[None]]) -> None:
    """Waits, for a bounded time, until these surfaces have handed in what was kept for us."""
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            for surface in surfaces:
                await caught_up(surface)
    except TimeoutError:
        pass  # of what it would tell nothing is known; what waits has waited long enough
