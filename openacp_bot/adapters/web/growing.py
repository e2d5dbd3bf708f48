"""Texts that grow while they are watched, and what a tab that has seen part of one still needs.

Work is linear in the text: a finished block is rendered once, for all tabs; the unfinished tail is rendered at a
frame while it is small and travels as plain text, only what is new of it, when it is large or code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openacp_bot.adapters.web import markdown
from openacp_bot.adapters.web.blocks import BlockReader

SMALL_TAIL = 1500  # characters; rendering them takes about a millisecond
KEPT_OUTPUT = 128 * 1024  # characters of a tool's streamed output that are shown: the last ones


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a growing text a tab has: whole blocks, and characters of the plain tail behind them (-1: that tail
    was sent rendered, or not at all). `tail_number` says of which tail; `version` is that of the text."""

    blocks: int = 0
    tail: int = -1
    tail_number: int = 0
    version: int = -1


NOTHING_SEEN = Seen()


class GrowingMarkdown:
    """A message of the agent."""

    def __init__(self) -> None:
        self._reader = BlockReader()
        self._sources: list[str] = []  # finished, not rendered yet
        self._html: list[str] = []
        self._tail = Tail()
        self._tail_number = 0
        self._tail_html = (-1, "")
        self._version = 0
        self._paused = False

    def add(self, text: str) -> None:
        self._version += 1
        self._paused = False
        fence = self._reader.fence
        done = self._reader.take(text)
        if done or fence != self._reader.fence:
            self._sources += done
            self._tail = Tail()
            self._tail_number += 1
            self._tail.add(self._reader.rest()[len(self._reader.fence) :])
        else:
            self._tail.add(text)

    def pause(self) -> None:
        """Nothing more comes soon: the tail is worth rendering however large it is."""
        if not self._paused:
            self._paused = True
            self._version += 1

    def since(self, seen: Seen) -> tuple[dict[str, Any], Seen]:
        """What a tab that has `seen` needs, and what it has seen then."""
        self._render_finished()
        drawn: dict[str, Any] = {"at": seen.blocks, "blocks": self._html[seen.blocks :]}
        if self._is_rendered_whole:
            drawn["tail"] = self._rendered_tail()
            return drawn, Seen(len(self._html), -1, self._tail_number, self._version)
        kept = max(seen.tail, 0) if seen.tail_number == self._tail_number else 0
        drawn |= {"from": kept, "more": self._tail.after(kept), "code": bool(self._reader.fence)}
        return drawn, Seen(len(self._html), self._tail.size, self._tail_number, self._version)

    @property
    def version(self) -> int:
        return self._version

    @property
    def _is_rendered_whole(self) -> bool:
        return self._paused or (not self._reader.fence and self._tail.size <= SMALL_TAIL)

    def _render_finished(self) -> None:
        self._html += [markdown.render(source) for source in self._sources]
        self._sources = []

    def _rendered_tail(self) -> str:
        version, html = self._tail_html
        if version != self._version:
            html = markdown.render(self._reader.rest())
            self._tail_html = (self._version, html)
        return html


class GrowingOutput:
    """What a tool prints: plain text, of which the end matters most."""

    def __init__(self) -> None:
        self._tail = Tail(keep=KEPT_OUTPUT)
        self._version = 0

    def add(self, text: str) -> None:
        self._version += 1
        self._tail.add(text)

    def pause(self) -> None:
        """Plain text needs no rendering."""

    @property
    def version(self) -> int:
        return self._version

    def since(self, seen: Seen) -> tuple[dict[str, Any], Seen]:
        """What a tab that has `seen` needs, and what it has seen then. `skipped`: characters that are not shown."""
        is_behind = seen.tail < self._tail.skipped
        kept = 0 if is_behind else max(seen.tail, 0)
        drawn = {"from": kept, "more": self._tail.after(kept), "skipped": self._tail.skipped if kept == 0 else 0}
        return drawn, Seen(tail=self._tail.size, version=self._version)


class Tail:
    """Text as a list of pieces whose end can be had without touching its beginning. With `keep`, pieces at the front
    are forgotten once twice as much is held."""

    def __init__(self, keep: int = 0) -> None:
        self._pieces: list[str] = []
        self._keep = keep
        self.skipped = 0
        self.size = 0

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self.size += len(text)
        if self._keep and self.size - self.skipped > 2 * self._keep:
            kept = "".join(self._pieces)[-self._keep :]
            self.skipped = self.size - len(kept)
            self._pieces = [kept]

    def after(self, position: int) -> str:
        """The text behind `position`; all that is held if that is before it."""
        wanted = self.size - max(position, self.skipped)
        found: list[str] = []
        while wanted > 0:
            piece = self._pieces[-1 - len(found)]
            found.append(piece if len(piece) <= wanted else piece[-wanted:])
            wanted -= len(piece)
        return "".join(reversed(found))
