"""Whatever an agent writes, every page is one that Telegram takes as it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.adapters.telegram.rich import READING, Rich, TelegramDialect
from openacp_bot.chat.blocks import Block, Prose
from openacp_bot.chat.styled.markdown import written
from tests.chat.markdown_reader import ink
from tests.chat.texts import BLOCKS, LONG_PROSE, PROSE, SOUP, THOROUGH
from tests.telegram.rich_checks import check

DIALECT = TelegramDialect()


@given(st.one_of(PROSE, LONG_PROSE))
@THOROUGH
def test_any_prose_makes_pages_that_telegram_takes_and_none_of_it_is_lost(source: str) -> None:
    pages = DIALECT.pages([Prose(source)])

    for page in pages:
        check(page)
    assert ink("".join(page.text for page in pages)) == ink(written(source, READING).text)


@given(BLOCKS)
@THOROUGH
def test_any_blocks_make_pages_that_telegram_takes(blocks: list[Block]) -> None:
    pages = DIALECT.pages(blocks)

    for page in pages:
        check(page)
        plain = DIALECT.plain(page)
        check(Rich(plain.text.lstrip(), plain.entities))  # which Telegram does itself where nothing is a code block
        assert plain.text == page.text


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
