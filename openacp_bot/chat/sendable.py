"""Files of ours with what every platform asks of them: a name, and what is in them."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from openacp_bot.chat.pen import Refused
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document


@dataclass(frozen=True, slots=True)
class Sendable:
    """`content`: the bytes, or where they are."""

    name: str
    mime: str
    content: bytes | Path
    size: int


def sendable(file: Blob | Document) -> Sendable:
    """Raises Refused with a sentence."""
    name = file.name or f"file{mimetypes.guess_extension(file.mime) or ''}"
    if isinstance(file, Document):
        return _held(name, file.mime, file.text.encode("utf-8", "replace"))
    if file.path:
        return _on_disk(name, file.mime, Path(file.path))
    try:
        return _held(name, file.mime, base64.b64decode(file.data, validate=True))
    except binascii.Error as error:
        raise Refused(f"“{name}” is damaged, so it could not be sent.") from error


def unread(name: str, error: OSError) -> Refused:
    """What is on disk cannot be read."""
    return Refused(f"“{name}” could not be sent: {error.strerror}.")


def _held(name: str, mime: str, content: bytes) -> Sendable:
    return Sendable(name, mime, content, len(content))


def _on_disk(name: str, mime: str, path: Path) -> Sendable:
    try:
        return Sendable(name, mime, path, path.stat().st_size)
    except OSError as error:
        raise unread(name, error) from error
