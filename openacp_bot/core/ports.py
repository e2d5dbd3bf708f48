"""The doors: Protocols that the rooms around core implement. Implementers do not inherit; the suites in
tests/contracts check them.

1. Doors of Session and Agent never wait. 2. Looking changes nothing. 3. Every wait that another party
controls is bounded by the implementer, and says how.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypedDict, TypeVar, Unpack

from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.events import AgentEvent, Said
from openacp_bot.core.inbound import Expecting, Inbound, Menu, Reply
from openacp_bot.core.model import (
    AgentSpec,
    FileRef,
    Grant,
    Part,
    Place,
    Prompt,
    PromptState,
    Question,
    SessionRecord,
    Settlement,
    State,
    ThreadRef,
    TitleRank,
    UserRef,
    Verbosity,
    Wanted,
)
from openacp_bot.core.views import HistoryView, Query

V = TypeVar("V")

# --- the agent -----------------------------------------------------------------------------------


class How(StrEnum):
    """How a conversation with an agent began."""

    NEW = "new"
    RESUMED = "resumed"
    LOADED = "loaded"
    NEW_WITHOUT_HISTORY = "new_without_history"  # asked to resume, and could not


class Agent(Protocol):
    """A live agent process with one conversation."""

    @property
    def conversation(self) -> str:
        """The agent's own session id."""

    @property
    def how(self) -> How: ...

    @property
    def silent_for(self) -> float:
        """Seconds since its last traffic."""

    @property
    def takes_audio(self) -> bool:
        """Whether it listens to recordings; else it is given their paths."""

    def events(self) -> AsyncIterator[AgentEvent]:
        """One ordered stream for its whole life, bounded (1,000 updates or 4 MiB, then the pipe is no longer
        read). A prompt's end is `TurnEnded` in it. Ends by raising AgentGone when the process is gone."""

    def prompt(self, text: str, files: Sequence[Path] = ()) -> None:
        """Send a prompt; only when no other is running."""

    def cancel(self) -> None:
        """Ask for the running prompt's end; open questions are to be answered by the caller."""

    def answer(self, ask: str, option: str | None, values: Mapping[str, str] | None = None) -> None:
        """Answer `Asked.id` with the agent's own option id, or a form's values; None and None: cancelled.
        Unknown or already answered: nothing happens."""

    def set_option(self, option: str, value: str) -> None:
        """Change one of its settings; what became of it comes as OptionsChanged or AgentNotice."""

    async def side_prompt(self, text: str, limit: float) -> str | None:
        """The answer to a prompt in a second, unseen conversation of the same process, at most `limit`
        seconds; None if it failed in any way. Its questions are refused, its events unseen."""


