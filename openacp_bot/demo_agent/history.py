"""Conversations at rest: one small JSON file each, so that session/load can tell them again."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CHUNKS = ("user_message_chunk", "agent_message_chunk", "agent_thought_chunk")
LARGEST_BLOCK = 64 * 1024  # what is longer is remembered by a line about it


@dataclass
class Conversation:
    """What one session said and settled. `updates` are session/update objects, ready to be told again."""

    id: str
    cwd: str
    mode: str = "ask"
    model: str = "demo-small"
    title: str = ""
    updated_at: str = ""
    updates: list[Json] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Roughly how much of a context window was spoken: four letters make a token."""
        said = (update["content"] for update in self.updates if update["sessionUpdate"] in CHUNKS)
        return sum(len(content.get("text", "")) for content in said) // 4

    def record(self, update: Json) -> None:
        """Remember an update; chunks of one message are joined, later news of a tool call or plan replace earlier."""
        kind = update["sessionUpdate"]
        if kind in CHUNKS:
            self._record_chunk(update)
        elif kind == "tool_call":
            self.updates.append(dict(update))
        elif kind == "tool_call_update":
            self._record_tool_news(update)
        elif kind == "plan":
            self._record_plan(update)

    def _record_chunk(self, update: Json) -> None:
        last = self.updates[-1] if self.updates else {}
        content = update["content"]
        if _same_message(last, update) and content["type"] == last["content"]["type"] == "text":
            last["content"] = {"type": "text", "text": last["content"]["text"] + content["text"]}
            return
        self.updates.append({**update, "content": _small(content)})

    def _record_tool_news(self, update: Json) -> None:
        for known in reversed(self.updates):
            if known.get("toolCallId") == update["toolCallId"]:
                known.update({key: value for key, value in update.items() if key != "sessionUpdate"})
                return

    def _record_plan(self, update: Json) -> None:
        for place in range(len(self.updates) - 1, -1, -1):
            kind = self.updates[place]["sessionUpdate"]
            if kind == "plan":
                self.updates[place] = update
                return
            if kind == "user_message_chunk":
                break  # an earlier turn's plan is not this one
        self.updates.append(update)


def _same_message(last: Json, update: Json) -> bool:
    keys = ("sessionUpdate", "messageId")
    return bool(last) and all(last.get(key) == update.get(key) for key in keys)


def _small(content: Json) -> Json:
    if content["type"] == "text" or len(json.dumps(content)) <= LARGEST_BLOCK:
        return content
    return {"type": "text", "text": f"[{content['type']}: {content.get('mimeType', 'a large attachment')}]"}


class Archive:
    """The folder of conversations. If it cannot be written, they live as long as the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = False

    def save(self, conversation: Conversation) -> None:
        conversation.updated_at = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._path(conversation.id)
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps(asdict(conversation)), encoding="utf-8")
            os.replace(draft, path)
        except OSError as error:
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._told:
            print(f"the demo agent cannot keep its history: {error}", file=sys.stderr)
        self._told = True

    def load(self, key: str) -> Conversation | None:
        """None if it was never saved, or its file is not one of ours."""
        # The key becomes a file name, and it comes from outside.
        return self._read(self._path(key)) if re.fullmatch(r"[A-Za-z0-9-]{1,64}", key) else None

    def forget(self, key: str) -> None:
        if self.load(key) is not None:
            self._path(key).unlink(missing_ok=True)

    def all(self) -> list[Conversation]:
        """The latest first."""
        return sorted(self._every(), key=lambda known: known.updated_at, reverse=True)

    def _every(self) -> Iterator[Conversation]:
        for path in self._folder.glob("*.json"):
            known = self._read(path)
            if known is not None:
                yield known

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _read(self, path: Path) -> Conversation | None:
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            names = {known.name for known in fields(Conversation)}
            return Conversation(**{name: value for name, value in body.items() if name in names})
        except (OSError, ValueError, TypeError, AttributeError):
            return None
