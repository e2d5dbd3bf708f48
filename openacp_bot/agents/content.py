"""ACP's content blocks as text for a person, or as files."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from openacp_bot.agents.loose import Json, obj, text
from openacp_bot.core.model import Blob

UNKNOWN = "application/octet-stream"

MayShow: TypeAlias = Callable[[str], bool]
"""Whether the file at a path may be handed to people."""


def words(block: Json) -> str:
    """The block as text; empty for images, audio and binary resources."""
    match text(block, "type"):
        case "text":
            return text(block, "text")
        case "resource":
            return text(obj(block, "resource"), "text")
        case "resource_link":
            return link(block)
        case _:
            return ""


def link(block: Json) -> str:
    """A resource link as Markdown."""
    uri = text(block, "uri")
    name = text(block, "title") or text(block, "name") or uri
    return f"[{name}]({uri})" if uri else name


def blob(block: Json, may_show: MayShow) -> Blob | None:
    """The file in a block: image, audio, an embedded resource, or a link to a local file that may be shown."""
    mime = text(block, "mimeType")
    match text(block, "type"):
        case "image" | "audio" as kind if data := text(block, "data"):
            return Blob(mime or ("image/png" if kind == "image" else "audio/wav"), _name(text(block, "uri")), data)
        case "resource":
            return _embedded(obj(block, "resource"))
        case "resource_link":
            path = _local_path(text(block, "uri"))
            return Blob(mime or _guess(path), _name(path), path=path) if path and may_show(path) else None
        case _:
            return None


def _embedded(resource: Json) -> Blob | None:
    uri = text(resource, "uri")
    mime = text(resource, "mimeType")
    if data := text(resource, "blob"):
        return Blob(mime or _guess(uri), _name(uri), data)
    if written := text(resource, "text"):
        return Blob(mime or "text/plain", _name(uri), base64.b64encode(written.encode()).decode())
    return None


def _local_path(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return unquote(parts.path)
    return uri if uri.startswith("/") else ""


def _name(uri: str) -> str:
    return unquote(PurePosixPath(uri.partition("?")[0]).name)


def _guess(name: str) -> str:
    return mimetypes.guess_type(_name(name))[0] or UNKNOWN
