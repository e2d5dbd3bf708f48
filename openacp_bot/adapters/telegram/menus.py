"""Telegram's command menu, per scope: everybody's commands in a group, the admins' for admins only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    BotCommandScopeUnion,
)

from openacp_bot.core.errors import UserError
from openacp_bot.core.model import UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.settings import AccessList
from openacp_bot.core.views import CommandInfo, CommandMenu

# Bot API, setMyCommands: at most 100 in a scope, these letters, descriptions of 1 to 256.
NAME = re.compile(r"[a-z0-9_]{1,32}")
MOST = 100
LONGEST = 256
NOTE = "menu:"
PRIVATE = "private"


class Menus:
    """What stands is remembered in the ledger's notes, so that nothing is set twice."""

    def __init__(self, bot: Bot, hub: Hub, ledger: Ledger) -> None:
        self._bot = bot
        self._hub = hub
        self._ledger = ledger

    async def refresh(self, me: int, chats: Iterable[int], access: AccessList) -> None:
        """Ends early when Telegram cannot be reached; what is missing is set next time."""
        standing = {key: stamp for key, stamp in (await self._ledger.notes("telegram")).items() if key.startswith(NOTE)}
        wanted = await self._wanted(sorted(chats), access)
        try:
            for scope, commands in wanted.items():
                await self._show(scope, commands, standing.get(scope, ""), _stamp(me, commands))
            for scope, stamp in standing.items():
                if stamp and scope not in wanted:
                    await self._remove(scope)
        except AiogramError:
            return

    async def _wanted(self, chats: Sequence[int], access: AccessList) -> Mapping[str, list[BotCommand]]:
        """By scope, in the words of a note."""
        menus = {user: await self._menu_of(user) for user in sorted(access.users)}
        everybody = [one for one in next(iter(menus.values()), await self._menu_of("0")) if not one.admin]
        wanted: dict[str, list[BotCommand]] = {}
        for chat in chats:
            wanted[f"{NOTE}{chat}"] = _commands(everybody)
            wanted |= {f"{NOTE}{chat}:{user}": _commands(menu) for user, menu in menus.items() if menu != everybody}
        wanted |= {f"{NOTE}{user}": _commands(menu) for user, menu in menus.items()}
        if access.everyone:
            wanted[f"{NOTE}{PRIVATE}"] = _commands(everybody)
        return wanted

    async def _menu_of(self, user: str) -> list[CommandInfo]:
        try:
            menu = await self._hub.look(CommandMenu(), UserRef("telegram", user))
        except UserError:
            return []
        return list(menu)

    async def _show(self, scope: str, commands: list[BotCommand], standing: str, stamp: str) -> None:
        if not commands or standing == stamp:
            return
        try:
            await self._bot.set_my_commands(commands, scope=_scope(scope))
        except (TelegramBadRequest, TelegramForbiddenError):
            return  # there is no such chat yet: who never wrote to the bot, a group that it is not in
        await self._ledger.note("telegram", scope, stamp)

    async def _remove(self, scope: str) -> None:
        """Of somebody who is no longer an admin, or no longer allowed at all."""
        with suppress(TelegramBadRequest, TelegramForbiddenError):
            await self._bot.delete_my_commands(scope=_scope(scope))
        await self._ledger.note("telegram", scope, "")


def _scope(note: str) -> BotCommandScopeUnion:
    chat, _, user = note.removeprefix(NOTE).partition(":")
    if chat == PRIVATE:
        return BotCommandScopeAllPrivateChats()
    if user:
        return BotCommandScopeChatMember(chat_id=int(chat), user_id=int(user))
    return BotCommandScopeChat(chat_id=int(chat))


def _commands(menu: Iterable[CommandInfo]) -> list[BotCommand]:
    return [
        BotCommand(command=one.name, description=_capitalised(one.summary or one.name)[:LONGEST])
        for one in menu
        if not one.agent and NAME.fullmatch(one.name)
    ][:MOST]


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stamp(me: int, commands: Iterable[BotCommand]) -> str:
    lines = [f"{one.command}\t{one.description}" for one in commands]
    return hashlib.sha256("\n".join([str(me), *lines]).encode()).hexdigest()[:16]
