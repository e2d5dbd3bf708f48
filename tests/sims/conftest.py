"""A simulator and the real aiogram talking to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tests.sims.connect import connected
from tests.sims.telegram import Telegram


@pytest.fixture
async def sim() -> AsyncIterator[Telegram]:
    async with Telegram() as sim:
        yield sim


@pytest.fixture
async def bot(sim: Telegram) -> AsyncIterator[Bot]:
    async with connected(sim) as bot:
        yield bot
