"""Rendering that holds up nobody: a long text goes through a thread, and comes plain if that takes too long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from openacp_bot.chat.blocks import Block, Line, Prose
from openacp_bot.chat.plan import Known
from openacp_bot.chat.sheet import Drawing

log = logging.getLogger(__name__)

T = TypeVar("T")

LONG = 8000  # characters of Markdown; 10,000 of the usual kind take 12 ms
PATIENCE = 5.0


async def rendered(render: Callable[[Drawing], T], drawing: Drawing, known: Known, *, patience: float = PATIENCE) -> T:
    """What `render` makes of the drawing, or of its source as plain text."""
    if known.is_costly:
        return render(_plain(drawing))
    if _length(drawing) <= LONG:
        return render(drawing)
    try:
        async with asyncio.timeout(patience):
            return await asyncio.to_thread(render, drawing)
    except TimeoutError:
        log.warning(
            "a text of %s characters took too long to render, so it is shown as it was written", _length(drawing)
        )
        known.is_costly = True
        return render(_plain(drawing))


def _length(drawing: Drawing) -> int:
    return sum(len(block.source) for sheet in drawing.stretches for block in sheet.blocks if isinstance(block, Prose))


def _plain(drawing: Drawing) -> Drawing:
    return replace(drawing, stretches=tuple(replace(one, blocks=_unread(one.blocks)) for one in drawing.stretches))


def _unread(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(Line(block.source) if isinstance(block, Prose) else block for block in blocks)
