"""Files of ours as Discord takes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from openacp_bot.adapters.discord.rest import Upload
from openacp_bot.chat.pen import Refused
from openacp_bot.chat.sendable import sendable, unread
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document

# Discord, "Uploading Files": by the guild's level of boosts.
LARGEST = {0: 10 * 2**20, 1: 10 * 2**20, 2: 50 * 2**20, 3: 100 * 2**20}


async def upload(file: Blob | Document, largest: int) -> Upload:
    """Raises Refused with a sentence."""
    what = sendable(file)
    if what.size > largest:
        raise Refused(
            f"“{what.name}” has {what.size / 2**20:.0f} MiB; Discord lets a bot send {largest / 2**20:.0f} MiB in this "
            "server. It is still on the machine where the agent made it."
        )
    return Upload(what.name, await _read(what.name, what.content), what.mime)


async def _read(name: str, content: bytes | Path) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return await asyncio.to_thread(content.read_bytes)
    except OSError as error:
        raise unread(name, error) from error
