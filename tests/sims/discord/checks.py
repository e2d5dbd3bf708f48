"""Reading values of a body as Discord does: what is wrong is gathered in words and codes of its own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from tests.sims.discord.refusals import Path, Problems
from tests.sims.discord.world import Json

SCHEMES = ("http", "https", "discord")
UNKNOWN_FIELD = "UNKNOWN_FIELD"  # ours: Discord is silent about a field that it does not know


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def known(problems: Problems, value: Any, names: Collection[str], path: Path) -> bool:
    """An object without fields that we do not know; False if it is no object at all."""
    if not isinstance(value, dict):
        problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return False
    for name in sorted(set(value) - set(names)):
        problems.add((*path, name), UNKNOWN_FIELD, f"{name} is not known here")
    return True


def text(
    problems: Problems, value: Json, name: str, path: Path, *, most: int, least: int = 0, required: bool = False
) -> str:
    """The string under `name`; empty where there is none or a bad one."""
    found = value.get(name)
    where = (*path, name)
    if found is None:
        if required:
            problems.add(where, "BASE_TYPE_REQUIRED", "This field is required")
        return ""
    if not isinstance(found, str):
        problems.add(where, "STRING_TYPE_CONVERT", f'Could not interpret "{found}" as string.')
        return ""
    length(problems, found, where, least=1 if required and not least else least, most=most)
    return found


def length(problems: Problems, value: Collection[Any], path: Path, *, most: int, least: int = 0) -> None:
    size = len(value)
    if least and not least <= size <= most:
        if isinstance(value, str) and not value.strip():
            problems.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        else:
            problems.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
    elif size > most:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def listed(problems: Problems, value: Json, name: str, path: Path, *, most: int, least: int = 0) -> list[Any]:
    """The list under `name`, its size checked; null and nothing are empty lists."""
    found = value.get(name)
    if found is None:
        found = []
    if not isinstance(found, list):
        problems.add((*path, name), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    length(problems, found, (*path, name), least=least, most=most)
    return found


def number(
    problems: Problems, value: Json, name: str, path: Path, *, least: int, most: int, default: int | None = None
) -> int | None:
    found = value.get(name)
    where = (*path, name)
    if found is None:
        return default
    if not isinstance(found, int) or isinstance(found, bool):
        problems.add(where, "NUMBER_TYPE_COERCE", f'Value "{found}" is not int.')
        return default
    if found < least:
        problems.add(where, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
    elif found > most:
        problems.add(where, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
    return found


def choice(problems: Problems, value: Json, name: str, path: Path, among: Collection[int]) -> int | None:
    found = value.get(name)
    if found is not None and found not in among:
        allowed = ", ".join(map(str, sorted(among)))
        problems.add((*path, name), "BASE_TYPE_CHOICES", f"Value must be one of {{{allowed}}}.")
        return None
    return found


def flag(problems: Problems, value: Json, name: str, path: Path) -> bool | None:
    found = value.get(name)
    if found is not None and not isinstance(found, bool):
        problems.add((*path, name), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return None
    return found


def url(problems: Problems, value: Json, name: str, path: Path, *, most: int, required: bool = False) -> None:
    """An address of the web with a host that has a dot in it: `localhost` is none."""
    found = text(problems, value, name, path, most=most, required=required)
    parts = urlsplit(found)
    if found and parts.scheme not in SCHEMES:
        wrong = f'Scheme "{parts.scheme}" is not supported. Scheme must be one of {SCHEMES}.'
        problems.add((*path, name), "URL_TYPE_INVALID_SCHEME", wrong)
    elif found and parts.scheme != "discord" and "." not in parts.netloc:
        problems.add((*path, name), "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def emoji(problems: Problems, value: Json, path: Path) -> None:
    """A sign of Unicode by its name; guilds here have none of their own."""
    found = value.get("emoji")
    if found is None or not known(problems, found, words("id name animated"), (*path, "emoji")):
        return
    name = str(found.get("name") or "")
    if found.get("id") is not None or not name or name.isascii():
        problems.add((*path, "emoji", "name"), "COMPONENT_INVALID_EMOJI", "Invalid emoji")


def snowflake(problems: Problems, found: Any, path: Path) -> int:
    """Ids come as strings; numbers are taken too."""
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    if isinstance(found, str) and found.isdigit():
        return int(found)
    problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{found}" is not snowflake.')
    return 0
