"""How each construct looks in a chat."""

from __future__ import annotations

import pytest

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.styled.sheet import Kind, Span
from tests.chat.styled_checks import SCRIBE, covered, page_of, told


@pytest.mark.parametrize(
    ("source", "text", "styles"),
    [
        ("**a** *b* ~~c~~ `d`", "a b c d", [("bold", "a"), ("italic", "b"), ("strikethrough", "c"), ("code", "d")]),
        ("**a *b* c**", "a b c", [("bold", "a b c"), ("italic", "b")]),
        ("**a `b` c**", "a b c", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ("**a **b** c**", "a b c", [("bold", "a b c")]),
        ("*a **b***\\\n__C__", "a b\nC", [("italic", "a b"), ("bold", "b"), ("bold", "C")]),
        ("src/__init__.py, X.__post_init__() and a__b__c", "src/__init__.py, X.__post_init__() and a__b__c", []),
        ("vector<std::string> and <b:c>", "vector<std::string> and <b:c>", []),
        ("# A `b`\ntext\n## C", "A b\n\ntext\n\nC", [("bold", "A"), ("code", "b"), ("bold", "C")]),
        ("Title\n=====\ntext", "Title\n\ntext", [("bold", "Title")]),
        ("# **A**", "A", [("bold", "A")]),
        ("a\nb  \nc", "a\nb\nc", []),
        ("a\n\n\n\nb", "a\n\nb", []),
        ("a\n\n---\n\nb", "a\n\n────────────\n\nb", []),
        ("src/my_long_name.py and a_b_c", "src/my_long_name.py and a_b_c", []),
        ("https://a.b/_c_/__d__", "https://a.b/_c_/__d__", []),
        ("<b>x</b> <!-- y --> a < b", "<b>x</b> <!-- y --> a < b", []),
        ("<div>\n*x*\n</div>", "<div>\nx\n</div>", [("italic", "x")]),
        ("&lt;b&gt; &amp; &copy; &#65;", "<b> & © A", []),
        (r"\*a\* \_b\_", "*a* _b_", []),
        ("**unclosed and `this", "**unclosed and `this", []),
        ("a\x00b\x07c\u202ed\r\ne", "abcd\ne", []),
        ("a\ud800b", "a\ufffdb", []),
        ("    code\n      more", "code\n  more", [("pre", "code\n  more")]),
    ],
)
def test_words_and_lines(source: str, text: str, styles: list[tuple[str, str]]) -> None:
    assert told(Prose(source)) == (text, styles)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("- a\n- b", "• a\n• b"),
        ("Look:\n- a\n  - b\n    - c\n      - d\n- e", "Look:\n\n• a\n    ◦ b\n        ▪ c\n            ▪ d\n• e"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("1. a\n   - b\n\n   c\n2. d", "1. a\n\n    • b\n\n    c\n\n2. d"),
        ("0) a", "0. a"),
        ("- a\n\n- b\n\nc", "• a\n\n• b\n\nc"),
        ("- a\n  b\n- c\n\nd", "• a\n    b\n• c\n\nd"),
        ("- [x] a\n- [ ] b\n- [y] c", "☑ a\n☐ b\n• [y] c"),
        ("1. [X] a", "1. ☑ a"),
        ("- - a", "• ◦ a"),
        ("-\n- a", "• \n• a"),
    ],
)
def test_lists(source: str, text: str) -> None:
    assert told(Prose(source)) == (text, [])


def test_tasks_begin_with_their_box_whatever_follows() -> None:
    text, styles = told(Prose("- [x] **a** b\n- [ ] `c`\n- [ ]"))

    assert text == "☑ a b\n☐ c\n• [ ]"
    assert styles == [("bold", "a"), ("code", "c")]


def test_code_keeps_its_language_and_its_lines() -> None:
    page = page_of(Prose("See:\n```python title=x\n\n\tdef f():\n\t\tpass\n\n```\nend"))

    assert page.text == "See:\n\n    def f():\n        pass\n\nend"
    assert page.spans == (Span(Kind.PRE, 6, 31, language="python"),)


def test_a_fence_in_a_fence_is_text() -> None:
    assert told(Prose("````md\n```py\nx\n```\n````")) == ("```py\nx\n```", [("pre", "```py\nx\n```")])


def test_a_fence_in_a_list_has_lines_of_its_own() -> None:
    assert told(Prose("- a\n  ```\n  b\n  ```\n- ```\n  c\n  ```")) == ("• a\nb\n•\nc", [("pre", "b"), ("pre", "c")])


def test_quotes_hold_everything_but_quotes() -> None:
    text, styles = told(Prose("> a **b**\n> > c\n> > d\n>\n> ```\n> e\n> ```\n\nf"))

    assert text == "a b\n\n│ c\n│ d\n\ne\n\nf"
    assert styles == [("blockquote", "a b\n\n│ c\n│ d\n\ne"), ("bold", "b"), ("pre", "e")]


def test_a_quote_that_is_all_code_lies_around_the_code() -> None:
    assert told(Prose("> ```\n> a\n> ```"))[1] == [("blockquote", "a"), ("pre", "a")]


