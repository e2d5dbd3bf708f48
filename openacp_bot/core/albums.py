"""Albums that a crash cut in two: the part that had come waits until the rest has had time to join it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from openacp_bot.core.model import Prompt

LOOK_SECONDS = 0.1
ARRIVAL_SECONDS = 30.0  # until then no platform is given up; an album's files could not be fetched without it either
REST_SECONDS = 2.0  # what was kept for us while we were away comes at once


def surfaces_of(queued: Sequence[Prompt]) -> frozenset[str]:
    """Where the rest of albums may come from; empty if there are none among them."""
    return frozenset(prompt.author.adapter for prompt in queued if any(part.album for part in prompt.parts))


async def rest_has_come(surfaces: Iterable[str], is_up: Callable[[str], bool]) -> None:
    """Waits, for a bounded time, until these surfaces listen and have handed in what was kept for us."""
    waiting = set(surfaces)
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while waiting := {surface for surface in waiting if not is_up(surface)}:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return
    await asyncio.sleep(REST_SECONDS)
