"""What the calls of the Bot API are told: addresses, names, texts, buttons."""

from __future__ import annotations

import zlib
from typing import Any

from aiogram.methods import ReopenForumTopic, ReopenGeneralForumTopic, TelegramMethod
from aiogram.types import (
    EphemeralMessageParameters,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
)

from openacp_bot.adapters.telegram.article import Article
from openacp_bot.adapters.telegram.article_dialect import Written
from openacp_bot.adapters.telegram.asides import Answered, AsideName
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.chat.pen import PlaceGone
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.inbound import Choice, Look
from openacp_bot.core.model import Place, ThreadRef

LONGEST_NAME = 128
LONGEST_CAPTION = 1024
STYLES = {Look.GOOD: "success", Look.DANGER: "danger"}


def draft_id(turn: str) -> int:
    """Stable, and never 0, which Telegram refuses."""
    return zlib.crc32(turn.encode()) & 0x7FFFFFFF or 1


def link(where: ThreadRef) -> str:
    """Private chats have no links, and only supergroups have topics: their ids begin with -100."""
    if not where.topic or not where.space.startswith("-100"):
        return ""
    return f"https://t.me/c/{where.space.removeprefix('-100')}/{where.topic}"


def address(where: ThreadRef) -> dict[str, Any]:
    """General has no thread id: sending to 1 is refused."""
    if not where.topic:
        return {"chat_id": int(where.space)}
    return {"chat_id": int(where.space), "message_thread_id": int(where.topic)}


def topic_of(place: Place) -> dict[str, Any]:
    if place.ref is None or not place.ref.topic:
        raise PlaceGone("it has no topic")
    return address(place.ref)


def reopening(where: ThreadRef) -> TelegramMethod[bool]:
    if where.topic:
        return ReopenForumTopic(chat_id=int(where.space), message_thread_id=int(where.topic))
    return ReopenGeneralForumTopic(chat_id=int(where.space))


def topic_name(title: str) -> str:
    return title.strip()[:LONGEST_NAME].strip() or "Session"


def answering(message: str) -> ReplyParameters | None:
    return ReplyParameters(message_id=int(message), allow_sending_without_reply=True) if message else None


def only_for(answered: Answered) -> EphemeralMessageParameters:
    return EphemeralMessageParameters(receiver_user_id=int(answered.user), callback_query_id=answered.query or None)


def aside_at(where: ThreadRef, aside: AsideName) -> dict[str, Any]:
    return {"chat_id": int(where.space), "receiver_user_id": aside.user, "ephemeral_message_id": aside.number}


def entities(text: Rich) -> list[MessageEntity]:
    return [
        MessageEntity(
            type=one.kind, offset=one.offset, length=one.length, url=one.url or None, language=one.language or None
        )
        for one in text.entities
    ]


def captioned(caption: Written | None) -> dict[str, Any]:
    """A caption has room for less than a message; what does not fit stays without style."""
    if caption is None:
        return {}
    if isinstance(caption, Article):
        caption = Rich(caption.text)
    units = caption.text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CAPTION:
        return {"caption": caption.text, "caption_entities": entities(caption)}
    return {"caption": units[: 2 * (LONGEST_CAPTION - 1)].decode("utf-16-le", "ignore") + "…"}


def buttons(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    rows = [[_button(choice) for choice in row] for row in keyboard if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(choice: Choice) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        text=choice.label.strip() or "…", callback_data=choice.token, style=STYLES.get(choice.look)
    )
