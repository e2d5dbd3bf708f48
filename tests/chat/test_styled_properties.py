"""Whatever an agent writes: nothing is lost, and every page is one that a platform can show as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.chat.blocks import Block, Code, Prose
from openacp_bot.chat.styled.pages import Paper, utf16
from openacp_bot.chat.styled.sheet import Styled
from openacp_bot.chat.styled.writing import Scribe
from tests.chat.markdown_reader import has_table, ink, sendable, visible
from tests.chat.styled_checks import READING, SCRIBE, check, covered, units
from tests.chat.texts import (
    BLOCKS,
    CODE,
    FAMILY,
    LONG_PROSE,
    PROSE,
    SIGNS,
    THOROUGH,
    lines_of_code,
    may_be_unparsed,
)


def pages_of(source: str) -> tuple[Styled, ...]:
    pages = SCRIBE.pages([Prose(source)])
    for page in pages:
        check(page)
    return pages


def ink_of(pages: tuple[Styled, ...]) -> str:
    return ink("".join(page.text for page in pages))


def assert_nothing_lost(source: str) -> None:
    printed, expected = ink_of(pages_of(source)), visible(source)
    if printed == ink(sendable(source)) and may_be_unparsed(source):  # then it is shown as it is
        return
    if has_table(source):  # a row may be told as "head: cell"
        assert not Counter(expected) - Counter(printed)
    else:
        assert printed == expected


@given(PROSE)
@THOROUGH
def test_nothing_is_lost(source: str) -> None:
    assert_nothing_lost(source)


@given(LONG_PROSE)
@settings(THOROUGH, max_examples=40)
def test_nothing_is_lost_when_it_is_long(source: str) -> None:
    assert_nothing_lost(source)


def by_hand(styled: Styled) -> None:
    """Each character counts for one."""


def escaped(styled: Styled) -> Sequence[int]:
    """What could be a mark counts twice."""
    return [1 if sign.isalnum() else 2 for sign in styled.text]


PAPERS = st.builds(
    Paper, st.sampled_from([450, 600, 2000, 4096]), st.sampled_from([utf16, by_hand, escaped]), st.sampled_from([0, 20])
)
ANYTHING: st.SearchStrategy[list[Block]] = st.one_of(
    st.one_of(PROSE, LONG_PROSE).map(lambda text: [Prose(text)]), BLOCKS
)


@given(ANYTHING, PAPERS)
@THOROUGH
def test_nothing_is_lost_on_any_paper(blocks: list[Block], paper: Paper) -> None:
    pages = Scribe(paper, READING).pages(blocks)
    tail = Scribe(paper, READING).tail(blocks)

    for page in pages if tail is None else (*pages, tail):
        check(page, paper)
    assert ink_of(pages) == ink_of(Scribe(Paper(10_000_000, utf16), READING).pages(blocks))
    assert tail is None or pages


@given(CODE, st.booleans())
@THOROUGH
def test_code_in_is_code_out(code: str, is_folded: bool) -> None:
    for blocks in ([Code(code, "py", is_folded)], [Prose(f"Look:\n\n~~~py\n{code}\n~~~\n\nend")]):
        pages = SCRIBE.pages(blocks)
        for page in pages:
            check(page)
        kept = [covered(page, span) for page in pages for span in page.spans]

        assert lines_of_code("\n".join(kept)) == lines_of_code(code.expandtabs(4))


def test_code_that_is_cut_within_a_line_keeps_its_indentation() -> None:
    code = "    " + "word " * 2000

    pages = SCRIBE.pages([Code(code)])

    assert len(pages) == 3
    assert "".join(page.text for page in pages) == code.rstrip()


@given(st.lists(st.sampled_from(SIGNS), min_size=1, max_size=40), st.integers(100, 400))
@settings(THOROUGH, max_examples=30)
def test_no_character_that_a_reader_sees_is_torn(signs: list[str], times: int) -> None:
    source = "".join(signs) * times

    pages = pages_of(source)

    assert "".join(page.text for page in pages) == source
    ends = set(accumulate(len(sign) for sign in signs * times))
    assert set(accumulate(len(page.text) for page in pages)) <= ends


@pytest.mark.parametrize("sign", ["x", "é", "שלום", "👍🏽", FAMILY, "🇩🇪", "日"])
def test_a_line_of_20000_characters_is_cut_between_whole_characters(sign: str) -> None:
    source = sign * (20_000 // len(sign))

    pages = pages_of(source)

    assert "".join(page.text for page in pages) == source
    assert all(len(page.text) % len(sign) == 0 for page in pages)
    assert len(pages) == -(-units(Styled(source)) // 4096)


def test_parts_of_a_long_line_have_about_one_size() -> None:
    sizes = [units(page) for page in pages_of("word " * 900)]

    assert len(sizes) == 2
    assert min(sizes) > 2000


def test_50000_characters_arrive_whole() -> None:
    paragraph = "A **bold** word, `code`, a [link](https://e.org/a_b) and שלום 👍🏽 in one line.\n\n"
    source = paragraph * (50_000 // len(paragraph))

    assert_nothing_lost(source)


@pytest.mark.parametrize("nest", ["> ", "- ", "> - ", "1. "])
def test_what_is_nested_too_deep_to_parse_is_shown_as_it_is(nest: str) -> None:
    pages = pages_of(nest * 300 + "treasure")

    assert "treasure" in "".join(page.text for page in pages)


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "![a](", "h://", "<", "&", "_a*", "]("])
def test_unbalanced_marks_stay_as_they_are(piece: str) -> None:
    source = piece * (6000 // len(piece))

    assert ink_of(pages_of(source)) == ink(source)


@pytest.mark.parametrize("piece", ["*_", "`a``", "|a\n", "~~ ", "- *", "a\n=\n"])
def test_many_marks_are_read_in_time(piece: str) -> None:
    assert_nothing_lost(piece * (6000 // len(piece)))
