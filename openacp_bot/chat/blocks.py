"""What a message consists of before a platform's dialect renders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

W = TypeVar("W")


class Tone(StrEnum):
    """How loud a line of ours is."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown by an agent or a person."""

    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """One plain line of ours, never Markdown."""

    text: str
    look: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Quote:
    """Plain text, quoted: tool strips, thoughts, a mirrored prompt. `folded`: collapsed where the platform can."""

    text: str
    folded: bool = False
    strong_first: bool = False  # its first line stands out


@dataclass(frozen=True, slots=True)
class Code:
    """Output, diffs (language "diff"), commands in full."""

    text: str
    language: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A line that is a link."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a list; with `url` its title is a link."""

    mark: str
    title: str
    detail: str = ""
    url: str = ""


Block: TypeAlias = Prose | Line | Quote | Code | Link | Item


class Dialect(Protocol[W]):
    """How a platform writes blocks; `W` is what it sends as one message."""

    def pages(self, blocks: Sequence[Block]) -> tuple[W, ...]:
        """All of it, every page within the platform's limit; () if there is no visible text."""

    def tail(self, blocks: Sequence[Block]) -> W | None:
        """The newest that fits into one page, "…" in front if something is left out; None without visible text."""

    def plain(self, page: W) -> W:
        """The same characters without markup: what is sent after the platform refused the markup."""
