"""Chats, messages, presses and commands of the simulator through the real aiogram."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat, TelegramNotFound
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
)
from aiohttp import ClientSession

from tests.sims.connect import connected, refused
from tests.sims.telegram import GROUP_RIGHTS, Telegram, refuse
from tests.sims.telegram.world import Member

pytestmark = pytest.mark.wall_clock
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="Allow", callback_data="m.1", style="success")]]
)


async def test_unknown_chats_and_closed_doors_are_told_apart(sim: Telegram, bot: Bot) -> None:
    ann, bob, group = sim.person("Ann"), sim.person("Bob", started=False), sim.supergroup("Team")

    await refused(bot.send_message(4711, "x"), "chat not found")
    await refused(bot.send_message("@nobody", "x"), "chat not found")
    await refused(bot.send_message(bob.id, "x"), "bot can't initiate conversation with a user")
    sim.block_bot(ann)
    await refused(bot.send_message(ann.id, "x"), "bot was blocked by the user")
    ann.deactivated = True
    await refused(bot.send_message(ann.id, "x"), "user is deactivated")
    sim.set_member(group, Member(sim.bot, "restricted"))
    await refused(bot.send_message(group.id, "x"), "not enough rights to send text messages to the chat")
    sim.set_member(group, Member(sim.bot, "left"))
    await refused(bot.send_message(group.id, "x"), "bot is not a member of the supergroup chat")
    sim.kick_bot(group)
    await refused(bot.send_message(group.id, "x"), "bot was kicked from the supergroup chat")
    group.deleted = True
    await refused(bot.send_message(group.id, "x"), "the group chat was deleted")
    assert not sim.oddities


async def test_a_migrated_group_names_its_new_id(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    old = sim.group("Team", ann)
    new = sim.migrate(old)

    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(old.id, "x")

    assert moved.value.migrate_to_chat_id == new.id
    updates = await bot.get_updates()
    assert [update.message and update.message.migrate_to_chat_id for update in updates] == [new.id, None]
    assert updates[1].message and updates[1].message.migrate_from_chat_id == old.id


async def test_an_edit_keeps_what_it_says_and_drops_the_keyboard(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    sent = await bot.send_message(chat.id, "one", reply_markup=KEYBOARD, disable_notification=True)

    await bot.edit_message_text("two", chat_id=chat.id, message_id=sent.message_id)

    (message,) = sim.messages(chat)
    assert (message.text, message.labels, message.rings) == ("two", [], False)
    assert [(look.text, len(look.keyboard)) for look in message.looks] == [("one", 1), ("two", 0)]


async def test_edits_that_telegram_refuses(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    mine = await bot.send_message(chat.id, "<b>x</b>", parse_mode="HTML", reply_markup=KEYBOARD)
    theirs = sim.say(ann, chat, "y")

    def edit(number: int, text: str = "z") -> Awaitable[Message | bool]:
        return bot.edit_message_text(text, chat_id=chat.id, message_id=number, parse_mode="HTML", reply_markup=KEYBOARD)

    await refused(
        edit(mine.message_id, "<b>x</b> "),
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message",
    )
    await refused(edit(4711), "message to edit not found")
    await refused(edit(theirs.id), "message can't be edited")
    await refused(bot.edit_message_caption(chat_id=chat.id, message_id=mine.message_id, caption="c"),
                  "there is no caption in the message to edit")  # fmt: skip
    await bot.delete_message(chat.id, mine.message_id)
    await refused(edit(mine.message_id), "message to edit not found")
    await refused(bot.delete_message(chat.id, mine.message_id), "message to delete not found")


async def test_a_reply_needs_its_message(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    theirs = sim.say(ann, chat, "hello there")

    await refused(bot.send_message(chat.id, "x", reply_parameters=ReplyParameters(message_id=99)),
                  "message to be replied not found")  # fmt: skip
    await bot.send_message(
        chat.id, "x", reply_parameters=ReplyParameters(message_id=99, allow_sending_without_reply=True)
    )
    sent = await bot.send_message(chat.id, "x", reply_parameters=ReplyParameters(message_id=theirs.id, quote="there"))

    assert sent.reply_to_message and sent.reply_to_message.message_id == theirs.id
    assert sent.quote and sent.quote.text == "there"


async def test_deleting_and_pinning_need_rights(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    group = sim.supergroup("Team", ann, rights=None)
    theirs = sim.say(ann, group, "x")

    await refused(bot.delete_message(group.id, theirs.id), "message can't be deleted")
    await refused(bot.pin_chat_message(group.id, theirs.id),
                  "not enough rights to manage pinned messages in the chat")  # fmt: skip
    sim.grant(group, GROUP_RIGHTS)
    await bot.pin_chat_message(group.id, theirs.id)
    shown = await bot.get_chat(group.id)
    assert shown.pinned_message and shown.pinned_message.message_id == theirs.id
    await bot.unpin_chat_message(group.id, message_id=theirs.id)
    await bot.delete_messages(group.id, [theirs.id, 4711])
    assert theirs.deleted


async def test_a_press_is_answered_once_and_in_time(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    await bot.send_message(chat.id, "may I?", reply_markup=KEYBOARD)
    late = "query is too old and response timeout expired or query ID is invalid"
    press, old = (sim.press(ann, sim.messages(chat)[0], "Allow") for _ in range(2))
    (update, _) = await bot.get_updates()
    query = update.callback_query
    assert query and query.id == press.id and query.data == "m.1" and query.message

    await refused(bot.answer_callback_query(query.id, text="x" * 201), "MESSAGE_TOO_LONG")
    await bot.answer_callback_query(query.id, text="done", show_alert=True)

    answer = await press.answered()
    assert (answer.text, answer.alert) == ("done", True)
    await refused(bot.answer_callback_query(query.id), late)
    old.expired = True
    await refused(bot.answer_callback_query(old.id), late)
    await refused(bot.answer_callback_query("1"), late)


async def test_reactions_and_actions_are_from_a_list(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    theirs = sim.say(ann, chat, "x")

    def react(*emoji: str) -> Awaitable[bool]:
        return bot.set_message_reaction(chat.id, theirs.id, [ReactionTypeEmoji(emoji=one) for one in emoji])

    await refused(react("🦀"), "REACTION_INVALID")
    await refused(react("👀", "👍"), "REACTIONS_TOO_MANY")
    await react("👀")
    await refused(bot.send_chat_action(chat.id, "thinking"), "wrong parameter action in request")
    await bot.send_chat_action(chat.id, "typing")
    assert theirs.reactions[sim.bot.id] == ("👀",)
    assert [typing.action for typing in sim.typing] == ["typing"]


async def test_commands_have_rules_and_scopes(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    group = sim.forum("Team", ann)

    def commands(*names: str, description: str = "does it") -> list[BotCommand]:
        return [BotCommand(command=name, description=description) for name in names]

    await refused(bot.set_my_commands(commands("New")), "BOT_COMMAND_INVALID")
    await refused(bot.set_my_commands(commands("new", description=" ")), "command description must be non-empty")
    await refused(bot.set_my_commands(commands(*(f"c{n}" for n in range(101)))), "BOT_COMMANDS_TOO_MUCH")
    await bot.set_my_commands(commands("help"))
    await bot.set_my_commands(commands("new"), scope=BotCommandScopeAllGroupChats())
    await bot.set_my_commands(commands("mine"), scope=BotCommandScopeChat(chat_id=ann.id))

    assert sim.menu(ann, sim.private(ann)) == ["mine"]
    assert sim.menu(ann, group) == ["new"]
    assert [command.command for command in await bot.get_my_commands()] == ["help"]
    await bot.delete_my_commands(scope=BotCommandScopeAllGroupChats())
    assert sim.menu(ann, group) == ["help"]


async def test_privacy_mode_hides_talk_among_people() -> None:
    async with Telegram(privacy=True) as sim, connected(sim) as bot:
        ann = sim.person("Ann")
        group = sim.supergroup("Team", ann, rights=None)
        mine = await bot.send_message(group.id, "hello")

        sim.say(ann, group, "hi all")
        sim.say(ann, group, "/new@other_bot")
        heard = [
            sim.say(ann, group, "/new"),
            sim.say(ann, group, f"/new@{sim.bot.username} x"),
            sim.say(ann, group, "yes", reply_to=group.messages[mine.message_id]),
        ]

        updates = [update.message for update in await bot.get_updates()]
        assert [message.message_id for message in updates if message] == [message.id for message in heard]


async def test_anonymous_admins_channels_edits_reactions_and_inline(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    forum, channel = sim.forum("Team", ann), sim.channel("News", ann)
    await bot.get_updates(
        allowed_updates=["message", "edited_message", "channel_post", "message_reaction", "inline_query"]
    )

    said = sim.say(ann, forum, "/new x")
    sim.edit(said, "/new y")
    sim.forward(ann, said, forum)
    sim.say_anonymously(forum, "boo")
    sim.post_in_channel(channel, "news")
    sim.react(ann, said, "👍")
    asked = sim.ask_inline(ann, "find")

    first, edited, forwarded, anonymous, post, reaction, inline = await bot.get_updates()
    assert first.message and first.message.entities and first.message.entities[0].type == "bot_command"
    assert edited.edited_message and edited.edited_message.text == "/new y"
    assert forwarded.message and forwarded.message.forward_origin
    assert anonymous.message and anonymous.message.from_user and anonymous.message.from_user.id == 1087968824
    assert anonymous.message.sender_chat and anonymous.message.sender_chat.id == forum.id
    assert post.channel_post and post.channel_post.from_user is None
    assert reaction.message_reaction and reaction.message_reaction.message_id == said.id
    assert inline.inline_query and inline.inline_query.query == "find"
    await bot.answer_inline_query(asked, [])
    assert sim.inline_answers[asked] == {"results": []}


async def test_memberships_can_be_asked_and_are_told(sim: Telegram, bot: Bot) -> None:
    ann, bob = sim.person("Ann"), sim.person("Bob")
    forum = sim.forum("Team", ann, bob)

    assert (await bot.get_chat(forum.id)).is_forum
    assert {member.user.id for member in await bot.get_chat_administrators(forum.id)} == {ann.id, sim.bot.id}
    assert (await bot.get_chat_member(forum.id, bob.id)).status == "member"
    await refused(bot.get_chat_member(forum.id, 4711), "user not found")
    sim.grant(forum, None)
    sim.kick_bot(forum)

    changes = [update.my_chat_member for update in await bot.get_updates()]
    statuses = [(change.old_chat_member.status, change.new_chat_member.status) for change in changes if change]
    assert statuses == [("administrator", "member"), ("member", "kicked")]


async def test_an_ephemeral_message_goes_to_one_person_who_just_wrote(sim: Telegram, bot: Bot) -> None:
    ann, bob = sim.person("Ann"), sim.person("Bob")
    group = sim.supergroup("Team", ann, bob)
    sim.say(ann, group, "/help")

    sent = await bot.send_message(group.id, "only you", receiver_user_id=ann.id)

    assert (sent.message_id, sim.sent(group)[0].receiver) == (0, ann)
    await refused(bot.send_message(group.id, "x", receiver_user_id=bob.id), "EPHEMERAL_MESSAGE_NOT_ALLOWED")
    await bot.edit_ephemeral_message_text(group.id, ann.id, sent.ephemeral_message_id or 0, text="changed")
    assert sim.sent(group)[0].text == "changed"


async def test_addresses_and_unknown_things(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    async with connected(sim, "1:wrong") as stranger:
        with pytest.raises(Exception, match="Unauthorized"):
            await stranger.get_me()
    with pytest.raises(TelegramNotFound, match="Not Found: method not found"):
        await bot.send_poll(chat.id, "?", ["a", "b"])
    assert sim.oddities == ["unknown method: sendPoll"]

    async with (
        ClientSession() as plain,
        plain.get(
            f"{sim.url}/bot{sim.token}/SENDMESSAGE", params={"chat_id": chat.id, "text": "x", "colour": "red"}
        ) as answer,
    ):
        assert (await answer.json())["ok"]
    address = f"{sim.url}/bot{sim.token}/sendMessage"
    async with ClientSession() as plain, plain.post(address, json={"chat_id": chat.id, "text": "json"}) as answer:
        assert (await answer.json())["result"]["text"] == "json"
    async with ClientSession() as plain, plain.get(f"{sim.url}/elsewhere") as answer:
        assert (answer.status, (await answer.json())["description"]) == (404, "Not Found")
    assert sim.oddities[1:] == ["unknown parameter of sendMessage: colour"]


async def test_any_refusal_can_be_ordered(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    sim.fail("sendMessage", how=refuse(400, "Bad Request: CHAT_RESTRICTED"))
    await refused(bot.send_message(chat.id, "x"), "CHAT_RESTRICTED")
    await bot.send_message(chat.id, "x")


async def test_a_transcript_shows_what_people_see(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    forum = sim.forum("Team", ann)
    asked = sim.say(ann, forum, "1 < 2?")
    sent = await bot.send_message(
        forum.id, "*yes*", parse_mode="Markdown", reply_parameters=ReplyParameters(message_id=asked.id),
        disable_notification=True, reply_markup=KEYBOARD,
    )  # fmt: skip
    sim.send_file(ann, forum, name="a.txt", caption="see")

    assert sim.transcript(forum).splitlines() == [
        f"#{asked.id} Ann: 1 &lt; 2?",
        f"#{sent.message_id} Test Bot (silent) → {asked.id}: <b>yes</b>",
        "    [Allow]",
        f"#{sent.message_id + 1} Ann: <document a.txt> see",
    ]


async def test_typing_is_shown_until_a_message_comes(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    await bot.send_chat_action(chat.id, "typing")
    assert sim.is_typing(chat)
    await bot.send_message(chat.id, "x")
    assert not sim.is_typing(chat)
