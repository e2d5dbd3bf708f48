"""Files of ours as Discord takes them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
from pathlib import Path

from openacp_bot.adapters.discord.rest import Upload
from openacp_bot.chat.pen import Refused
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document

# Discord, "Uploading Files": by the guild's level of boosts.
LARGEST = {0: 10 * 2**20, 1: 10 * 2**20, 2: 50 * 2**20, 3: 100 * 2**20}


async def upload(file: Blob | Document, largest: int) -> Upload:
    """Raises Refused with a sentence."""
    name, mime = file.name or _name_for(file.mime), file.mime
    if isinstance(file, Document):
        content = file.text.encode("utf-8", "replace")
    elif file.path:
        content = await asyncio.to_thread(_read, Path(file.path), name, largest)
    else:
        content = _decoded(file, name)
    _check(name, len(content), largest)
    return Upload(name, content, mime)


def _read(path: Path, name: str, largest: int) -> bytes:
    try:
        _check(name, path.stat().st_size, largest)
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"“{name}” could not be sent: {error.strerror}.") from error


def _decoded(blob: Blob, name: str) -> bytes:
    try:
        return base64.b64decode(blob.data, validate=True)
    except binascii.Error as error:
        raise Refused(f"“{name}” is damaged, so it could not be sent.") from error


def _check(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise Refused(
            f"“{name}” has {size / 2**20:.0f} MiB; Discord lets a bot send {largest / 2**20:.0f} MiB in this server. "
            "It is still on the machine where the agent made it."
        )


def _name_for(mime: str) -> str:
    return f"file{mimetypes.guess_extension(mime) or ''}"
