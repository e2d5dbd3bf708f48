"""What came along with a prompt, in words."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence

from openacp_bot.demo_agent.turn import Prompt
from openacp_bot.demo_agent.wire import INVALID_PARAMS, Json, RpcError


def prompt_of(blocks: object) -> Prompt:
    """The prompt in a list of content blocks; raises RpcError if it is not one."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) and "type" in block for block in blocks):
        raise RpcError(INVALID_PARAMS, "a prompt is a list of content blocks")
    texts = (str(block.get("text", "")) for block in blocks if block["type"] == "text")
    return Prompt("\n".join(texts).strip(), tuple(block for block in blocks if block["type"] != "text"))


def described(attachments: Sequence[Json]) -> str:
    """`With it came …`; empty for none."""
    if not attachments:
        return ""
    return f"With it came {'; '.join(_one(block) for block in attachments)}."


def _one(block: Json) -> str:
    match block["type"]:
        case "image" | "audio" as kind:
            data = _decoded(block.get("data"))
            return f"an {kind} ({block.get('mimeType', 'of unknown type')}{_dimensions(data)}, {len(data):,} bytes)"
        case "resource_link":
            return f"a link to `{block.get('name') or block.get('uri', '')}`"
        case "resource":
            return _embedded(block.get("resource"))
        case other:
            return f"something of type {other}"


def _embedded(resource: object) -> str:
    body = resource if isinstance(resource, dict) else {}
    text = body.get("text")
    size = f"{len(text):,} characters" if isinstance(text, str) else f"{len(_decoded(body.get('blob'))):,} bytes"
    return f"the file `{str(body.get('uri', '')).rsplit('/', 1)[-1]}` ({size})"


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(data) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _dimensions(data: bytes) -> str:
    if not data.startswith(b"\x89PNG") or len(data) < 24:
        return ""
    width, height = struct.unpack(">II", data[16:24])
    return f", {width} × {height}"
