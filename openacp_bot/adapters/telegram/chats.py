"""The configured chats: whether the bot can work there, and what to tap in Telegram if it cannot."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)
from aiogram.types import ChatFullInfo, ChatMemberAdministrator, ChatMemberOwner, ResultChatMemberUnion, User

from openacp_bot.adapters.telegram.hints import (
    DELETE_MESSAGES,
    MANAGE_TOPICS,
    TOPICS_ON,
    add,
    grant,
    promote,
    unban,
)

log = logging.getLogger(__name__)


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
        bot = f"@{me.username}"
        try:
            about = await self._bot.get_chat(chat)
            member = await self._bot.get_chat_member(chat, me.id)
        except TelegramMigrateToChat:
            raise
        except TelegramForbiddenError as error:
            how = unban(bot) if "kicked" in error.message else add(bot)
            return [f"the bot is not in the chat {chat}: {how}"]
        except TelegramBadRequest:
            return [await self._unknown(chat, bot)]
        return list(_lacking(about, member, bot))

    async def _unknown(self, chat: int, bot: str) -> str:
        """Ids are often written down without their beginning."""
        for meant in _meant(chat):
            with suppress(TelegramBadRequest, TelegramForbiddenError):
                about = await self._bot.get_chat(meant)
                return (
                    f"the chat {chat} is unknown to the bot, but {meant} is “{about.title}”: write that id into "
                    "telegram.chat_ids"
                )
        if chat > 0:
            return (
                f"the person {chat} never wrote to the bot: open the chat with {bot} and tap Start (private chats need "
                "no telegram.chat_ids); a group's id begins with -"
            )
        return (
            f"the chat {chat} is unknown to the bot: {add(bot)}; then write /status there, and a line in this log "
            "names the group's id for telegram.chat_ids"
        )


def _meant(chat: int) -> Iterator[int]:
    """What the id may have been before something of it got lost: ids of supergroups begin with -100."""
    digits = str(abs(chat))
    for text in (f"-{digits}", f"-100{digits}"):
        if int(text) != chat:
            yield int(text)


def _lacking(chat: ChatFullInfo, member: ResultChatMemberUnion, bot: str) -> Iterator[str]:
    name = f"“{chat.title}” ({chat.id})"
    if chat.type == "private":
        return
    if chat.type == "channel":
        yield (
            f"{name} is a channel, where nobody can talk to a bot: make a group (New Group), {add(bot)}, and write its "
            "id into telegram.chat_ids instead"
        )
        return
    if member.status in ("left", "kicked"):
        yield f"the bot is not in {name}: {add(bot) if member.status == 'left' else unban(bot)}"
        return
    if not chat.is_forum:
        yield f"{name} has no topics, so it holds one session only; for one topic per session {_to_topics(chat)}"
    if isinstance(member, ChatMemberOwner):
        return
    if not isinstance(member, ChatMemberAdministrator):
        yield f"the bot is no administrator of {name}: {promote(bot)}"
        return
    if chat.is_forum and not member.can_manage_topics:
        yield f"the bot may not manage topics in {name}: {grant(MANAGE_TOPICS, bot)}"
    if not member.can_delete_messages:
        yield f"the bot may not delete messages in {name}, so archived topics stay: {grant(DELETE_MESSAGES, bot)}"


def _to_topics(chat: ChatFullInfo) -> str:
    """A basic group gets another id by it."""
    return TOPICS_ON if chat.type != "group" else f"{TOPICS_ON} (the group gets another id by that; the bot follows)"
