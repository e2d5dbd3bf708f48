"""The simulator's text rules through the real aiogram: what is refused, in whose words, and what then stands."""

from __future__ import annotations

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from tests.sims.telegram import Chat, Telegram

pytestmark = pytest.mark.wall_clock


REFUSED_HTML = {
    "a < b": 'can\'t parse entities: Unsupported start tag "" at byte offset 2',
    "x<br/>": 'can\'t parse entities: Unsupported start tag "br/" at byte offset 1',
    "<b": "can't parse entities: Unclosed start tag at byte offset 0",
    "<i a=": 'can\'t parse entities: Unclosed start tag "i" at byte offset 0',
    "é<b>x</i>": 'can\'t parse entities: Unmatched end tag at byte offset 6, expected "</b>", found "</i>"',
    "</b>": "can't parse entities: Unexpected end tag at byte offset 0",
    "<b>x</b": "can't parse entities: Unclosed end tag at byte offset 4",
    "<pre><code>x</code>": "can't parse entities: Can't find end tag corresponding to start tag \"pre\"",
    "<span>x</span>": 'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset 0',
    "<i =x>": 'can\'t parse entities: Empty attribute name in the tag "i" at byte offset 0',
}
REFUSED_MARKDOWN_V2 = {
    "the end.": "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    "a > b": "can't parse entities: Character '>' is reserved and must be escaped with the preceding '\\'",
    "é *bold": "can't parse entities: Can't find end of Bold entity at byte offset 3",
    "`code": "can't parse entities: Can't find end of Code entity at byte offset 0",
    "```py\nx": "can't parse entities: Can't find end of Pre entity at byte offset 0",
    "[a](http://x.y": "can't parse entities: Can't find end of a URL at byte offset 3",
}
STANDING_HTML = {
    "<b>a<i>b</i></b> &lt;&#33;&ge;": "<b>a<i>b</i></b> &lt;!&amp;ge;",
    '<pre><code class="language-py">x = 1</code></pre>': '<pre><code class="language-py">x = 1</code></pre>',
    "<blockquote expandable>long</blockquote>": "<blockquote expandable>long</blockquote>",
    '<a href="https://example.org/">here</a>': '<a href="https://example.org/">here</a>',
    "  \n <u>x</u> \n ": "<u>x</u>",
    "👩🏽‍💻<s>y</s>": "👩🏽‍💻<s>y</s>",
}
STANDING_MARKDOWN_V2 = {
    "*a _b_* __c__ ~d~ ||e||": "<b>a <i>b</i></b> <u>c</u> <s>d</s> <tg-spoiler>e</tg-spoiler>",
    "```py\nx = 1\n``` `a\\`b`": '<pre><code class="language-py">x = 1\n</code></pre> <code>a`b</code>',
    ">a\n>b\nc": "<blockquote>a\nb</blockquote>\nc",
    ">a\n>b||": "<blockquote expandable>a\nb</blockquote>",
    "[a](https://x.y/\\)) \\.": '<a href="https://x.y/)">a</a> .',
}


@pytest.mark.parametrize("source", REFUSED_HTML)
async def test_broken_html_is_refused(sim: Telegram, bot: Bot, source: str) -> None:
    await _is_refused(sim, bot, source, "HTML", REFUSED_HTML[source])


@pytest.mark.parametrize("source", REFUSED_MARKDOWN_V2)
async def test_broken_markdown_v2_is_refused(sim: Telegram, bot: Bot, source: str) -> None:
    await _is_refused(sim, bot, source, "MarkdownV2", REFUSED_MARKDOWN_V2[source])


async def test_broken_legacy_markdown_is_refused(sim: Telegram, bot: Bot) -> None:
    words = "can't parse entities: Can't find end of the entity starting at byte offset 2"
    await _is_refused(sim, bot, "a _b", "Markdown", words)


@pytest.mark.parametrize("source", STANDING_HTML)
async def test_html_is_shown(sim: Telegram, bot: Bot, source: str) -> None:
    assert await _shown(sim, bot, source, "HTML") == STANDING_HTML[source]
    assert not sim.oddities


@pytest.mark.parametrize("source", STANDING_MARKDOWN_V2)
async def test_markdown_v2_is_shown(sim: Telegram, bot: Bot, source: str) -> None:
    assert await _shown(sim, bot, source, "MarkdownV2") == STANDING_MARKDOWN_V2[source]
    assert not sim.oddities


