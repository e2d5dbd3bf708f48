"""Pages as Telegram's messages: its entities, its measure, its limits."""

from __future__ import annotations

import pytest

from openacp_bot.adapters.telegram.rich import Entity, Kind, Rich, TelegramDialect
from openacp_bot.chat.blocks import Block, Code, Dialect, Line, Prose, Quote
from tests.telegram.rich_checks import check, covered, shown, units

DIALECT: Dialect[Rich] = TelegramDialect()


def page_of(*blocks: Block) -> Rich:
    (page,) = DIALECT.pages(blocks)
    check(page)
    return page


def test_every_style_is_one_of_telegrams() -> None:
    page = page_of(Prose("**a** *b* ~~c~~ `d` [e](https://e.org)\n\n> f\n\n```py\ng\n```"), Quote("h", folded=True))

    assert page.text == "a b c d e\n\nf\n\ng\n\nh"
    assert shown(page) == [
        ("bold", "a"),
        ("italic", "b"),
        ("strikethrough", "c"),
        ("code", "d"),
        ("text_link", "e"),
        ("blockquote", "f"),
        ("pre", "g"),
        ("expandable_blockquote", "h"),
    ]


@pytest.mark.parametrize(
    ("source", "text", "links"),
    [
        ("[a](https://e.org/x_y)", "a", {"a": "https://e.org/x_y"}),
        ("[a](tg://user?id=1)", "a", {"a": "tg://user?id=1"}),
        ("<me@e.org>", "me@e.org", {"me@e.org": "mailto:me@e.org"}),
        ("[a](javascript:alert)", "a (javascript:alert)", {}),
        ("[a](http://)", "a (http://)", {}),
        (f"[a](https://e.org/{'x' * 2035})", f"a (https://e.org/{'x' * 2035})", {}),
    ],
)
def test_links_lead_only_where_telegram_goes(source: str, text: str, links: dict[str, str]) -> None:
    page = page_of(Prose(source))

    assert page.text == text
    assert {covered(page, entity): entity.url for entity in page.entities if entity.kind is Kind.LINK} == links


def test_positions_count_utf16() -> None:
    page = page_of(Prose("👍🏽 **b** 日 *i*"))

    assert page.entities == (Entity(Kind.BOLD, 5, 1), Entity(Kind.ITALIC, 9, 1))


def test_code_folds_as_a_quote() -> None:
    page = page_of(Code("-a\n+b\n", "diff"), Code("out", folded=True))

    assert page.entities == (Entity(Kind.PRE, 0, 5, language="diff"), Entity(Kind.FOLDED, 6, 3))


@pytest.mark.parametrize("blocks", [[], [Prose(" \n\t")], [Line("\u200b\u2060")], [Code("\n"), Quote(" ")]])
def test_what_telegram_would_call_empty_is_no_message(blocks: list[Block]) -> None:
    assert DIALECT.pages(blocks) == ()
    assert DIALECT.tail(blocks) is None


def test_plain_keeps_the_characters() -> None:
    assert DIALECT.plain(page_of(Prose("**a** `b`"))) == Rich("a b")


def test_too_many_entities_for_little_text_lose_the_least_important() -> None:
    page = page_of(Prose("*i* " * 90 + "[l](https://e.org) " * 30))

    assert sum(entity.kind is Kind.LINK for entity in page.entities) == 30
    assert sum(entity.kind is Kind.ITALIC for entity in page.entities) == 70


def test_crowded_text_fills_its_pages() -> None:
    pages = DIALECT.pages([Prose("*word* " * 1500)])

    assert [len(page.entities) for page in pages] == [100, 100]


def test_a_tail_is_measured_in_utf16() -> None:
    tail = DIALECT.tail([Prose("👍 **b**\n\n" * 2000)])
    assert tail is not None
    check(tail)

    assert tail.text.startswith("…\n") and units(tail.text) > 3000
    assert {text for _, text in shown(tail)} == {"b"}
