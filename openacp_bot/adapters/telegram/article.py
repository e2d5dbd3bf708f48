"""An article: what Telegram calls a rich message, with real headings, lists and tables, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from openacp_bot.chat.markdown_table import Side


class Mark(StrEnum):
    """Telegram's names of the styles inside a text."""

    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strikethrough"
    CODE = "code"
    LINK = "url"


@dataclass(frozen=True, slots=True)
class Marked:
    mark: Mark
    words: Words
    url: str = ""


Words: TypeAlias = "str | Marked | tuple[str | Marked, ...]"


@dataclass(frozen=True, slots=True)
class Paragraph:
    words: Words


@dataclass(frozen=True, slots=True)
class Heading:
    """`size`: 1 is the largest, 6 the smallest."""

    words: Words
    size: int


@dataclass(frozen=True, slots=True)
class Preformatted:
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Rule: ...


@dataclass(frozen=True, slots=True)
class Quotation:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A quotation that opens with a tap."""

    words: Words


@dataclass(frozen=True, slots=True)
class Details:
    """`parts` are seen after a tap on the summary."""

    summary: Words
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """`number`: of a numbered list. `is_ticked`: of a list of tasks."""

    parts: tuple[Part, ...]
    number: int | None = None
    is_ticked: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; its first row is the head."""

    rows: tuple[tuple[Words, ...], ...]
    sides: tuple[Side, ...]


Part: TypeAlias = Paragraph | Heading | Preformatted | Rule | Quotation | Fold | Details | Listing | Grid


@dataclass(frozen=True, slots=True)
class Article:
    """What one rich message says."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Its characters without anything else."""
        return "\n".join(lines(self.parts))


def lines(parts: Iterable[Part]) -> Iterator[str]:
    """The text of each part that holds no other."""
    for part in parts:
        match part:
            case Paragraph(words=words) | Heading(words=words) | Fold(words=words):
                yield text_of(words)
            case Preformatted(text=text):
                yield text
            case Rule():
                pass
            case Quotation(parts=inner):
                yield from lines(inner)
            case Details(summary=summary, parts=inner):
                yield text_of(summary)
                yield from lines(inner)
            case Listing(entries=entries):
                for entry in entries:
                    yield from lines(entry.parts)
            case Grid(rows=rows):
                yield from (text_of(cell) for row in rows for cell in row)
            case _:
                assert_never(part)


def text_of(words: Words) -> str:
    match words:
        case str():
            return words
        case Marked():
            return text_of(words.words)
        case _:
            return "".join(map(text_of, words))
