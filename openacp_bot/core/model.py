"""The nouns: frozen values that cross doorways. Times are UTC seconds (float), sizes are bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


class State(StrEnum):
    """The lifecycle of a session: persisted, shown. Its moves are in `core/state`."""

    INITIALIZING = "initializing"
    ACTIVE = "active"
    FINISHED = "finished"
    ERROR = "error"
    CANCELLED = "cancelled"

    @property
    def mark(self) -> str:
        return STATE_MARKS[self]

    @property
    def holds_slot(self) -> bool:
        return self in (State.INITIALIZING, State.ACTIVE)


STATE_MARKS: Mapping[State, str] = {
    State.INITIALIZING: "🟡",
    State.ACTIVE: "🟢",
    State.FINISHED: "✅",
    State.ERROR: "❌",
    State.CANCELLED: "⛔",
}


class Phase(StrEnum):
    """What a session is doing right now: in memory only, shown by /status."""

    ASLEEP = "asleep"
    LAUNCHING = "launching"
    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    CANCELLING = "cancelling"
    ENDING = "ending"


class Source(StrEnum):
    """Who made a session: a person, a task, or an event from outside."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    TRIGGER = "trigger"

    @property
    def mark(self) -> str:
        return {"manual": "", "scheduled": "⚙️", "trigger": "⚡"}[self]


class TitleRank(IntEnum):
    """Where a title comes from; a higher rank is never overwritten by a lower one."""

    ID = 0
    FIRST_MESSAGE = 1
    ASKED = 2
    AGENT = 3
    PERSON = 4


class Ending(StrEnum):
    """Why a session's process is to end. A later member outranks an earlier one."""

    STOPPED = "stopped"  # the daemon stops
    IDLE = "idle"
    SLOT = "slot"  # an end button of the cap refusal
    FINISH = "finish"
    ARCHIVE = "archive"
    DELETE = "delete"


class Verbosity(StrEnum):
    """How much of the tool work is shown."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


# --- people, places, files -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserRef:
    """A person as a platform knows them. `roles` are Discord's role ids."""

    adapter: str
    id: str
    name: str = ""
    roles: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What is stored: `adapter:id`."""
        return f"{self.adapter}:{self.id}"


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A platform's address of a conversation; may change. `topic` is empty where a chat has none."""

    adapter: str
    space: str
    topic: str = ""


class Wanted(StrEnum):
    """What a place should be."""

    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Place:
    """What a topic or thread *should* be (title, wanted), and what it is as far as we know (ref, shown, named); the
    outbox makes it so. `ref` None: not opened yet."""

    id: str
    session: str | None
    adapter: str
    space: str
    ref: ThreadRef | None
    title: str
    wanted: Wanted = Wanted.OPEN
    url: str = ""
    shown: Wanted | None = None  # None: not made yet
    named: str = ""  # the title that the platform shows
    renames: int = 0  # how often the platform was told another title
    insists: bool = False  # the title is a person's: shown however often it was renamed
    refused: str = ""  # why the platform did not open it; it is not tried again by itself
    asked_in: ThreadRef | None = None  # where it was asked for: who asked is told there what became of it
    lost_at: float = 0.0  # when it was last found deleted, and opened anew

    @property
    def is_chat(self) -> bool:
        """It is a chat itself (General, a chat without topics), which nobody opens, renames or deletes."""
        return self.ref is not None and not self.ref.topic

    @property
    def is_closed_by_hand(self) -> bool:
        """A person closed it, and it stays so until somebody writes there."""
        return self.shown is Wanted.CLOSED and self.wanted is Wanted.OPEN

    def as_closed(self) -> Place:
        """As it should be once its session is archived."""
        # A topic that a person closed still stands, so there is something left to do.
        shown = Wanted.OPEN if self.shown is Wanted.CLOSED else self.shown
        return replace(self, wanted=Wanted.CLOSED, shown=shown)

    def as_open(self, asked_in: ThreadRef | None = None) -> Place:
        """As it should be once somebody wants it (again). Where a closed topic stands, it is to be reopened."""
        shown = None if self.ref is not None and self.shown is Wanted.CLOSED else self.shown
        asked = asked_in or self.asked_in
        return replace(self, wanted=Wanted.OPEN, shown=shown, refused="", lost_at=0.0, asked_in=asked)


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that a platform holds for us; fetched by the session before the prompt is sent."""

    adapter: str
    id: str
    name: str
    mime: str = "application/octet-stream"
    size: int = 0


# --- agents --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class McpServer:
    """One MCP server from the configuration. `kind` is stdio, http or sse."""

    name: str
    kind: str = "stdio"
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """How to start one agent. `found`: detected on this machine rather than configured."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    provider: str = ""
    model: str = ""
    models: tuple[str, ...] = ()
    mcp_servers: tuple[McpServer, ...] = ()
    client_files: bool = False
    launcher: tuple[str, ...] = ()
    found: bool = False


