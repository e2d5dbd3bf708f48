"""The ordered, bounded stream of events between an agent's reader and its session.

1. Pieces of one message, thought or output that still wait side by side are one event, up to 16 KiB.
2. A whole value (plan, options, usage, a tool call …) that still waits is replaced by a newer one right behind it.
3. Full is 1,000 events or 4 MiB of text; then the reader waits. Nothing is ever dropped here.
"""

from __future__ import annotations

import asyncio
from collections import deque

from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import (
    AgentEvent,
    CommandsChanged,
    FileSent,
    OptionsChanged,
    PlanChanged,
    TextChunk,
    ThoughtChunk,
    TitleChanged,
    ToolCallChanged,
    ToolOutput,
    UsageChanged,
)
from openacp_bot.core.model import ToolCall

MOST_EVENTS = 1000
MOST_TEXT = 4 * 1024 * 1024
PIECE = 16 * 1024

WHOLE_VALUES = (CommandsChanged, OptionsChanged, PlanChanged, TitleChanged, UsageChanged)


class _Run:
    """Pieces that belong together, joined when they are taken."""

    __slots__ = ("kind", "pieces", "size", "subject")

    def __init__(self, kind: type[TextChunk | ThoughtChunk | ToolOutput], subject: str, text: str) -> None:
        self.kind = kind
        self.subject = subject
        self.pieces = [text]
        self.size = len(text)

    def event(self) -> AgentEvent:
        return self.kind(self.subject, "".join(self.pieces))


class EventStream:
    """One producer, one consumer."""

    def __init__(self) -> None:
        self._waiting: deque[_Run | AgentEvent] = deque()
        self._text = 0
        self._ended: AgentGone | None = None
        self._something = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return self._text >= MOST_TEXT or len(self._waiting) >= MOST_EVENTS

    @property
    def held(self) -> tuple[int, int]:
        """Events and characters that wait."""
        return len(self._waiting), self._text

    async def room(self) -> None:
        """Waits until it is no longer full."""
        while self.is_full:
            self._room.clear()
            await self._room.wait()

    def put(self, event: AgentEvent) -> None:
        """Never waits; the producer is to ask `is_full` after each."""
        if isinstance(event, TextChunk | ThoughtChunk):
            self._add(type(event), event.item, event.text)
        elif isinstance(event, ToolOutput):
            self._add(ToolOutput, event.call, event.text)
        else:
            self._append(event)
        self._something.set()

    def end(self, error: AgentGone) -> None:
        """`next` raises `error` after the last event. The first end stands."""
        self._ended = self._ended or error
        self._something.set()

    async def next(self) -> AgentEvent:
        """The oldest event; raises AgentGone after the last."""
        while not self._waiting:
            if self._ended:
                raise self._ended
            self._something.clear()
            await self._something.wait()
        oldest = self._waiting.popleft()
        event = oldest.event() if isinstance(oldest, _Run) else oldest
        self._text -= weight(oldest)
        self._room.set()
        return event

    def _add(self, kind: type[TextChunk | ThoughtChunk | ToolOutput], subject: str, text: str) -> None:
        self._text += len(text)
        last = self._waiting[-1] if self._waiting else None
        if type(last) is _Run and last.subject == subject and last.kind is kind and last.size + len(text) <= PIECE:
            last.pieces.append(text)
            last.size += len(text)
        else:
            self._waiting.append(_Run(kind, subject, text))

    def _append(self, event: AgentEvent) -> None:
        if self._waiting and _replaces(event, self._waiting[-1]):
            self._text -= weight(self._waiting.pop())
        self._waiting.append(event)
        self._text += weight(event)


def weight(waiting: _Run | AgentEvent) -> int:
    """About how many characters it holds."""
    match waiting:
        case _Run(size=size):
            return size
        case ToolCallChanged(call=call):
            return _weight_of_call(call)
        case FileSent(blob=blob):
            return len(blob.data)
        case CommandsChanged(commands=commands):
            return sum(len(command.description) + len(command.name) for command in commands)
        case PlanChanged(entries=entries):
            return sum(len(entry.text) for entry in entries)
        case _:
            return 0


def _weight_of_call(call: ToolCall) -> int:
    diffs = sum(len(diff.old or "") + len(diff.new) for diff in call.diffs)
    blobs = sum(len(blob.data) for blob in call.blobs)
    return len(call.title) + len(call.input) + len(call.output) + diffs + blobs


def _replaces(event: AgentEvent, last: _Run | AgentEvent) -> bool:
    if isinstance(event, ToolCallChanged):
        return isinstance(last, ToolCallChanged) and last.call.id == event.call.id
    return type(event) is type(last) and isinstance(event, WHOLE_VALUES)
