"""sendMessage and what all sending has in common; chat actions, reactions, deletions, pins."""

from __future__ import annotations

import time
from typing import Any

from tests.sims.telegram.entities import units
from tests.sims.telegram.keyboards import inline_keyboard
from tests.sims.telegram.methods.access import known_chat, message_of, thread, writable_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.text import message_text
from tests.sims.telegram.wire import message_json
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Answer, Chat, Message, Typing, User

EVERYWHERE = (
    "business_connection_id chat_id message_thread_id direct_messages_topic_id disable_notification protect_content "
    "allow_paid_broadcast message_effect_id reply_parameters reply_markup suggested_post_parameters "
    "ephemeral_message_parameters receiver_user_id callback_query_id reply_to_message_id allow_sending_without_reply "
)
ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note"
)
REACTIONS = words(
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 "
    "🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
)


@method(
    "sendMessage", EVERYWHERE + "text parse_mode entities link_preview_options disable_web_page_preview", Cost.CHANGE
)
def send_message(realm: Realm, p: Params) -> Any:
    text, entities = message_text(
        p.text("text"), p.text("parse_mode"), p.value("entities", "message entities"), realm.odd
    )
    return message_json(send(realm, writable_chat(realm, p), p, text=text, entities=entities))


def send(realm: Realm, chat: Chat, p: Params, **what: Any) -> Message:
    """The last steps of every sending method: topic, reply, keyboard, and the message stands."""
    topic = thread(realm, chat, p)
    target, quote = _reply(realm, chat, p)
    keyboard = inline_keyboard(p, realm.odd)
    receiver = _receiver(realm, chat, p)
    message = realm.post(
        chat, realm.bot, topic=topic, reply_to=target, quote=quote, keyboard=keyboard, receiver=receiver,
        rings=not p.flag("disable_notification"), **what,
    )  # fmt: skip
    chat.drafts = {key: draft for key, draft in chat.drafts.items() if draft.topic != topic}
    return message


def _reply(realm: Realm, chat: Chat, p: Params) -> tuple[Message | None, str]:
    parameters = p.value("reply_parameters", "reply parameters") or {}
    number = int(parameters.get("message_id") or p.number("reply_to_message_id"))
    if not number:
        return None, ""
    target = chat.messages.get(number)
    if target is None or target.deleted:
        if parameters.get("allow_sending_without_reply") or p.flag("allow_sending_without_reply"):
            return None, ""
        raise bad("message to be replied not found")
    if (target.topic or None) != p.thread() and chat.forum:
        realm.odd(f"a reply to message {number} of another topic")
    quote = str(parameters.get("quote", ""))
    if quote not in target.text:
        raise bad("QUOTE_TEXT_INVALID")
    return target, quote


def _receiver(realm: Realm, chat: Chat, p: Params) -> User | None:
    """Of an ephemeral message: a person in this group who just pressed or wrote something."""
    parameters = p.value("ephemeral_message_parameters", "ephemeral message parameters") or {}
    number = int(parameters.get("receiver_user_id") or p.number("receiver_user_id"))
    if not number:
        return None
    if chat.kind not in ("group", "supergroup") or number not in chat.members:
        raise bad("USER_ID_INVALID")
    press = realm.presses.get(str(parameters.get("callback_query_id") or p.text("callback_query_id")))
    wrote = max((message.at for message in chat.messages.values() if message.sender is realm.users[number]), default=0)
    if time.time() - max(wrote, press.at if press and press.user.id == number else 0) > realm.callback_seconds:
        raise bad("EPHEMERAL_MESSAGE_NOT_ALLOWED")
    return realm.users[number]


@method("sendChatAction", "business_connection_id chat_id message_thread_id action")
def send_chat_action(realm: Realm, p: Params) -> Any:
    chat = writable_chat(realm, p)
    if p.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    number = p.thread()
    topic = chat.topics.get(number or 1)
    if number not in (None, 1) and (topic is None or topic.deleted):
        raise bad("message thread not found")
    realm.typing.append(Typing(time.time(), chat, number, p.text("action")))
    realm.changed()
    return True