# --- sessions ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """ "Allow for this session": same kind and same command, or edits in the same directory."""

    kind: str
    command: str | None = None
    directory: str | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session at rest: one row. Agent, provider, model, source and owner are fixed for life."""

    id: str
    agent: str
    provider: str
    model: str  # the start model; empty: the agent's own default
    workspace: str  # absolute path
    source: Source
    owner: str  # UserRef.key
    created_at: float
    active_at: float  # the last prompt or the last turn's end
    state: State = State.INITIALIZING
    reason: str = ""  # why it is in this state, for a person
    conversation: str = ""  # the agent's own session id; empty before the first session/new
    current_model: str = ""  # where the agent's own options moved it since
    title: str = ""
    title_rank: TitleRank = TitleRank.ID
    task: str = ""
    sticky: str = ""
    pinned: bool = False
    held: bool = False  # the queue waits for Continue, Run the queue, Clear or a new message
    bypass: bool = False
    verbosity: Verbosity | None = None  # None: the default
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # the agent's, re-applied
    grants: tuple[Grant, ...] = ()
    prompts: int = 0  # how many were ever asked; 0 = an empty session
    rev: int = 0  # of the newest event that was stored
    archived_at: float | None = None
    handed_over: bool = True  # False: our transcript must still be given to a new agent session

    @property
    def shown_title(self) -> str:
        return self.title or f"Session {self.id[:6]}"


class PromptKind(StrEnum):
    """Who stands behind a prompt."""

    PERSON = "person"
    CONTINUE = "continue"  # goes on after an interruption
    RUN = "run"  # a task or a webhook: unattended


class PromptState(StrEnum):
    """The prompt ledger: gathering → queued → started → ended, or interrupted, or dropped."""

    GATHERING = "gathering"
    QUEUED = "queued"
    STARTED = "started"
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Part:
    """What one chat message gives to a prompt: its words, what it replies to, and what album it belongs to."""

    text: str
    message: str = ""  # the platform's id
    quote: str = ""
    album: str = ""

    @property
    def words(self) -> str:
        """As the agent reads it: what the message replies to stands before its words."""
        if not self.quote:
            return self.text
        return "\n".join([*(f"> {line}" for line in self.quote.splitlines()), "", self.text]).rstrip()


@dataclass(frozen=True, slots=True)
class Prompt:
    """One message to the agent. A turn is one prompt: the turn's id is its prompt's id.

    `parts`: the chat messages that it was joined from, or the one that quotes another or may be joined, and `text` is
    theirs together; empty where one message is all of it."""

    id: str
    session: str
    author: UserRef
    text: str
    asked_at: float
    kind: PromptKind = PromptKind.PERSON
    place: str | None = None
    message: str = ""  # the platform's id of the (first) chat message, so that its edits find the prompt
    parts: tuple[Part, ...] = ()
    files: tuple[FileRef, ...] = ()
    position: float = 0.0  # order in the queue, given by the store
    state: PromptState = PromptState.QUEUED
    outcome: str = ""
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """One file's change. `old` None: the file is new."""

    path: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where a tool is at work. `line` is 1-based."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """An image, audio or file that the agent handed over, on disk at `path`, or inline base64 `data`."""

    mime: str
    name: str = ""
    data: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call as known so far: the result of upserting whatever came first and later.

    `kind`: read edit delete move search execute think fetch switch_mode other.
    `status`: pending in_progress completed failed, or ours: ended (open at the turn's end).
    `output` without what came as `ToolOutput` chunks.
    """

    id: str
    title: str = ""
    kind: str = "other"
    status: str = "pending"
    command: str = ""
    input: str = ""
    output: str = ""
    diffs: tuple[Diff, ...] = ()
    locations: tuple[Location, ...] = ()
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """`status`: pending in_progress completed; `priority`: high medium low."""

    text: str
    status: str = "pending"
    priority: str = "medium"


# --- questions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. `id` is ours and short (a menu token). `kind`: ACP's allow_once, allow_always,
    reject_once, reject_always, or ours allow_session, or choice (of a form)."""

    id: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form. `options` are (value, label); none: free text. `kind`: text number integer
    boolean choice choices."""

    name: str
    label: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    default: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a question ended. `how`: answered, rule, timeout, cancelled, interrupted, withdrawn.

    `label` is the words of the chosen option; `kind` its kind; both empty where none was chosen. `values`: what a form
    was filled in with, by field name."""

    how: str
    at: float
    kind: str = ""
    label: str = ""
    by: UserRef | None = None
    rule: str = ""
    allowed: bool = False
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent wants to know. `call` is set for a permission, `fields` for a form."""

    id: str
    session: str
    turn: str | None
    title: str
    requester: UserRef | None  # who may answer where approvers = requester
    asked_at: float
    expires_at: float | None
    body: str = ""
    call: ToolCall | None = None
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()
    settled: Settlement | None = None
