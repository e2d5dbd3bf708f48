"""The last step before the socket: JSON text, with secrets masked."""

from __future__ import annotations

import json
from typing import Any

from openacp_bot.core.masking import Mask

MASK = Mask()


def as_text(frame: dict[str, Any]) -> str:
    """What is sent for a frame; half characters, which no socket takes, are replaced."""
    return whole(json.dumps(masked(frame), ensure_ascii=False, separators=(",", ":")))


def whole(text: str) -> str:
    """The text without lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def masked(value: Any) -> Any:
    """The same dicts and lists, without secrets in their strings."""
    match value:
        case str():
            return MASK(value)
        case dict():
            return {key: masked(item) for key, item in value.items()}
        case list():
            return [masked(item) for item in value]
        case _:
            return value
