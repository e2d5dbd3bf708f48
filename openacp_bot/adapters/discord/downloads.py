"""Files that people sent, brought to where the agent can read them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import aiohttp

from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.fetching import written
from openacp_bot.chat.pen import PenError
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef

SECONDS = 60.0
PIECE = 1024 * 1024
EXPIRED = (403, 404)


async def download(rest: Callable[[], Rest], file: FileRef, into: Path, limit: int) -> Path:
    """At most a minute. Raises UserError with a sentence, and leaves nothing behind."""
    path = into / f"discord-{secrets.token_hex(8)}"
    gone = UserError(f"“{file.name}” is not at Discord any more. Send it again.")
    if file.id.count(" ") < 3:  # channel, message, attachment, address
        raise gone
    channel, message, attachment, url = file.id.split(" ", 3)
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
            if not await _taken(session, url, path, file, limit):
                fresh = await _fresh(rest(), channel, message, attachment)
                if not fresh or not await _taken(session, fresh, path, file, limit):
                    raise gone
    except (aiohttp.ClientError, PenError, TimeoutError) as error:
        raise UserError(
            f"“{file.name}” could not be fetched: the connection to Discord failed. Send it again."
        ) from error
    except OSError as error:
        raise UserError(f"“{file.name}” could not be stored: {error.strerror}.") from error
    return path


async def _taken(session: aiohttp.ClientSession, url: str, path: Path, file: FileRef, limit: int) -> bool:
    """False if the address has expired."""
    async with session.get(url) as answer:
        if answer.status in EXPIRED:
            return False
        answer.raise_for_status()
        await written(path, _pieces(answer), file, limit)
    return True


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    async for piece in answer.content.iter_chunked(PIECE):
        yield piece


async def _fresh(rest: Rest, channel: str, message: str, attachment: str) -> str:
    """Addresses are signed for a day; the message tells a new one."""
    hung = (await rest.message(channel, message)).get("attachments", [])
    return next((str(one["url"]) for one in hung if str(one["id"]) == attachment), "")
