"""Articles (rich messages): when an answer is one, how it looks, and that nothing is lost where one is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.adapters.telegram.article import Article
from openacp_bot.adapters.telegram.article_call import rich_message
from openacp_bot.adapters.telegram.article_dialect import ArticleDialect, Written
from openacp_bot.adapters.telegram.pen import TelegramPen
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.pen import Forbidden, Manner, Retry
from openacp_bot.core.inbound import Choice
from openacp_bot.core.model import Blob, ThreadRef
from tests.chat.markdown_reader import ink, sendable, visible
from tests.chat.texts import BLOCKS, LONG_PROSE, PROSE, THOROUGH, may_be_unparsed
from tests.sims.connect import connected
from tests.sims.telegram import Chat, Message, Telegram, User, refuse
from tests.sims.telegram.rich_blocks import check as check_blocks
from tests.sims.telegram.rich_blocks import flat

DIALECT = ArticleDialect(has_articles=True)
LONG = "\n\n".join(f"Paragraph {number} " + "word " * 100 for number in range(20))
TABLE = "| name | size |\n|---|--:|\n| `a.py` | 1 |\n| **b** |  |"


def article(*blocks: Block) -> Article:
    (page,) = DIALECT.pages(blocks)
    assert isinstance(page, Article)
    return page


def drawn(*blocks: Block) -> list[dict[str, Any]]:
    """As it goes to Telegram, which takes it."""
    return blocks_of(article(*blocks))


def blocks_of(page: Article) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rich_message(page).model_dump(mode="json", exclude_none=True)["blocks"]
    odd: list[str] = []
    check_blocks(found, odd.append)
    assert odd == []
    return found


# --- which of the two ------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["done", "**bold** and `code`", "- a\n- b", "```sh\nls\n```", "> quoted"])
def test_short_and_simple_answers_are_texts(source: str) -> None:
    (page,) = DIALECT.pages([Prose(source)])

    assert isinstance(page, Rich)


@pytest.mark.parametrize("source", ["# Title\n\nwords", TABLE, LONG])
def test_headings_tables_and_long_answers_are_articles(source: str) -> None:
    assert article(Prose(source))


def test_nothing_is_an_article_where_it_was_not_asked_for() -> None:
    pages = ArticleDialect(has_articles=False).pages([Prose(LONG)])

    assert len(pages) > 1 and all(isinstance(page, Rich) for page in pages)


def test_what_grows_is_a_text() -> None:
    assert isinstance(DIALECT.tail([Prose(f"# Title\n\n{LONG}")]), Rich)


def test_without_visible_text_there_is_no_page() -> None:
    assert DIALECT.pages([Prose("# \n\n"), Line(" "), Quote("\n")]) == ()


# --- what it looks like ----------------------------------------------------------------------------


def test_headings_lists_quotes_code_and_rules() -> None:
    source = (
        "# One\n\n## Two *slanted*\n\n1. first\n2. second\n   - deeper\n\n- [x] done\n- [ ] open\n\n> said\n\n---\n\n"
        "```python\nx = 1\n\ny = 2\n```"
    )
    one, two, numbered, tasks, quote, rule, code = drawn(Prose(source))

    assert one == {"type": "heading", "text": "One", "size": 1}
    assert two == {"type": "heading", "text": ["Two ", {"type": "italic", "text": "slanted"}], "size": 2}
    assert [item["value"] for item in numbered["items"]] == [1, 2]
    assert numbered["items"][1]["blocks"][1]["type"] == "list"
    assert [(item["has_checkbox"], item.get("is_checked", False)) for item in tasks["items"]] == [
        (True, True),
        (True, False),
    ]
    assert flat(tasks["items"][0]["blocks"][0]["text"]) == "done"
    assert quote == {"type": "blockquote", "blocks": [{"type": "paragraph", "text": "said"}]}
    assert rule == {"type": "divider"}
    assert code == {"type": "pre", "text": "x = 1\n\ny = 2", "language": "python"}


def test_tables_have_a_head_sides_and_visible_empty_cells() -> None:
    (table,) = drawn(Prose(TABLE))

    head, first, second = table["cells"]
    assert [cell["is_header"] for cell in head] == [True, True]
    assert [cell["align"] for cell in first] == ["left", "right"]
    assert first[0]["text"] == {"type": "code", "text": "a.py"}
    assert flat(second[1]["text"]) == "\u00a0"


def test_links_lead_to_safe_places_only() -> None:
    (_, text) = drawn(Prose("# x\n\n[good](https://a.b/c) [bad](javascript:x)"))

    assert text["text"][0] == {"type": "url", "text": "good", "url": "https://a.b/c"}
    assert flat(text["text"]) == "good bad (javascript:x)"


def test_tool_output_opens_with_a_tap_under_its_name() -> None:
    blocks = (
        Prose(f"# Work\n\n{LONG}"),
        Quote("🔧 ls"),
        Line("Result", Tone.FAINT),
        Code("a\nb", folded=True),
        Code("alone", folded=True),
        Quote("thought", folded=True),
    )
    *_, strip, result, alone, thought = drawn(*blocks)

    assert strip["type"] == "blockquote"
    assert result == {"type": "details", "summary": "Result", "blocks": [{"type": "pre", "text": "a\nb"}]}
    assert alone == {"type": "expandable_blockquote", "text": {"type": "code", "text": "alone"}}
    assert thought["type"] == "expandable_blockquote"


def test_a_mirrored_prompt_is_quoted_whole_under_its_heading() -> None:
    *_, quote = drawn(Prose("# x"), Quote("Bob, on the page\ndo it\nnow", strong_first=True))

    assert quote["blocks"][0]["text"] == [{"type": "bold", "text": "Bob, on the page"}, "\ndo it\nnow"]


def test_lines_of_ours_stand_close() -> None:
    *_, text = drawn(
        Prose("# x"), Line("✅ 3 s", Tone.STRONG), Link("more", "https://a.b"), Item("🟢", "one", "now", "https://c.d")
    )

    assert flat(text["text"]) == "✅ 3 s\nmore\n🟢 one — now"


def test_one_article_holds_what_eight_texts_would() -> None:
    source = "\n\n".join(f"Paragraph {number} " + "word " * 190 for number in range(32))
    assert len(ArticleDialect(has_articles=False).pages([Prose(source)])) >= 8

    assert len(article(Prose(source)).text) > 30_000


@pytest.mark.parametrize(
    "source",
    [
        "```\n" + "a line of code\n" * 6000 + "```",
        "\n".join(f"- item {number}" for number in range(900)),
        "| a | b |\n|---|---|\n" + "\n".join(f"| row {number} | x |" for number in range(1200)),
        "# Title\n" + LONG * 8,
    ],
)
def test_what_one_cannot_hold_goes_on_in_the_next(source: str) -> None:
    pages = DIALECT.pages([Prose(source)])

    assert len(pages) > 1
    for page in pages:
        assert isinstance(page, Article)
        blocks_of(page)
    for one in (f"item {number}" for number in range(900)):
        assert one not in source or any(one in page.text for page in pages)


def test_a_table_of_too_many_columns_is_a_text() -> None:
    wide = "|" + " x |" * 21 + "\n|" + "---|" * 21 + "\n|" + " y |" * 21

    assert all(isinstance(page, Rich) for page in DIALECT.pages([Prose(wide)]))


@given(source=st.one_of(PROSE, LONG_PROSE).map(lambda text: f"# x\n\n{text}"))
@THOROUGH
def test_no_sign_of_the_source_is_lost(source: str) -> None:
    pages = DIALECT.pages([Prose(source)])

    for page in pages:
        if isinstance(page, Article):
            blocks_of(page)
    if read(pages) == ink(sendable(source)) and may_be_unparsed(source):  # then it is shown as it is
        return
    if len(pages) == 1 and isinstance(pages[0], Article):
        assert _without_marks(read(pages)) == _without_marks(visible(source))
    else:  # the head of a table that goes on in the next one is repeated
        assert not Counter(_without_marks(visible(source))) - Counter(read(pages))


@given(blocks=BLOCKS)
@THOROUGH
def test_any_blocks_come_within_the_limits_and_whole(blocks: list[Block]) -> None:
    pages = DIALECT.pages([Prose("# x"), *blocks])

    for page in pages:
        if isinstance(page, Article):
            blocks_of(page)
            plain = DIALECT.plain(page)
            assert isinstance(plain, Article) and ink(plain.text) == ink(page.text)
            blocks_of(plain)
    text = read(pages)
    for block in blocks:
        if isinstance(block, Quote | Code) and all(isinstance(page, Article) for page in pages):
            assert ink(sendable(block.text)) in text


def read(pages: tuple[Written, ...]) -> str:
    return ink("".join(page.text for page in pages))


def _without_marks(text: str) -> str:
    """Apps number lists, and draw boxes, by themselves."""
    unboxed = text.replace("[x]", "").replace("[X]", "").replace("[]", "")
    return "".join(sign for sign in unboxed if not sign.isdigit() and sign != ".")


# --- said ------------------------------------------------------------------------------------------


@pytest.fixture
async def pen(telegram: Telegram) -> AsyncIterator[TelegramPen]:
    async with connected(telegram) as bot:
        yield TelegramPen(bot, streams=True, has_articles=True)


def at(chat: Chat) -> ThreadRef:
    return ThreadRef("telegram", str(chat.id))


def only(telegram: Telegram, chat: Chat) -> Message:
    (message,) = telegram.sent(chat)
    return message


async def test_an_article_is_sent_with_its_buttons(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    question = article(Prose("# Title\n\nwords"))
    await pen.send(at(work), question, ((Choice("Go", "m.1"),),), Manner(rings=True))

    message = only(telegram, work)
    assert message.rich and message.text == "Title\nwords" and message.labels == ["Go"] and message.rings


async def test_a_text_becomes_an_article_and_a_text_again(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    number = await pen.send(at(work), Rich("growing"), (), Manner())

    await pen.edit(at(work), number, article(Prose("# Whole")))
    await pen.edit(at(work), number, article(Prose("# Whole")))
    assert only(telegram, work).rich and only(telegram, work).text == "Whole"
    await pen.edit(at(work), number, Rich("short"))
    assert not only(telegram, work).rich and only(telegram, work).text == "short"


async def test_an_article_as_a_caption_is_its_text(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    await pen.send_file(at(work), Blob("a.txt", "text/plain", "eA=="), article(Prose("# Title")), (), Manner())

    assert only(telegram, work).text == "Title"


async def test_a_server_without_articles_gets_texts_from_then_on(
    pen: TelegramPen, telegram: Telegram, work: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.fail("sendRichMessage", how=refuse(404, "Not Found: method not found"))
    with pytest.raises(Retry):
        await pen.send(at(work), article(Prose("# Title")), (), Manner(rings=True))

    assert all(isinstance(page, Rich) for page in pen.dialect.pages([Prose("# Title"), Prose(LONG)]))
    assert caplog.text.count("knows no rich messages") == 1


async def test_a_server_that_overlooks_the_article_of_an_edit_gets_texts(
    pen: TelegramPen, telegram: Telegram, work: Chat
) -> None:
    number = await pen.send(at(work), Rich("growing"), (), Manner())
    telegram.fail("editMessageText", how=refuse(400, "Bad Request: message text is empty"))
    with pytest.raises(Retry):
        await pen.edit(at(work), number, article(Prose("# Title")))

    assert all(isinstance(page, Rich) for page in pen.dialect.pages([Prose("# Title")]))


async def test_an_article_that_is_refused_is_cut_into_texts_and_others_go_on(
    pen: TelegramPen, telegram: Telegram, work: Chat
) -> None:
    telegram.fail("sendRichMessage", how=refuse(400, "Bad Request: RICH_MESSAGE_EMAIL_INVALID"))
    with pytest.raises(Retry):
        await pen.send(at(work), article(Prose("# Bad")), (), Manner(rings=True))

    assert [type(page) for page in pen.dialect.pages([Prose("# Bad")])] == [Rich]
    assert [type(page) for page in pen.dialect.pages([Prose("# Good")])] == [Article]


async def test_where_nothing_may_be_said_an_article_is_not_at_fault(
    pen: TelegramPen, telegram: Telegram, alice: User
) -> None:
    telegram.block_bot(alice)
    with pytest.raises(Forbidden):
        await pen.send(at(telegram.private(alice)), article(Prose("# Title")), (), Manner(rings=True))

    assert [type(page) for page in pen.dialect.pages([Prose("# Title")])] == [Article]


def test_pages_follow_each_other_in_order() -> None:
    pages = DIALECT.pages([Prose("\n\n".join(f"# Head {number:03}\n\n" + "x " * 400 for number in range(120)))])

    numbers = [int(line[5:]) for page in pages for line in page.text.splitlines() if line.startswith("Head ")]
    assert all(two == one + 1 for one, two in pairwise(numbers)) and len(numbers) == 120
