"""The running turn of a session: what is known of it until it has ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import Prompt, ToolCall

OPEN = ("pending", "in_progress")
VERBS = {
    "read": "reading",
    "edit": "editing",
    "delete": "deleting",
    "move": "moving",
    "search": "searching",
    "execute": "running",
    "think": "thinking",
    "fetch": "fetching",
}


@dataclass(slots=True)
class Turn:
    """One prompt on its way. Times are the loop's."""

    prompt: Prompt
    began: float
    patience_from: float  # silence counts from here at the earliest
    started: bool = False  # the store knows it as started
    fetching: bool = False  # its files are on their way
    sent: bool = False  # the prompt is in the pipe
    ended: TurnEnded | None = None  # the agent's word
    cancel_by: float | None = None  # set: being cancelled, killed at this time
    cut: Outcome | None = None  # we cut it off, and this is what it is to be called
    warned: bool = False
    asked: int = 0  # questions so far
    calls: dict[str, ToolCall] = field(default_factory=dict)  # the open ones
    seen: set[str] = field(default_factory=set)
    is_writing: bool = False  # its newest words are the answer's

    @property
    def id(self) -> str:
        return self.prompt.id

    @property
    def doing(self) -> str:
        if self.fetching:
            return "fetching the files"
        if not self.calls:
            return "writing" if self.is_writing else "thinking"
        call = next(reversed(self.calls.values()))
        return f"{VERBS.get(call.kind, 'working')}: {call.title}" if call.title else VERBS.get(call.kind, "working")

    def take(self, call: ToolCall) -> None:
        """A tool call changed."""
        self.is_writing = False
        self.seen.add(call.id)
        if call.status in OPEN:
            self.calls[call.id] = call
        else:
            self.calls.pop(call.id, None)

    def left_open(self) -> tuple[ToolCall, ...]:
        """Calls that nobody closed, as ended."""
        return tuple(replace(call, status="ended") for call in self.calls.values())

    def result(self, gone: AgentGone | None, *, killed: bool) -> TurnEnded | None:
        """How the turn ended; None: it has not. The agent's own word comes first."""
        if self.ended is not None:
            cut_short = self.cut is not None and self.ended.outcome in (Outcome.CANCELLED, Outcome.FAILED)
            return replace(self.ended, outcome=self.cut) if cut_short and self.cut else self.ended
        if killed:
            return TurnEnded(self.cut or Outcome.CANCELLED, "The agent did not react and was ended.")
        if gone is not None:
            return TurnEnded(self.cut or (Outcome.CANCELLED if self.cancel_by else Outcome.CRASHED), last_words(gone))
        if self.cancel_by is not None and not self.sent:
            return TurnEnded(self.cut or Outcome.CANCELLED)
        return None


def last_words(gone: AgentGone) -> str:
    """What an agent's end looked like, for a person."""
    return f"{gone}\n{gone.stderr}".strip() if gone.stderr and gone.stderr not in str(gone) else str(gone)
