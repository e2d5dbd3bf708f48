"""What a notice looks like."""

from __future__ import annotations

from openacp_bot.chat.blocks import Block, Line, Link
from openacp_bot.chat.keyboards import packed
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.events import Notice
from openacp_bot.core.masking import Mask


def drawn_notice(notice: Notice, mask: Mask) -> Drawing:
    """Its lines, its link, its buttons."""
    blocks = lines(mask(notice.text))
    if notice.url:
        blocks = (*blocks, Link("Open", notice.url))
    return Drawing((Sheet(blocks, packed(notice.choices), rings=notice.ring),), _rank(notice))


def lines(text: str) -> tuple[Block, ...]:
    """A text of ours, line by line."""
    return tuple(Line(line.strip()) for line in text.splitlines() if line.strip())


def _rank(notice: Notice) -> Rank:
    if notice.to is not None:  # somebody asked for it there
        return Rank.PERSON
    return Rank.ERROR if notice.ring else Rank.RENAME  # a quiet line may wait
