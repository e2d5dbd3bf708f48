"""Slash commands of our guild, synchronised only when they changed.

Discord, "Application Commands": 100 of a kind, names of 32 letters, descriptions and choices of 100, 25 options. A bulk
overwrite replaces all of them, and 200 may be made a day: so what stands is remembered in the ledger's notes. Strangers
see them too, and are told that they may not: an app can hide commands by rights in the server alone
(`default_member_permissions`), which those who are let in by id may lack; the server's Integrations page can hide them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from openacp_bot.adapters.discord.rest import Json, Rest
from openacp_bot.core.model import UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.views import CommandInfo, CommandMenu, Param

NAME = re.compile(r"[a-z0-9_-]{1,32}")
MOST = 100
LONGEST = 100
CHAT_INPUT, STRING = 1, 3
NOTE = "commands:"


class Catalogue:
    """In direct messages commands are typed: global ones would be shown in the guild a second time."""

    def __init__(self, hub: Hub, ledger: Ledger) -> None:
        self._hub = hub
        self._ledger = ledger
        self._private: frozenset[str] = frozenset()

    def is_private(self, name: str) -> bool:
        """Whether only the asker sees the answer."""
        return name in self._private

    async def look(self) -> tuple[CommandInfo, ...]:
        """What there is, and what is private of it."""
        menu = await self._hub.look(CommandMenu(options=True), UserRef("discord", ""))
        self._private = frozenset(one.name for one in menu if one.private)
        return menu

    async def refresh(self, rest: Rest, application: str, guild: str) -> None:
        """Raises PenError; what is missing is set next time."""
        menu = await self.look()
        commands = [_command(one) for one in menu if NAME.fullmatch(one.name)][:MOST]
        stamp = _stamp(application, commands)
        key = f"{NOTE}{guild}"
        if (await self._ledger.notes("discord")).get(key) == stamp:
            return
        await rest.set_commands(application, guild, commands)
        await self._ledger.note("discord", key, stamp)


def _command(info: CommandInfo) -> Json:
    options = [_option(param) for param in info.params]
    return {"name": info.name, "type": CHAT_INPUT, "description": _words(info.summary, info.name), "options": options}


def _option(param: Param) -> Json:
    made: Json = {"name": param.name, "type": STRING, "description": _words(param.summary, param.name)}
    if param.required:
        made["required"] = True
    if param.choices:
        made["choices"] = [{"name": one, "value": one} for one in param.choices]
    elif param.suggests:
        made["autocomplete"] = True
    return made


def _words(summary: str, name: str) -> str:
    text = summary or name
    return f"{text[:1].upper()}{text[1:]}"[:LONGEST]


def _stamp(application: str, commands: Iterable[Mapping[str, object]]) -> str:
    text = json.dumps([application, *commands], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
