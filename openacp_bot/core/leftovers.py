"""What waits since an earlier life: it is run once its surfaces have told what people did to it meanwhile.

A message that was edited or deleted while we were away is not to run as it was; and an album that a crash cut in two
waits for its rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from openacp_bot.core.model import Prompt

LOOK_SECONDS = 0.1
ARRIVAL_SECONDS = 30.0  # until then no platform is given up
REST_SECONDS = 2.0  # what was kept for us while we were away comes at once


def surfaces_of(queued: Sequence[Prompt]) -> frozenset[str]:
    """The chats in which these are messages, which people can edit, delete and add to without our hearing of it."""
    return frozenset(prompt.author.adapter for prompt in queued if prompt.message and prompt.place)


async def have_told(surfaces: Iterable[str], is_up: Callable[[str], bool]) -> None:
    """Waits, for a bounded time, until these surfaces listen and have handed in what was kept for us."""
    waiting = set(surfaces)
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while waiting := {surface for surface in waiting if not is_up(surface)}:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return
    await asyncio.sleep(REST_SECONDS)
