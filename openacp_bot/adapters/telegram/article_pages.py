"""Parts as articles that Telegram takes: measured, and cut between parts, entries, rows or lines.

Bot API, "Rich message limits": 32,768 characters, 500 blocks (parts inside of parts, entries and rows count), 16 levels
(of parts and of styles inside of each other), 20 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import assert_never

from openacp_bot.adapters.telegram.article import (
    Article,
    Details,
    Fold,
    Grid,
    Heading,
    Listing,
    Marked,
    Paragraph,
    Part,
    Preformatted,
    Quotation,
    Rule,
    Words,
    lines,
)
from openacp_bot.chat.markdown_breaks import best_pause, whole_before

SIGNS = 32_000  # below the limit, so that there is room for what Telegram may count besides
BLOCKS = 500
LEVELS = 16
COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Size:
    signs: int = 0
    blocks: int = 0
    levels: int = 0
    columns: int = 0

    def __add__(self, other: Size) -> Size:
        """Of both, one below the other."""
        return Size(
            self.signs + other.signs,
            self.blocks + other.blocks,
            max(self.levels, other.levels),
            max(self.columns, other.columns),
        )

    @property
    def fits(self) -> bool:
        return self.signs <= SIGNS and self.blocks <= BLOCKS and self.levels <= LEVELS and self.columns <= COLUMNS


def articles(parts: Iterable[Part]) -> tuple[Article, ...]:
    """All of it; () if something in it is more than a rich message can hold."""
    found: list[Article] = []
    open: list[Part] = []
    size = Size()
    for part in parts:
        pieces = _fitting(part)
        if pieces is None:
            return ()
        for piece in pieces:
            more = size_of(piece)
            if not (size + more).fits:
                found.append(Article(tuple(open)))
                open, size = [], Size()
            open.append(piece)
            size += more
    return (*found, Article(tuple(open))) if open else ()


# --- measured --------------------------------------------------------------------------------------


def size_of(part: Part) -> Size:
    signs = sum(_units(line) + 1 for line in lines((part,)))
    match part:
        case Paragraph(words=words) | Heading(words=words) | Fold(words=words):
            return Size(signs, 1, 1 + _styles(words))
        case Preformatted() | Rule():
            return Size(signs, 1, 1)
        case Quotation(parts=inner):
            return _around(signs, 1, 1, inner)
        case Details(summary=summary, parts=inner):
            size = _around(signs, 1, 1, inner)
            return replace(size, levels=max(size.levels, 1 + _styles(summary)))
        case Listing(entries=entries):
            return _around(signs, 1 + len(entries), 2, (one for entry in entries for one in entry.parts))
        case Grid(rows=rows, sides=sides):
            deepest = max((_styles(cell) for row in rows for cell in row), default=0)
            return Size(signs, 1 + len(rows), 2 + deepest, len(sides))
        case _:
            assert_never(part)


def _around(signs: int, blocks: int, levels: int, inner: Iterable[Part]) -> Size:
    """Of what holds other parts."""
    inside = reduce(Size.__add__, map(size_of, inner), Size())
    return Size(signs, blocks + inside.blocks, levels + inside.levels, inside.columns)


def _units(text: str) -> int:
    """In UTF-16, which is never less than what Telegram counts."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def _styles(words: Words) -> int:
    match words:
        case str():
            return 0
        case Marked():
            return 1 + _styles(words.words)
        case _:
            return max(map(_styles, words), default=0)


# --- cut -------------------------------------------------------------------------------------------


def _fitting(part: Part) -> list[Part] | None:
    """The part, or pieces of it in order; None if it cannot be cut."""
    if size_of(part).fits:
        return [part]
    found: list[Part] = []
    for half in _halves(part):
        pieces = _fitting(half)
        if pieces is None:
            return None
        found += pieces
    return found or None


def _halves(part: Part) -> Iterator[Part]:
    """None for what is in one piece."""
    match part:
        case Preformatted(text=text) if len(text) > 1:
            yield from (replace(part, text=half) for half in _cut(text))
        case Paragraph(words=str(text)) if len(text) > 1:
            yield from map(Paragraph, _cut(text))
        case Listing(entries=entries) if len(entries) > 1:
            middle = len(entries) // 2
            yield from (Listing(entries[:middle]), Listing(entries[middle:]))
        case Grid(rows=(head, *body)) if len(body) > 1:
            middle = len(body) // 2
            yield from (replace(part, rows=(head, *half)) for half in (body[:middle], body[middle:]))


def _cut(text: str) -> tuple[str, str]:
    """Near its middle."""
    middle = len(text) // 2
    pause = best_pause(text, middle // 2, middle, middle + middle // 2)
    at = pause if pause is not None else max(whole_before(text, middle), 1)
    return text[:at].rstrip("\n"), text[at:].lstrip("\n")
