"""Where actions of all tabs are taken to the hub: once each, however often a tab repeats them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from openacp_bot.adapters.web.wire import YOU, Act
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Reply
from openacp_bot.core.ports import Hub
from openacp_bot.core.views import Query

log = logging.getLogger(__name__)

V = TypeVar("V")

REMEMBERED = 256  # answers that are kept for a tab whose connection broke before it got its own


@dataclass(frozen=True, slots=True)
class Answer:
    """`trouble`: it was not stored, and is to be repeated."""

    reply: Reply | None = None
    trouble: str = ""


class Desk:
    """Actions run in the surface's task group, not in their tab's: a tab that goes away takes nothing back."""

    def __init__(self, hub: Hub, tasks: asyncio.TaskGroup) -> None:
        self._hub = hub
        self._tasks = tasks
        self._taken: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def look(self, query: Query[V]) -> V:
        """Raises UserError or StoreError."""
        return await self._hub.look(query, YOU)

    async def handle(self, act: Act) -> Answer | None:
        """None: the surface was closed first; the tab will repeat it."""
        task = self._taken.get(act.id)
        if task is None:
            task = self._taken[act.id] = self._tasks.create_task(self._handle(act))
            self._forget_oldest()
        await asyncio.wait({task})  # does not cancel the task when the tab goes away
        if task.cancelled():
            return None
        answer = task.result()
        if answer.trouble:
            self._taken.pop(act.id, None)
        return answer

    async def _handle(self, act: Act) -> Answer:
        try:
            return Answer(await self._hub.handle(act.inbound))
        except StoreError as error:
            log.warning("an action of the page was not stored: %s", error)
            return Answer(trouble=str(error))
        except Exception:  # a task's root: one bug in an action must not end the page
            log.exception("an action of the page failed")
            return Answer(Reply("That failed by a fault of openacp-bot. Its log has the details.", refused=True))

    def _forget_oldest(self) -> None:
        while len(self._taken) > REMEMBERED and next(iter(self._taken.values())).done():
            self._taken.popitem(last=False)
