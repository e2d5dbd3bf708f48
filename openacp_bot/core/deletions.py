"""Deleted sessions: from the word on nobody sees them, and what they hold is erased once their process is gone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from openacp_bot.core.errors import Problem, StoreError
from openacp_bot.core.events import PlaceChanged, SessionChanged
from openacp_bot.core.means import Means
from openacp_bot.core.model import Ending, SessionRecord, Wanted
from openacp_bot.core.session import Session

log = logging.getLogger(__name__)


class Deletions:
    """`live` is the manager's; `get_to_know` comes before anything is said for a session that sleeps."""

    def __init__(
        self,
        means: Means,
        live: Mapping[str, Session],
        get_to_know: Callable[[SessionRecord], Awaitable[None]],
    ) -> None:
        self._means = means
        self._live = live
        self._get_to_know = get_to_know
        self._waiting: set[str] = set()  # to be erased once their process is gone
        self._under_way: set[str] = set()  # while it is being stored; what is said after the erasing counts anew

    async def delete(self, record: SessionRecord, *, key: str = "") -> None:
        """Twice at once is once."""
        if await self._means.records.session(record.id) is None or record.id in self._under_way:
            return
        self._under_way.add(record.id)
        try:
            await self._delete(record, key)
        finally:
            self._under_way.discard(record.id)

    async def _delete(self, record: SessionRecord, key: str) -> None:
        await self._get_to_know(record)
        place = await self._means.records.place_of(record.id)
        await self._means.records.delete_session(record.id, key=key)
        if place is not None:
            self._means.feed.say(record.id, PlaceChanged(replace(place, wanted=Wanted.GONE)))
        self._means.feed.say(record.id, SessionChanged(deleted=True))
        session = self._live.get(record.id)
        if session is None:
            await self._erase(record.id)
        else:
            self._waiting.add(record.id)
            session.mailbox.drop()
            session.end(Ending.DELETE)

    async def delete_each(self, records: Sequence[SessionRecord]) -> None:
        """One after the other; an errand."""
        for record in records:
            try:
                await self.delete(record)
            except Problem as error:
                log.warning("session %s could not be deleted: %s", record.id, error)
            except Exception:  # the root of this errand: its bug must not end the sessions
                log.exception("session %s could not be deleted", record.id)

    async def over(self, id: str) -> bool:
        """This session's process is gone; whether it was deleted, and is erased now."""
        if id not in self._waiting:
            return False
        await self._erase(id)
        return True

    async def _erase(self, id: str) -> None:
        """If this fails, the next boot does it."""
        try:
            await self._means.records.erase_session(id)
        except StoreError as error:
            log.warning("deleted session %s is erased after a restart: %s", id, error)
        self._waiting.discard(id)
        self._means.feed.forget(id)
