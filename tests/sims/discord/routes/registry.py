"""Which routes there are, what they know and which bucket they draw on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sims.discord.checks import words
from tests.sims.discord.contents import Uploads
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import invalid, unknown
from tests.sims.discord.world import Channel, Guild, Message


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: what stood in its path, its query and its body."""

    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    uploads: Uploads = field(default_factory=dict)

    def id(self, name: str) -> int:
        """A snowflake of the path."""
        return _snowflake(f"{name}_id", self.path[name])

    def mark(self, name: str, default: int) -> int:
        """A snowflake of the query."""
        return _snowflake(name, self.query[name]) if name in self.query else default

    def limit(self, default: int, most: int) -> int:
        """How many are asked for."""
        value = self.query.get("limit", str(default))
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise invalid(("limit",), "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        return int(value)


def _snowflake(name: str, value: str) -> int:
    if not value.isdigit():
        raise invalid((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    return int(value)


Handler = Callable[[Realm, Ask], Any]
MAJOR = ("channel", "guild", "token")  # what buckets are kept apart by


@dataclass(frozen=True, slots=True)
class Route:
    """`bucket` names its size in Limits. `open`: the token in the path is all that it needs. `lists`: its body is a
    list."""

    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    fields: frozenset[str]
    query: frozenset[str]
    bucket: str
    handle: Handler
    open: bool = False
    lists: bool = False
    status: int = 200

    def major(self, path: Mapping[str, str]) -> str:
        return "/".join(path[name] for name in MAJOR if name in path)


ROUTES: list[Route] = []


def route(
    method: str,
    template: str,
    fields: str = "",
    *,
    query: str = "",
    bucket: str = "other",
    open: bool = False,
    lists: bool = False,
    status: int = 200,
) -> Callable[[Handler], Handler]:
    """Register the handler of one route; its name is the handler's."""

    def register(handle: Handler) -> Handler:
        pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template))
        known = words(fields), words(query)
        ROUTES.append(Route(handle.__name__, method, template, pattern, *known, bucket, handle, open, lists, status))
        return handle

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route that takes it; where several do, the one with most fixed words."""
    fitting = [
        (known, match.groupdict())
        for known in ROUTES
        if known.method == method and (match := known.pattern.fullmatch(path))
    ]
    return min(fitting, key=lambda pair: len(pair[1]), default=None)


# --- what a path names ---------------------------------------------------------------------------


def find_channel(realm: Realm, ask: Ask) -> Channel:
    """10003 if there is none."""
    channel = realm.channels.get(ask.id("channel"))
    if channel is None or channel.deleted:
        raise unknown("Channel")
    return channel


def find_guild(realm: Realm, ask: Ask) -> Guild:
    guild = realm.guilds.get(ask.id("guild"))
    if guild is None or not realm.knows(guild):
        raise unknown("Guild")
    return guild


def find_message(channel: Channel, ask: Ask) -> Message:
    """10008 for deleted ones, and for ephemeral ones, which exist only for their token."""
    message = channel.messages.get(ask.id("message"))
    if message is None or message.deleted or message.receiver is not None:
        raise unknown("Message")
    return message
