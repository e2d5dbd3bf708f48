"""What can be looked at: a query names its view, and looking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from openacp_bot.core.events import AgentOption, Said, UsageChanged
from openacp_bot.core.model import (
    NOTHING,
    AgentSpec,
    Phase,
    Place,
    Prompt,
    Question,
    SessionRecord,
    State,
    ThreadRef,
    Verbosity,
)

V = TypeVar("V")


class Query(Generic[V]):
    """Something to look at; `V` is what is seen."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session in a list. `bypass` and `pinned` are in the record."""

    record: SessionRecord
    phase: Phase
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of a list; `total` counts all that match."""

    rows: tuple[SessionRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Sessions(Query[SessionPage]):
    """Sessions that `who` may see: pinned first, then by last activity. `group`: active (all that are not
    archived), archived, scheduled, or live (those that hold a slot, longest idle first). `search`: words
    in the title. `hide_empty`: leave out sessions without a message except the newest. `states`: only
    these."""

    group: str = "active"
    search: str = ""
    states: tuple[State, ...] = ()
    hide_empty: bool = False
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class SessionView:
    """Everything about one session but its history."""

    row: SessionRow
    queue: tuple[Prompt, ...]
    questions: tuple[Question, ...]
    options: tuple[AgentOption, ...]
    usage: UsageChanged | None
    doing: str = ""  # what the turn is doing, in words; empty when idle


@dataclass(frozen=True, slots=True)
class OneSession(Query[SessionView]):
    """Raises UserError if there is none with this id, or `who` may not see it."""

    id: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Folded items in the order of the conversation; `rev`: everything up to it is in here.
    `more`: older items exist before the first."""

    items: tuple[Said, ...]
    rev: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class History(Query[HistoryView]):
    """What was said in a session: items changed after `after`; with `before`, those whose `first` is below
    it; the newest `limit` of them."""

    session: str
    after: int = 0
    before: int | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn as it now is. `items`: what was said in it, folded, in order; without the prompt itself. `ahead`: its
    prompt's place in the queue, 1 = next; 0 = not queued. `kept`: it is queued, and waits for the daemon's restart."""

    record: SessionRecord
    prompt: Prompt
    items: tuple[Said, ...]
    verbosity: Verbosity
    doing: str = ""  # what it is doing, in words; empty once it has ended
    ahead: int = 0
    kept: bool = False


@dataclass(frozen=True, slots=True)
class OneTurn(Query[TurnView]):
    """Raises UserError if there is none with this id, or `who` may not see it."""

    id: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question, open or settled."""

    record: SessionRecord
    question: Question


@dataclass(frozen=True, slots=True)
class OneQuestion(Query[QuestionView]):
    """Raises UserError if there is none with this id, or `who` may not see it."""

    id: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be handed over as a file."""

    name: str
    mime: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation(Query[Document]):
    """The whole conversation of a session as Markdown."""

    session: str


@dataclass(frozen=True, slots=True)
class Param:
    """One typed option of a command, where a surface has them: its value comes in `Command.values`. `suggests`: what
    may be meant can be looked up (`Suggestions`); `choices`: it is one of these. Required ones come first."""

    name: str
    summary: str
    suggests: bool = False
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """One line of a menu, a palette, /help and the documentation."""

    name: str
    summary: str
    usage: str
    needs_session: bool = False
    admin: bool = False
    agent: bool = False  # the agent's own, passed through
    private: bool = False  # its answer is for the asker only
    params: tuple[Param, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandMenu(Query[tuple[CommandInfo, ...]]):
    """The commands that work here for `who`; with a session, its agent's too. `options`: with those that are of use
    only where options are filled in."""

    session: str | None = None
    options: bool = False


@dataclass(frozen=True, slots=True)
class Suggestions(Query[tuple[tuple[str, str], ...]]):
    """What may be meant by what was `typed` so far for a param of a command: values and labels, at most 25. `given`:
    the params that stand already. The command `agent` suggests the names of the session's agent's own commands."""

    command: str
    param: str
    typed: str
    where: ThreadRef
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class NewChat:
    """What a New-session form is pre-filled with. `models` by agent name, may be empty."""

    agents: tuple[AgentSpec, ...]
    default_agent: str
    workspaces: tuple[str, ...]  # recent first
    base_dir: str


@dataclass(frozen=True, slots=True)
class NewChatChoices(Query[NewChat]):
    """Agents and workspaces to choose from."""


@dataclass(frozen=True, slots=True)
class HealthView:
    """The daemon in numbers."""

    counts: Mapping[State, int]
    slots_used: int
    slots: int
    surfaces: Mapping[str, str]  # name → up, or the sentence that says why not
    uptime: float
    version: str
    store: str = ""  # empty, or why nothing can be stored


@dataclass(frozen=True, slots=True)
class Health(Query[HealthView]):
    """How the daemon is."""
