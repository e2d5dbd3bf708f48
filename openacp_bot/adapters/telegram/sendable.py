"""Files of ours as Telegram takes them."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiogram.types import BufferedInputFile, FSInputFile

from openacp_bot.chat.pen import Refused
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document

# Bot API, "Sending files": 50 MB, photos 10 MB.
LARGEST_FILE = 50_000_000
LARGEST_PHOTO = 10_000_000
PHOTOS = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True, slots=True)
class Sendable:
    """`is_photo`: Telegram would show it."""

    file: BufferedInputFile | FSInputFile
    is_photo: bool


def sendable(file: Blob | Document) -> Sendable:
    """Raises Refused with a sentence."""
    if isinstance(file, Document):
        return _sized(file.name, file.mime, file.text.encode("utf-8", "replace"))
    name = file.name or _name_for(file.mime)
    if file.path:
        return _on_disk(Path(file.path), name, file.mime)
    try:
        return _sized(name, file.mime, base64.b64decode(file.data, validate=True))
    except binascii.Error as error:
        raise Refused(f"“{name}” is damaged, so it could not be sent.") from error


def _on_disk(path: Path, name: str, mime: str) -> Sendable:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(f"“{name}” could not be sent: {error.strerror}.") from error
    _check(name, size)
    return Sendable(FSInputFile(path, filename=name), mime in PHOTOS and size <= LARGEST_PHOTO)


def _sized(name: str, mime: str, content: bytes) -> Sendable:
    _check(name, len(content))
    return Sendable(BufferedInputFile(content, filename=name), mime in PHOTOS and len(content) <= LARGEST_PHOTO)


def _check(name: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise Refused(
            f"“{name}” has {size / 1e6:.0f} MB; Telegram lets a bot send 50 MB. It is still on the machine where the "
            "agent made it."
        )
    if not size:
        raise Refused(f"“{name}” is empty, and Telegram takes no empty files.")


def _name_for(mime: str) -> str:
    return f"file{mimetypes.guess_extension(mime) or ''}"
