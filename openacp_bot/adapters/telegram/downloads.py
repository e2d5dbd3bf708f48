"""Files that people sent, brought to where the agent can read them."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
from aiogram import Bot
from aiogram.client.telegram import PRODUCTION
from aiogram.exceptions import AiogramError, ClientDecodeError, TelegramAPIError, TelegramNetworkError

from openacp_bot.adapters.telegram.errors import Sense, sense_of
from openacp_bot.chat.fetching import too_large, written
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef

SECONDS = 60.0
PIECE = 1024 * 1024


async def download(bot: Bot, file: FileRef, into: Path, limit: int) -> Path:
    """At most a minute. Raises UserError with a sentence, and leaves nothing behind."""
    path = into / f"telegram-{secrets.token_hex(8)}"
    try:
        async with asyncio.timeout(SECONDS):
            await written(path, await _pieces(bot, file, limit), file, limit)
    except (AiogramError, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise UserError(_sentence(file, error)) from error
    return path


async def _pieces(bot: Bot, file: FileRef, limit: int) -> AsyncGenerator[bytes, None]:
    found = await bot.get_file(file.id)
    if (found.file_size or 0) > limit:
        raise too_large(file, limit)
    if not found.file_path:
        raise UserError(f"“{file.name}” is not at Telegram any more. Send it again.")
    if bot.session.api is not PRODUCTION and Path(found.file_path).is_absolute():
        return _from_disk(Path(found.file_path), file)
    url = bot.session.api.file_url(bot.token, found.file_path)
    return bot.session.stream_content(url, timeout=int(SECONDS), raise_for_status=True)


async def _from_disk(path: Path, file: FileRef) -> AsyncGenerator[bytes, None]:
    """Your own Bot API server, started with --local, leaves files where it stands. The path holds the token."""
    try:
        opened = open(path, "rb", opener=_without_waiting)  # noqa: ASYNC230, SIM115 - closed below
    except OSError as error:
        raise UserError(
            f"“{file.name}” is in a folder of the Bot API server that cannot be read here ({error.strerror}). Let both "
            "see the same folder, as a user who may read it, or start the server without --local."
        ) from error
    with opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise UserError(f"“{file.name}” is no file at the Bot API server. Send it again.")
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def _without_waiting(path: str, flags: int) -> int:
    """A pipe would hold us up until somebody writes."""
    return os.open(path, flags | os.O_NONBLOCK)


def _sentence(file: FileRef, error: Exception) -> str:
    """An address holds the token, so what aiohttp says is never part of the sentence."""
    match error:
        case TelegramNetworkError() | aiohttp.ClientError() | TimeoutError() | ClientDecodeError():
            return f"“{file.name}” could not be fetched: the connection to Telegram failed. Send it again."
        case TelegramAPIError() if sense_of(error) is Sense.TOO_LARGE:
            return f"“{file.name}” was left out: Telegram gives a bot files of at most 20 MB."
        case TelegramAPIError():
            return f"“{file.name}” could not be fetched from Telegram: {error.message}. Send it again."
        case OSError():
            return f"“{file.name}” could not be stored: {error.strerror}."
        case _:
            return f"“{file.name}” could not be fetched. Send it again."
