"""Whom an update comes from, and whether they may come in. The same check stands before every type of update."""

from __future__ import annotations

import logging

from aiogram.types import Chat, Update, User

from openacp_bot.adapters.telegram.facts import Facts
from openacp_bot.adapters.telegram.inbound import migration
from openacp_bot.chat.told import Told
from openacp_bot.core.words import cut, one_line

log = logging.getLogger(__name__)

LONGEST_TITLE = 64


class Doorkeeper:
    """Says why somebody was not let in."""

    def __init__(self) -> None:
        self._told = Told(log)

    def lets_in(self, update: Update, facts: Facts) -> bool:
        reason = barred(update, facts)
        if reason:
            self._told.log_once(f"telegram: {reason}")
        return not reason


def barred(update: Update, facts: Facts) -> str:
    """Empty if it may come in; else why not, in words for the log that are the same every time."""
    user, chat, speaks_as = _source(update)
    if _moves(update, facts):
        return ""  # a fact about a chat of ours, whoever brought it about
    if chat is not None and chat.type not in ("private", "group", "supergroup"):
        return f"what is posted in the channel {chat.id} was ignored"
    if chat is not None and chat.type != "private":
        if chat.id not in facts.chats:
            title = one_line(cut(chat.title or "", LONGEST_TITLE))
            return f"the group “{title}” was ignored; to use the bot there, add {chat.id} to telegram.chat_ids"
        if update.my_chat_member is not None:
            return ""  # likewise
    if speaks_as is not None:
        return (
            f"an anonymous administrator or a channel was ignored in {chat.id if chat else 'a chat'}; "
            "who wants to be heard must switch off “Remain anonymous”"
        )
    if user is None or user.is_bot or not facts.knows(user.id):
        return f"a stranger was ignored: telegram:{user.id if user else 'nobody'}"
    return ""


def is_our_own(update: Update, facts: Facts) -> bool:
    """A service message about something that the bot itself did: a topic opened, renamed, deleted."""
    message = update.message
    return message is not None and message.from_user is not None and message.from_user.id == facts.bot


def _source(update: Update) -> tuple[User | None, Chat | None, Chat | None]:
    """Who, where, and in whose name if not in their own."""
    if (message := update.message or update.edited_message) is not None:
        return message.from_user, message.chat, message.sender_chat
    if (query := update.callback_query) is not None:
        return query.from_user, query.message.chat if query.message else None, None
    if (inline := update.inline_query) is not None:
        return inline.from_user, None, None
    if (change := update.my_chat_member) is not None:
        return change.from_user, change.chat, None
    if (stopped := update.stopped_message_generation) is not None:
        chat = stopped.chat
        return User(id=chat.id, is_bot=False, first_name=chat.first_name or ""), chat, None
    return None, None, None


def _moves(update: Update, facts: Facts) -> bool:
    moves = migration(update.message) if update.message else None
    return moves is not None and not facts.chats.isdisjoint(moves)
