"""The implementations that the suites run against."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from openacp_bot.core.ports import Ledger, ProcessBook, Records, Transcript
from openacp_bot.store import open_store
from tests.contracts.values import NOW
from tests.memory_store import MemoryStore


@dataclass(frozen=True)
class Kept:
    """One implementation of the ports that keep things."""

    records: Records
    transcript: Transcript
    book: ProcessBook
    ledger: Ledger


@asynccontextmanager
async def in_memory(data_dir: Path) -> AsyncIterator[Kept]:
    store = MemoryStore(now=lambda: NOW)
    yield Kept(store, store, store, store)


@asynccontextmanager
async def in_sqlite(data_dir: Path) -> AsyncIterator[Kept]:
    async with open_store(data_dir, now=lambda: NOW) as store:
        yield Kept(store.records, store.transcript, store.book, store.ledger)


@pytest.fixture(params=[in_memory, in_sqlite], ids=["memory", "sqlite"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with request.param(tmp_path) as kept:
        yield kept


@pytest.fixture
def records(kept: Kept) -> Records:
    return kept.records


@pytest.fixture
def transcript(kept: Kept) -> Transcript:
    return kept.transcript


@pytest.fixture
def book(kept: Kept) -> ProcessBook:
    return kept.book


@pytest.fixture
def ledger(kept: Kept) -> Ledger:
    return kept.ledger
