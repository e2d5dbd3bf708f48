"""Files that people sent, brought to where the agent can read them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import aiohttp
from aiogram import Bot
from aiogram.exceptions import AiogramError, ClientDecodeError, TelegramAPIError, TelegramNetworkError

from openacp_bot.adapters.telegram.attachments import safe_name
from openacp_bot.adapters.telegram.errors import Sense, sense_of
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef

SECONDS = 60.0


async def download(bot: Bot, file: FileRef, into: Path, limit: int) -> Path:
    """At most a minute. Raises UserError with a sentence, and leaves nothing behind."""
    path = _free(into, safe_name(file.name, "file"))
    try:
        async with asyncio.timeout(SECONDS):
            url = await _address(bot, file, limit)
            await _fetch(bot, url, path, file, limit)
    except (AiogramError, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise UserError(_sentence(file, error)) from error
    return path


async def _address(bot: Bot, file: FileRef, limit: int) -> str:
    found = await bot.get_file(file.id)
    if (found.file_size or 0) > limit:
        raise _too_large(file, limit)
    if not found.file_path:
        raise UserError(f"“{file.name}” is not at Telegram any more. Send it again.")
    return bot.session.api.file_url(bot.token, found.file_path)


async def _fetch(bot: Bot, url: str, path: Path, file: FileRef, limit: int) -> None:
    taken = 0
    with _whole(path) as target:
        async for piece in bot.session.stream_content(url, timeout=int(SECONDS), raise_for_status=True):
            taken += len(piece)
            if taken > limit:
                raise _too_large(file, limit)
            target.write(piece)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """The file is there only if all of it was written."""
    try:
        with path.open("xb") as target:
            yield target
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _free(into: Path, name: str) -> Path:
    """A path that does not exist yet."""
    stem, suffix = Path(name).stem, Path(name).suffix
    names = (name, *(f"{stem}-{number}{suffix}" for number in range(2, 1000)))
    return next(into / one for one in names if not (into / one).exists())


def _too_large(file: FileRef, limit: int) -> UserError:
    return UserError(f"“{file.name}” is larger than {limit / 1e6:.0f} MB, so it was not taken.")


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
