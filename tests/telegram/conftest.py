"""A Telegram of its own for each test, which must find nothing odd in what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import ScriptedHub
from tests.sims.telegram import Chat, Telegram, User
from tests.telegram.house import House, house


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as sim:
        yield sim
        assert sim.oddities == []


@pytest.fixture
def alice(telegram: Telegram) -> User:
    return telegram.person("Alice")


@pytest.fixture
def work(telegram: Telegram, alice: User) -> Chat:
    return telegram.forum("Work", alice)


@pytest.fixture
async def home(telegram: Telegram, alice: User, work: Chat, tmp_path: Path) -> AsyncIterator[House]:
    hub = ScriptedHub(admins=frozenset({str(alice.id)}))
    async with house(telegram, tmp_path, hub, alice.id, chats=(work.id,), general="all") as home:
        await home.up()
        yield home
