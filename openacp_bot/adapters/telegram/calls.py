"""The connection to the Bot API."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import TelegramMethod
from aiogram.types import User

from openacp_bot.adapters.telegram.config import TelegramConfig

CALL_SECONDS = 30.0


class RawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates without looking inside: one update that aiogram cannot read must not spoil the whole answer."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int | None = None
    limit: int | None = None
    allowed_updates: list[str] | None = None


class ClockedSession(AiohttpSession):
    """Knows by how much Telegram's clock is ahead of ours, from the Date of its answers."""

    def __init__(self, api: TelegramAPIServer) -> None:
        super().__init__(api=api, timeout=CALL_SECONDS)
        self.ahead = 0.0
        self._trace = aiohttp.TraceConfig()
        self._trace.on_request_end.append(self._look_at_clock)
        self._trace.freeze()

    async def create_session(self) -> aiohttp.ClientSession:
        session = await super().create_session()
        if self._trace not in session.trace_configs:
            session.trace_configs.append(self._trace)
        return session

    async def _look_at_clock(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
    ) -> None:
        try:
            theirs = parsedate_to_datetime(answer.response.headers.get("Date", ""))
        except ValueError:
            return
        self.ahead = theirs.timestamp() - time.time()


def new_bot(config: TelegramConfig) -> Bot:
    """Connects when it is first used. Close its session."""
    api = TelegramAPIServer.from_base(config.api_base_url) if config.api_base_url else PRODUCTION
    return Bot(config.token, session=ClockedSession(api))


@asynccontextmanager
async def open_bot(config: TelegramConfig) -> AsyncIterator[Bot]:
    bot = new_bot(config)
    try:
        yield bot
    finally:
        await bot.session.close()


def telegram_now(bot: Bot) -> float:
    """By Telegram's own clock, once it has answered."""
    return time.time() + (bot.session.ahead if isinstance(bot.session, ClockedSession) else 0.0)


async def who_we_are(bot: Bot) -> User:
    try:
        return await bot.get_me()
    except TelegramNotFound as error:  # said of a token that cannot be one
        raise TelegramUnauthorizedError(error.method, error.message) from error
