"""Whatever an agent writes, Discord shows it: nothing lost, nothing taken for markup, every page within the limit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.adapters.discord.dialect import READING, DiscordDialect
from openacp_bot.adapters.discord.markup import LIMIT, RESERVE, weights
from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.styled.pages import Paper
from openacp_bot.chat.styled.writing import Scribe
from openacp_bot.core.words import one_line
from tests.chat.texts import BLOCKS, CODE, LONG_PROSE, PROSE, THOROUGH, lines_of_code
from tests.discord.reader import FENCE, shown

DIALECT = DiscordDialect()
BULLETS = str.maketrans("◦▪", "••")  # Discord has its own for each level
SCRIBE = Scribe(Paper(LIMIT - RESERVE, weights), READING, folds=False)


def apart(source: str) -> str:
    """With space around bare addresses: nobody knows where one ends for Discord that is glued to marks."""
    return source.replace("<http://a.b>", " http://a.b/c ").replace("http://a.b/_c_d_", " http://a.b/_c_d_ ")


def ink(text: str) -> str:
    """What is seen, without white space and without the signs that only keep others apart."""
    return "".join(text.replace("\u200b", "").translate(BULLETS).split())


def check(pages: tuple[str, ...]) -> None:
    for page in pages:
        assert 0 < len(page) <= LIMIT
        assert page.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a *b* **c** ~~d~~", "a _b_ **c** ~~d~~"),
        ("snake_case_name 2 * 3", "snake_case_name 2 * 3"),
        ("use snake_case:\n```py\nfor _ in x:\n```", "use snake\\_case:\n\n```py\nfor _ in x:\n```"),
        (r"\*not\* \# this", r"\*not\* # this"),
        ("# Title\n\ntext", "**Title**\n\ntext"),
        ("- one\n  - two\n1. x", "- one\n    - two\n\n1. x"),
        ("- [x] **done**\n- [ ] open", "☑ **done**\n☐ open"),
        ("`a`", "`a`"),
        ("`` a`b ``", "`` a`b ``"),
        ("```python\nx = '*'\n```", "```python\nx = '*'\n```"),
        ("> quoted\n> twice", "> quoted\n> twice"),
        ("[here](https://a.b/c_d)", "[here](<https://a.b/c_d>)"),
        ("[here](file:///etc)", "here (file:///etc)"),
        ("[https://a.b](https://c.d)", "https://a.b (<https://c.d>)"),  # Discord masks no address behind another
        ("[https://a.b/](https://a.b)", "https://a.b/"),
        ("[f[0]](https://a.b/(c).)", "[f[0]](<https://a.b/%28c%29%2E>)"),
        ("see https://a.b/Foo_(bar) now", "see <https://a.b/Foo_(bar)> now"),
        ("(see https://a.b/c)", "(see <https://a.b/c>)"),
        ("main.c:100:5: error at 12:30:45", r"main.c\:100:5: error at 12:30:45"),
        ("vector<std::string> by Ann <ann@x.org>", r"vector\<std::string> by Ann \<ann@x.org>"),
        ("src/__init__.py", r"src/\_\_init\_\_.py"),
        ("|| no spoiler ||", r"\|\| no spoiler \|\|"),
        ("**a** #### b", "**a** #### b"),
        ("#### Level four", "**Level four**"),
        ("1\\. one\n1\\. two", "1. one\n1\\. two"),  # Discord would count
        ("0. zero", r"0\. zero"),
        ("*.py * **/*.ts", r"*.py \* \*\*/*.ts"),
        ("    make:\n    \trun", "```\nmake:\n\trun\n```"),
        ("see https://a.b/c_d_e now", "see https://a.b/c_d_e now"),
        ("<@123> and @everyone", r"\<@123> and @everyone"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "```\na  b\n─  ─\n1  2\n```"),
    ],
)
def test_markdown_becomes_discords(source: str, expected: str) -> None:
    assert DIALECT.pages([Prose(source)]) == (expected,)


def test_lines_of_ours_are_never_read_as_markup() -> None:
    text = "*x* _y_ # z ||s|| ~~t~~ <#12> `c` [a](http://b.c) \\*"

    (page,) = DIALECT.pages([Line(text), Line("- item"), Line("> quote"), Line("# head"), Line("-# small")])

    assert shown(page).split("\n") == [text, "- item", "> quote", "# head", "-# small"]


def test_a_fence_is_closed_and_opened_anew_where_a_page_ends() -> None:
    pages = DIALECT.pages([Code("\n".join(f"line {number}" for number in range(900)), "py")])

    check(pages)
    assert len(pages) > 3
    assert all(page.startswith("```py\n") and page.endswith("\n```") for page in pages)


def test_an_inner_fence_does_not_end_the_outer() -> None:
    (page,) = DIALECT.pages([Prose("````md\n```\ncode\n```\n````")])

    assert page.count("```") == 2
    assert ink(shown(page)) == "```code```"


def test_a_line_of_20000_characters_arrives_whole() -> None:
    pages = DIALECT.pages([Prose("x" * 20_000)])

    check(pages)
    assert "".join(pages) == "x" * 20_000


def test_a_tail_shows_the_newest_and_says_that_something_is_left_out() -> None:
    page = DIALECT.tail([Prose("\n\n".join(f"paragraph {number}" for number in range(900)))])

    assert page is not None and len(page) <= LIMIT
    assert page.startswith("…") and page.endswith("paragraph 899")


def test_blocks_of_ours() -> None:
    blocks: list[Block] = [
        Line("Title", Tone.STRONG),
        Line("faint", Tone.FAINT),
        Quote("first\nsecond", strong_first=True),
        Link("Open", "https://discord.com/channels/1/2"),
        Item("1.", "Fix it", "claude", "https://discord.com/channels/1/3"),
        Code("a\n+b", "diff", folded=True),
    ]

    assert DIALECT.pages(blocks) == (
        "**Title**\n_faint_\n> **first**\n> second\n[Open](<https://discord.com/channels/1/2>)\n"
        "1. [Fix it](<https://discord.com/channels/1/3>) — claude\n```diff\na\n+b\n```",
    )


DISCORDS = st.lists(
    st.sampled_from(
        [
            *(
                " ",
                "\n",
                "\n\n",
                "word",
                "a.b",
                "_",
                "*",
                "**",
                "~",
                "~~",
                "|",
                "||",
                "<",
                ">",
                "[",
                "](",
                ")",
                "`",
                "\\",
                ":",
                "~~~",
            ),
            *(
                ":100:",
                ":smile:",
                "c:5:",
                "@everyone",
                "<@1>",
                "<#1>",
                "<t:1:R>",
                "</a b:1>",
                "<:x:1>",
                "<id:home>",
                "<a@b.c>",
            ),
            *(
                "\n-# ",
                "\n>>> ",
                "\n+ ",
                "\n0. ",
                "\n1. # ",
                "\n- > ",
                "\n7. ",
                "\n### ",
                "\n#### ",
                "\n    - ",
                "\n\\# ",
            ),
            *(
                "snake_case_",
                "__init__",
                "C:\\a\\_b",
                "¯\\_(ツ)_/¯",
                "*.py",
                "**/*.ts",
                "<std::x>",
                "<T>",
                "</b>",
                "\n```\n",
                "é_x_é",
            ),
            *(
                "[https://x.y](http://b.c)",
                "[[WIP] x](http://b.c/(d))",
                "[a](http://b.c/.)",
                "![i](http://b.c)",
                "[a [b](http://c.d)",
            ),
            *(
                " http://a.b/c_(d) ",
                " (http://a.b/c_d) ",
                " http://a.b:100:x_ ",
                " <https://a.b/*c> ",
                "[^1]",
                "\n[^1]: x\n",
            ),
        ]
    ),
    max_size=30,
).map("".join)


@settings(THOROUGH, max_examples=300)
@given(DISCORDS)
def test_what_discord_has_of_its_own_is_shown_as_it_was_written(source: str) -> None:
    written = "".join(page.text for page in SCRIBE.pages([Prose(source)]))
    pages = DIALECT.pages([Prose(source)])

    check(pages)
    assert ink("".join(map(shown, pages))) == ink(written)


@pytest.mark.parametrize(("line", "expected"), [("7. 0. word", r"7. 0\. word"), ("0. 0. word", r"0\. 0. word")])
def test_no_number_of_ours_is_counted_anew(line: str, expected: str) -> None:
    assert DIALECT.pages([Line(line)]) == (expected,)


@THOROUGH
@given(st.lists(DISCORDS.map(one_line), max_size=6))
def test_lines_of_ours_are_shown_as_they_are(lines: list[str]) -> None:
    pages = DIALECT.pages([Line(line) for line in lines])

    check(pages)
    assert ink("".join(map(shown, pages))) == ink("".join(lines))


@THOROUGH
@given(CODE, st.sampled_from(["", "py", "diff"]))
def test_code_in_is_code_out(code: str, language: str) -> None:
    for blocks in ([Code(code, language)], [Prose(f"Look:\n\n~~~{language}\n{code}\n~~~")]):
        pages = DIALECT.pages(blocks)

        check(pages)
        kept = "\n".join(found[2] for page in pages for found in FENCE.finditer(page))
        assert lines_of_code(kept) == lines_of_code(code)


@THOROUGH
@given(PROSE.map(apart))
def test_what_is_shown_is_what_was_written(source: str) -> None:
    written = "".join(page.text for page in SCRIBE.pages([Prose(source)]))
    pages = DIALECT.pages([Prose(source)])

    check(pages)
    assert ink("".join(map(shown, pages))) == ink(written)


@THOROUGH
@given(LONG_PROSE.map(apart))
def test_long_texts_are_cut_within_the_limit(source: str) -> None:
    written = "".join(page.text for page in SCRIBE.pages([Prose(source)]))
    pages = DIALECT.pages([Prose(source)])

    check(pages)
    assert ink("".join(map(shown, pages))) == ink(written)


@THOROUGH
@given(BLOCKS)
def test_every_page_of_every_card_is_within_the_limit(blocks: list[Block]) -> None:
    pages = DIALECT.pages(blocks)
    tail = DIALECT.tail(blocks)

    check(pages)
    check(() if tail is None else (tail,))
    assert tail is None or pages
