"""The configured groups: whether the bot can work there, and what to tap in Telegram if it cannot."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)
from aiogram.types import ChatFullInfo, ChatMemberAdministrator, ChatMemberOwner, ResultChatMemberUnion, User

log = logging.getLogger(__name__)

TO_ADMINISTRATORS = "in the group tap its name, Edit, Administrators, Add administrator"


class Chats:
    """`moved` is told when a group turns out to have another id."""

    def __init__(self, bot: Bot, moved: Callable[[int, int], Awaitable[None]]) -> None:
        self._bot = bot
        self._moved = moved
        self._problems: dict[int, tuple[str, ...]] = {}

    @property
    def problems(self) -> Mapping[int, tuple[str, ...]]:
        return MappingProxyType(self._problems)

    async def check(self, chat: int, me: User) -> None:
        """One line in the log whenever what is found changes. An outage changes nothing: the poll tells of it."""
        try:
            found = tuple(await self._look(chat, me))
        except TelegramMigrateToChat as error:
            await self._moved(chat, error.migrate_to_chat_id)
            return
        except AiogramError:
            return
        before = self._problems.get(chat, ())
        self._problems[chat] = found
        for problem in found:
            if problem not in before:
                log.warning("telegram: %s", problem)
        if before and not found:
            log.info("telegram: the chat %d is in order now", chat)

    def forget(self, chat: int) -> None:
        self._problems.pop(chat, None)

    async def _look(self, chat: int, me: User) -> list[str]:
        try:
            about = await self._bot.get_chat(chat)
            member = await self._bot.get_chat_member(chat, me.id)
        except TelegramMigrateToChat:
            raise
        except (TelegramBadRequest, TelegramForbiddenError):
            return [
                f"the chat {chat} is unknown to the bot: add @{me.username} to the group (tap its name, Add members), "
                "and check telegram.chat_ids"
            ]
        return list(_lacking(about, member, me))


def _lacking(chat: ChatFullInfo, member: ResultChatMemberUnion, me: User) -> Iterator[str]:
    name = f"“{chat.title}” ({chat.id})"
    if member.status in ("left", "kicked"):
        yield f"the bot is not in {name}: add @{me.username} to it (tap its name, Add members)"
        return
    if not chat.is_forum:
        yield (
            f"{name} has no topics, so it holds one session only; for one topic per session tap its name, Edit, and "
            "switch on Topics"
        )
    if isinstance(member, ChatMemberOwner):
        return
    if not isinstance(member, ChatMemberAdministrator):
        yield (
            f"the bot is no administrator of {name}: {TO_ADMINISTRATORS}, @{me.username}, with “Manage Topics” and "
            "“Delete Messages”"
        )
        return
    if chat.is_forum and not member.can_manage_topics:
        yield (
            f"the bot may not manage topics in {name}: tap its name, Edit, Administrators, @{me.username}, and switch "
            "on “Manage Topics”"
        )
    if not member.can_delete_messages:
        yield (
            f"the bot may not delete messages in {name}, so archived topics stay: tap its name, Edit, Administrators, "
            f"@{me.username}, and switch on “Delete Messages”"
        )
