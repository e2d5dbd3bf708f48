"""Values by hand for what cards look like, and a hub that only answers looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from openacp_bot.chat.blocks import Block
from openacp_bot.chat.drawing import Drawer
from openacp_bot.chat.sheet import Drawing
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Event, FileSent, Notice, Said, TextChunk, ThoughtChunk, ToolCallChanged
from openacp_bot.core.inbound import Inbound, Reply
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import (
    Blob,
    Diff,
    Phase,
    Place,
    Prompt,
    PromptState,
    Question,
    SessionRecord,
    Source,
    ThreadRef,
    ToolCall,
    UserRef,
    Verbosity,
)
from openacp_bot.core.views import (
    Conversation,
    Document,
    OneQuestion,
    OneSession,
    OneTurn,
    Query,
    QuestionView,
    SessionRow,
    SessionView,
    TurnView,
)

V = TypeVar("V")

SURFACE = UserRef("telegram", "")
ALICE = UserRef("telegram", "42", "Alice")
DORA = UserRef("discord", "7", "Dora")
LOCAL = UserRef("web", "local")
SECRET = "sk-ant-" + "0123456789" * 3
MASKED = "sk-ant•••"
NOW = 1_700_000_000.0  # 22:13 UTC
TOPIC = ThreadRef("telegram", "-100", "7")
GENERAL = ThreadRef("telegram", "-100")

RECORD = SessionRecord(
    id="5e5510",
    agent="demo",
    provider="",
    model="",
    workspace="/srv/project",
    source=Source.MANUAL,
    owner=ALICE.key,
    created_at=NOW,
    active_at=NOW,
    title="Fix the parser",
)
PROMPT = Prompt(
    id="7a11b2c3d4",
    session=RECORD.id,
    author=ALICE,
    text="Please fix it",
    asked_at=NOW,
    message="100",
    state=PromptState.STARTED,
    started_at=NOW,
)
HOME = Place("home", RECORD.id, "telegram", "-100", TOPIC, "Fix the parser", url="https://t.me/c/100/7")


class LookingHub:
    """Answers looks with what a test has put into it; nothing else is asked of it."""

    def __init__(self) -> None:
        self.seen: dict[Query[Any], object] = {}
        self.by: list[UserRef] = []

    async def look(self, query: Query[V], who: UserRef) -> V:
        self.by.append(who)
        if query not in self.seen:
            raise UserError("There is nothing to see.")
        return cast(V, self.seen[query])

    async def handle(self, inbound: Inbound) -> Reply | None:
        raise AssertionError("a drawer only looks")

    def session(self, place: Place | None = None, record: SessionRecord = RECORD) -> None:
        row = SessionRow(record, Phase.IDLE, place)
        self.seen[OneSession(record.id)] = SessionView(row, (), (), (), None)

    def question(self, question: Question, record: SessionRecord = RECORD) -> None:
        self.seen[OneQuestion(question.id)] = QuestionView(record, question)

    def turn(self, view: TurnView) -> None:
        self.seen[OneTurn(view.prompt.id)] = view

    def conversation(self, document: Document, session: str = RECORD.id) -> None:
        self.seen[Conversation(session)] = document


def drawer(hub: LookingHub, *, now: float = NOW, approvers: str = "allowed", zone: str = "UTC") -> Drawer:
    mask = Mask(("own-secret-token",))
    return Drawer(hub, SURFACE, mask, now=lambda: now, approvers=lambda: approvers, zone=lambda: zone)


def card(kind: CardKind, ref: str, *, place: str = "", where: ThreadRef | None = None, body: object = None) -> Card:
    return Card("card", kind, ref, place, where, RECORD.id, codec.dumps(body) if body is not None else "")


async def turn(*events: Event, hub: LookingHub | None = None, now: float = NOW, **fields: Any) -> Drawing:
    """The drawing of a turn in which this was said."""
    hub = hub or LookingHub()
    hub.turn(turn_view(*events, **fields))
    drawing = await drawer(hub, now=now).drawing(card(CardKind.TURN, PROMPT.id, place=HOME.id))
    assert drawing is not None
    return drawing


def turn_view(*events: Event, verbosity: Verbosity = Verbosity.MEDIUM, doing: str = "", **prompt: Any) -> TurnView:
    items = tuple(Said(RECORD.id, PROMPT.id, rev, NOW, event, rev) for rev, event in enumerate(events, start=1))
    return TurnView(RECORD, replace(PROMPT, **prompt), items, verbosity, doing)


async def question(
    asked: Question, *, approvers: str = "allowed", zone: str = "UTC", record: SessionRecord = RECORD
) -> Drawing:
    hub = LookingHub()
    hub.question(asked, record)
    drawing = await drawer(hub, approvers=approvers, zone=zone).drawing(
        card(CardKind.QUESTION, asked.id, place=HOME.id)
    )
    assert drawing is not None
    return drawing


async def notice(said: Notice) -> Drawing:
    drawing = await drawer(LookingHub()).drawing(card(CardKind.NOTICE, f"s:{said.id}", place=HOME.id, body=said))
    assert drawing is not None
    return drawing


async def reply(
    said: Reply, hub: LookingHub | None = None, *, place: str = "", where: ThreadRef | None = GENERAL
) -> Drawing:
    drawn = drawer(hub or LookingHub())
    drawing = await drawn.drawing(card(CardKind.REPLY, "key", place=place, where=where, body=said))
    assert drawing is not None
    return drawing


def blocks(drawing: Drawing) -> list[tuple[Block, ...]]:
    return [sheet.blocks for sheet in drawing.stretches]


def labels(keyboard: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [[choice.label for choice in row] for row in keyboard]


def text(words: str, item: str = "m") -> TextChunk:
    return TextChunk(item, words)


def thought(words: str) -> ThoughtChunk:
    return ThoughtChunk("h", words)


def tool(id: str = "t1", title: str = "Read parser.py", kind: str = "read", **fields: Any) -> ToolCallChanged:
    return ToolCallChanged(call(id, title, kind, **fields))


def call(id: str = "t1", title: str = "Read parser.py", kind: str = "read", **fields: Any) -> ToolCall:
    return ToolCall(**{"id": id, "title": title, "kind": kind, "status": "completed", **fields})


def edit(old: str | None = "a\nb\nc\n", new: str = "a\nB\nc\nd\n", path: str = "/srv/project/src/parser.py") -> Diff:
    return Diff(path, old, new)


def picture() -> FileSent:
    return FileSent("m", Blob("image/png", "shot.png", path="/tmp/shot.png"))
