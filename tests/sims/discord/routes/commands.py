"""Application commands: registering, and what Discord refuses in them."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.sims.discord.checks import choice, flag, known, listed, text, words
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Path, Problems, Refusal, no_access, unknown
from tests.sims.discord.routes.registry import Ask, route
from tests.sims.discord.wire import command_json
from tests.sims.discord.world import Command, Json

NAME = re.compile(r"^[-_'\w]{1,32}$")
FIELDS = (
    "name name_localizations description description_localizations options default_member_permissions dm_permission "
    "contexts integration_types type nsfw id application_id version guild_id handler"
)
OPTION = words(
    "type name name_localizations description description_localizations required choices options channel_types "
    "min_value max_value min_length max_length autocomplete"
)
CHAT, USER, MESSAGE = 1, 2, 3
MOST = {CHAT: 100, USER: 15, MESSAGE: 15}
MOST_OPTIONS = MOST_CHOICES = 25
MOST_CHARACTERS = 8000
MADE_A_DAY = 200
EVERYWHERE = "/applications/{application}/commands"
IN_GUILD = "/applications/{application}/guilds/{guild}/commands"


@route("GET", EVERYWHERE, query="with_localizations", bucket="commands")
def get_global_commands(realm: Realm, ask: Ask) -> Any:
    return _shown(realm, ask)


@route("GET", IN_GUILD, query="with_localizations", bucket="commands")
def get_guild_commands(realm: Realm, ask: Ask) -> Any:
    return _shown(realm, ask)


def _shown(realm: Realm, ask: Ask) -> list[Json]:
    return [command_json(one, realm.bot) for one in _registered(realm, _scope(realm, ask))]


@route("POST", EVERYWHERE, FIELDS, bucket="commands")
def create_global_command(realm: Realm, ask: Ask) -> Any:
    return _create(realm, ask)


@route("POST", IN_GUILD, FIELDS, bucket="commands")
def create_guild_command(realm: Realm, ask: Ask) -> Any:
    return _create(realm, ask)


def _create(realm: Realm, ask: Ask) -> Json:
    """One more; a name that is known is replaced."""
    scope, problems = _scope(realm, ask), Problems()
    _check(problems, ask.body, ())
    problems.check()
    others = [one for one in _registered(realm, scope) if _key(one.shape) != _key(ask.body)]
    _check_count([*(one.shape for one in others), ask.body])
    return command_json(_register(realm, scope, ask.body), realm.bot)


@route("PUT", EVERYWHERE, bucket="commands", lists=True)
def bulk_overwrite_global_commands(realm: Realm, ask: Ask) -> Any:
    return _overwrite(realm, ask)


@route("PUT", IN_GUILD, bucket="commands", lists=True)
def bulk_overwrite_guild_commands(realm: Realm, ask: Ask) -> Any:
    return _overwrite(realm, ask)


def _overwrite(realm: Realm, ask: Ask) -> list[Json]:
    """The scope holds exactly these; known names keep their ids."""
    scope, problems = _scope(realm, ask), Problems()
    seen = set()
    for at, shape in enumerate(ask.body):
        if not known(problems, shape, FIELDS.split(), (at,)):
            continue
        _check(problems, shape, (at,))
        if _key(shape) in seen:
            twice = "Application command names must be unique"
            problems.add((at,), "APPLICATION_COMMANDS_DUPLICATE_NAME", twice)
        seen.add(_key(shape))
    problems.check()
    _check_count(ask.body)
    for old in _registered(realm, scope):
        if _key(old.shape) not in seen:
            del realm.commands[old.id]
    return [command_json(_register(realm, scope, shape), realm.bot) for shape in ask.body]


@route("GET", EVERYWHERE + "/{command}", bucket="commands")
def get_global_command(realm: Realm, ask: Ask) -> Any:
    return command_json(_command(realm, ask), realm.bot)


@route("GET", IN_GUILD + "/{command}", bucket="commands")
def get_guild_command(realm: Realm, ask: Ask) -> Any:
    return command_json(_command(realm, ask), realm.bot)


@route("PATCH", EVERYWHERE + "/{command}", FIELDS, bucket="commands")
def edit_global_command(realm: Realm, ask: Ask) -> Any:
    return _edit(realm, ask)


@route("PATCH", IN_GUILD + "/{command}", FIELDS, bucket="commands")
def edit_guild_command(realm: Realm, ask: Ask) -> Any:
    return _edit(realm, ask)


def _edit(realm: Realm, ask: Ask) -> Json:
    command, problems = _command(realm, ask), Problems()
    shape = command.shape | ask.body
    _check(problems, shape, ())
    problems.check()
    command.shape, command.version = shape, realm.new_id()
    return command_json(command, realm.bot)


@route("DELETE", EVERYWHERE + "/{command}", bucket="commands")
def delete_global_command(realm: Realm, ask: Ask) -> Any:
    del realm.commands[_command(realm, ask).id]


@route("DELETE", IN_GUILD + "/{command}", bucket="commands")
def delete_guild_command(realm: Realm, ask: Ask) -> Any:
    del realm.commands[_command(realm, ask).id]


# --- where they are kept -------------------------------------------------------------------------


def _scope(realm: Realm, ask: Ask) -> int | None:
    if ask.id("application") != realm.bot.id:
        raise Refusal(403, 20012, "You are not authorized to perform this action on this application")
    if "guild" not in ask.path:
        return None
    guild = realm.guilds.get(ask.id("guild"))
    if guild is None or not realm.knows(guild):
        raise no_access()
    return guild.id


def _registered(realm: Realm, scope: int | None) -> list[Command]:
    return [one for one in realm.commands.values() if one.guild == scope]


def _command(realm: Realm, ask: Ask) -> Command:
    command = realm.commands.get(ask.id("command"))
    if command is None or command.guild != _scope(realm, ask):
        raise unknown("application command")
    return command


def _register(realm: Realm, scope: int | None, shape: Json) -> Command:
    old = next((one for one in _registered(realm, scope) if _key(one.shape) == _key(shape)), None)
    if old is not None:
        if old.shape != shape:
            old.shape, old.version = dict(shape), realm.new_id()
        return old
    if scope is not None:
        _count_creation(realm.guilds[scope].created_commands)
    number = realm.new_id()
    command = realm.commands[number] = Command(number, number, scope, dict(shape))
    realm.changed()
    return command


def _count_creation(made: list[float]) -> None:
    if sum(at > time.time() - 86_400 for at in made) >= MADE_A_DAY:
        raise Refusal(400, 30034, f"Max number of daily application command creates has been reached ({MADE_A_DAY})")
    made.append(time.time())


def _key(shape: Json) -> tuple[str, int]:
    return str(shape.get("name")), int(shape.get("type") or CHAT)


# --- what is refused -----------------------------------------------------------------------------


def _check_count(shapes: list[Json]) -> None:
    for kind, most in MOST.items():
        if sum(_key(shape)[1] == kind for shape in shapes) > most:
            raise Refusal(400, 30032, f"Maximum number of application commands reached ({most})")


def _check(problems: Problems, shape: Json, path: Path) -> None:
    kind = choice(problems, shape, "type", path, MOST) or CHAT
    if kind != CHAT:
        text(problems, shape, "name", path, most=32, required=True)
        if shape.get("description") or shape.get("options"):
            problems.add(path, "APPLICATION_COMMAND_INVALID", "Context menu commands have neither text nor options")
        return
    _check_name(problems, shape, path)
    text(problems, shape, "description", path, most=100, required=True)
    _check_options(problems, shape, path, depth=0)
    if _characters(shape) > MOST_CHARACTERS:
        much = f"Command exceeds maximum size ({MOST_CHARACTERS})"
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", much)


def _check_name(problems: Problems, shape: Json, path: Path) -> None:
    name = text(problems, shape, "name", path, most=32, required=True)
    if name and (not NAME.match(name) or name != name.lower()):
        problems.add((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(problems: Problems, shape: Json, path: Path, *, depth: int) -> None:
    options = listed(problems, shape, "options", path, most=MOST_OPTIONS)
    optional, names = False, set()
    for at, option in enumerate(options):
        where = (*path, "options", at)
        if not known(problems, option, OPTION, where):
            continue
        _check_name(problems, option, where)
        text(problems, option, "description", where, most=100, required=True)
        kind = choice(problems, option, "type", where, range(1, 12))
        if option.get("name") in names:
            twice = "Option names must be unique"
            problems.add(where, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", twice)
        names.add(option.get("name"))
        if kind in (1, 2):
            if depth + kind > 3:
                problems.add(where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option type is invalid")
            _check_options(problems, option, where, depth=depth + 1)
            continue
        required = bool(flag(problems, option, "required", where))
        if required and optional:
            late = "Required options must be placed before non-required options"
            problems.add(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", late)
        optional = optional or not required
        _check_choices(problems, option, where)


def _check_choices(problems: Problems, option: Json, path: Path) -> None:
    choices = listed(problems, option, "choices", path, most=MOST_CHOICES)
    if choices and option.get("autocomplete"):
        both = "Autocomplete cannot be enabled with choices"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", both)
    if option.get("autocomplete") and option.get("type") not in (3, 4, 10):
        wrong = "Autocomplete is for strings and numbers"
        problems.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_TYPE", wrong)
    check_choices(problems, choices, (*path, "choices"))


def check_choices(problems: Problems, choices: list[Any], path: Path) -> None:
    """Names and values of up to 100 characters."""
    for at, one in enumerate(choices):
        where = (*path, at)
        if known(problems, one, words("name value name_localizations"), where):
            text(problems, one, "name", where, most=100, required=True)
            if isinstance(one.get("value"), str):
                text(problems, one, "value", where, most=100, required=True)
            elif not isinstance(one.get("value"), int | float):
                problems.add((*where, "value"), "BASE_TYPE_REQUIRED", "This field is required")


def _characters(shape: Json) -> int:
    """Names, descriptions and values of everything in it."""
    own = len(str(shape.get("name") or "")) + len(str(shape.get("description") or ""))
    choices = sum(len(str(one.get("name", ""))) + len(str(one.get("value", ""))) for one in shape.get("choices") or ())
    return own + choices + sum(_characters(option) for option in shape.get("options") or ())
