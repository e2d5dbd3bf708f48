"""The one writer: calls in the order in which they were made, those that wait together under one commit."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import aiosqlite

from openacp_bot.core.errors import StoreError
from openacp_bot.store.opening import APPLICATION_ID
from openacp_bot.store.trouble import is_fault, is_locked, store_error

log = logging.getLogger(__name__)

T = TypeVar("T")
Work: TypeAlias = Callable[[aiosqlite.Connection], Awaitable[T]]

GROUP = 200  # calls under one commit
PROBE_SECONDS = 1.0  # how often storing is tried again after a failure, when nobody else tries


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Work that waits for its turn, and the one who waits for it."""

    work: Work[Any]
    answer: asyncio.Future[Any]
    then: Callable[[Any], None] | None = None
    looks: bool = False

    def succeed(self, result: Any) -> None:
        if self.then is not None:
            self.then(result)
        if not self.answer.done():
            self.answer.set_result(result)

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Writer:
    """Owns the connection that writes; `run` is its one task.

    1. A call is carried out whole or not at all, and answered when it is committed.
    2. A call that was made is carried out even if its caller no longer waits.
    3. If a commit fails, nothing of its group is kept. Its calls are then tried one by one, so that a large one that no
       longer fits takes no small one with it. Work may therefore run twice, and changes nothing but the database.
    """

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._waiting: deque[Call] = deque()
        self._called = asyncio.Event()
        self._closed = False
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why nothing can be stored; empty as soon as something could be stored again."""
        return self._trouble

    def call(self, work: Work[T], then: Callable[[T], None] | None = None) -> asyncio.Future[T]:
        """Get in line. `then` runs with the result as soon as it is committed, before anybody else looks."""
        return self._enqueue(work, then=then)

    async def do(self, work: Work[T]) -> T:
        return await self.call(work)

    async def look(self, work: Work[T]) -> T:
        """Read with nothing half done: between two commits."""
        return await self._enqueue(work, looks=True)

    def close(self) -> None:
        """Refuse further calls; `run` ends when those that wait are carried out."""
        self._closed = True
        self._called.set()

    async def run(self) -> None:
        group: list[Call] = []
        try:
            while await self._something_waits():
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                await self._carry_out(group)
        finally:
            self._closed = True
            for call in (*group, *self._waiting):
                call.fail(self._closed_error())

    def _enqueue(
        self, work: Work[T], *, then: Callable[[T], None] | None = None, looks: bool = False
    ) -> asyncio.Future[T]:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._closed:
            answer.set_exception(self._closed_error())
            return answer
        self._waiting.append(Call(work, answer, then, looks))
        self._called.set()
        return answer

    async def _something_waits(self) -> bool:
        while not self._waiting and not self._closed:
            self._called.clear()
            try:
                async with asyncio.timeout(PROBE_SECONDS if self._trouble else None):
                    await self._called.wait()
            except TimeoutError:
                await self._probe()
        return bool(self._waiting)

    async def _carry_out(self, group: Sequence[Call]) -> None:
        try:
            if writes := [call for call in group if not call.looks]:
                await self._write(writes)
            for call in group:
                if call.looks:
                    await self._look(call)
        except Exception as error:  # the root of the writer's task: a bug ends these calls, not the store
            log.exception("the writer failed")
            for call in group:
                call.fail(error)

    async def _write(self, calls: Sequence[Call]) -> None:
        try:
            outcomes = await self._committed(calls)
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to the callers
            await self._failed(calls, error)
            return
        self._recovered()
        for call, outcome in zip(calls, outcomes, strict=True):
            if isinstance(outcome, _Refused):
                call.fail(self._told(outcome.error))
            else:
                call.succeed(outcome)

    async def _committed(self, calls: Sequence[Call]) -> list[object]:
        await self._db.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [await self._saved(call) for call in calls]
            await self._db.execute("COMMIT")
            return outcomes
        finally:
            # SQLite ends a transaction by itself on some errors: https://www.sqlite.org/lang_transaction.html
            if self._db.in_transaction:
                await self._db.execute("ROLLBACK")

    async def _saved(self, call: Call) -> object:
        """Its result, or why it alone was taken back."""
        await self._db.execute("SAVEPOINT call")
        try:
            result: object = await call.work(self._db)
        except Exception as error:  # one call's mistake is not the others'
            if is_fault(error):
                raise
            await self._db.execute("ROLLBACK TO call")
            result = _Refused(error)
        await self._db.execute("RELEASE call")
        return result

    async def _failed(self, calls: Sequence[Call], error: Exception) -> None:
        if len(calls) > 1 and not is_locked(error):  # locked: each would wait as long again
            for call in calls:
                await self._write([call])
            return
        told = self._told(error)
        if is_fault(error):
            self._note_trouble(str(told))
        for call in calls:
            call.fail(told)

    async def _look(self, call: Call) -> None:
        try:
            call.succeed(await call.work(self._db))
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to the caller
            call.fail(self._told(error))

    async def _probe(self) -> None:
        """A write that changes nothing, to notice by ourselves that storing works again."""
        try:
            await self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        except aiosqlite.Error as error:
            log.debug("storing is still impossible: %s", error)
        else:
            self._recovered()

    def _note_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.error("%s (%s)", trouble, self._path)
        self._trouble = trouble

    def _recovered(self) -> None:
        if self._trouble:
            log.warning("storing works again")
        self._trouble = ""

    def _told(self, error: Exception) -> Exception:
        """What the caller gets: sentences for what storage does, bugs as they are."""
        if not isinstance(error, aiosqlite.Error | OSError):
            return error
        told = store_error(error, Path(self._path.name))  # said in chats, where nobody needs to know our directories
        told.__cause__ = error
        return told

    def _closed_error(self) -> StoreError:
        return StoreError(f"The database {self._path.name} is closed: the daemon is stopping.")


@dataclass(frozen=True, slots=True)
class _Refused:
    """The work of one call failed, by its own fault."""

    error: Exception
