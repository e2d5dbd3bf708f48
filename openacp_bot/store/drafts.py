"""What was said and is not committed yet, per session. Memory only; nothing here waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openacp_bot.core.events import (
    Event,
    FileSent,
    Notice,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.items import key_of
from openacp_bot.store.items import without_text


@dataclass(frozen=True, slots=True)
class Line:
    """An item as it was at one moment: what a commit writes, or a look at history adds to what is committed."""

    draft: Draft
    key: str
    turn: str | None
    first: int
    rev: int
    at: float
    event: Event
    text: str  # that no row holds
    pieces: int
    changes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the rows hold of an item. `tail`: the text of its last part, number `part`."""

    id: int
    blob: str = ""
    part: int = 0
    tail: str = ""


class Draft:
    """One item while it grows. Its text is kept in pieces: joining at every chunk would be quadratic."""

    __slots__ = ("at", "changes", "event", "first", "key", "pieces", "rev", "saved", "stored", "turn", "weight")

    def __init__(self, key: str, said: Said) -> None:
        self.key = key
        self.turn = said.turn
        self.first = said.first or said.rev
        self.at = said.at
        self.rev = said.rev
        self.event = without_text(said.event)
        self.pieces: list[str] = []
        self.weight = 0
        self.changes = 0
        self.saved = 0
        self.stored: Stored | None = None

    @property
    def is_saved(self) -> bool:
        return self.changes == self.saved

    def take(self, said: Said) -> int:
        """How many characters wait more than before."""
        self.changes += 1
        self.rev = said.rev
        before = self.weight
        match said.event:
            case TextChunk(text=text) | ThoughtChunk(text=text) | ToolOutput(text=text):
                self.pieces.append(text)
                self.weight += len(text)
            case event:
                self.event = event
                self.weight = _weight(event)
        return self.weight - before

    def line(self) -> Line:
        text = "".join(self.pieces)
        pieces, changes = len(self.pieces), self.changes
        return Line(self, self.key, self.turn, self.first, self.rev, self.at, self.event, text, pieces, changes)

    def committed(self, line: Line, stored: Stored) -> None:
        del self.pieces[: line.pieces]
        self.saved = line.changes
        self.stored = stored
        if self.pieces or not self.is_saved:
            self.weight -= len(line.text)
        else:
            self.weight = 0


class Unsaved:
    """One session's drafts: those with something to commit, and those of the last commit, which may grow on."""

    __slots__ = ("drafts", "rev", "saved_rev", "weight")

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.rev = 0
        self.saved_rev = 0
        self.weight = 0  # characters that wait

    def take(self, said: Said) -> bool:
        """False: it is no part of history; only its rev counts."""
        if said.rev > self.rev:
            self.rev = said.rev
        key = key_of(said)
        if key is None:
            return False
        draft = self.drafts.get(key)
        if draft is None:
            draft = self.drafts[key] = Draft(key, said)
        self.weight += draft.take(said)
        return True

    def lines(self) -> list[Line]:
        return [draft.line() for draft in self.drafts.values() if not draft.is_saved]

    def committed(self, rev: int, lines: Iterable[tuple[Line, Stored]]) -> None:
        """Keeps only what still waits, and what was part of this commit while its turn goes on."""
        growing = set()
        for line, stored in lines:
            line.draft.committed(line, stored)
            growing.add(line.key)
            if isinstance(line.event, TurnEnded):
                growing.clear()
        self.drafts = {key: draft for key, draft in self.drafts.items() if key in growing or not draft.is_saved}
        self.saved_rev = max(self.saved_rev, rev)
        self.weight = sum(draft.weight for draft in self.drafts.values())

    def forget(self, lines: Iterable[Line]) -> None:
        """Give up what can never be stored."""
        for line in lines:
            self.drafts.pop(line.key, None)
        self.weight = sum(draft.weight for draft in self.drafts.values())

    @property
    def is_saved(self) -> bool:
        return self.rev <= self.saved_rev and all(draft.is_saved for draft in self.drafts.values())


def _weight(event: Event) -> int:
    match event:
        case ToolCallChanged(call=call):
            diffs = sum(len(diff.old or "") + len(diff.new) for diff in call.diffs)
            return len(call.input) + len(call.output) + diffs + sum(len(blob.data) for blob in call.blobs)
        case FileSent(blob=blob):
            return len(blob.data)
        case Notice(text=text):
            return len(text)
        case PromptChanged() | QuestionAsked() | QuestionSettled():
            return 0
        case _:
            return 100
