"""Text with styles while it is written: positions are Python's; pages and a platform's own measure come later."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The styles that we use, by Telegram's names; other platforms have their own ways."""

    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strikethrough"
    CODE = "code"
    PRE = "pre"
    LINK = "text_link"
    QUOTE = "blockquote"
    FOLDED = "expandable_blockquote"


# Pre and code neither hold nor lie in these (Bot API, "Formatting options"; so in Discord's Markdown), so they end
# before it and go on behind.
PLAIN_STYLES = (Kind.BOLD, Kind.ITALIC, Kind.STRIKE)
QUOTES = (Kind.QUOTE, Kind.FOLDED)
# Their lines are indented as they are; so are those of what holds them.
INDENTED = (Kind.PRE, Kind.FOLDED)


@dataclass(frozen=True, slots=True)
class Span:
    """A style from `start` up to `end`."""

    kind: Kind
    start: int
    end: int
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Styled:
    """A written sheet. `seams`: where one block ends and the next, behind white space, begins. Spans lie inside each
    other or apart, ordered by start, the outer one first."""

    text: str = ""
    spans: tuple[Span, ...] = ()
    seams: tuple[int, ...] = ()

    def seams_between(self, lowest: int, highest: int) -> list[int]:
        first = bisect_left(self.seams, lowest + 1)
        return list(self.seams[first : bisect_left(self.seams, highest + 1)])


class Sheet:
    """What is written on from top to bottom."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[Span] = []  # `end` is not known yet
        self._spans: list[Span] = []
        self._seams: list[int] = []
        self.length = 0

    def write(self, text: str) -> None:
        cleaned = clean(text)
        self._parts.append(cleaned)
        self.length += len(cleaned)

    def gap(self, newlines: int, *, is_seam: bool = False) -> None:
        """Space below what is written; nothing at the top."""
        if not self.length:
            return
        if is_seam:
            self._seams.append(self.length)
        self._parts.append("\n" * newlines)
        self.length += newlines

    def begin(self, kind: Kind, *, url: str = "") -> None:
        self._open.append(Span(kind, self.length, -1, url=url))

    def finish(self, *, keep: bool = True) -> None:
        """The style that was begun last ends here; or, not kept, it never was. Inside its like it changes nothing."""
        span = self._open.pop()
        if keep and not any(outer.kind == span.kind for outer in self._open):
            self._add(span, self.length)

    def text_from(self, start: int) -> str:
        """What is written from `start` on, which must be a recent position."""
        found: list[str] = []
        missing = self.length - start
        for part in reversed(self._parts):
            if missing <= 0:
                break
            found.append(part)
            missing -= len(part)
        return "".join(reversed(found))[-missing if missing < 0 else 0 :]

    def code(self, text: str) -> None:
        """Inline code, for which plain styles make room."""
        if any(span.kind is Kind.LINK for span in self._open):
            self.write(text)  # a link is worth more than a font
            return
        self._pause_plain_styles()
        self.styled(Kind.CODE, text)
        self._open = [Span(span.kind, self.length, -1) if span.kind in PLAIN_STYLES else span for span in self._open]

    def styled(self, kind: Kind, text: str, *, url: str = "", language: str = "") -> None:
        start = self.length
        self.write(text)
        self._add(Span(kind, start, -1, url, language), self.length)

    def cover(self, kind: Kind, start: int) -> None:
        """Give a style to everything from `start` on."""
        self._add(Span(kind, start, -1), self.length)

    def paste(self, styled: Styled) -> None:
        """Write what was written on another sheet."""
        here = self.length
        self._parts.append(styled.text)
        self.length += len(styled.text)
        self._seams += [here + seam for seam in styled.seams]
        self._spans += [
            Span(span.kind, here + span.start, here + span.end, span.url, span.language) for span in styled.spans
        ]

    def styled_text(self) -> Styled:
        return Styled("".join(self._parts), in_order(self._spans), tuple(self._seams))

    def _pause_plain_styles(self) -> None:
        paused: list[Kind] = []
        for span in self._open:
            if span.kind in PLAIN_STYLES and span.kind not in paused:
                self._add(span, self.length)
                paused.append(span.kind)

    def _add(self, span: Span, end: int) -> None:
        if end > span.start:
            self._spans.append(Span(span.kind, span.start, end, span.url, span.language))


def in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    """By start, the outer before the inner; a quote is outside of what covers just as much."""
    return tuple(sorted(spans, key=lambda span: (span.start, -span.end, span.kind not in QUOTES)))


# Telegram drops or blanks these, which would shift what stands behind them; nobody misses them elsewhere: C0 but tab
# and newline, DEL and C1, U+2028 to U+202E (line separators and bidirectional overrides; isolates stay). Half
# characters cannot be sent.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
LINE_END = re.compile("\r\n?|[\u2028\u2029\x85]")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)*")


def behind_blank_lines(text: str, start: int, end: int) -> int:
    """Where the first line begins that has something on it."""
    found = BLANK_LINES.match(text, start, end)
    return start if found is None else found.end()


def without_blank_lines(text: str) -> str:
    """From its first line on that has something on it."""
    return text[behind_blank_lines(text, 0, len(text)) :]


def clean(text: str) -> str:
    """Without characters that a chat would not keep as they are."""
    if text.isascii() and text.isprintable():
        return text
    text = LINE_END.sub("\n", text)
    return LONE_SURROGATE.sub("\ufffd", REFUSED.sub("", text))
