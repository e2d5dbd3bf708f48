"""A prompt as ACP content blocks: the text first, then each file as well as the agent can take it."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openacp_bot.agents.loose import Json

MOST_MEDIA = 20 * 1024 * 1024  # of an image or a recording; base64 makes it a third more
MOST_TEXT = 256 * 1024
MEDIA = {  # that Python knows only where the system has a list of them
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".webp": "image/webp",
}
TEXTUAL = ("application/json", "application/xml", "application/yaml", "application/toml", "application/javascript")


@dataclass(frozen=True, slots=True)
class Takes:
    """What the agent says that a prompt may hold."""

    image: bool = False
    audio: bool = False
    embedded: bool = False


def prompt_blocks(text: str, files: Sequence[Path], takes: Takes) -> list[Json]:
    """Reads the files: to be called in a thread. Those that are linked only are named in the text too, for agents that
    make nothing of a link."""
    blocks = [_block(path, takes) for path in files]
    named = [
        f"Attached file: {path}" for path, block in zip(files, blocks, strict=True) if block["type"] == "resource_link"
    ]
    words = "\n".join([text, "", *named]) if named else text
    return [{"type": "text", "text": words}, *blocks]


def _block(path: Path, takes: Takes) -> Json:
    mime = mimetypes.guess_type(path.name)[0] or MEDIA.get(path.suffix.lower(), "")
    try:
        return next(_contents(path, mime, takes))
    except (OSError, StopIteration):
        return _link(path, mime)


def _contents(path: Path, mime: str, takes: Takes) -> Iterator[Json]:
    size = path.stat().st_size
    kind = mime.partition("/")[0]
    if size <= MOST_MEDIA and ((kind == "image" and takes.image) or (kind == "audio" and takes.audio)):
        data = base64.b64encode(path.read_bytes()).decode()
        yield {"type": kind, "data": data, "mimeType": mime} | ({"uri": path.as_uri()} if kind == "image" else {})
    if takes.embedded and size <= MOST_TEXT and (text := _text(path, mime)) is not None:
        resource = {"uri": path.as_uri(), "mimeType": mime or "text/plain", "text": text}
        yield {"type": "resource", "resource": resource}


def _text(path: Path, mime: str) -> str | None:
    if mime and not mime.startswith("text/") and mime not in TEXTUAL:
        return None
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _link(path: Path, mime: str) -> Json:
    link: Json = {"type": "resource_link", "uri": path.as_uri(), "name": path.name}
    return link | ({"mimeType": mime} if mime else {})