@method("setMessageReaction", "chat_id message_id reaction is_big", Cost.CHANGE)
def set_message_reaction(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    message = message_of(chat, p.number("message_id"), "react")
    reactions = p.value("reaction", "reaction types") or []
    if len(reactions) > 1:
        raise bad("REACTIONS_TOO_MANY")
    if any(reaction.get("type") != "emoji" or reaction.get("emoji") not in REACTIONS for reaction in reactions):
        raise bad("REACTION_INVALID")
    message.reactions[realm.bot.id] = tuple(reaction["emoji"] for reaction in reactions)
    realm.changed()
    return True


@method("deleteMessage", "chat_id message_id", Cost.CHANGE)
def delete_message(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    message = message_of(chat, p.number("message_id"), "delete")
    if not _deletable(realm, message):
        raise bad("message can't be deleted")
    realm.remove(message)
    return True


@method("deleteMessages", "chat_id message_ids", Cost.CHANGE)
def delete_messages(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    numbers = p.value("message_ids", "message identifiers") or []
    if not numbers:
        raise bad("message identifiers are not specified")
    if len(numbers) > 100:
        raise bad("too many message identifiers specified")
    for number in numbers:
        message = chat.messages.get(int(number))
        if message and not message.deleted and _deletable(realm, message):
            realm.remove(message)
    return True


def _deletable(realm: Realm, message: Message) -> bool:
    if message.service is not None and "forum_topic_created" in message.service:
        return False
    young = time.time() - message.at < 48 * 3600
    if message.chat.kind == "private":
        return young
    return message.chat.member(realm.bot).may("can_delete_messages") or (message.sender is realm.bot and young)


@method("pinChatMessage", "business_connection_id chat_id message_id disable_notification", Cost.CHANGE)
def pin_chat_message(realm: Realm, p: Params) -> Any:
    chat = _pinnable(realm, p)
    message = message_of(chat, p.number("message_id"), "pin")
    if message.service is not None:
        raise bad("message can't be pinned")
    if message.pinned:
        return True
    message.pinned = True
    shown = message_json(message, nested=True)
    realm.post(
        chat,
        realm.bot,
        topic=message.topic,
        service={"pinned_message": shown},
        rings=not p.flag("disable_notification"),
    )
    return True


@method("unpinChatMessage", "business_connection_id chat_id message_id", Cost.CHANGE)
def unpin_chat_message(realm: Realm, p: Params) -> Any:
    chat = _pinnable(realm, p)
    if number := p.number("message_id"):
        message_of(chat, number, "unpin").pinned = False
    else:
        newest = [message for message in chat.messages.values() if message.pinned][-1:]
        for message in newest:
            message.pinned = False
    realm.changed()
    return True


def _pinnable(realm: Realm, p: Params) -> Chat:
    chat = known_chat(realm, p)
    if chat.kind != "private" and not chat.member(realm.bot).may("can_pin_messages"):
        raise bad("not enough rights to manage pinned messages in the chat")
    return chat


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(realm: Realm, p: Params) -> Any:
    press = realm.presses.get(p.text("callback_query_id"))
    late = press is not None and (press.expired or time.time() - press.at > realm.callback_seconds)
    if press is None or late or press.answer:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if units(p.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    press.answer = Answer(p.text("text"), p.flag("show_alert"), p.text("url"), time.time())
    press.settled.set()
    realm.changed()
    return True


@method(
    "answerInlineQuery",
    "inline_query_id results cache_time is_personal next_offset button switch_pm_text switch_pm_parameter",
)
def answer_inline_query(realm: Realm, p: Params) -> Any:
    number = p.text("inline_query_id")
    if number not in realm.inline_answers or realm.inline_answers[number]:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    realm.inline_answers[number] = {"results": p.value("results", "inline query results") or []}
    realm.changed()
    return True
