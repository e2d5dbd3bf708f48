"""Pages of styled text, and what every platform demands of one."""

from __future__ import annotations

import re

from openacp_bot.chat.blocks import Block
from openacp_bot.chat.styled.pages import Paper, measured, utf16
from openacp_bot.chat.styled.reading import Reading
from openacp_bot.chat.styled.sheet import Kind, Span, Styled
from openacp_bot.chat.styled.writing import Scribe
from tests.chat.markdown_reader import is_printed

READING = Reading(re.compile(r"(?:https?://[^\s/]|tg://[^\s]|mailto:[^\s])\S*\Z", re.IGNORECASE))
PAPER = Paper(4096, utf16, most_styles=100)
SCRIBE = Scribe(PAPER, READING)

ALONE = {Kind.PRE, Kind.CODE}
QUOTES = {Kind.QUOTE, Kind.FOLDED}
INDENTED = {Kind.PRE, Kind.FOLDED}


def page_of(*blocks: Block) -> Styled:
    (page,) = SCRIBE.pages(blocks)
    check(page)
    return page


def told(*blocks: Block) -> tuple[str, list[tuple[str, str]]]:
    page = page_of(*blocks)
    return page.text, shown(page)


def tail_of(*blocks: Block) -> Styled:
    tail = SCRIBE.tail(blocks)
    assert tail is not None
    check(tail)
    return tail


def covered(page: Styled, span: Span) -> str:
    return page.text[span.start : span.end]


def shown(page: Styled) -> list[tuple[str, str]]:
    """Every span as (kind, text)."""
    return [(str(span.kind), covered(page, span)) for span in page.spans]


def units(page: Styled, paper: Paper = PAPER) -> int:
    return measured(page, paper).units(0, len(page.text))


def check(page: Styled, paper: Paper = PAPER) -> None:
    """Fails unless every platform could show the page as it is."""
    indents = [span.start for span in page.spans if span.kind in INDENTED]
    assert page.text == page.text.rstrip()
    assert 0 in indents or page.text == page.text.lstrip()
    assert any(map(is_printed, page.text))
    assert 1 <= units(page, paper) <= paper.size
    assert not set(page.text) & {chr(code) for code in [*range(9), *range(11, 32), *range(0x2028, 0x202F)]}
    for span in page.spans:
        assert 0 <= span.start < span.end <= len(page.text)
        text = covered(page, span)
        assert text == text.rstrip() != ""
        assert text == text.lstrip() or (span.kind in (*INDENTED, *QUOTES) and span.start in indents)
        assert text.partition("\n")[0].strip(), "a blank line in front"
        assert bool(span.url) == (span.kind is Kind.LINK)
        assert span.kind is Kind.PRE or not span.language
    for index, outer in enumerate(page.spans):
        for inner in page.spans[index + 1 :]:
            check_pair(outer, inner)


def check_pair(outer: Span, inner: Span) -> None:
    assert outer.start <= inner.start
    if inner.start >= outer.end:
        return
    assert inner.end <= outer.end, "styles overlap"
    assert outer.kind not in ALONE, "pre and code contain nothing"
    assert inner.kind not in QUOTES, "a quote lies in nothing"
    assert outer.kind != inner.kind
    assert not (inner.kind in ALONE and outer.kind not in QUOTES), "pre and code lie in quotes only"
