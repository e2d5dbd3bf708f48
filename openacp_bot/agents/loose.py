"""Reading JSON that another program wrote: a missing, null or wrongly typed member reads as its empty value."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
NONE: Json = {}


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
    """A whole number that is not negative, else None."""
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is float and math.isfinite(value) and value >= 0:
        return int(value)
    return None


def number(value: object) -> float | None:
    """A finite number, else None."""
    if type(value) is int and abs(value) < 2**63:
        return float(value)
    return value if type(value) is float and math.isfinite(value) else None


def advertised(source: Json, key: str) -> bool:
    """ACP: absent, null or false means no, `{}` and true mean yes."""
    value = source.get(key)
    return value is True or type(value) is dict


def readable(value: object) -> str:
    """Any JSON value as text for a person."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def short(value: object, limit: int = 80) -> str:
    """A value for a log line or a sentence: one line, cut."""
    line = " ".join(str(value).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