class AgentLauncher(Protocol):
    """Starts agents."""

    def launch(
        self,
        agent: AgentSpec,
        *,
        cwd: Path,
        session: str,
        model: str = "",
        resume: str = "",
        options: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[Agent]:
        """Entering spawns, shakes hands and opens the conversation (90 s each); raises AgentError with a
        sentence for a person. Leaving ends the whole process group, within 8 s."""


class ProcessBook(Protocol):
    """Remembers agent processes, so that a crash of ours leaves no orphan."""

    async def spawned(self, session: str, pid: int, started: float) -> None: ...

    async def gone(self, pid: int) -> None: ...

    async def left_over(self) -> Sequence[tuple[int, float]]:
        """(pid, start time) of those never reported gone."""


# --- the store -----------------------------------------------------------------------------------


class SessionFields(TypedDict, total=False):
    """The columns of a session that may change."""

    state: State
    reason: str
    conversation: str
    model: str  # only to nothing: the agent refused it
    current_model: str
    title: str
    title_rank: TitleRank
    pinned: bool
    held: bool
    bypass: bool
    verbosity: Verbosity | None
    options: Mapping[str, str]
    grants: tuple[Grant, ...]
    active_at: float
    archived_at: float | None
    handed_over: bool


class PromptFields(TypedDict, total=False):
    """The columns of a prompt that may change."""

    text: str
    parts: tuple[Part, ...]
    files: tuple[FileRef, ...]
    state: PromptState
    outcome: str
    position: float
    started_at: float | None
    ended_at: float | None


class PlaceFields(TypedDict, total=False):
    """The columns of a place that may change."""

    ref: ThreadRef | None
    title: str
    insists: bool
    wanted: Wanted
    url: str
    shown: Wanted | None
    named: str
    refused: str
    asked_in: ThreadRef | None
    lost_at: float


@dataclass(frozen=True, slots=True)
class Audit:
    """One line of the append-only audit: who, what, decision, rule, when."""

    at: float
    who: str
    what: str
    decision: str
    session: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions to list; see views.Sessions. `owner` and `space`: only those of this owner or with a
    place in this (adapter, space)."""

    group: str = "active"
    search: str = ""
    states: tuple[State, ...] = ()
    hide_empty: bool = False
    owner: str | None = None
    space: tuple[str, str] | None = None
    idle_before: float | None = None  # active_at below; only unpinned (for archiving by age)
    ids: tuple[str, ...] | None = None
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Recovered:
    """What boot found and put right, in one transaction."""

    interrupted: tuple[Prompt, ...]  # they had begun: their sessions are in error, and held if more waits
    closed: tuple[Question, ...]  # they were open: now settled as interrupted
    waiting: tuple[str, ...]  # sessions with queued prompts that are not held, oldest first


class Records(Protocol):
    """Facts at rest. One method is one transaction, named for the fact; a `key` is the inbound's, written in the
    same transaction: the method returns False (or None) and changes nothing if the key was seen before.
    Calls are carried out in the order in which they were made. Raises StoreError."""

    async def admit(self, key: str, effect: str = "") -> bool:
        """Remember an inbound without another effect."""

    async def seen(self, key: str) -> bool: ...

    async def answered(self, key: str, reply: Reply) -> None:
        """What was said to an inbound, which is thereby remembered."""

    async def answer_to(self, key: str) -> Reply | None:
        """What was said to it; None if nothing was, or it was not stored any more."""

    async def create_session(
        self,
        record: SessionRecord,
        *,
        prompt: Prompt | None = None,
        place: Place | None = None,
        instead_of: str = "",
        key: str = "",
    ) -> bool:
        """With its first prompt and its place (see `add_place`). `instead_of`: the session whose chat it takes; that is
        unpinned, and its queue dropped."""

    async def session(self, id: str) -> SessionRecord | None:
        """The session, unless deleted."""

    async def sessions_like(self, prefix: str) -> Sequence[SessionRecord]:
        """At most 10 whose id begins with `prefix`."""

    async def change_session(self, id: str, *, key: str = "", **fields: Unpack[SessionFields]) -> bool: ...

    async def archive_session(self, id: str, at: float, *, key: str = "") -> bool:
        """Its queue is dropped, and its home wanted closed (`Place.as_closed`)."""

    async def restore_session(
        self, id: str, *, home: Place | None = None, pinned: bool = False, instead_of: str = "", key: str = ""
    ) -> bool:
        """Not archived any more. `home`: where it lives from now on, added if it is new, else wanted open again
        (`Place.as_open`). `pinned`: it is pinned too. `instead_of`: as for `create_session`."""

    async def delete_session(self, id: str, *, key: str = "") -> bool:
        """From now on nobody sees it, and its places are wanted gone; what it holds goes by `erase_session`, or by
        `recover` if we end before that."""

    async def erase_session(self, id: str) -> None:
        """Record, prompts, items, questions, menus and usage of a deleted session are gone, and what was said to
        inbounds about it."""

    async def sessions(self, which: SessionFilter) -> tuple[Sequence[SessionRecord], int]:
        """One page, pinned first, then newest activity (group live: longest idle first), and the total."""

    async def counts(self) -> Mapping[State, int]:
        """Of sessions that are not archived."""

    async def removable(self, which: SessionFilter) -> Mapping[State, int]:
        """How many of these are neither pinned nor archived, by state."""

    async def workspaces(self, limit: int = 8) -> Sequence[str]:
        """Recently used, newest first."""

    async def queue_prompt(self, prompt: Prompt, *, first: bool = False, key: str = "") -> Prompt | None:
        """Store it as queued, last or first, with its position. Also sets the session's active_at and counts it."""

    async def join_prompt(self, id: str, part: Part, files: Sequence[FileRef], *, key: str = "") -> Prompt | None:
        """One more message of an album: the prompt with its words (if any) on a line of their own, and the files
        behind; None if it is no longer gathering, or the key was seen before (ask `seen` first)."""

    async def change_prompts(self, ids: Sequence[str], *, key: str = "", **fields: Unpack[PromptFields]) -> bool: ...

    async def start_turn(self, prompt: str, at: float) -> bool:
        """The prompt leaves the queue as started, and its session is no longer held; False if it was not queued any
        more. The card of a turn that waited behind another answers the prompt's message, if that stands at home.
        Committed on return."""

    async def end_turn(self, prompt: str, *, state: PromptState, outcome: str, at: float, held: bool = False) -> None:
        """The prompt's end and the session's active_at; with `held`, what is queued behind it waits for a person."""

    async def prompt(self, id: str) -> Prompt | None: ...

    async def prompt_of(self, where: ThreadRef, message: str) -> Prompt | None:
        """The newest prompt that this chat message is, or is a part of."""

    async def queued(self, session: str) -> Sequence[Prompt]:
        """In order."""

    async def last_prompts(self, session: str, limit: int = 1) -> Sequence[Prompt]:
        """The newest that were started, newest first."""

    async def ask(self, question: Question, menu: Menu) -> None: ...

    async def question(self, id: str) -> Question | None: ...

    async def decide(self, question: str, settlement: Settlement, audit: Audit) -> bool:
        """False if it was settled before."""

    async def audit(self, line: Audit) -> None: ...

    async def mint(self, menu: Menu) -> None: ...

    async def menu(self, id: str) -> Menu | None:
        """None if unknown, expired or spent."""

    async def spend(self, menu: str) -> None: ...

    async def expect(self, what: Expecting | None, *, where: ThreadRef, who: str) -> None:
        """Replace what is expected from this person here; None: nothing any more."""

    async def expected(self, where: ThreadRef, who: str, now: float) -> Expecting | None: ...

    async def place(self, id: str) -> Place | None: ...

    async def place_at(self, ref: ThreadRef) -> Place | None:
        """The place that is wanted open at this address; else, of a topic, the newest that was there."""

    async def place_of(self, session: str) -> Place | None:
        """The session's home."""

    async def add_place(self, place: Place) -> None:
        """One that stood open at the same address is wanted closed from now on."""

    async def change_place(self, id: str, **fields: Unpack[PlaceFields]) -> Place | None:
        """The place as it now is. A new `ref` that is not None is also `shown` open, and no longer refused."""

    async def move_space(self, adapter: str, old: str, new: str) -> None:
        """A chat has another id: places, cards and what is expected there move along."""

    async def add_usage(self, session: str, at: float, used: int, cost: float | None, currency: str) -> None: ...

    async def tidy(self, now: float) -> None:
        """Forget expired menus and forms, inbound keys older than 60 days, answers to them older than a day, settled
        cards older than 14 days, and places of deleted sessions that are no topics."""

    async def recover(self, now: float) -> Recovered:
        """At boot, before anything else: open questions → interrupted, started prompts → interrupted with the
        session in error (and held if more is queued), initializing → error, idle active → finished."""


class Transcript(Protocol):
    """What was said, as folded items. `append` coalesces; commits follow within 250 ms."""

    def append(self, said: Said) -> None: ...

    async def room(self, session: str) -> None:
        """Waits while more than 1 MiB of this session is uncommitted."""

    async def flush(self) -> None:
        """All that was appended is committed on return. Raises StoreError."""

    async def history(
        self,
        session: str,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 200,
    ) -> HistoryView:
        """See views.History; includes what is appended but not yet committed."""

    async def turn(self, prompt: str) -> Sequence[Said]:
        """The items of one turn, in order, its prompt left out; includes what is not yet committed."""


class Ledger(Protocol):
    """What a chat platform was, is and will be shown. `sending` and `opening` are committed on return. The card of a
    turn or a question in a place that is wanted open is opened by the store itself, with the turn or the question."""

    async def open_cards(self, adapter: str) -> Sequence[Card]:
        """In the order in which they were opened."""

    async def open(self, card: Card) -> Card:
        """The card of this kind and ref: this one, or the one that stands already."""

    async def card(self, kind: CardKind, ref: str) -> Card | None: ...

    async def card_at(self, where: ThreadRef, message: str) -> Card | None:
        """The card with this message of the space; its topic does not matter."""

    async def rewrite(self, card: str, body: str) -> None:
        """Other words in a notice or a reply; it is open again."""

    async def sending(self, card: str, page: int, *, rings: bool = False) -> None: ...

    async def shown(self, card: str, page: int, message: str) -> None: ...

    async def set_aside(self, card: str, page: int, to: int) -> None:
        """The page has another number (below 0) now, and rings no more: its message is to go."""

    async def forget(self, card: str, pages: Sequence[int]) -> None:
        """These pages' messages are gone."""

    async def put_off(self, card: str, not_before: float) -> None:
        """One more attempt failed."""

    async def settle(self, card: str, error: str = "") -> None:
        """Its last view stands, or (`error`) never will."""

    async def place(self, id: str) -> Place | None: ...

    async def unmade_places(self, adapter: str) -> Sequence[Place]:
        """Places that are not yet what they should be: not opened and not refused; known and wanted open, but not
        `shown` (to be reopened); to be closed or gone and still shown; of another title than the one shown. One that a
        person closed (`shown` closed) is left as it is."""

    async def known_places(self, adapter: str) -> Sequence[Place]:
        """Those that have an address and are not to be gone."""

    async def waiting_messages(self, adapter: str) -> Sequence[tuple[ThreadRef, str]]:
        """The chat messages of prompts that are queued, with the address of the place that each was asked in or for."""

    async def opening(self, place: str) -> None:
        """A call that opens it leaves now."""

    async def made(self, place: str, shown: Wanted, *, named: str = "") -> None:
        """The platform now shows it so. A `named` that differs from the one before counts as a renaming. GONE: its
        address is forgotten, and all of it if its session was deleted."""

    async def note(self, adapter: str, key: str, value: str) -> None:
        """A small fact of a surface, by key."""

    async def notes(self, adapter: str) -> Mapping[str, str]: ...

    async def close_gate(self, gate: str, until: float) -> None: ...

    async def closed_gates(self, now: float) -> Mapping[str, float]: ...


# --- the front door and the surfaces ---------------------------------------------------------------


class Hub(Protocol):
    """The front door: memory and SQLite only, within a second."""

    async def handle(self, inbound: Inbound) -> Reply | None:
        """None: nothing to say (a message that was taken, a stranger). Never raises UserError: refusals are replies.
        Raises StoreError if it could not be stored: do not acknowledge."""

    async def look(self, query: Query[V], who: UserRef) -> V:
        """Raises UserError if there is nothing to see for `who`."""


class Source(Protocol):
    """Something that inbounds come from."""

    @property
    def name(self) -> str: ...

    async def listen(self, hub: Hub) -> None:
        """Intake only, until cancelled."""


class ChatAdapter(Source, Protocol):
    """A surface: a source with a screen."""

    @property
    def status(self) -> str:
        """`up`, with its address perhaps; or the sentence that says why not, and what to do."""

    async def caught_up(self) -> None:
        """Returns once what people did while we were away was handed in."""

    def screen(self) -> AbstractAsyncContextManager[None]:
        """Outlives `listen`, so that a drain can still speak."""

    def show(self, place: Place | None, said: Said) -> None:
        """Never blocks, never raises. `place`: the session's home, if it has one."""

    def hurry(self) -> None:
        """The daemon is to end at once: leaving the screen takes two seconds at most from now on."""

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        """Bring a file of this platform into the directory `into`, under any name; at most `limit` bytes; raises
        UserError with a sentence."""
