"""A front door that a test scripts: it remembers what came in, and says what it was told to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from openacp_bot.core.errors import UserError
from openacp_bot.core.inbound import Inbound, Reply
from openacp_bot.core.model import UserRef
from openacp_bot.core.views import CommandInfo, CommandMenu, Query

T = TypeVar("T")

MENU = (
    CommandInfo("new", "start a session", "[agent]"),
    CommandInfo("bypass", "approve everything", "", needs_session=True, admin=True),
    CommandInfo("compact", "the agent's own", "", agent=True),
    CommandInfo("Not-A-Name", "never shown", ""),
)


class ScriptedHub:
    """`replies`: what is said to the next inbounds; `views`: what is seen, by query."""

    def __init__(self, *, admins: frozenset[str] = frozenset()) -> None:
        self.heard: list[Inbound] = []
        self.replies: list[Reply | Exception | None] = []
        self.views: dict[Query[Any], Any] = {}
        self.menu: tuple[CommandInfo, ...] = MENU
        self.admins = admins
        self.hold: asyncio.Event | None = None  # nothing is said before it is set
        self._changed = asyncio.Event()
        self._keys: set[str] = set()

    async def handle(self, inbound: Inbound) -> Reply | None:
        if self.hold is not None:
            await self.hold.wait()
        reply = self.replies.pop(0) if self.replies else None
        if isinstance(reply, Exception):
            raise reply
        if inbound.origin.key in self._keys:
            return None
        self._keys.add(inbound.origin.key)
        self.heard.append(inbound)
        self._changed.set()
        self._changed = asyncio.Event()
        return reply

    async def look(self, query: Query[Any], who: UserRef) -> Any:
        if isinstance(query, CommandMenu):
            return tuple(one for one in self.menu if who.id in self.admins or not one.admin)
        if query not in self.views:
            raise UserError("There is nothing to see.")
        return self.views[query]

    async def until(self, condition: Callable[[], T], seconds: float = 10) -> T:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                await self._changed.wait()
        return found
