"""A written sheet as pages that a platform takes as they are: cut where the text pauses, by the platform's measure.

1. A page has at most the platform's size, and as many styles as that takes. 2. Neither pages nor styles begin or end
with white space, which platforms trim; but code begins with its indentation. 3. A style that is cut goes on on the next
page. 4. Only white space is lost between pages, of code only whole lines' ends.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from openacp_bot.chat.markdown_breaks import best_pause, nearest, whole_before, whole_behind
from openacp_bot.chat.styled.sheet import INDENTED, QUOTES, Sheet, Span, Styled, behind_blank_lines, in_order

LEFT_OUT = Styled("…\n")

Weigh = Callable[[Styled], Sequence[int] | None]


@dataclass(frozen=True, slots=True)
class Paper:
    """A platform's page. `size` in its own units; `weigh`: the units of each character, None if each takes one;
    `most_styles`: what it drops beyond, 0 if nothing.

    A style that goes on behind a cut is not weighed again, and a text may be so crowded that the dialect must drop
    some: `size` leaves room for the one, the dialect does the other."""

    size: int
    weigh: Weigh
    most_styles: int = 0


class Measure:
    """Counts units between positions of a text."""

    def __init__(self, length: int, weights: Sequence[int] | None) -> None:
        self._length = length
        self._sums = None if weights is None else list(accumulate(weights, initial=0))

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


def measured(styled: Styled, paper: Paper) -> Measure:
    return Measure(len(styled.text), paper.weigh(styled))


def utf16(styled: Styled) -> Sequence[int] | None:
    """Letters beyond the first 65,536 take two."""
    if max(styled.text, default="") <= "\uffff":
        return None
    return [1 + (sign > "\uffff") for sign in styled.text]


def paged(styled: Styled, paper: Paper) -> tuple[Styled, ...]:
    """All of it."""
    return tuple(part for part in _parts(styled, paper) if is_visible(part.text))


def last_page(styled: Styled, paper: Paper, *, is_cut: bool) -> Styled | None:
    """The end of it on one page. `is_cut`: something before it was left out already."""
    if not is_visible(styled.text):
        return None
    measure = measured(styled, paper)
    if not is_cut and measure.units(0, len(styled.text)) <= paper.size:
        return part_of(styled, 0, len(styled.text))
    first = measure.reach_back(paper.size - measured(LEFT_OUT, paper).units(0, len(LEFT_OUT.text)))
    start = _tail_start(styled, first, paper.size) if first else 0
    sheet = Sheet()
    sheet.paste(LEFT_OUT)
    sheet.paste(part_of(styled, start, len(styled.text)))
    return sheet.styled_text()


def _tail_start(styled: Styled, first: int, size: int) -> int:
    """Where the shown end begins: at a pause soon behind `first`."""
    latest = first + size // 4
    seams = styled.seams_between(first - 1, latest)
    pause = seams[0] if seams else best_pause(styled.text, first - 1, first, latest)
    return pause if pause is not None else whole_behind(styled.text, first)


def is_visible(text: str) -> bool:
    """Whether there is anything to see; else Telegram calls the text empty."""
    return any(unicodedata.category(sign)[0] not in "CZ" and not "\ufe00" <= sign <= "\ufe0f" for sign in text)


def _parts(styled: Styled, paper: Paper) -> Iterator[Styled]:
    measure = measured(styled, paper)
    end = len(styled.text.rstrip())
    indented = _indented(styled)
    start = _first(styled.text, 0, end, indented)
    while start < end:
        cut = _page_end(styled, measure, paper, start, end)
        yield part_of(styled, start, cut)
        start = _first(styled.text, cut, end, indented)


def _page_end(styled: Styled, measure: Measure, paper: Paper, start: int, end: int) -> int:
    size = paper.size
    units = measure.units(start, end)
    crowded = _crowded_at(styled, paper.most_styles, start, end)
    if units <= size and crowded is None:
        return end
    lowest = measure.reach(start, size // 2)
    highest = min(measure.reach(start, size), end)
    if crowded is not None and crowded < highest:
        highest = crowded
    if highest <= lowest:  # so many styles in so little text: better lose some of them than scatter the text
        if units <= size:
            return end
        highest = measure.reach(start, size)
    parts = -(-units // size)
    target = min(measure.reach(start, -(-units // parts)), highest)
    seams = styled.seams_between(lowest, highest)
    pause = nearest(seams, target) if seams else best_pause(styled.text, lowest, target, highest)
    if pause is not None:
        return pause
    furthest = max(target, lowest, start + 1)
    cut = whole_before(styled.text, furthest)
    return cut if cut > start else furthest  # a pile of accents that weigh more than a page is torn


def _crowded_at(styled: Styled, most: int, start: int, end: int) -> int | None:
    """Where one style too many would begin on the page that begins at `start`."""
    if not most or len(styled.spans) <= most:
        return None
    first = bisect_left(styled.spans, start, key=lambda span: span.start)
    going_on = sum(1 for span in styled.spans[:first] if span.end > start)
    index = first + most - going_on
    return styled.spans[index].start if index < len(styled.spans) and styled.spans[index].start < end else None


def part_of(styled: Styled, start: int, end: int) -> Styled:
    """What lies between, without white space around it or around its spans, but for the indentation of code."""
    indented = _indented(styled)
    end = _last(styled.text, start, end)
    start = _first(styled.text, start, end, indented)
    found: list[Span] = []
    for span in styled.spans:
        if span.start >= end:
            break
        if span.end <= start:
            continue
        last = _last(styled.text, start, min(span.end, end))
        keeps = indented if span.kind in (*INDENTED, *QUOTES) else ()
        first = _first(styled.text, max(span.start, start), last, keeps)
        if first < last:
            found.append(Span(span.kind, first - start, last - start, span.url, span.language))
    return Styled(
        styled.text[start:end],
        in_order(found),
        tuple(seam - start for seam in styled.seams_between(start, end)),
    )


def _indented(styled: Styled) -> tuple[Span, ...]:
    return tuple(span for span in styled.spans if span.kind in INDENTED)


def _first(text: str, start: int, end: int, indented: Sequence[Span]) -> int:
    """Behind white space, but not behind the indentation of code."""
    while start < end and text[start].isspace():
        around = next((span for span in indented if span.start <= start < span.end), None)
        if around is not None:
            return behind_blank_lines(text, start, min(end, around.end))
        start += 1
    return start


def _last(text: str, start: int, end: int) -> int:
    while start < end and text[end - 1].isspace():
        end -= 1
    return end
