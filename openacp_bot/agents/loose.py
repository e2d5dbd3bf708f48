"""Reading JSON that another program wrote: a missing, null or wrongly typed member reads as its empty value."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

from openacp_bot.core.words import cut, one_line

Json: TypeAlias = dict[str, Any]
NONE: Json = {}
MOST_WHOLE = 2**63
MOST_SHOWN = 1024 * 1024  # characters of one value
MOST_INDENTED = 64 * 1024
LEAST_WEIGHT = 16  # characters as which a number or an empty value counts, so that few are looked at
# Unicode's Bidi_Control. Between them “Allow txt.exe” may read as something else, and end what stands beside it.
DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def text(source: Json, key: str) -> str:
    """The string at `key`, else empty."""
    value = source.get(key)
    return value if type(value) is str else ""


def first_text(source: Json, *keys: str) -> str:
    """The first string that is not empty."""
    return next((found for key in keys if (found := text(source, key))), "")


def obj(source: Json, key: str) -> Json:
    """The object at `key`, else an empty one."""
    value = source.get(key)
    return value if type(value) is dict else NONE


def objects(source: Json, key: str) -> list[Json]:
    """The objects of the array at `key`; what is no object is left out."""
    value = source.get(key)
    return [item for item in value if type(item) is dict] if type(value) is list else []


def strings(value: object) -> list[str]:
    """The strings of an array; empty if it is none."""
    return [item for item in value if type(item) is str] if type(value) is list else []


def whole(value: object) -> int | None:
    """A whole number that is not negative and fits into 63 bits (SQLite takes no larger one), else None."""
    if (type(value) is int or type(value) is float) and 0 <= value < MOST_WHOLE:
        return int(value)
    return None


def number(value: object) -> float | None:
    """A finite number, else None."""
    if type(value) is int and abs(value) < MOST_WHOLE:
        return float(value)
    return value if type(value) is float and math.isfinite(value) else None


def advertised(source: Json, key: str) -> bool:
    """ACP: absent, null or false means no, `{}` and true mean yes."""
    value = source.get(key)
    return value is True or type(value) is dict


def readable(value: object) -> str:
    """Any JSON value as text for a person. Of a huge one its first part, which says what was left out."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        kept = _first_part(value, _Room(MOST_SHOWN))
        line = json.dumps(kept, ensure_ascii=False)
        # Only the encoder without indentation is in C, and deep nesting makes an indented text many times longer.
        pretty = json.dumps(kept, ensure_ascii=False, indent=2) if len(line) <= MOST_INDENTED else ""
    except RecursionError:
        return "(nested too deeply to be shown)"
    return pretty if 0 < len(pretty) <= 4 * MOST_INDENTED else line


class _Room:
    """How many characters may still be taken."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, size: int) -> None:
        self.left -= max(size, LEAST_WEIGHT)


def _first_part(value: Any, room: _Room) -> Any:
    """The value as far as there is room: no more than that is looked at."""
    if isinstance(value, str):
        kept = value[: max(0, room.left)]
        room.take(len(kept))
        more = len(value) - len(kept)
        return f"{kept}… ({more} more characters were left out)" if more else value
    if isinstance(value, list):
        return _first_items(value, room)
    if isinstance(value, dict):
        return _first_members(value, room)
    room.take(0)
    return value


def _first_items(value: list[Any], room: _Room) -> list[Any]:
    kept: list[Any] = []
    for item in value:
        if room.left <= 0:
            return [*kept, f"… ({len(value) - len(kept)} more values were left out)"]
        kept.append(_first_part(item, room))
    return kept


def _first_members(value: Json, room: _Room) -> Json:
    kept: Json = {}
    for key, member in value.items():
        if room.left <= 0:
            return kept | {"…": f"({len(value) - len(kept)} more members were left out)"}
        room.take(len(key))
        kept[key[:MOST_SHOWN]] = _first_part(member, room)
    return kept


def label(words: str) -> str:
    """Words for a title or a button, without the characters that turn the direction of what follows them."""
    return words if words.isascii() else words.translate(DIRECTIONS)


def short(value: object, limit: int = 80) -> str:
    """A value for a log line or a sentence: one line, cut."""
    return cut(one_line(str(value)[: 20 * limit]), limit)
