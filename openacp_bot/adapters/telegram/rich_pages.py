"""A written sheet as messages that Telegram takes as they are: cut where the text pauses, counted in UTF-16.

1. A page has at most 4096 units and 100 entities. 2. Neither pages nor entities begin or end with white space, which
Telegram would trim. 3. A style that is cut goes on on the next page. 4. Only white space is lost between pages.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from openacp_bot.adapters.telegram.rich_sheet import Kind, Sheet, Span, Styled, in_order
from openacp_bot.chat.markdown_breaks import best_pause, nearest, whole_before, whole_behind

LIMIT = 4096  # UTF-16 units
ENTITIES = 100  # Telegram drops what is more
LEFT_OUT = "…\n"

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


class Measure:
    """Counts UTF-16 units between positions of a text."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        is_wide = max(text, default="") > "\uffff"
        self._sums = list(accumulate((1 + (sign > "\uffff") for sign in text), initial=0)) if is_wide else None

    def units(self, start: int, end: int) -> int:
        return end - start if self._sums is None else self._sums[end] - self._sums[start]

    def reach(self, start: int, units: int) -> int:
        """The last position that is at most so many units behind `start`."""
        if self._sums is None:
            return min(start + units, self._length)
        return bisect_right(self._sums, self._sums[start] + units) - 1

    def reach_back(self, units: int) -> int:
        """The first position from which at most so many units follow."""
        if self._sums is None:
            return max(0, self._length - units)
        return bisect_left(self._sums, self._sums[-1] - units)


def paged(styled: Styled) -> tuple[Rich, ...]:
    """All of it."""
    return tuple(rich(part) for part in _parts(styled) if is_visible(part.text))


def last_page(styled: Styled, *, is_cut: bool) -> Rich | None:
    """The end of it on one page. `is_cut`: something before it was left out already."""
    if not is_visible(styled.text):
        return None
    measure = Measure(styled.text)
    if not is_cut and measure.units(0, len(styled.text)) <= LIMIT:
        return rich(part_of(styled, 0, len(styled.text)))
    first = measure.reach_back(LIMIT - len(LEFT_OUT))
    start = _tail_start(styled, first) if first else 0
    sheet = Sheet()
    sheet.write(LEFT_OUT)
    sheet.paste(part_of(styled, start, len(styled.text)))
    return rich(sheet.styled_text())


def _tail_start(styled: Styled, first: int) -> int:
    """Where the shown end begins: at a pause soon behind `first`."""
    latest = first + LIMIT // 4
    seams = styled.seams_between(first - 1, latest)
    pause = seams[0] if seams else best_pause(styled.text, first - 1, first, latest)
    return pause if pause is not None else whole_behind(styled.text, first)


def rich(part: Styled) -> Rich:
    """A page, measured as Telegram does."""
    measure = Measure(part.text)
    entities = (
        Entity(span.kind, measure.units(0, span.start), measure.units(span.start, span.end), span.url, span.language)
        for span in _affordable(part.spans)
    )
    return Rich(part.text, tuple(entities))


def _affordable(spans: Sequence[Span]) -> Sequence[Span]:
    if len(spans) <= ENTITIES:
        return spans
    ranked = sorted(range(len(spans)), key=lambda index: (IMPORTANCE.index(spans[index].kind), index))
    return [spans[index] for index in sorted(ranked[:ENTITIES])]


def is_visible(text: str) -> bool:
    """Whether there is anything to see; else Telegram calls the text empty."""
    return any(unicodedata.category(sign)[0] not in "CZ" and not "\ufe00" <= sign <= "\ufe0f" for sign in text)


def _parts(styled: Styled) -> Iterator[Styled]:
    measure = Measure(styled.text)
    end = len(styled.text.rstrip())
    start = _behind_space(styled.text, 0)
    while start < end:
        cut = _page_end(styled, measure, start, end)
        yield part_of(styled, start, cut)
        start = _behind_space(styled.text, cut)


def _page_end(styled: Styled, measure: Measure, start: int, end: int) -> int:
    units = measure.units(start, end)
    crowded = _crowded_at(styled, start, end)
    if units <= LIMIT and crowded is None:
        return end
    lowest = measure.reach(start, LIMIT // 2)
    highest = min(measure.reach(start, LIMIT), end)
    if crowded is not None and crowded < highest:
        highest = crowded
    if highest <= lowest:  # so many styles in so little text: better lose some of them than scatter the text
        if units <= LIMIT:
            return end
        highest = measure.reach(start, LIMIT)
    parts = -(-units // LIMIT)
    target = min(measure.reach(start, -(-units // parts)), highest)
    seams = styled.seams_between(lowest, highest)
    pause = nearest(seams, target) if seams else best_pause(styled.text, lowest, target, highest)
    return pause if pause is not None else whole_before(styled.text, max(target, lowest))


def _crowded_at(styled: Styled, start: int, end: int) -> int | None:
    """Where one entity too many would begin on the page that begins at `start`."""
    if len(styled.spans) <= ENTITIES:
        return None
    first = bisect_left(styled.spans, start, key=lambda span: span.start)
    going_on = sum(1 for span in styled.spans[:first] if span.end > start)
    index = first + ENTITIES - going_on
    return styled.spans[index].start if index < len(styled.spans) and styled.spans[index].start < end else None


def part_of(styled: Styled, start: int, end: int) -> Styled:
    """What lies between, without white space around it or around its spans."""
    start, end = _trimmed(styled.text, start, end)
    found: list[Span] = []
    for span in styled.spans:
        if span.start >= end:
            break
        if span.end <= start:
            continue
        first, last = _trimmed(styled.text, max(span.start, start), min(span.end, end))
        if first < last:
            found.append(Span(span.kind, first - start, last - start, span.url, span.language))
    return Styled(
        styled.text[start:end],
        in_order(found),
        tuple(seam - start for seam in styled.seams_between(start, end)),
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _behind_space(text: str, position: int) -> int:
    return _trimmed(text, position, len(text))[0]
