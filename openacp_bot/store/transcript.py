"""What was said, written while it is being said: appended in memory, committed every 250 ms by the one writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import aiosqlite

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Said
from openacp_bot.core.views import HistoryView
from openacp_bot.store.blobs import Blobs
from openacp_bot.store.drafts import Unsaved
from openacp_bot.store.history import read_history, read_turn, session_of_turn
from openacp_bot.store.saving import Saved, save
from openacp_bot.store.writer import Writer

log = logging.getLogger(__name__)

COMMIT_SECONDS = 0.25
RETRY_SECONDS = 1.0
ROOM = 1024 * 1024  # characters of one session that may wait


class LiveTranscript:
    """`core.ports.Transcript` over SQLite; `run` is its one task.

    1. What cannot be committed (a full disk) stays in memory, bounded by those who wait in `room`, and is tried again.
    2. A session that is not stored, or not any more, has no transcript: what is said in it is forgotten.
    """

    def __init__(self, writer: Writer, blobs: Blobs) -> None:
        self._writer = writer
        self._blobs = blobs
        self._sessions: dict[str, Unsaved] = {}
        self._dirty = asyncio.Event()
        self._hurry = asyncio.Event()
        self._committed = asyncio.Event()  # a fresh one after every commit
        self._asked: list[asyncio.Future[None]] = []
        self._closed = False
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why what was said is not stored; empty when it is."""
        return self._trouble

    @property
    def sessions_in_memory(self) -> int:
        """How many have something that waits, or a message that may go on."""
        return len(self._sessions)

    def append(self, said: Said) -> None:
        unsaved = self._sessions.get(said.session)
        if unsaved is None:
            unsaved = self._sessions[said.session] = Unsaved()
        if unsaved.take(said) and not self._dirty.is_set():
            self._dirty.set()

    async def room(self, session: str) -> None:
        while self._waits(session) > ROOM and not self._closed:
            self._hurry.set()
            await self._committed.wait()

    async def flush(self) -> None:
        if self._closed:
            raise _closed_error()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(done)
        self._wake()
        await done

    async def history(
        self, session: str, *, after: int = 0, before: int | None = None, limit: int = 200
    ) -> HistoryView:
        async def look(db: aiosqlite.Connection) -> HistoryView:
            # In the writer's line nothing is committed during the look, so what is taken from memory at its beginning
            # and what is then read from the rows is neither doubled nor missed.
            unsaved = self._sessions.get(session) or Unsaved()
            lines, rev = unsaved.lines(), unsaved.rev
            return await read_history(db, self._blobs, session, lines, rev=rev, after=after, before=before, limit=limit)

        return await self._writer.look(look)

    async def turn(self, prompt: str) -> Sequence[Said]:
        async def look(db: aiosqlite.Connection) -> Sequence[Said]:
            session = await session_of_turn(db, prompt)
            unsaved = self._sessions.get(session or "") or Unsaved()
            return () if session is None else await read_turn(db, self._blobs, session, prompt, unsaved.lines())

        return await self._writer.look(look)

    async def run(self) -> None:
        """Commits until closed. Only here, so that no two commits of one session take the same text."""
        seconds = COMMIT_SECONDS
        try:
            while not self._closed:
                await self._dirty.wait()
                await self._pause(seconds)
                error = await self._commit()
                seconds = RETRY_SECONDS if error else COMMIT_SECONDS
        finally:
            self._closed = True
            self._committed.set()
            for done in self._asked:
                _settle(done, _closed_error())

    async def close(self) -> None:
        """Commit what waits; raises StoreError if that is impossible."""
        try:
            await self.flush()
        finally:
            self._closed = True
            self._wake()

    def _wake(self) -> None:
        self._dirty.set()
        self._hurry.set()

    async def _pause(self, seconds: float) -> None:
        """Cut short by whoever waits for a commit."""
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass  # nobody was in a hurry

    async def _commit(self) -> BaseException | None:
        """What is now unsaved, for all who asked until now; the first error, if any."""
        self._dirty.clear()
        self._hurry.clear()
        asked = len(self._asked)  # they stay in the list for as long as they wait, so that none is forgotten
        errors = [error for error in await self._save_all() if error is not None]
        self._trouble = str(errors[0]) if errors else ""
        if errors:
            self._dirty.set()
        for done in self._asked[:asked]:
            _settle(done, errors[0] if errors else None)
        del self._asked[:asked]
        return errors[0] if errors else None

    async def _save_all(self) -> Sequence[BaseException | None]:
        saves = {
            session: self._writer.call(partial(self._save, session), then=partial(self._saved, session))
            for session, unsaved in self._sessions.items()
            if not unsaved.is_saved
        }
        if not saves:
            return []
        await asyncio.wait(saves.values())
        for session, done in saves.items():
            if (error := done.exception()) is None:
                await self._remove_files(session, done.result())
            elif not isinstance(error, StoreError):  # those are told by the writer
                log.error("session %s could not be written", session, exc_info=error)
        return [done.exception() for done in saves.values()]

    def _waits(self, session: str) -> int:
        unsaved = self._sessions.get(session)
        return 0 if unsaved is None else unsaved.weight

    async def _save(self, session: str, db: aiosqlite.Connection) -> Saved | None:
        unsaved = self._sessions.get(session) or Unsaved()
        return await save(db, self._blobs, session, rev=unsaved.rev, lines=unsaved.lines())

    def _saved(self, session: str, saved: Saved | None) -> None:
        """In the same step in which the commit is known."""
        unsaved = self._sessions.get(session)
        if unsaved is not None and saved is not None:
            unsaved.forget(saved.spoilt)
            unsaved.committed(saved.rev, saved.lines)
        if unsaved is None or saved is None or (unsaved.is_saved and not unsaved.drafts):
            self._sessions.pop(session, None)
        self._committed.set()
        self._committed = asyncio.Event()

    async def _remove_files(self, session: str, saved: Saved | None) -> None:
        for name in saved.replaced if saved is not None else ():
            await self._blobs.remove(session, name)


def _closed_error() -> StoreError:
    return StoreError("What is said now cannot be stored any more: the daemon is stopping.")


def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
    if done.done():
        return  # nobody waits any more
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
