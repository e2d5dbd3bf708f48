"""The lists of sessions in all sidebars, pushed when something listed has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from openacp_bot.adapters.web.desk import Desk
from openacp_bot.adapters.web.drawing import drawn_page
from openacp_bot.adapters.web.text import as_text
from openacp_bot.adapters.web.wire import Listed
from openacp_bot.core.errors import Problem
from openacp_bot.core.views import Sessions

log = logging.getLogger(__name__)

GATHERING_SECONDS = 0.1  # changes come in bursts: a turn's start is three of them


class Sidebar(Protocol):
    """A tab that shows a list."""

    @property
    def listed(self) -> Listed | None: ...

    def list_drawn(self, text: str) -> None:
        """The whole list as JSON text; nothing happens if it is what the tab has."""


class SessionLists:
    """One look for all tabs that show the same list."""

    def __init__(self, sidebars: Callable[[], Iterable[Sidebar]]) -> None:
        self._sidebars = sidebars
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something that lists show may be different now."""
        self._changed.set()

    async def push_forever(self, desk: Desk) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(GATHERING_SECONDS)
            self._changed.clear()
            try:
                await self.push(desk, self._sidebars())
            except Problem as problem:  # the store's: the next change tries again
                log.warning("the page's lists cannot be read: %s", problem)
            except Exception:  # a task's root: a bug here must not end the page
                log.exception("the page's lists failed")

    async def push(self, desk: Desk, sidebars: Iterable[Sidebar]) -> None:
        """Raises UserError or StoreError."""
        showing: dict[Listed, list[Sidebar]] = {}
        for sidebar in sidebars:
            if sidebar.listed is not None:
                showing.setdefault(sidebar.listed, []).append(sidebar)
        for listed, those in showing.items():
            text = await _drawn(desk, listed)
            for sidebar in those:
                if sidebar.listed == listed:  # still
                    sidebar.list_drawn(text)


async def _drawn(desk: Desk, listed: Listed) -> str:
    wanted = Sessions(group=listed.group, search=listed.search, hide_empty=True, limit=listed.limit)
    page = drawn_page(await desk.look(wanted))
    return as_text({"op": "list", "group": listed.group, "search": listed.search, **page})
