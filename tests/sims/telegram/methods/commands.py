"""The bot's command menus, one per scope and language."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.sims.telegram.methods.access import find_chat
from tests.sims.telegram.methods.registry import method
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Json

SCOPES = words("default all_private_chats all_group_chats all_chat_administrators chat chat_administrators chat_member")
MOST_COMMANDS = 100
NAME = re.compile(r"[a-z0-9_]{1,32}")


@method("setMyCommands", "commands scope language_code")
def set_my_commands(realm: Realm, p: Params) -> Any:
    commands = p.value("commands", "commands") or []
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    realm.commands[_place(realm, p)] = [_checked(command) for command in commands]
    realm.changed()
    return True


@method("getMyCommands", "scope language_code")
def get_my_commands(realm: Realm, p: Params) -> Any:
    return realm.commands.get(_place(realm, p), [])


@method("deleteMyCommands", "scope language_code")
def delete_my_commands(realm: Realm, p: Params) -> Any:
    realm.commands.pop(_place(realm, p), None)
    realm.changed()
    return True


def _checked(command: Json) -> Json:
    name = str(command.get("command", "")).removeprefix("/")
    description = str(command.get("description", "")).strip()
    if not NAME.fullmatch(name):
        raise bad("BOT_COMMAND_INVALID")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {**command, "command": name, "description": description}


def _place(realm: Realm, p: Params) -> tuple[str, str]:
    scope = p.value("scope", "BotCommandScope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad("unsupported type specified")
    if "chat_id" in scope and find_chat(realm, str(scope["chat_id"])) is None:
        raise bad("chat not found")
    if (language := p.text("language_code")) and not re.fullmatch("[a-z]{2}", language):
        raise bad("invalid language_code specified")
    return json.dumps(scope, sort_keys=True), language
