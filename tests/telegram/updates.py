"""Updates as Telegram writes them, for tests of what they mean."""

from __future__ import annotations

from typing import Any

from aiogram.types import Update

from openacp_bot.adapters.telegram.facts import Facts
from openacp_bot.core.settings import AccessList

Json = dict[str, Any]

BOT = 7000000001
ALICE: Json = {"id": 1001, "is_bot": False, "first_name": "Alice", "last_name": "Liddell"}
STRANGER: Json = {"id": 666, "is_bot": False, "first_name": "Mallory"}
ROBOT: Json = {"id": 555, "is_bot": True, "first_name": "Other", "username": "other_bot"}
US: Json = {"id": BOT, "is_bot": True, "first_name": "Test Bot", "username": "our_bot"}

FORUM: Json = {"id": -1001, "type": "supergroup", "title": "Work", "is_forum": True}
GROUP: Json = {"id": -55, "type": "group", "title": "Friends"}
PRIVATE: Json = {"id": 1001, "type": "private", "first_name": "Alice"}
FOREIGN: Json = {"id": -1009, "type": "supergroup", "title": "Elsewhere"}
CHANNEL: Json = {"id": -1008, "type": "channel", "title": "News"}

DATE = 1_700_000_000
FACTS = Facts(
    bot=BOT,
    username="our_bot",
    chats=frozenset({-1001, -55}),
    general="mention",
    access=AccessList(users=frozenset({"1001"})),
)


def parsed(number: int = 7, **what: Json) -> Update:
    return Update.model_validate({"update_id": number, **what})


def message(text: str | None = "hello", *, chat: Json = PRIVATE, who: Json | None = ALICE, **more: Any) -> Json:
    found: Json = {"message_id": 42, "date": DATE, "chat": chat, **more}
    if who is not None:
        found["from"] = who
    if text is not None:
        found["text"] = text
    return found


def in_topic(text: str | None = "hello", *, topic: int = 9, **more: Any) -> Json:
    """Every message in a topic replies to the topic's creation unless it replies to something else."""
    created = message(None, chat=FORUM, message_id=topic, forum_topic_created={"name": "Made by hand", "icon_color": 1})
    given = {"reply_to_message": created, "is_topic_message": True, "message_thread_id": topic, **more}
    return message(text, chat=FORUM, **given)


def entity(kind: str, offset: int, length: int, **more: Any) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}
