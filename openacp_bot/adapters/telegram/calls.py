"""The connection to the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.methods import TelegramMethod

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


def new_bot(config: TelegramConfig) -> Bot:
    """Connects when it is first used. Close its session."""
    api = TelegramAPIServer.from_base(config.api_base_url) if config.api_base_url else PRODUCTION
    return Bot(config.token, session=AiohttpSession(api=api, timeout=CALL_SECONDS))


@asynccontextmanager
async def open_bot(config: TelegramConfig) -> AsyncIterator[Bot]:
    bot = new_bot(config)
    try:
        yield bot
    finally:
        await bot.session.close()
