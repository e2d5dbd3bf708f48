"""What is remembered of open cards while the program runs: a lane for each place or address, its cards in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from openacp_bot.chat.plan import CLOSING, REPEATED, STRETCH, Known
from openacp_bot.chat.sheet import Rank
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.words import QUEUED

NEVER = float("inf")
IGNORED = 4096


@dataclass(eq=False, slots=True)
class Lane:
    """The cards of one place, or of one address. `where` None: not opened yet, so they wait. Only its own moves change
    where it is."""

    gate: str
    place: str = ""
    space: str = ""
    where: ThreadRef | None = None
    cards: dict[str, OpenCard] = field(default_factory=dict)
    is_lost: bool = False  # found deleted, and core was told: it waits for another address

    def stand(self, where: ThreadRef, gate: str) -> None:
        """It is there, perhaps since just now."""
        if where != self.where:
            self.is_lost = False
        self.where, self.space, self.gate = where, where.space, gate

    def leave(self) -> None:
        """Its place has no address any more."""
        self.where = None

    def lose(self) -> None:
        """What it stood in was deleted."""
        self.is_lost = True

    def follow(self, space: str, gate: Callable[[ThreadRef], str]) -> None:
        """Its chat has another id."""
        self.space = space
        if self.where is not None:
            self.stand(replace(self.where, space=space), gate(replace(self.where, space=space)))
        for entry in self.cards.values():
            if entry.card.where is not None:
                entry.card = replace(entry.card, where=replace(entry.card.where, space=space))

    def before(self, card: OpenCard) -> Iterator[OpenCard]:
        """The cards whose messages stand above; replies at an address keep no order."""
        if not self.place:
            return
        for other in list(self.cards.values()):
            if other.order < card.order:
                yield other


@dataclass(eq=False, slots=True)
class OpenCard:
    """A card that is not settled: its row, and what waits."""

    card: Card
    lane: Lane
    order: float
    rank: Rank
    since: float | None = None  # since when it differs, perhaps, from what is shown
    hold: float = 0.0  # not looked at before
    expires: float = NEVER  # until when its first message may wait for what it speaks of
    is_live: bool = False
    draft_since: float | None = None
    drafted_at: float = float("-inf")
    typed_at: float = float("-inf")
    known: Known = field(default_factory=Known)
    plain: set[int] = field(default_factory=set)  # pages whose markup was refused
    renewed: set[int] = field(default_factory=set)  # pages that were sent anew, because their message was gone
    is_over: bool = False  # what it speaks of waits no more; the store may hear of it a moment later
    is_reachable: bool = False  # a harmless call got through, so what is in doubt may be sent once more
    refused_edits: int = 0
    is_edit: bool | None = None  # what its next call will be, since it was drawn
    detours: int = 0  # in a row: the same call was to go another way
    refused_drafts: int = 0

    @property
    def pages(self) -> dict[int, Page]:
        return {page.number: page for page in self.card.pages}

    @property
    def is_turn(self) -> bool:
        return self.card.kind is CardKind.TURN

    @property
    def is_sent(self) -> bool:
        """Whether anything of it was sent."""
        return bool(self.card.pages)

    @property
    def prompt(self) -> str:
        """The queued prompt that a reply speaks of, and with which it goes."""
        return codec.loads(self.card.body, Reply).prompt if self.card.kind is CardKind.REPLY else ""

    @property
    def is_waiting(self) -> bool:
        return self.since is not None

    def touch(self, now: float, rank: Rank | None = None) -> None:
        """It changed. What waits already keeps its turn, and a better rank."""
        if self.since is None:
            self.since = now
            self.rank = self.rank if rank is None else rank
        elif rank is not None and rank < self.rank:
            self.rank, self.is_edit = rank, None

    def take(self) -> float | None:
        """Its turn has come; since when it waited."""
        since, self.since = self.since, None
        self.is_edit = None
        return since

    def again(self, since: float | None, rank: Rank, *, is_edit: bool | None = None) -> None:
        """Its turn is not over."""
        self.since, self.rank, self.is_edit = since, rank, is_edit

    def rest(self, until: float) -> None:
        """Not looked at before, or later if that was said already."""
        self.hold = max(self.hold, until)

    def rise(self) -> None:
        """It may be looked at now."""
        self.hold = 0.0

    def put_off(self, *, until: float, not_before: float) -> None:
        """One more attempt failed."""
        self.hold = until
        self.card = replace(self.card, attempts=self.card.attempts + 1, not_before=not_before)

    def rewrite(self, body: str, now: float, rank: Rank) -> None:
        """Other words; what failed with the old ones does not count."""
        self.card = replace(self.card, body=body, attempts=0, not_before=0.0)
        self.is_over = False
        self.rise()
        self.touch(now, rank)
        self.rank, self.is_edit = rank, None

    def sending(self, number: int, *, rings: bool) -> None:
        before = self.pages.get(number)
        tries = 1 if before is None else before.tries + 1
        self._put(Page(number, None, PageState.SENDING, rings, tries))

    def shown(self, number: int, message: str) -> None:
        self._put(replace(self.pages[number], message=message, state=PageState.SHOWN))

    def set_aside(self, number: int, to: int) -> None:
        page = self.pages[number]
        self.forget((number,))
        self._put(replace(page, number=to, rings=False))

    @property
    def set_aside_pages(self) -> tuple[Page, ...]:
        return tuple(page for page in self.card.pages if page.number < 0)

    def forget(self, numbers: tuple[int, ...]) -> None:
        self.card = replace(self.card, pages=tuple(page for page in self.card.pages if page.number not in numbers))
        for number in numbers:
            self.known.prints.pop(number, None)
            self.known.fixed.discard(number)

    def _put(self, page: Page) -> None:
        pages = self.pages | {page.number: page}
        self.card = replace(self.card, pages=tuple(pages[number] for number in sorted(pages)))


class Shelf:
    """All lanes and open cards."""

    def __init__(self) -> None:
        self._lanes: dict[object, Lane] = {}
        self._cards: dict[str, OpenCard] = {}
        self._refs: dict[tuple[CardKind, str], OpenCard] = {}
        self._ignored: dict[tuple[CardKind, str], None] = {}
        self._orders = count()

    def __iter__(self) -> Iterator[OpenCard]:
        return iter(list(self._cards.values()))

    def lane(self, gate: str, place: str, space: str, where: ThreadRef | None) -> Lane:
        """The lane of this place, or, without one, of this address."""
        key: object = place or where
        if key not in self._lanes:
            self._lanes[key] = Lane(gate, place, space, where)
        return self._lanes[key]

    def lane_of(self, place: str) -> Lane | None:
        return self._lanes.get(place)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return tuple(self._lanes.values())

    def put(self, card: Card, lane: Lane, rank: Rank, *, first: bool = False) -> OpenCard:
        """The card as it is remembered from now on; the one that is there already stays."""
        known = self._cards.get(card.id)
        if known is not None:
            return known
        order = next(self._orders)
        entry = OpenCard(card, lane, -1.0 / (order + 1) if first else order, rank)
        entry.known.fixed |= _as_they_stand(card)
        entry.known.found |= _as_they_waited(card)
        self._cards[card.id] = lane.cards[card.id] = entry
        self._refs[card.kind, card.ref] = entry
        return entry

    def find(self, kind: CardKind, ref: str) -> OpenCard | None:
        return self._refs.get((kind, ref))

    def ignore(self, kind: CardKind, ref: str) -> None:
        """There is no card for this, and there will be none."""
        self._ignored[kind, ref] = None
        if len(self._ignored) > IGNORED:
            del self._ignored[next(iter(self._ignored))]

    def is_ignored(self, kind: CardKind, ref: str) -> bool:
        return (kind, ref) in self._ignored

    def drop(self, entry: OpenCard) -> None:
        """It is settled."""
        self._cards.pop(entry.card.id, None)
        self._refs.pop((entry.card.kind, entry.card.ref), None)
        entry.lane.cards.pop(entry.card.id, None)
        if not entry.lane.cards:
            self._lanes = {key: lane for key, lane in self._lanes.items() if lane is not entry.lane}


def _as_they_stand(card: Card) -> set[int]:
    """Pages of a turn that were whole when they were sent: never shown growing, nothing repeated."""
    if card.kind is not CardKind.TURN or any(_is_doubtful(page) for page in card.pages):
        return set()
    whole = (page for page in card.pages if page.number >= 0)
    return {page.number for page in whole if page.rings or page.number % STRETCH not in (0, CLOSING)}


def _as_they_waited(card: Card) -> set[int]:
    """Pages that say where a message waits: after a restart fifty of them are not written anew for nothing."""
    if card.kind is not CardKind.REPLY:
        return set()
    reply = codec.loads(card.body, Reply)
    if not reply.prompt or not reply.text.startswith(QUEUED):
        return set()
    return {page.number for page in card.pages if page.state is PageState.SHOWN}


def _is_doubtful(page: Page) -> bool:
    return page.state is PageState.SENDING or page.tries >= REPEATED
