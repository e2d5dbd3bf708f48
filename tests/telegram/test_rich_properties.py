"""Whatever an agent writes: nothing is lost, and every page is one that Telegram takes as it is."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openacp_bot.adapters.telegram.rich import Rich, TelegramDialect
from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from tests.telegram.rich_checks import check, has_table, ink, sendable, units, visible

DIALECT = TelegramDialect()

FAMILY = "👩🏽‍👩🏿‍👧🏻"
FRAGMENTS = [
    *"*_`~[]()!<>#|\\:-+=.& \n\t",
    *("**", "***", "~~", "``", "```", "~~~", "\n\n", "\n> ", "\n> > ", "\n- ", "\n  - ", "\n1. ", "\n   ", "\n    "),
    *("\n```python\n", "\n```\n", "\n````\n", "\n~~~\n", "\n# ", "\n---\n", "\n===\n", "\n- [x] ", "\n- [ ] ", "\n7) "),
    *("[a](http://b.c)", "[a](src/b_c.py)", "![a](http://b.c/d.png)", "[", "](", "<http://a.b>", "http://a.b/_c_d_"),
    *("\n| a | b |\n|---|--:|\n| c | d |\n", "|", "<b>", "</div>", "<!-- x -->", "&amp;", "&lt;", "&#10;", "&#8238;"),
    *(
        "word",
        "snake_case_word",
        "слово",
        "שלום",
        "مرحبا",
        "日本語。",
        FAMILY,
        "🇩🇪🇫🇷",
        "e\u0301",
        "\u200b",
        "\u202e",
        "\x00",
        "\ud800",
    ),
]
SOUP = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
PROSE = st.one_of(SOUP, st.text(max_size=300))
LONG_PROSE = st.tuples(SOUP, st.integers(1, 120)).map(lambda drawn: drawn[0] * drawn[1])

BLOCKS: st.SearchStrategy[list[Block]] = st.lists(
    st.one_of(
        st.builds(Prose, PROSE),
        st.builds(Line, st.text(max_size=80), st.sampled_from(Tone)),
        st.builds(Quote, st.text(max_size=3000), st.booleans(), st.booleans()),
        st.builds(Code, st.text(max_size=3000), st.sampled_from(["", "diff", "c++", "a b", "<"]), st.booleans()),
        st.builds(Link, st.text(max_size=30), st.sampled_from(["https://a.b/c", "javascript:x", "x", ""])),
        st.builds(Item, st.sampled_from(["", "🟢"]), st.text(max_size=30), st.text(max_size=30), st.just("")),
    ),
    max_size=8,
)
THOROUGH = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pages_of(source: str) -> tuple[Rich, ...]:
    pages = DIALECT.pages([Prose(source)])
    for page in pages:
        check(page)
    return pages


def ink_of(pages: tuple[Rich, ...]) -> str:
    return ink("".join(page.text for page in pages))


def assert_nothing_lost(source: str) -> None:
    printed, expected = ink_of(pages_of(source)), visible(source)
    if printed == ink(sendable(source)) and may_be_unparsed(source):  # then it is shown as it is
        return
    if has_table(source):  # a row may be told as "head: cell"
        assert not Counter(expected) - Counter(printed)
    else:
        assert printed == expected


def may_be_unparsed(source: str) -> bool:
    is_deep = source.count(">") >= 40 or source.count("- ") >= 20 or source.count(". ") >= 20
    return is_deep or source.count("[") > 400 or source.count("://") > 100


@given(PROSE)
@THOROUGH
def test_nothing_is_lost(source: str) -> None:
    assert_nothing_lost(source)


@given(LONG_PROSE)
@settings(THOROUGH, max_examples=40)
def test_nothing_is_lost_when_it_is_long(source: str) -> None:
    assert_nothing_lost(source)


@given(BLOCKS)
@THOROUGH
def test_any_blocks_make_pages_that_telegram_takes(blocks: list[Block]) -> None:
    pages = DIALECT.pages(blocks)

    for page in pages:
        check(page)
        check(DIALECT.plain(page))
        assert DIALECT.plain(page).text == page.text


@given(BLOCKS)
@THOROUGH
def test_a_tail_is_one_page_that_telegram_takes(blocks: list[Block]) -> None:
    tail = DIALECT.tail(blocks)

    if tail is not None:
        check(tail)


@given(SOUP, st.integers(1, 400))
@settings(THOROUGH, max_examples=40)
def test_a_tail_of_long_soup_is_one_page_that_telegram_takes(source: str, times: int) -> None:
    tail = DIALECT.tail([Prose(source * times)])

    if tail is not None:
        check(tail)


SIGNS = [FAMILY, "🇩🇪", "🇫🇷", "e\u0301", "👍🏽", "한", "\u1112\u1161\u11ab", "क्ष", "❤️", "1️⃣", "x", "שׁ"]


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
    assert len(pages) == -(-units(source) // 4096)


def test_parts_of_a_long_line_have_about_one_size() -> None:
    sizes = [units(page.text) for page in pages_of("word " * 900)]

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
