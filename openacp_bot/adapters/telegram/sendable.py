"""Files of ours as Telegram takes them."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import BufferedInputFile, FSInputFile

from openacp_bot.chat import sendable as ours
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
    what = ours.sendable(file)
    _check(what.name, what.size)
    is_photo = what.mime in PHOTOS and what.size <= LARGEST_PHOTO
    if isinstance(what.content, bytes):
        return Sendable(BufferedInputFile(what.content, filename=what.name), is_photo)
    return Sendable(FSInputFile(what.content, filename=what.name), is_photo)


def _check(name: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise Refused(
            f"“{name}” has {size / 1e6:.0f} MB; Telegram lets a bot send 50 MB. It is still on the machine where the "
            "agent made it."
        )
    if not size:
        raise Refused(f"“{name}” is empty, and Telegram takes no empty files.")
