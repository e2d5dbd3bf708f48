"""The parameters of one call: strings as they came, read as what the method wants them to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sims.telegram.refusals import bad
from tests.sims.telegram.words import words

WORDS = words(
    "text caption name title description url file_path secret_token parse_mode file_id callback_query_id action "
    "language_code first_name last_name performer inline_query_id cache_time emoji "
    "short_description icon_custom_emoji_id"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a multipart call."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """`raw` holds strings; `uploads` the files of a multipart body by field name."""

    raw: Mapping[str, str]
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.raw.get(name, "")

    def number(self, name: str, default: int = 0) -> int:
        try:
            return int(self.raw.get(name, default))
        except ValueError:
            return default

    def thread(self) -> int | None:
        return self.number("message_thread_id") or None

    def flag(self, name: str) -> bool:
        return self.raw.get(name, "").lower() in ("true", "yes", "1")

    def value(self, name: str, what: str) -> Any:
        """JSON, None where the parameter is missing; `what` names it in the refusal."""
        if not (source := self.raw.get(name)):
            return None
        try:
            return json.loads(source)
        except ValueError:
            raise bad(f"can't parse {what} JSON object") from None

    def seen(self) -> dict[str, Any]:
        """For a test to look at: numbers, flags and JSON decoded, words left alone, uploads by name."""
        values = {name: source if name in WORDS else _decoded(source) for name, source in self.raw.items()}
        return values | {name: upload.name for name, upload in self.uploads.items()}


def _decoded(source: str) -> Any:
    try:
        return json.loads(source)
    except ValueError:
        return source
