"""What dialects share: reading Markdown, widths and tables, pauses, the growing end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.chat.markdown import parse
from openacp_bot.chat.markdown_breaks import best_pause, is_inside, whole_before, whole_behind
from openacp_bot.chat.markdown_table import Side, aligned, width
from openacp_bot.chat.markdown_tail import closed, newest


@pytest.mark.parametrize("source", ["> " * 60 + "x", "- " * 60 + "x", "[" * 401, "http://" * 101, "[\n" * 5001])
def test_what_would_lose_text_or_take_long_is_not_parsed(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize("source", ["> " * 30 + "x", "[a](http://b.c)\n" * 300, "| a |\n|--|\n| b |"])
def test_what_is_merely_long_is_parsed(source: str) -> None:
    assert parse(source) is not None


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), ("👍🏽", 2), ("👩‍👧", 2), ("❤️", 2), ("👍️", 2), ("\u200b", 0)],
)
def test_width_counts_columns_of_the_screen(text: str, columns: int) -> None:
    assert width(text) == columns


def test_columns_stand_below_each_other() -> None:
    rows = [["a", "b", "c"], ["日本", "1", "x"], ["z", "22", "xxx"]]

    drawn = aligned(rows, [Side.LEFT, Side.RIGHT, Side.CENTER], 36)

    assert drawn == "a      b   c\n────  ──  ───\n日本   1   x\nz     22  xxx"


def test_a_table_that_is_too_wide_is_not_drawn() -> None:
    assert aligned([["a" * 20, "b" * 15]], [Side.LEFT] * 2, 36) is None
    assert aligned([["a" * 20, "b" * 14]], [Side.LEFT] * 2, 36) is not None


@pytest.mark.parametrize("sign", ["👍🏽", "👩🏽‍👩🏿‍👧🏻", "🇩🇪", "e\u0301", "❤️", "1️⃣", "각", "क्षि", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_one_sign_is_never_torn(sign: str) -> None:
    text = sign * 3
    size = len(sign)

    assert [at for at in range(len(text) + 1) if not is_inside(text, at)] == [0, size, 2 * size, 3 * size]
    assert whole_before(text, 2 * size - 1) == size
    assert whole_behind(text, size + 1) == 2 * size


def test_a_pile_of_accents_is_cut_all_the_same() -> None:
    assert whole_before("e" + "\u0301" * 5000, 4000) == 4000


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("one two.\nthree\n\nfour five", 14),
        ("one two.\nthree\n  four five", 8),
        ("one two. three four five", 8),
        ("一二三四五六七。八九十一", 8),
        ("one two three four five", 13),
        ("onetwothreefourfivesix", None),
    ],
)
def test_the_best_pause_wins(text: str, cut: int | None) -> None:
    assert best_pause(text, 3, 10, 20) == cut


def test_the_newest_is_everything_while_it_is_short() -> None:
    assert newest("a\n\nb", 100) == (("a\n\n", "b"), False)


def test_pieces_do_not_tear_items_and_fences() -> None:
    source = "a\n\n- b\n\n- c\n\n  d\n\n```\ne\n\nf\n```\n\ng"

    pieces, is_cut = newest(source, 1000)

    assert pieces == ("a\n\n", "- b\n\n", "- c\n\n  d\n\n", "```\ne\n\nf\n```\n\n", "g")
    assert not is_cut


def test_a_tight_list_comes_apart_into_its_items() -> None:
    pieces, _ = newest("Look:\n- a\n  - b\n- c\n```\n- d\n```", 1000)

    assert pieces == ("Look:\n", "- a\n  - b\n", "- c\n```\n- d\n```")


def test_the_newest_of_a_fence_has_its_opening() -> None:
    pieces, is_cut = newest("~~~~py\n" + "```\n" * 50 + "x\n" * 200, 100)

    assert is_cut
    assert pieces[0].startswith("~~~~py\nx\n")


@pytest.mark.parametrize("behind", ["", "\n", "\ncode"])
def test_the_newest_never_begins_within_the_line_that_opens_a_fence(behind: str) -> None:
    opening = "~~~" + "x" * 100
    assert newest(opening + behind, 50) == ((opening + (behind or "\n"),), True)


def test_the_newest_behind_a_fence_has_no_opening() -> None:
    pieces, _ = newest("```py\nx\n```\n" + "word\n" * 200, 100)

    assert pieces[0].startswith("word\n")


def test_old_pieces_stay_the_same_while_the_text_grows() -> None:
    text = "".join(f"Paragraph {number}\n\n" for number in range(300))

    before, _ = newest(text[:-40], 1000)
    after, _ = newest(text, 1000)

    assert set(before[3:-1]) <= set(after)


@given(st.text(alphabet="ab *_`~[]()#>-=\n.1", max_size=120))
def test_closing_adds_only_marks(text: str) -> None:
    words = [sign for sign in text if sign in "ab"]

    kept = [sign for sign in closed(text) if sign in "ab"]

    assert words[: len(kept)] == kept
