"""The store as one thing to enter and to leave."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from openacp_bot.core.errors import StoreError
from openacp_bot.store.blobs import Blobs
from openacp_bot.store.book import Book
from openacp_bot.store.facts import Reader
from openacp_bot.store.ledger import CardLedger
from openacp_bot.store.opening import FILE_NAME, prepare
from openacp_bot.store.records import AllRecords
from openacp_bot.store.transcript import LiveTranscript
from openacp_bot.store.trouble import store_error
from openacp_bot.store.writer import Writer

PATIENCE = 2.0  # seconds to wait for another program's lock
WAL_BYTES = 16 * 1024 * 1024  # what the log is cut to after it was longer


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept, by the port through which it is reached."""

    records: AllRecords
    transcript: LiveTranscript
    ledger: CardLedger
    book: Book
    writer: Writer
    path: Path

    @property
    def trouble(self) -> str:
        """Empty, or a sentence that says why nothing can be stored; it ends by itself when storing works again."""
        return self.writer.trouble or self.transcript.trouble


@asynccontextmanager
async def open_store(
    data_dir: Path, *, now: Callable[[], float] = time.time, patience: float = PATIENCE
) -> AsyncIterator[Store]:
    """Upgrades and opens `<data_dir>/openacp.db`; leaving it commits everything and closes. Raises StoreError.

    An exception of the body passes through as it is."""
    path = data_dir / FILE_NAME
    await asyncio.to_thread(prepare, path, patience=patience)
    async with _connected(path, patience) as writing, _connected(path, patience, reads_only=True) as reading:
        blobs = Blobs(data_dir / "blobs")
        writer, reader = Writer(writing, path), Reader(reading, path)
        parts = (writer, reader, blobs, now)
        transcript = LiveTranscript(writer, blobs)
        store = Store(AllRecords(*parts), transcript, CardLedger(*parts), Book(*parts), writer, path)
        failure: BaseException | None = None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writer.run(), name="store writer")
            tasks.create_task(transcript.run(), name="store transcript")
            try:
                yield store
            except BaseException as error:  # noqa: BLE001  raised below, outside of the group that would wrap it
                failure = error
            finally:
                lost = await _closed(transcript, writer)
        if failure := failure or lost:
            raise failure


async def _closed(transcript: LiveTranscript, writer: Writer) -> StoreError | None:
    """Why the last of what was said could not be committed."""
    try:
        await transcript.close()
    except StoreError as error:
        return error
    finally:
        writer.close()
    return None


@asynccontextmanager
async def _connected(path: Path, patience: float, *, reads_only: bool = False) -> AsyncIterator[aiosqlite.Connection]:
    try:
        async with aiosqlite.connect(path, isolation_level=None, timeout=patience) as db:
            db.row_factory = sqlite3.Row
            await db.execute("PRAGMA foreign_keys = ON")
            await db.execute("PRAGMA synchronous = FULL")
            await db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
            await db.execute(f"PRAGMA query_only = {int(reads_only)}")
            yield db
    except sqlite3.Error as error:
        raise store_error(error, path) from error
