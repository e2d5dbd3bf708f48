"""What a notice looks like."""

from __future__ import annotations

from openacp_bot.chat.blocks import Block, Line, Link
from openacp_bot.chat.keyboards import packed
from openacp_bot.chat.paths import from_home
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.events import Notice
from openacp_bot.core.masking import Mask
from openacp_bot.core.neighbours import CARD


def drawn_notice(notice: Notice, mask: Mask) -> Drawing:
    """Its lines, its link, its buttons."""
    blocks = lines(mask(notice.text))
    if notice.url:
        blocks = (*blocks, Link("Open", notice.url))
    return Drawing((Sheet(blocks, packed(notice.choices), rings=notice.ring),), rank_of(notice))


def lines(text: str) -> tuple[Block, ...]:
    """A text of ours, line by line."""
    return tuple(Line(line.strip()) for line in from_home(text).splitlines() if line.strip())


def rank_of(notice: Notice) -> Rank:
    """How soon it is to be said."""
    if notice.soon or notice.to is not None:  # somebody wrote just now, or asked for it there
        return Rank.PERSON
    if notice.id == CARD:  # with this a topic begins, so what is said in it waits for it
        return Rank.CARD
    return Rank.ERROR if notice.ring else Rank.RENAME  # a quiet line may wait
