"""A stage for the outbox: a platform and a store that outlive it, a hub that behaves, turns and questions by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from openacp_bot.chat.blocks import Line, Prose
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import RetryAfter
from openacp_bot.chat.replies import Spoken, drawn_reply
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import (
    Event,
    Notice,
    Outcome,
    PlaceChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    TextChunk,
    TurnEnded,
)
from openacp_bot.core.inbound import Choice, Inbound, PlaceReported, Reply, Report
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Phase, Place, Question, SessionRecord, Settlement, Source, ThreadRef
from openacp_bot.core.views import Document, OneSession, Query, SessionRow, SessionView
from tests.chat.platform import FakePen, Platform
from tests.memory_store import MemoryStore

V = TypeVar("V")

SPACE = "-100"
GENERAL = ThreadRef("chat", SPACE)
END = "✅ done"


@dataclass
class Turn:
    """A turn by script: stretches as (text, the question that ended it)."""

    session: str
    stretches: list[tuple[str, str]] = field(default_factory=lambda: [("", "")])
    outcome: Outcome | None = None
    end: str = END


class Stage:
    """Everything but the outbox. `crash` drops the outbox at once, and another begins."""

    def __init__(self, *, drafting: bool = False, streams: bool = True) -> None:
        self.platform = Platform()
        self.pen = FakePen(self.platform, drafting=drafting, streams=streams)
        self.store = MemoryStore(now=_now)
        self.turns: dict[str, Turn] = {}
        self.questions: dict[str, str] = {}  # how it was settled, or ""
        self.gone: set[str] = set()  # prompts that wait no longer
        self.ahead: dict[str, int] = {}  # where the others wait
        self.reports: list[PlaceReported] = []
        self.drawn = 0
        self.outbox: Outbox[str] = self._new()
        self._revs = 0

    def _new(self, goodbye: float = 10.0) -> Outbox[str]:
        return Outbox("chat", self, self.store, self.pen, self, now=_now, goodbye=goodbye)

    @asynccontextmanager
    async def running(self, *, goodbye: float = 10.0) -> AsyncIterator[None]:
        self.outbox = self._new(goodbye)
        async with self.outbox.running():
            yield

    # --- places

    async def place(self, id: str = "p1", *, opened: bool = True, space: str = SPACE) -> Place:
        place = Place(id, f"s-{id}", "chat", space, None, f"Title of {id}")
        if opened:
            ref = self.platform.open(space, place.title)
            place = replace(place, ref=ref, named=place.title)
        await self.store.create_session(_record(f"s-{id}"), place=place)
        if opened:
            await self.store.change_place(id, ref=place.ref)
        return cast(Place, await self.store.place(id))

    async def change(self, id: str, *, is_passing: bool = False, **fields: Any) -> None:
        """Core wants a place otherwise."""
        place = await self.store.change_place(id, **fields)
        assert place is not None
        self.outbox.show(place, self._said(place.session or "", None, PlaceChanged(place, is_passing)))

    # --- what happens

    async def start(self, place: Place, turn: str) -> None:
        self.turns[turn] = Turn(place.session or "")
        await self.store.open(Card(turn, CardKind.TURN, turn, place=place.id, session=place.session or ""))

    def say(self, place: Place, turn: str, text: str) -> None:
        before, then = self.turns[turn].stretches[-1]
        self.turns[turn].stretches[-1] = (before + text, then)
        self.tell(place, turn, TextChunk("m", text))

    async def ask(self, place: Place, turn: str, question: str) -> None:
        self.turns[turn].stretches[-1] = (self.turns[turn].stretches[-1][0], question)
        self.turns[turn].stretches.append(("", ""))
        self.questions[question] = ""
        card = Card(question, CardKind.QUESTION, question, place=place.id, session=place.session or "")
        await self.store.open(card)
        self.tell(place, turn, QuestionAsked(_question(question, place.session or "", turn)))

    def answer(self, place: Place, turn: str, question: str) -> None:
        self.questions[question] = "Allowed"
        self.tell(place, turn, QuestionSettled(question, Settlement("answered", _now())))

    def end(self, place: Place, turn: str, outcome: Outcome = Outcome.DONE) -> None:
        self.turns[turn].outcome = outcome
        self.tell(place, turn, TurnEnded(outcome))

    async def turn(self, place: Place, text: str, *, turn: str = "t1") -> None:
        """All of it at once."""
        await self.start(place, turn)
        self.say(place, turn, text)
        self.end(place, turn)

    async def held_up(self, seconds: float) -> None:
        """A reply `One`, whose gate the platform closes for so long."""
        self.platform.fail("send", RetryAfter(seconds))
        await self.outbox.reply(GENERAL, Reply("One"), key="u1")
        await self.until(lambda: bool(self.platform.calls))

    def notice(self, place: Place | None, notice: Notice) -> None:
        self.tell(place, None, notice)

    def tell(self, place: Place | None, turn: str | None, event: Event) -> None:
        self.outbox.show(place, self._said((place.session if place else None) or "s", turn, event))

    def _said(self, session: str, turn: str | None, event: Event) -> Said:
        self._revs += 1
        return Said(session, turn, self._revs, _now(), event)

    # --- what is seen

    async def until(self, claim: Callable[[], bool], seconds: float = 600.0) -> float:
        """Wait for it; how long it took."""
        began = _now()
        async with asyncio.timeout(seconds):
            while not claim():  # noqa: ASYNC110  claims are about a platform that tells nobody; time is virtual
                await asyncio.sleep(0.01)
        return _now() - began

    def sees(self, text: str) -> bool:
        return text in self.platform.texts()

    async def all_settled(self, seconds: float = 600.0) -> float:
        began = _now()
        async with asyncio.timeout(seconds):
            while await self.store.open_cards("chat"):  # noqa: ASYNC110  as above
                await asyncio.sleep(0.1)
        return _now() - began

    # --- the drawer's port

    async def drawing(self, card: Card) -> Drawing | None:
        self.drawn += 1
        match card.kind:
            case CardKind.TURN:
                return self._turn(self.turns[card.ref]) if card.ref in self.turns else None
            case CardKind.QUESTION:
                return self._question(card.ref)
            case CardKind.NOTICE:
                notice = codec.loads(card.body, Notice)
                return Drawing((Sheet((Line(notice.text),), rings=notice.ring),), Rank.ERROR)
            case CardKind.REPLY:
                return await self._reply(codec.loads(card.body, Reply), card)

    def _turn(self, turn: Turn) -> Drawing:
        sheets = tuple(
            Sheet((Prose(text),) if text else (), then=then) for text, then in turn.stretches if text or then
        )
        if turn.outcome is None:
            has_open = not turn.stretches[-1][1] and turn.stretches[-1][0]
            return Drawing(sheets if has_open else (*sheets, Sheet()), Rank.EDIT, live=True, final=False)
        whole = Document("answer.md", "text/markdown", "".join(text for text, _ in turn.stretches))
        rank = Rank.FINAL if turn.outcome is Outcome.DONE else Rank.ERROR
        if turn.stretches[-1] == ("", "") and len(turn.stretches) > 1:
            sheets = (*sheets, Sheet())
        return Drawing(sheets, rank, end=(Line(turn.end),), whole=whole)

    def _question(self, id: str) -> Drawing:
        settled = self.questions[id]
        if settled:
            return Drawing((Sheet((Line(f"{id}? {settled}"),), rings=True),), Rank.PERSON)
        keyboard = ((Choice("Allow", "t.0"),),)
        return Drawing((Sheet((Line(f"{id}?"),), keyboard, rings=True),), Rank.PERSON, final=False)

    async def _reply(self, reply: Reply, card: Card) -> Drawing:
        if reply.prompt or reply.not_taken:
            is_queued, ahead = reply.prompt not in self.gone, self.ahead.get(reply.prompt, 0)
            return drawn_reply(Spoken(reply, queued=is_queued, ahead=ahead), card, Mask(()))
        if reply.history:
            file = Document("history.md", "text/markdown", reply.history)
            return Drawing((Sheet((Line(reply.text),), file=file),), Rank.PERSON)
        place = await self.store.place_of(reply.session) if reply.session else None
        if place is None:
            return Drawing((Sheet((Line(reply.text),)),), Rank.PERSON)
        text = f"{reply.text} {place.url}" if place.url else f"{reply.text} (opening)"
        return Drawing((Sheet((Line(text),)),), Rank.PERSON, final=bool(place.url or place.refused))

    # --- the hub's port

    async def handle(self, inbound: Inbound) -> Reply | None:
        """What core does with reports of places."""
        assert isinstance(inbound, PlaceReported)
        self.reports.append(inbound)
        match inbound.what:
            case Report.OPENED:
                await self.change(inbound.place, ref=inbound.ref, url=inbound.url)
            case Report.REFUSED:
                await self.change(inbound.place, refused=inbound.detail)
            case Report.LOST:
                await self.change(inbound.place, ref=None, shown=None, url="", lost_at=_now())
            case Report.MOVED:
                assert inbound.ref is not None
                await self.store.move_space("chat", inbound.origin.where.space, inbound.ref.space)
            case _:
                raise AssertionError(inbound.what)
        return None

    async def look(self, query: Query[V], who: object) -> V:
        if not isinstance(query, OneSession):
            raise UserError("There is nothing to see.")
        record = await self.store.session(query.id)
        if record is None:
            raise UserError("There is nothing to see.")
        view = SessionView(SessionRow(record, Phase.ASLEEP), queue=(), questions=(), options=(), usage=None, doing="")
        return cast(V, view)


def _record(id: str) -> SessionRecord:
    return SessionRecord(id, "demo", "", "", "/tmp", Source.MANUAL, "chat:1", 0.0, 0.0, prompts=1)


def _question(id: str, session: str, turn: str) -> Question:
    return Question(id, session, turn, "May I?", None, 0.0, None)


def _now() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0
