"""How each construct looks in Telegram."""

from __future__ import annotations

import pytest

from openacp_bot.adapters.telegram.rich import Entity, Kind, Rich, TelegramDialect
from openacp_bot.chat.blocks import Block, Code, Dialect, Item, Line, Link, Prose, Quote, Tone
from tests.telegram.rich_checks import check, covered, shown, units

DIALECT: Dialect[Rich] = TelegramDialect()


def page_of(*blocks: Block) -> Rich:
    (page,) = DIALECT.pages(blocks)
    check(page)
    return page


def told(*blocks: Block) -> tuple[str, list[tuple[str, str]]]:
    page = page_of(*blocks)
    return page.text, shown(page)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("**a** *b* ~~c~~ `d`", "a b c d", [("bold", "a"), ("italic", "b"), ("strikethrough", "c"), ("code", "d")]),
        ("**a *b* c**", "a b c", [("bold", "a b c"), ("italic", "b")]),
        ("**a `b` c**", "a b c", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ("**a **b** c**", "a b c", [("bold", "a b c")]),
        ("*a **b***\\\n__c__", "a b\nc", [("italic", "a b"), ("bold", "b"), ("bold", "c")]),
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
def test_words_and_lines(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    assert told(Prose(source)) == (text, entities)


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
    text, entities = told(Prose("- [x] **a** b\n- [ ] `c`\n- [ ]"))

    assert text == "☑ a b\n☐ c\n• [ ]"
    assert entities == [("bold", "a"), ("code", "c")]


def test_code_keeps_its_language_and_its_lines() -> None:
    page = page_of(Prose("See:\n```python title=x\n\n\tdef f():\n\t\tpass\n\n```\nend"))

    assert page.text == "See:\n\ndef f():\n    pass\n\nend"
    assert page.entities == (Entity(Kind.PRE, 6, 17, language="python"),)


def test_a_fence_in_a_fence_is_text() -> None:
    assert told(Prose("````md\n```py\nx\n```\n````")) == ("```py\nx\n```", [("pre", "```py\nx\n```")])


def test_a_fence_in_a_list_has_lines_of_its_own() -> None:
    assert told(Prose("- a\n  ```\n  b\n  ```\n- ```\n  c\n  ```")) == ("• a\nb\n•\nc", [("pre", "b"), ("pre", "c")])


def test_quotes_hold_everything_but_quotes() -> None:
    text, entities = told(Prose("> a **b**\n> > c\n> > d\n>\n> ```\n> e\n> ```\n\nf"))

    assert text == "a b\n\n│ c\n│ d\n\ne\n\nf"
    assert entities == [("blockquote", "a b\n\n│ c\n│ d\n\ne"), ("bold", "b"), ("pre", "e")]


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
    assert {covered(page, entity): entity.url for entity in page.entities if entity.kind is Kind.LINK} == links


def test_code_that_links_nowhere_stays_code() -> None:
    assert told(Prose("[`hub.py`](core/hub.py)")) == ("hub.py (core/hub.py)", [("code", "hub.py")])


def test_a_narrow_table_is_aligned() -> None:
    text, entities = told(Prose("| | n |\n|--|--:|\n| **日本** | 1 |\n| b | 23 |"))

    assert text == "·      n\n────  ──\n日本   1\nb     23"
    assert entities == [("pre", text)]


def test_a_wide_table_is_told_row_by_row() -> None:
    text, entities = told(Prose(f"| name | what |\n|--|--|\n| a | {'very ' * 9}long |\n| b | |\n| | `c` |"))

    assert text == f"name: a\nwhat: {'very ' * 9}long\n\nname: b\n\nwhat: c"
    assert entities == [("bold", "name:"), ("bold", "what:"), ("bold", "name:"), ("bold", "what:"), ("code", "c")]


def test_a_table_with_links_keeps_them() -> None:
    text, entities = told(Prose("| a | b |\n|--|--|\n| [x](https://e.org) | y |"))

    assert text == "a: x\nb: y"
    assert ("text_link", "x") in entities


def test_positions_count_utf16() -> None:
    page = page_of(Prose("👍🏽 **b** 日 *i*"))

    assert page.entities == (Entity(Kind.BOLD, 5, 1), Entity(Kind.ITALIC, 9, 1))


# Blocks.


def test_our_own_lines_are_never_markdown() -> None:
    text, entities = told(Line("*a*", Tone.STRONG), Line("b_c_"), Line("d", Tone.FAINT))

    assert text == "*a*\nb_c_\nd"
    assert entities == [("bold", "*a*"), ("italic", "d")]


def test_prose_has_blank_lines_around_it() -> None:
    text, _ = told(
        Line("a"), Quote("b"), Prose("c"), Prose("d"), Prose(" \n"), Quote("e"), Code("f"), Line(" "), Line("g")
    )

    assert text == "a\nb\n\nc\n\nd\n\ne\nf\ng"


def test_quotes_fold_and_lead_with_a_strong_line() -> None:
    text, entities = told(Quote("a\n*b*", strong_first=True), Quote("c", folded=True))

    assert text == "a\n*b*\nc"
    assert entities == [("blockquote", "a\n*b*"), ("bold", "a"), ("expandable_blockquote", "c")]


def test_code_folds_as_a_quote() -> None:
    page = page_of(Code("-a\n+b\n", "diff"), Code("out", folded=True))

    assert page.entities == (Entity(Kind.PRE, 0, 5, language="diff"), Entity(Kind.FOLDED, 6, 3))


def test_rows_link_their_titles() -> None:
    page = page_of(
        Item("🟢", "Fix", "claude · 2 h", "https://t.me/c/1/2"), Item("", "Plain"), Link("Go", "https://e.org")
    )

    assert page.text == "🟢 Fix — claude · 2 h\nPlain\nGo"
    assert [(covered(page, entity), entity.url) for entity in page.entities] == [
        ("Fix", "https://t.me/c/1/2"),
        ("Go", "https://e.org"),
    ]


def test_a_line_that_links_nowhere_shows_its_target() -> None:
    assert told(Link("a", "ftp://b")) == ("a (ftp://b)", [])


@pytest.mark.parametrize(
    "blocks", [[], [Prose("")], [Prose(" \n\t")], [Line("\u200b\u2060")], [Code("\n"), Quote(" ")]]
)
def test_nothing_to_see_is_no_page(blocks: list[Block]) -> None:
    assert DIALECT.pages(blocks) == ()
    assert DIALECT.tail(blocks) is None


def test_plain_keeps_the_characters() -> None:
    assert DIALECT.plain(page_of(Prose("**a** `b`"))) == Rich("a b")


# Pages.


def test_a_cut_falls_between_blocks() -> None:
    first, second = DIALECT.pages([Prose("a" * 2500), Prose("word " * 500)])

    assert first.text == "a" * 2500
    assert second.text == ("word " * 500).strip()


def test_a_cut_falls_before_a_heading_rather_than_behind_it() -> None:
    paragraphs = "\n\n".join("word " * 120 for _ in range(4))
    first, second = DIALECT.pages([Prose(f"{paragraphs}\n\n# Title\n\n{'word ' * 600}")])

    assert "Title" not in first.text
    assert second.text.startswith("Title\n\nword")


def test_a_fence_goes_on_on_the_next_page() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(400))
    pages = DIALECT.pages([Prose(f"```python\n{code}\n```")])

    assert len(pages) == 2
    assert "\n".join(page.text for page in pages) == code
    assert all(page.entities == (Entity(Kind.PRE, 0, units(page.text), language="python"),) for page in pages)


def test_code_is_cut_where_nothing_is_indented() -> None:
    code = "def function():\n    first = 1\n    second = 2\n" * 150
    pages = DIALECT.pages([Code(code, "python")])

    assert len(pages) > 1
    assert all(page.text.startswith("def function():\n    first") for page in pages)


def test_styles_go_on_on_the_next_page() -> None:
    pages = DIALECT.pages([Prose(f"> **{'word ' * 1000}end**")])

    assert len(pages) == 2
    assert all([kind for kind, _ in shown(page)] == ["blockquote", "bold"] for page in pages)


def test_sentences_stay_whole() -> None:
    first, second = DIALECT.pages([Prose("This is one of many sentences. " * 200)])

    assert first.text.endswith("sentences.")
    assert second.text.startswith("This")


def test_many_entities_are_spread_over_pages() -> None:
    source = "\n".join(f"- `name_{number}` is a name that is not long" for number in range(120))
    pages = DIALECT.pages([Prose(source)])

    assert sum(len(page.entities) for page in pages) == 120


def test_too_many_entities_for_little_text_lose_the_least_important() -> None:
    page = page_of(Prose("*i* " * 90 + "[l](https://e.org) " * 30))

    assert sum(entity.kind is Kind.LINK for entity in page.entities) == 30
    assert sum(entity.kind is Kind.ITALIC for entity in page.entities) == 70


def test_crowded_text_fills_its_pages_and_tears_no_word() -> None:
    pages = DIALECT.pages([Prose("*word* " * 1500)])

    assert [len(page.entities) for page in pages] == [100, 100]
    assert {word for page in pages for word in page.text.split()} == {"word"}


# Tails.


def tail_of(*blocks: Block) -> Rich:
    tail = DIALECT.tail(blocks)
    assert tail is not None
    check(tail)
    return tail


def test_a_short_tail_is_everything() -> None:
    assert tail_of(Line("a"), Prose("**b**"), Quote("c")) == page_of(Line("a"), Prose("**b**"), Quote("c"))


def test_a_long_tail_is_the_end() -> None:
    tail = tail_of(Prose("".join(f"Paragraph {number}.\n\n" for number in range(20_000))), Line("works"))

    assert tail.text.startswith("…\nParagraph ")
    assert tail.text.endswith("Paragraph 19998.\n\nParagraph 19999.\n\nworks")
    assert units(tail.text) > 3000


def test_a_tail_that_begins_in_a_fence_is_code() -> None:
    code = "".join(f"x{number} = {number}\n" for number in range(5000))
    tail = tail_of(Prose(f"Look:\n\n```python\n{code}"))

    assert tail.text.startswith("…\nx")
    assert tail.text.endswith("x4999 = 4999")
    assert [(entity.kind, entity.offset, entity.language) for entity in tail.entities] == [(Kind.PRE, 2, "python")]


def test_a_tail_of_links_is_not_nearly_empty() -> None:
    tail = tail_of(Prose(f"[word](https://e.org/{'x' * 60}) and more.\n\n" * 400))

    assert units(tail.text) > 1000


def test_a_tail_of_lists_looks_like_the_page() -> None:
    source = "Look:\n- a\n  - b\n\n    c\n- d\n\n1. e\n1. f\n\ntext\n\n* g\n\n* h\n\n---\n* * *\nend"

    assert tail_of(Prose(source)) == page_of(Prose(source))


def test_long_output_and_quotes_show_their_end() -> None:
    output = "".join(f"line {number}\n" for number in range(9000))

    assert tail_of(Code(output)).text.endswith("line 8999")
    assert tail_of(Quote(output, folded=True)).text.startswith("…\nline ")


@pytest.mark.parametrize(
    ("source", "text", "entities"),
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
def test_a_growing_end_looks_sane(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    tail = tail_of(Prose(source))

    assert (tail.text, shown(tail)) == (text, entities)
