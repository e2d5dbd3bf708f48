"""Where a styled text is cut into pages, and what its newest page shows."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openacp_bot.chat.blocks import Code, Line, Prose, Quote
from openacp_bot.chat.styled.pages import Paper, paged, utf16
from openacp_bot.chat.styled.sheet import Kind, Span, Styled
from openacp_bot.chat.styled.writing import Scribe
from tests.chat.styled_checks import READING, SCRIBE, page_of, shown, tail_of, units


def test_a_cut_falls_between_blocks() -> None:
    first, second = SCRIBE.pages([Prose("a" * 2500), Prose("word " * 500)])

    assert first.text == "a" * 2500
    assert second.text == ("word " * 500).strip()


def test_a_cut_falls_before_a_heading_rather_than_behind_it() -> None:
    paragraphs = "\n\n".join("word " * 120 for _ in range(4))
    first, second = SCRIBE.pages([Prose(f"{paragraphs}\n\n# Title\n\n{'word ' * 600}")])

    assert "Title" not in first.text
    assert second.text.startswith("Title\n\nword")


def test_a_fence_goes_on_on_the_next_page() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(400))
    pages = SCRIBE.pages([Prose(f"```python\n{code}\n```")])

    assert len(pages) == 2
    assert "\n".join(page.text for page in pages) == code
    assert all(page.spans == (Span(Kind.PRE, 0, len(page.text), language="python"),) for page in pages)


def test_code_is_cut_where_nothing_is_indented() -> None:
    code = "def function():\n    first = 1\n    second = 2\n" * 150
    pages = SCRIBE.pages([Code(code, "python")])

    assert len(pages) > 1
    assert all(page.text.startswith("def function():\n    first") for page in pages)


def test_styles_go_on_on_the_next_page() -> None:
    pages = SCRIBE.pages([Prose(f"> **{'word ' * 1000}end**")])

    assert len(pages) == 2
    assert all([kind for kind, _ in shown(page)] == ["blockquote", "bold"] for page in pages)


def test_sentences_stay_whole() -> None:
    first, second = SCRIBE.pages([Prose("This is one of many sentences. " * 200)])

    assert first.text.endswith("sentences.")
    assert second.text.startswith("This")


def test_many_styles_are_spread_over_pages() -> None:
    source = "\n".join(f"- `name_{number}` is a name that is not long" for number in range(120))
    pages = SCRIBE.pages([Prose(source)])

    assert sum(len(page.spans) for page in pages) == 120


def test_crowded_text_fills_its_pages_and_tears_no_word() -> None:
    pages = SCRIBE.pages([Prose("*word* " * 1500)])

    assert len(pages) == 2
    assert {word for page in pages for word in page.text.split()} == {"word"}


def test_no_page_has_more_styles_than_the_platform_keeps() -> None:
    source = "\n".join(f"- `name_{number}` is a name that is not long" for number in range(120))
    few = Scribe(Paper(4096, utf16, most_styles=70), READING)

    assert max(len(page.spans) for page in few.pages([Prose(source)])) <= 70
    assert len(Scribe(Paper(6000, utf16), READING).pages([Prose(source)])) == 1


def test_a_pile_of_accents_that_weighs_more_than_a_page_is_torn() -> None:
    paper = Paper(600, lambda styled: [9] * len(styled.text))
    text = "word " * 10 + "e" + "\u0301" * 150

    with in_time():
        pages = paged(Styled(text), paper)

    assert "".join(page.text for page in pages) == text.replace("word e", "worde")
    assert all(9 * len(page.text) <= 600 for page in pages)


@contextmanager
def in_time() -> Iterator[None]:
    """What would go on for ever fails instead."""
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _too_late(*_: object) -> None:
    raise TimeoutError("it goes on and on")


# --- the newest


def test_a_short_tail_is_everything() -> None:
    assert tail_of(Line("a"), Prose("**b**"), Quote("c")) == page_of(Line("a"), Prose("**b**"), Quote("c"))


def test_a_long_tail_is_the_end() -> None:
    tail = tail_of(Prose("".join(f"Paragraph {number}.\n\n" for number in range(20_000))), Line("works"))

    assert tail.text.startswith("…\nParagraph ")
    assert tail.text.endswith("Paragraph 19998.\n\nParagraph 19999.\n\nworks")
    assert units(tail) > 3000


def test_a_tail_that_begins_in_a_fence_is_code() -> None:
    code = "".join(f"x{number} = {number}\n" for number in range(5000))
    tail = tail_of(Prose(f"Look:\n\n```python\n{code}"))

    assert tail.text.startswith("…\nx")
    assert tail.text.endswith("x4999 = 4999")
    assert [(span.kind, span.start, span.language) for span in tail.spans] == [(Kind.PRE, 2, "python")]


def test_a_tail_of_links_is_not_nearly_empty() -> None:
    tail = tail_of(Prose(f"[word](https://e.org/{'x' * 60}) and more.\n\n" * 400))

    assert units(tail) > 1000


def test_a_tail_of_lists_looks_like_the_page() -> None:
    source = "Look:\n- a\n  - b\n\n    c\n- d\n\n1. e\n1. f\n\ntext\n\n* g\n\n* h\n\n---\n* * *\nend"

    tail, page = tail_of(Prose(source)), page_of(Prose(source))

    assert (tail.text, tail.spans) == (page.text, page.spans)


def test_long_output_and_quotes_show_their_end() -> None:
    output = "".join(f"line {number}\n" for number in range(9000))

    assert tail_of(Code(output)).text.endswith("line 8999")
    assert tail_of(Quote(output, folded=True)).text.startswith("…\nline ")


@pytest.mark.parametrize(
    ("source", "text", "styles"),
    [
        ("a **b", "a b", [("bold", "b")]),
        ("a **", "a", []),
        ("a *b **c", "a b c", [("italic", "b c"), ("bold", "c")]),
        ("a `b_c", "a b_c", [("code", "b_c")]),
        ("a `", "a", []),
        ("a ~~b", "a b", [("strikethrough", "b")]),
        ("2 * 3 and a_b", "2 * 3 and a_b", []),
        ("a [b](https://e.o", "a b", []),
        ("a\n-", "a", []),
        ("a\n==", "a", []),
        ("a\n\n``", "a", []),
        ("```py\nx = 1\n``", "x = 1", [("pre", "x = 1")]),
        ("```py\nx = '**'", "x = '**'", [("pre", "x = '**'")]),
        ("- a\n- **b", "• a\n• b", [("bold", "b")]),
        ("a\n```\nb **c\n```", "a\n\nb **c", [("pre", "b **c")]),
    ],
)
def test_a_growing_end_looks_sane(source: str, text: str, styles: list[tuple[str, str]]) -> None:
    tail = tail_of(Prose(source))

    assert (tail.text, shown(tail)) == (text, styles)
