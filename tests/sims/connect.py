"""The real aiogram, pointed at the simulator, and how its refusals are checked."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import cache

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

from tests.sims.telegram import Telegram


class LoopbackSession(AiohttpSession):
    """aiogram's session without what only TLS needs: a fresh context each, and a quarter of a second at closing."""

    def __init__(self, base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base))
        self._connector_init["ssl"] = _tls()

    async def close(self) -> None:
        if self._session is not None and not self._session.closed:
            await self._session.close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@asynccontextmanager
async def connected(sim: Telegram, token: str = "") -> AsyncIterator[Bot]:
    """A bot of the simulator; its connections are closed on leaving."""
    bot = Bot(token or sim.token, session=LoopbackSession(sim.url))
    async with bot.session:
        yield bot


async def refused(call: Awaitable[object], words: str) -> None:
    """The call is refused in exactly these words after `Bad Request: ` or `Forbidden: `."""
    with pytest.raises((TelegramBadRequest, TelegramForbiddenError)) as caught:
        await call
    assert caught.value.message in (f"Bad Request: {words}", f"Forbidden: {words}")
