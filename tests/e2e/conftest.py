"""What the end-to-end tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.house import House
from tests.e2e.nursery import Nursery
from tests.sims.discord import Discord
from tests.sims.telegram import Telegram


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def house(tmp_path: Path, nursery: Nursery) -> Iterator[House]:
    house = House(tmp_path, nursery)
    yield house
    house.clear_out()


@pytest.fixture
async def sim() -> AsyncIterator[Telegram]:
    """A Telegram that must find nothing odd in what it is asked."""
    async with Telegram() as sim:
        yield sim
        assert sim.oddities == []


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    """A Discord that must find nothing strange in what it is asked."""
    async with Discord() as sim:
        yield sim
        assert sim.strange == []
