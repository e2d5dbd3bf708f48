"""Which messages belong together: an album, what is forwarded at once, a text and what is sent right behind it.

Core joins messages of one person with the same album, a second apart at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from aiogram.types import Message, Update

from openacp_bot.adapters.telegram.attachments import file_of

TOGETHER = 1.0  # seconds


def albums(updates: Sequence[Update]) -> Mapping[int, str]:
    """By update id, the album of each message of an answer to getUpdates; those of their own are left out."""
    found = {one.update_id: album for one in updates if one.message and (album := _own_album(one.message))}
    for one, other in pairwise(updates):
        if one.update_id not in found and one.message and other.message and _leads(one.message, other.message):
            behind = other.message
            found[one.update_id] = found.setdefault(other.update_id, f"near:{behind.chat.id}:{behind.message_id}")
    return found


def _own_album(message: Message) -> str:
    if message.media_group_id:
        return f"{message.chat.id}:{message.media_group_id}"
    if message.forward_origin and message.from_user:
        return f"fwd:{message.chat.id}:{message.message_thread_id or ''}:{message.from_user.id}"
    return ""


def may_lead(update: Update) -> bool:
    """Whether something that belongs to it may follow at once."""
    message = update.message
    return message is not None and _is_plain(message)


def _is_plain(text: Message) -> bool:
    return bool(text.text) and not (text.text or "").startswith("/") and text.forward_origin is None


def _leads(text: Message, behind: Message) -> bool:
    """Telegram's apps send what is written to forwarded messages or files as a message of its own before them."""
    if not _is_plain(text) or not _same_speaker(text, behind):
        return False
    if abs((behind.date - text.date).total_seconds()) > TOGETHER:
        return False
    return behind.forward_origin is not None or file_of(behind) is not None


def _same_speaker(one: Message, other: Message) -> bool:
    if one.from_user is None or other.from_user is None or one.from_user.id != other.from_user.id:
        return False
    return one.chat.id == other.chat.id and one.message_thread_id == other.message_thread_id
