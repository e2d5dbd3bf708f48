"""What is wrong with a configuration, as sentences: key path, place, value, what is allowed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openacp_bot.config.schema import KeyPath, known_keys
from openacp_bot.core.errors import UserError
from openacp_bot.core.words import cut


class ConfigError(UserError):
    """The configuration cannot be used. `problems`: one sentence each."""

    def __init__(self, source: Path | None, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        where = str(source) if source else "the configuration"
        if len(self.problems) == 1:
            super().__init__(f"{where}: {self.problems[0]}")
        else:
            lines = "".join(f"\n  - {problem}" for problem in self.problems)
            super().__init__(f"{where} has {len(self.problems)} problems:{lines}")


def dotted(path: KeyPath) -> str:
    """`agents.claude.args[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def located(path: KeyPath, places: Mapping[KeyPath, str]) -> str:
    """`web.port (line 4)`; of a key that is missing, the place of what it is missing from."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return f"{dotted(path)} ({places[path[:length]]})"
    return dotted(path)


def sentences(error: ValidationError, places: Mapping[KeyPath, str]) -> list[str]:
    """One for each thing that the schema found."""
    return [f"{located(found['loc'], places)} {_reason(dict(found))}" for found in error.errors(include_url=False)]


def _reason(found: dict[str, Any]) -> str:
    value, context = found["input"], found.get("ctx", {})
    if {"env", "headers", "token", "secret"} & set(found["loc"]):
        value = "…"  # where keys and tokens are kept
    match found["type"]:
        case "missing":
            return "is missing, and it is required"
        case "extra_forbidden":
            return _unknown(found["loc"])
        case "literal_error":
            return f"is {shown(value)}; use {context['expected'].replace(chr(39), '')}"
        case "string_type":
            return f"is {shown(value)}; it must be text (put it in quotes)"
        case "bool_type":
            return f"is {shown(value)}; it must be true or false"
        case "int_type" | "int_from_float":
            return f"is {shown(value)}; it must be a whole number"
        case "float_type" | "finite_number":
            return f"is {shown(value)}; it must be a number"
        case "greater_than":
            return f"is {shown(value)}; it must be above {context['gt']:g}"
        case "greater_than_equal":
            return f"is {shown(value)}; it must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"is {shown(value)}; it must be at most {context['le']:g}"
        case "list_type":
            return _not_a_list(value)
        case "string_too_short":
            return "is empty"
        case "value_error" if isinstance(value, dict):
            return f"cannot be: {context['error']}"
        case "value_error":
            return f"is {shown(value)}; it {context['error']}"
        case _:  # model_type, dict_type
            return f"is {shown(value)}; it must hold keys and values"


def shown(value: object) -> str:
    text = f"“{value}”" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    return cut(text, 80)


def shown_path(path: Path) -> str:
    """Whole: what would be cut off is the file's name."""
    return f"“{path}”"


def _not_a_list(value: object) -> str:
    if not isinstance(value, str):
        return f"is {shown(value)}; it must be a list"
    try:
        words = shlex.split(value)
    except ValueError:  # an open quote
        words = value.split()
    quoted = ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return f"is {shown(value)}; it must be a list: [{quoted}]"


def _unknown(path: KeyPath) -> str:
    return f"is not a known key; {suggestion(str(path[-1]), known_keys(path[:-1]))}"


def suggestion(word: str, known: Sequence[str]) -> str:
    """The nearest of what is known, else all of it."""
    near = get_close_matches(word.lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
