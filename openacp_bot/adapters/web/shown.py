"""One item of a conversation as it is watched: folded like core/items does, with texts as lists of parts."""

from __future__ import annotations

from typing import Any

from openacp_bot.adapters.web.drawing import drawn_event
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.growing import NOTHING_SEEN, GrowingMarkdown, GrowingOutput, Seen
from openacp_bot.adapters.web.text import MASK
from openacp_bot.core.events import Event, Said, TextChunk, ThoughtChunk, ToolOutput
from openacp_bot.core.items import folded
from openacp_bot.core.masking import GrowingMask

GrowingText = GrowingMarkdown | GrowingOutput


class ShownItem:
    """`rev` is that of its last change, `first` that of its first, which orders the conversation."""

    def __init__(self, key: str, said: Said) -> None:
        self.key = key
        self.first = said.first or said.rev
        self.rev = said.rev
        self.turn = said.turn
        self._at = said.at
        self._event: Event = said.event
        self._text = _growing(said.event)
        self._mask = GrowingMask(MASK)
        self._drawn: dict[str, Any] | None = None
        if self._text is not None:
            self._text.add(self._mask.add(_chunk(said.event)))

    def apply(self, said: Said) -> None:
        """One more event of this item."""
        self.rev = said.rev
        if self._text is not None:
            self._text.add(self._mask.add(_chunk(said.event)))
            return
        self._event = folded(self._event, said.event)
        self._drawn = None

    def pause(self) -> bool:
        """Nothing more of it comes soon; whether that changes how it is drawn."""
        if self._text is None:
            return False
        before = self._text.version
        if rest := self._mask.rest():
            self._text.add(rest)
        self._text.pause()
        return self._text.version != before

    @property
    def version(self) -> int:
        """Grows whenever it would be drawn differently."""
        return self.rev if self._text is None else self._text.version

    def since(self, seen: Seen, files: SignedFiles) -> tuple[dict[str, Any], Seen]:
        """What a tab that has `seen` needs, and what it has seen then."""
        frame = {"key": self.key, "first": self.first, "turn": self.turn or "", "time": self._at}
        if self._text is None:
            return frame | self._whole(files), Seen(version=self.version)
        delta, now = self._text.since(seen)
        return frame | self._kind() | delta, now

    def since_nothing(self, files: SignedFiles) -> dict[str, Any]:
        """The whole item."""
        return self.since(NOTHING_SEEN, files)[0]

    def _whole(self, files: SignedFiles) -> dict[str, Any]:
        if self._drawn is None:
            self._drawn = drawn_event(self._event, files)
        return self._drawn

    def _kind(self) -> dict[str, Any]:
        match self._event:
            case ToolOutput(call=call):
                return {"kind": "output", "call": f"{self.turn}:t:{call}"}
            case ThoughtChunk():
                return {"kind": "thought"}
            case _:
                return {"kind": "text"}


def _growing(event: Event) -> GrowingText | None:
    match event:
        case TextChunk() | ThoughtChunk():
            return GrowingMarkdown()
        case ToolOutput():
            return GrowingOutput()
        case _:
            return None


def _chunk(event: Event) -> str:
    match event:
        case TextChunk(text=text) | ThoughtChunk(text=text) | ToolOutput(text=text):
            return text
        case _:
            return ""
