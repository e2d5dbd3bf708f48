"""Forum topics of groups and of private chats."""

from __future__ import annotations

from typing import Any

from tests.sims.telegram.methods.access import known_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.world import GENERAL, Chat, Json, Topic

COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
LONGEST_NAME = 128
ICONS = (
    "📰", "💡", "⚡️", "🎙", "🔝", "🗣", "🆒", "❗️", "📝", "📆", "📁", "🔎", "📣", "🔥", "❤️", "❓", "📈", "📉", "💎", "💰",
    "🤖", "💻", "🧪", "✅", "⏰", "🛠", "💬",
)  # fmt: skip
FIRST_ICON = 5_312_016_608_254_762_256


@method("createForumTopic", "chat_id name icon_color icon_custom_emoji_id", Cost.CHANGE)
def create_forum_topic(realm: Realm, p: Params) -> Any:
    chat = _forum(realm, p)
    name = _name(p)
    color = p.number("icon_color", COLORS[0])
    if color not in COLORS:
        raise bad("Invalid icon color specified")
    if chat.kind != "private" and not chat.member(realm.bot).may("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    _check_icon(p)
    topic = realm.make_topic(chat, realm.bot, name, color, p.text("icon_custom_emoji_id"))
    shown: Json = {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}
    return shown | ({"icon_custom_emoji_id": topic.icon} if topic.icon else {})


@method("editForumTopic", "chat_id message_thread_id name icon_custom_emoji_id", Cost.CHANGE)
def edit_forum_topic(realm: Realm, p: Params) -> Any:
    chat, topic = _managed(realm, p, "edit the topic")
    name = p.text("name").strip()[:LONGEST_NAME] or topic.name
    icon = p.text("icon_custom_emoji_id") if "icon_custom_emoji_id" in p.raw else topic.icon
    _check_icon(p)
    if (name, icon) == (topic.name, topic.icon):
        raise bad("TOPIC_NOT_MODIFIED")
    realm.rename(chat, topic, realm.bot, name, icon)
    return True


@method("closeForumTopic", "chat_id message_thread_id", Cost.CHANGE)
def close_forum_topic(realm: Realm, p: Params) -> Any:
    return _set_closed(realm, p, True)


@method("reopenForumTopic", "chat_id message_thread_id", Cost.CHANGE)
def reopen_forum_topic(realm: Realm, p: Params) -> Any:
    return _set_closed(realm, p, False)


def _set_closed(realm: Realm, p: Params, closed: bool) -> bool:
    chat, topic = _managed(realm, p, "close or open the topic")
    if chat.kind == "private":
        raise bad("the chat is not a forum")  # private topics have no closed state
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    realm.set_closed(chat, topic, realm.bot, closed)
    return True


@method("deleteForumTopic", "chat_id message_thread_id", Cost.CHANGE)
def delete_forum_topic(realm: Realm, p: Params) -> Any:
    chat = _forum(realm, p)
    topic = _topic(chat, p)
    if chat.kind != "private" and not chat.member(realm.bot).may("can_delete_messages"):
        raise bad("not enough rights to delete the topic")
    realm.drop_topic(chat, topic)
    return True


@method("unpinAllForumTopicMessages", "chat_id message_thread_id", Cost.CHANGE)
def unpin_all_forum_topic_messages(realm: Realm, p: Params) -> Any:
    chat = _forum(realm, p)
    topic = _topic(chat, p)
    for message in chat.messages.values():
        message.pinned = message.pinned and message.topic != topic.id
    return True


@method("getForumTopicIconStickers")
def get_forum_topic_icon_stickers(realm: Realm, p: Params) -> Any:
    return [
        {
            "file_id": f"icon-{number}", "file_unique_id": f"icon{number}", "type": "custom_emoji", "width": 100,
            "height": 100, "is_animated": True, "is_video": False, "emoji": emoji,
            "custom_emoji_id": str(FIRST_ICON + number),
        }
        for number, emoji in enumerate(ICONS)
    ]  # fmt: skip


def _forum(realm: Realm, p: Params) -> Chat:
    chat = known_chat(realm, p)
    if not chat.forum:
        raise bad("the chat is not a forum")
    return chat


def _name(p: Params) -> str:
    name = p.text("name").strip()
    if not name:
        raise bad("name must be non-empty")
    return name[:LONGEST_NAME]


def _check_icon(p: Params) -> None:
    icon = p.text("icon_custom_emoji_id")
    if icon and not (icon.isdigit() and FIRST_ICON <= int(icon) < FIRST_ICON + len(ICONS)):
        raise bad("DOCUMENT_INVALID")


def _topic(chat: Chat, p: Params) -> Topic:
    topic = chat.topics.get(p.number("message_thread_id"))
    if topic is None or topic.deleted or topic.id == GENERAL:
        raise bad("TOPIC_ID_INVALID")
    return topic


def _managed(realm: Realm, p: Params, what: str) -> tuple[Chat, Topic]:
    chat = _forum(realm, p)
    topic = _topic(chat, p)
    mine = chat.kind == "private" or topic.creator is realm.bot
    if not mine and not chat.member(realm.bot).may("can_manage_topics"):
        raise bad(f"not enough rights to {what}")
    return chat, topic
