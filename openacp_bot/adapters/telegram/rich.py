"""Blocks as Telegram messages: text and entities, never a parse mode, so nothing needs to be escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openacp_bot.chat.blocks import Block
from openacp_bot.chat.styled.pages import Measure, Paper, utf16
from openacp_bot.chat.styled.reading import Reading
from openacp_bot.chat.styled.sheet import Kind, Span, Styled
from openacp_bot.chat.styled.writing import Scribe

__all__ = ["READING", "Entity", "Kind", "Rich", "TelegramDialect"]

LIMIT = 4096  # UTF-16 units
MOST_ENTITIES = 100  # Telegram drops what is more
READING = Reading(re.compile(r"(?:https?://[^\s/]|tg://[^\s]|mailto:[^\s])\S*\Z", re.IGNORECASE))

# What is given up last when a page would have too many entities.
IMPORTANCE = (
    Kind.FOLDED,
    Kind.QUOTE,
    Kind.PRE,
    Kind.LINK,
    Kind.CODE,
    Kind.STRIKE,
    Kind.BOLD,
    Kind.ITALIC,
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Telegram's MessageEntity; `offset` and `length` in UTF-16 units."""

    kind: Kind
    offset: int
    length: int
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Rich:
    """What one message says."""

    text: str
    entities: tuple[Entity, ...] = ()


class TelegramDialect:
    """A `chat.blocks.Dialect`."""

    def __init__(self) -> None:
        self._scribe = Scribe(Paper(LIMIT, utf16, MOST_ENTITIES), READING)

    def pages(self, blocks: Sequence[Block]) -> tuple[Rich, ...]:
        """All of it; () without visible text."""
        return tuple(map(_rich, self._scribe.pages(blocks)))

    def tail(self, blocks: Sequence[Block]) -> Rich | None:
        """The newest that fits into one message, "…" in front if something is left out."""
        page = self._scribe.tail(blocks)
        return None if page is None else _rich(page)

    def plain(self, page: Rich) -> Rich:
        """The same characters without entities."""
        return Rich(page.text)


def _rich(page: Styled) -> Rich:
    """A page, measured as Telegram does."""
    measure = Measure(len(page.text), utf16(page))
    entities = (
        Entity(span.kind, measure.units(0, span.start), measure.units(span.start, span.end), span.url, span.language)
        for span in _affordable(page.spans)
    )
    return Rich(page.text, tuple(entities))


def _affordable(spans: Sequence[Span]) -> Sequence[Span]:
    if len(spans) <= MOST_ENTITIES:
        return spans
    ranked = sorted(range(len(spans)), key=lambda index: (IMPORTANCE.index(spans[index].kind), index))
    return [spans[index] for index in sorted(ranked[:MOST_ENTITIES])]
