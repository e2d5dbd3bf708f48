"""What happened: outward values in the past tense.

Agent events come out of the agent's port in the order in which the agent sent them; ours are added by
the session. Each travels as `Said`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from openacp_bot.core.inbound import Choice
from openacp_bot.core.model import (
    Blob,
    Field,
    Phase,
    Place,
    PlanEntry,
    Prompt,
    Question,
    Settlement,
    State,
    ThreadRef,
    TitleRank,
    ToolCall,
)

# --- the agent's ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A further piece of the message `item`. A new `item` starts a new message."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtChunk:
    """A further piece of the thought `item`."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallChanged:
    """The whole tool call as it now is; its streamed output comes apart, as `ToolOutput`."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """A further piece of a tool call's output (terminal output that some agents stream)."""

    call: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The whole plan as it now is."""

    entries: tuple[PlanEntry, ...]


@dataclass(frozen=True, slots=True)
class AskOption:
    """One of the agent's own options: `id` may be of any length, `kind` unknown to us."""

    id: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent waits for an answer: a permission (`call` set) or a form (`fields`).

    `id` is unique within the agent's life; it goes back by `Agent.answer`."""

    id: str
    title: str
    body: str = ""
    call: ToolCall | None = None
    options: tuple[AskOption, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class AskWithdrawn:
    """The agent no longer waits for `id`."""

    id: str


@dataclass(frozen=True, slots=True)
class FileSent:
    """An image, audio or file of the agent's message."""

    item: str
    blob: Blob


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A slash command that the agent offers, name without slash."""

    name: str
    description: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    """All commands that the agent now offers."""

    commands: tuple[AgentCommand, ...]


@dataclass(frozen=True, slots=True)
class AgentOption:
    """One of the agent's own settings. `kind`: select or boolean. `choices`: (value, label)."""

    id: str
    name: str
    category: str
    value: str
    kind: str = "select"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OptionsChanged:
    """All settings of the agent as they now are (config options, or its old modes and models)."""

    options: tuple[AgentOption, ...]


@dataclass(frozen=True, slots=True)
class TitleChanged:
    """The session has a title of this rank."""

    title: str
    rank: TitleRank


@dataclass(frozen=True, slots=True)
class UsageChanged:
    """Context used and its size in tokens; cost is cumulative in the agent's session."""

    used: int
    size: int
    cost: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class AgentNotice:
    """The agent tells something that is no part of its answer (notice, compaction)."""

    text: str


class Outcome(StrEnum):
    """How a turn ended: ACP's stop reasons, then ours."""

    DONE = "end_turn"
    MAX_TOKENS = "max_tokens"
    MAX_REQUESTS = "max_turn_requests"
    REFUSED = "refusal"
    CANCELLED = "cancelled"
    FAILED = "failed"  # the agent answered with an error
    CRASHED = "crashed"  # its process ended
    STUCK = "stuck"  # silent for too long
    INTERRUPTED = "interrupted"  # our daemon ended
    UNKNOWN = "unknown"  # a stop reason that we do not know


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over; nothing of it comes after this. `seconds` and `tools` are filled by the
    session; `detail` is for a person (the error, the last lines of stderr)."""

    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
    tools: int = 0


# --- ours ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromptChanged:
    """A prompt was queued, edited, started, ended, interrupted or dropped. `ahead`: its place in the
    queue, 1 = next; 0 = not queued."""

    prompt: Prompt
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question is open; or, in history, was, with `question.settled`."""

    question: Question


@dataclass(frozen=True, slots=True)
class QuestionSettled:
    """The question was answered or closed: everywhere, at once."""

    question: str
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The lifecycle or the phase moved."""

    state: State
    phase: Phase
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A fact beside the state changed (pinned, archived, held, bypass, verbosity, deleted …):
    look again."""

    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PlaceChanged:
    """A place should now be as described. `is_passing`: its title is soon followed by a better one."""

    place: Place
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of ours in the conversation. `id` is unique in the session; a later notice with the
    same id replaces it. `to`: the address that it is for, where it is not the session's own place; it is then no
    part of the conversation. `url`: a link that it ends with. `soon`: somebody waits for it, heard or not."""

    id: str
    text: str
    choices: tuple[Choice, ...] = ()
    ring: bool = False
    to: ThreadRef | None = None
    url: str = ""
    soon: bool = False


AgentEvent: TypeAlias = (
    TextChunk
    | ThoughtChunk
    | ToolCallChanged
    | ToolOutput
    | PlanChanged
    | Asked
    | AskWithdrawn
    | FileSent
    | CommandsChanged
    | OptionsChanged
    | TitleChanged
    | UsageChanged
    | AgentNotice
    | TurnEnded
)

Event: TypeAlias = (
    TextChunk
    | ThoughtChunk
    | ToolCallChanged
    | ToolOutput
    | PlanChanged
    | FileSent
    | CommandsChanged
    | OptionsChanged
    | TitleChanged
    | UsageChanged
    | TurnEnded
    | PromptChanged
    | QuestionAsked
    | QuestionSettled
    | StateChanged
    | SessionChanged
    | PlaceChanged
    | Notice
)


@dataclass(frozen=True, slots=True)
class Said:
    """One event of one session. `rev` grows by one with every event of the session; `turn` None: it
    belongs to no turn. In history `event` is folded (a message whole) and `rev` that of its last
    change, and `first` the rev of its first, which orders the conversation."""

    session: str
    turn: str | None
    rev: int
    at: float
    event: Event
    first: int = field(default=0)