async def test_legacy_markdown_is_shown(sim: Telegram, bot: Bot) -> None:
    shown = await _shown(sim, bot, "*a* _b_ `c_` \\_ [d](https://x.y)", "Markdown")
    assert shown == '<b>a</b> <i>b</i> <code>c_</code> _ <a href="https://x.y">d</a>'


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("", None, "message text is empty"),
        (" \n ", None, "text must be non-empty"),
        ("<b></b>", "HTML", "text must be non-empty"),
        ("x" * 4097, None, "message is too long"),
        ("x" * 32769, None, "text is too long"),
        ("x", "RTF", "unsupported parse_mode"),
    ],
)
async def test_a_text_has_its_limits(sim: Telegram, bot: Bot, text: str, mode: str | None, words: str) -> None:
    await _is_refused(sim, bot, text, mode, words)


async def test_the_length_is_counted_after_parsing_and_trimming(sim: Telegram, bot: Bot) -> None:
    assert await _shown(sim, bot, "<b>" + "x" * 4096 + "</b>  ", "HTML") == "<b>" + "x" * 4096 + "</b>"


@pytest.mark.parametrize(
    ("offset", "length", "words"),
    [
        (0, 9, "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 4"),
        (2, 2, "entity begins in a middle of a UTF-16 symbol at byte offset 2"),
        (0, 2, "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at 2"),
    ],
)
async def test_an_entity_must_lie_on_characters(sim: Telegram, bot: Bot, offset: int, length: int, words: str) -> None:
    entity = MessageEntity(type="bold", offset=offset, length=length)
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(_ann(sim), "a😀b", entities=[entity])
    assert sim.oddities == [words]


async def test_characters_that_vanish_move_the_entities(sim: Telegram, bot: Bot) -> None:
    entities = [MessageEntity(type="bold", offset=4, length=4)]
    await bot.send_message(_ann(sim), "a\r\nbc\u202ed\x07e", entities=entities)
    assert sim.html(sim.messages(_chat(sim))[0]) == "a\nb<b>cd </b>e"


@pytest.mark.parametrize(
    "inner",
    [("code", "bold"), ("pre", "italic"), ("blockquote", "expandable_blockquote"), ("bold", "bold"), ("bold", "code")],
)
async def test_wrong_nesting_is_mended_and_noted(sim: Telegram, bot: Bot, inner: tuple[str, str]) -> None:
    entities = [MessageEntity(type=kind, offset=n, length=4 - n) for n, kind in enumerate(inner)]

    await bot.send_message(_ann(sim), "abcd", entities=entities)

    assert [entity.type for entity in sim.messages(_chat(sim))[0].entities] == [inner[0]]
    assert len(sim.oddities) == 1


async def test_the_hundred_and_first_entity_is_dropped(sim: Telegram, bot: Bot) -> None:
    entities = [MessageEntity(type="bold", offset=2 * n, length=1) for n in range(101)]

    await bot.send_message(_ann(sim), "ab" * 101, entities=entities)

    assert len(sim.messages(_chat(sim))[0].entities) == 100
    assert sim.oddities == ["101 entities; those after the first 100 are dropped"]


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "a", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "a"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "a", "callback_data": ""}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": " ", "callback_data": "x"}, 'Field "text" must be non-empty'),
        ({"text": "a", "callback_data": "x", "style": "pink"}, "invalid button style specified"),
        ({"text": "a", "url": "http://localhost:8765/"}, "Wrong HTTP URL"),
        ({"text": "a", "url": "ftp://example.org"}, "Unsupported URL protocol"),
    ],
)
async def test_a_button_is_checked(sim: Telegram, bot: Bot, button: dict[str, str], words: str) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton.model_validate(button)]])
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(_ann(sim), "x", reply_markup=keyboard)


async def test_a_keyboard_holds_a_hundred_buttons(sim: Telegram, bot: Bot) -> None:
    rows = [[InlineKeyboardButton(text=str(n), callback_data=str(n))] for n in range(101)]
    await bot.send_message(_ann(sim), "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows[:100]))
    with pytest.raises(TelegramBadRequest, match="REPLY_MARKUP_TOO_LONG"):
        await bot.send_message(_ann(sim), "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))


def _ann(sim: Telegram) -> int:
    return next((user.id for user in sim.users.values() if user.first_name == "Ann"), 0) or sim.person("Ann").id


def _chat(sim: Telegram) -> Chat:
    return sim.private(sim.users[_ann(sim)])


async def _is_refused(sim: Telegram, bot: Bot, source: str, mode: str | None, words: str) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await bot.send_message(_ann(sim), source, parse_mode=mode)
    assert refused.value.message == f"Bad Request: {words}"
    assert not sim.messages(_chat(sim))


async def _shown(sim: Telegram, bot: Bot, source: str, mode: str) -> str:
    await bot.send_message(_ann(sim), source, parse_mode=mode)
    return sim.html(sim.messages(_chat(sim))[0])
