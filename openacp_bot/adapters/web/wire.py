"""What a tab may say: JSON in, frozen values out. Parsed once, here; trusted inside."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from openacp_bot.adapters.web.text import whole
from openacp_bot.core.inbound import Command, Ground, Message, Origin, Pressed
from openacp_bot.core.model import ThreadRef, UserRef

YOU = UserRef("web", "local", "you")

UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
GROUPS = ("active", "archived", "scheduled")
LONGEST_LIST = 500


class Garbled(Exception):
    """What a tab said is none of what it may say."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Show this session (empty: none). The cursor (boot, rev) says what the tab has of it; rev 0: nothing."""

    session: str
    boot: str
    rev: int


@dataclass(frozen=True, slots=True)
class Listed:
    """The list that the sidebar shows."""

    group: str
    search: str
    limit: int


@dataclass(frozen=True, slots=True)
class Older:
    """Items of the watched session whose `first` is below `before`."""

    number: int
    session: str
    before: int


@dataclass(frozen=True, slots=True)
class Asking:
    """A question of the page: `what` is menu or choices."""

    number: int
    what: str
    session: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person did; repeated under the same id until it is acknowledged."""

    id: str
    inbound: Message | Command | Pressed


Saying: TypeAlias = Watch | Listed | Older | Asking | Act


def parse(text: str) -> Saying:
    """Raises Garbled."""
    try:
        return _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Garbled(f"{type(error).__name__}: {error}") from error


def _parse(data: Any) -> Saying:
    match data["op"]:
        case "watch":
            return Watch(_text(data, "session"), _text(data, "boot"), _number(data, "rev"))
        case "list":
            return _listed(data)
        case "older":
            return Older(_number(data, "number"), _text(data, "session"), _number(data, "before"))
        case "menu" | "choices" as what:
            return Asking(_number(data, "number"), what, _text(data, "session"))
        case "send" | "command" | "press" as how:
            return _act(how, data)
        case other:
            raise Garbled(f"unknown op {other!r:.40}")


def _listed(data: Any) -> Listed:
    group = _text(data, "group")
    if group not in GROUPS:
        raise Garbled(f"unknown group {group!r:.40}")
    return Listed(group, _text(data, "search")[:200], max(1, min(_number(data, "limit"), LONGEST_LIST)))


def _act(how: str, data: Any) -> Act:
    id = _text(data, "id")
    if not UNIQUE.fullmatch(id):
        raise Garbled("an action needs a unique id")
    session = _text(data, "session")
    origin = Origin(
        key=f"web:{id}",
        where=ThreadRef("web", "page", session),
        who=YOU,
        sent=time.time(),
        session=session or None,
        dialogs=True,
        ground=Ground.NONE,
    )
    match how:
        case "send":
            return Act(id, Message(origin, id, _text(data, "text")))
        case "command":
            return Act(id, Command(origin, _text(data, "name"), values=_values(data)))
        case _:
            return Act(id, Pressed(origin, _text(data, "token"), _values(data)))


def _text(data: Any, name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Garbled(f"{name} is no text")
    return whole(value)


def _number(data: Any, name: str) -> int:
    value = data.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise Garbled(f"{name} is no number")
    return value


def _values(data: Any) -> Mapping[str, str]:
    values = data.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Garbled("values are no texts")
    return MappingProxyType({name: whole(value) for name, value in values.items()})
