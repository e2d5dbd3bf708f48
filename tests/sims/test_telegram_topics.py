"""Topics, drafts and rich messages of the simulator through the real aiogram."""

from __future__ import annotations

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import (
    ForumTopic,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputRichBlockList,
    InputRichBlockListItem,
    InputRichBlockParagraph,
    InputRichMessage,
    RichBlockList,
)

from tests.sims.connect import connected, refused
from tests.sims.telegram import GROUP_RIGHTS, Chat, Telegram
from tests.sims.telegram.world import Json

pytestmark = pytest.mark.wall_clock
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="Allow", callback_data="m.1", style="success")]]
)


async def test_a_topic_lives_by_its_created_message(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    forum = sim.forum("Team", ann)

    made = await bot.create_forum_topic(forum.id, "n" * 130, icon_color=7322096)
    answered = await bot.send_message(forum.id, "hi", message_thread_id=made.message_thread_id)
    asked = sim.say(ann, forum, "go", topic=made.message_thread_id)
    general = sim.say(ann, forum, "hello all")

    assert made.name == "n" * 128
    assert answered.is_topic_message and answered.reply_to_message
    assert answered.reply_to_message.message_id == made.message_thread_id
    assert answered.reply_to_message.forum_topic_created
    created, first, second = [update.message for update in await bot.get_updates()]
    assert created and created.forum_topic_created and created.from_user and created.from_user.id == sim.bot.id
    assert first and (first.message_id, first.message_thread_id) == (asked.id, made.message_thread_id)
    assert second and (second.message_id, second.message_thread_id) == (general.id, None)
    assert [message.text for message in sim.messages(forum, made.message_thread_id)] == ["hi", "go"]
    assert [message.text for message in sim.messages(forum, 1)] == ["hello all"]


async def test_topic_calls_that_telegram_refuses(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    forum, plain = sim.forum("Team", ann), sim.supergroup("Plain", ann)
    theirs = sim.open_topic(ann, forum, "By hand")

    await refused(bot.create_forum_topic(plain.id, "x"), "the chat is not a forum")
    await refused(bot.create_forum_topic(ann.id, "x"), "the chat is not a forum")
    await refused(bot.create_forum_topic(forum.id, " "), "name must be non-empty")
    await refused(bot.create_forum_topic(forum.id, "x", icon_color=1), "invalid icon color specified")
    await refused(bot.edit_forum_topic(forum.id, theirs.id, name="By hand"), "TOPIC_NOT_MODIFIED")
    await refused(bot.edit_forum_topic(forum.id, 4711, name="x"), "TOPIC_ID_INVALID")
    await refused(bot.reopen_forum_topic(forum.id, theirs.id), "TOPIC_NOT_MODIFIED")
    await refused(bot.send_message(forum.id, "x", message_thread_id=1), "message thread not found")
    await refused(bot.send_message(plain.id, "x", message_thread_id=7), "message thread not found")
    sim.grant(forum, None)
    await refused(bot.create_forum_topic(forum.id, "x"), "not enough rights to create a topic")
    await refused(bot.edit_forum_topic(forum.id, theirs.id, name="x"), "not enough rights to edit the topic")
    await refused(bot.close_forum_topic(forum.id, theirs.id), "not enough rights to close or open the topic")
    await refused(bot.delete_forum_topic(forum.id, theirs.id), "not enough rights to delete the topic")
    sim.close_topic(ann, forum, theirs)
    await refused(bot.send_message(forum.id, "x", message_thread_id=theirs.id), "TOPIC_CLOSED")
    sim.grant(forum, GROUP_RIGHTS)
    await bot.send_message(forum.id, "x", message_thread_id=theirs.id)
    assert not sim.oddities


async def test_a_topic_deleted_by_a_person_sends_no_update(sim: Telegram, bot: Bot) -> None:
    forum = sim.forum("Team", sim.person("Ann"))
    made = await _topic(bot, forum)
    await bot.get_updates(offset=-1)

    sim.delete_topic(forum, made.message_thread_id)

    assert len(await bot.get_updates()) == 1
    await refused(bot.send_message(forum.id, "x", message_thread_id=made.message_thread_id), "message thread not found")
    await refused(bot.edit_forum_topic(forum.id, made.message_thread_id, name="y"), "TOPIC_ID_INVALID")
    await refused(bot.send_chat_action(forum.id, "typing", message_thread_id=made.message_thread_id),
                  "message thread not found")  # fmt: skip


async def test_what_happens_to_topics_is_told_whoever_does_it(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    forum = sim.forum("Team", ann)
    made = await _topic(bot, forum)
    icons = await bot.get_forum_topic_icon_stickers()

    await bot.edit_forum_topic(
        forum.id, made.message_thread_id, name="Two", icon_custom_emoji_id=icons[0].custom_emoji_id
    )
    sim.rename_topic(ann, forum, made.message_thread_id, "Three")
    await bot.close_forum_topic(forum.id, made.message_thread_id)
    sim.reopen_topic(ann, forum, made.message_thread_id)

    _, *updates = [update.message for update in await bot.get_updates()]
    assert [message.content_type for message in updates if message] == [
        "forum_topic_edited", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    ]  # fmt: skip
    assert [topic.name for topic in sim.topics(forum)] == ["General", "Three"]


async def test_private_topics_and_drafts() -> None:
    async with Telegram(topics_in_private=True, draft_seconds=30) as sim, connected(sim) as bot:
        ann = sim.person("Ann")
        chat, forum = sim.private(ann), sim.forum("Team", ann)
        assert (await bot.get_me()).has_topics_enabled
        thread = (await bot.create_forum_topic(chat.id, "One")).message_thread_id

        await refused(bot.send_message_draft(chat.id, 0, text="x"), "invalid draft_id specified")
        await refused(bot.send_message_draft(forum.id, 1, text="x"), "TEXTDRAFT_PEER_INVALID")
        await bot.send_message_draft(chat.id, 1, message_thread_id=thread, text="gro", can_stop=True)
        await bot.send_message_draft(chat.id, 1, message_thread_id=thread, text="growing", can_stop=True)

        (draft,) = sim.drafts(chat)
        assert (draft.text, [text for _, text in draft.looks]) == ("growing", ["gro", "growing"])
        sim.stop_draft(ann, chat, draft)
        assert not sim.drafts(chat)
        stopped = (await bot.get_updates())[-1].stopped_message_generation
        assert stopped and (stopped.draft_id, stopped.message_thread_id) == (1, thread)


async def test_a_draft_vanishes_with_a_message_or_time() -> None:
    async with Telegram() as sim, connected(sim) as bot:
        chat = sim.private(sim.person("Ann"))
        await bot.send_message_draft(chat.id, 1, text="x")
        await bot.send_message(chat.id, "xyz")
        assert not sim.drafts(chat)

        await bot.send_message_draft(chat.id, 2, text="x")
        sim.draft_seconds = 0.0
        assert not sim.drafts(chat)


async def test_rich_messages_have_limits(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))

    sent = await bot.send_rich_message(chat.id, InputRichMessage(markdown="# Title\n\n| a | b |"))
    await bot.send_rich_message_draft(chat.id, 1, InputRichMessage(html="<h1>x</h1>"))
    await bot.edit_message_text(
        chat_id=chat.id, message_id=sent.message_id, rich_message=InputRichMessage(markdown="more")
    )

    assert sim.messages(chat)[0].rich == {"markdown": "more"}
    for rich, words in (
        (InputRichMessage(markdown="x" * 32769), "message is too long"),
        (InputRichMessage(), "RICH_MESSAGE_CONTENT_REQUIRED"),
        (InputRichMessage(markdown="x", html="x"), "exactly one of html, markdown and blocks must be specified"),
        (InputRichMessage(markdown="x\n\n" * 501), "RICH_MESSAGE_BLOCKS_TOO_MUCH"),
        (InputRichMessage(markdown="|" * 22), "RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH"),
    ):
        await refused(bot.send_rich_message(chat.id, rich), words)


def _nested(levels: int) -> Json:
    block: Json = {"type": "paragraph", "text": "x"}
    for _ in range(levels - 1):
        block = {"type": "blockquote", "blocks": [block]}
    return block


def _row(columns: int) -> list[Json]:
    return [{"text": "x", "align": "left", "valign": "top"} for _ in range(columns)]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (_nested(17), "RICH_MESSAGE_DEPTH_TOO_MUCH"),
        ({"type": "paragraph", "text": ""}, "RICH_MESSAGE_TEXT_EMPTY"),
        ({"type": "paragraph", "text": "x" * 32769}, "message is too long"),
        ({"type": "blockquote", "blocks": []}, "RICH_MESSAGE_CONTENT_REQUIRED"),
        ({"type": "marquee", "text": "x"}, "unsupported type 'marquee'"),
        ({"type": "thinking", "text": "x"}, "unsupported type 'thinking'"),
        ({"type": "heading", "text": "x"}, "Can't find field 'size'"),
        ({"type": "heading", "text": "x", "size": 7}, "wrong size of a heading"),
        ({"type": "paragraph", "text": {"type": "blink", "text": "x"}}, "unsupported type 'blink'"),
        ({"type": "paragraph", "text": {"type": "url", "text": "x", "url": "x"}}, "RICH_MESSAGE_URL_INVALID"),
        ({"type": "table", "cells": [_row(21)]}, "RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH"),
        ({"type": "table", "cells": [_row(1)] * 500}, "RICH_MESSAGE_BLOCKS_TOO_MUCH"),
        ({"type": "list", "items": [{"blocks": [_nested(1)]}] * 250}, "RICH_MESSAGE_BLOCKS_TOO_MUCH"),
        ({"type": "table", "cells": [[{"text": "x", "align": "up", "valign": "top"}]]}, "wrong alignment"),
    ],
)
async def test_blocks_are_checked(sim: Telegram, bot: Bot, block: Json, words: str) -> None:
    chat = sim.private(sim.person("Ann"))
    body = {"chat_id": chat.id, "rich_message": {"blocks": [block]}}
    url = f"/bot{sim.token}/sendRichMessage"
    async with aiohttp.ClientSession(sim.url) as client, client.post(url, json=body) as answer:
        assert answer.status == 400 and words in (await answer.json())["description"]

    assert not sim.sent(chat)


async def test_blocks_come_back_as_a_message_and_are_read_as_words(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    item = InputRichBlockListItem(blocks=[InputRichBlockParagraph(text="one")], value=1, type="1")
    sent = await bot.send_rich_message(chat.id, InputRichMessage(blocks=[InputRichBlockList(items=[item])]))

    assert sent.rich_message is not None
    (listing,) = sent.rich_message.blocks
    assert isinstance(listing, RichBlockList) and listing.items[0].label == "1."
    assert sim.sent(chat)[0].text == "1. one"


async def _topic(bot: Bot, forum: Chat) -> ForumTopic:
    return await bot.create_forum_topic(forum.id, "One")