def test_a_quote_in_a_list_has_lines_of_its_own() -> None:
    assert told(Prose("- > a")) == ("•\na", [("blockquote", "a")])
    assert told(Prose("> - > a")) == ("•\n    │ a", [("blockquote", "•\n    │ a")])


@pytest.mark.parametrize(
    ("source", "text", "links"),
    [
        ("[a](https://e.org/x_y)", "a", {"a": "https://e.org/x_y"}),
        ("[a](tg://user?id=1)", "a", {"a": "tg://user?id=1"}),
        ("<me@e.org>", "me@e.org", {"me@e.org": "mailto:me@e.org"}),
        ("<https://e.org>", "https://e.org", {}),
        ("[a](src/b_ä.py:12)", "a (src/b_ä.py:12)", {}),
        ("[a](javascript:alert)", "a (javascript:alert)", {}),
        ("[a](http://)", "a (http://)", {}),
        ("[a.py](a.py)", "a.py", {}),
        ("[](https://e.org)", "https://e.org", {}),
        ("![a *b*](https://e.org/i.png)", "a b", {"a b": "https://e.org/i.png"}),
        ("![](i.png)", "i.png", {}),
        ("[![a](https://e.org/i.png)](https://e.org)", "a", {"a": "https://e.org"}),
        ("[a]\n\n[a]: https://e.org", "a", {"a": "https://e.org"}),
        ("[**a** `b`](https://e.org)", "a b", {"a b": "https://e.org"}),
    ],
)
def test_links(source: str, text: str, links: dict[str, str]) -> None:
    page = page_of(Prose(source))

    assert page.text == text
    assert {covered(page, span): span.url for span in page.spans if span.kind is Kind.LINK} == links


def test_code_that_links_nowhere_stays_code() -> None:
    assert told(Prose("[`hub.py`](core/hub.py)")) == ("hub.py (core/hub.py)", [("code", "hub.py")])


def test_a_narrow_table_is_aligned() -> None:
    text, styles = told(Prose("| | n |\n|--|--:|\n| **日本** | 1 |\n| b | 23 |"))

    assert text == "·      n\n────  ──\n日本   1\nb     23"
    assert styles == [("pre", text)]


def test_a_wide_table_is_told_row_by_row() -> None:
    text, styles = told(Prose(f"| name | what |\n|--|--|\n| a | {'very ' * 9}long |\n| b | |\n| | `c` |"))

    assert text == f"name: a\nwhat: {'very ' * 9}long\n\nname: b\n\nwhat: c"
    assert styles == [("bold", "name:"), ("bold", "what:"), ("bold", "name:"), ("bold", "what:"), ("code", "c")]


def test_a_table_with_links_keeps_them() -> None:
    text, styles = told(Prose("| a | b |\n|--|--|\n| [x](https://e.org) | y |"))

    assert text == "a: x\nb: y"
    assert ("text_link", "x") in styles


# --- blocks of ours


def test_our_own_lines_are_never_markdown() -> None:
    text, styles = told(Line("*a*", Tone.STRONG), Line("b_c_"), Line("d", Tone.FAINT))

    assert text == "*a*\nb_c_\nd"
    assert styles == [("bold", "*a*"), ("italic", "d")]


def test_prose_has_blank_lines_around_it() -> None:
    text, _ = told(
        Line("a"), Quote("b"), Prose("c"), Prose("d"), Prose(" \n"), Quote("e"), Code("f"), Line(" "), Line("g")
    )

    assert text == "a\nb\n\nc\n\nd\n\ne\nf\ng"


def test_quotes_fold_and_lead_with_a_strong_line() -> None:
    text, styles = told(Quote("a\n*b*", strong_first=True), Quote("c", folded=True))

    assert text == "a\n*b*\nc"
    assert styles == [("blockquote", "a\n*b*"), ("bold", "a"), ("expandable_blockquote", "c")]


def test_code_folds_as_a_quote() -> None:
    page = page_of(Code("-a\n+b\n", "diff"), Code("out", folded=True))

    assert page.spans == (Span(Kind.PRE, 0, 5, language="diff"), Span(Kind.FOLDED, 6, 9))


def test_rows_link_their_titles() -> None:
    page = page_of(
        Item("🟢", "Fix", "claude · 2 h", "https://t.me/c/1/2"), Item("", "Plain"), Link("Go", "https://e.org")
    )

    assert page.text == "🟢 Fix — claude · 2 h\nPlain\nGo"
    assert [(covered(page, span), span.url) for span in page.spans] == [
        ("Fix", "https://t.me/c/1/2"),
        ("Go", "https://e.org"),
    ]


def test_a_line_that_links_nowhere_shows_its_target() -> None:
    assert told(Link("a", "ftp://b")) == ("a (ftp://b)", [])


@pytest.mark.parametrize(
    "blocks", [[], [Prose("")], [Prose(" \n\t")], [Line("\u200b\u2060")], [Code("\n"), Quote(" ")]]
)
def test_nothing_to_see_is_no_page(blocks: list[Block]) -> None:
    assert SCRIBE.pages(blocks) == ()
    assert SCRIBE.tail(blocks) is None
