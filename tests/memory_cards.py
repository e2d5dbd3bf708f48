"""The part of the in-memory store that is about places and cards: `core.ports.Ledger`, and places of Records."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.errors import StoreError
from openacp_bot.core.model import Place, Prompt, ThreadRef, Wanted
from openacp_bot.core.ports import PlaceFields


class MemoryCards:
    """The order of its dicts is the order of insertion."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self.refuses = ""
        self.places_opening: list[str] = []  # every call of `opening`
        self.settled: dict[str, str] = {}  # settled cards, and their errors
        self._opening: set[str] = set()  # a call that opens it has left
        self._places: dict[str, Place] = {}
        self._cards: dict[str, Card] = {}
        self._notes: dict[tuple[str, str], str] = {}
        self._gates: dict[str, float] = {}

    def _write(self) -> None:
        if self.refuses:
            raise StoreError(self.refuses)

    # --- places

    async def place(self, id: str) -> Place | None:
        return self._places.get(id)

    async def place_at(self, ref: ThreadRef) -> Place | None:
        here = [place for place in reversed(self._places.values()) if place.ref == ref]
        newest = here[0] if here and ref.topic else None
        return next((place for place in here if place.wanted is Wanted.OPEN), newest)

    async def place_of(self, session: str) -> Place | None:
        return next((place for place in reversed(self._places.values()) if place.session == session), None)

    async def change_place(self, id: str, **fields: Unpack[PlaceFields]) -> Place | None:
        self._write()
        place = self._places.get(id)
        if place is None:
            return None
        given: dict[str, Any] = dict(fields)
        ref = given.get("ref")
        if ref is not None:
            given = {"adapter": ref.adapter, "shown": Wanted.OPEN, "refused": "", **given}
        elif "ref" in given:
            given = {"url": "", "named": "", "shown": None, **given}
        self._put_place(dataclasses.replace(place, **given))
        return self._places[id]

    async def move_space(self, adapter: str, old: str, new: str) -> None:
        self._write()

        def moved(ref: ThreadRef | None) -> ThreadRef | None:
            is_there = ref is not None and (ref.adapter, ref.space) == (adapter, old)
            return dataclasses.replace(ref, space=new) if ref is not None and is_there else ref

        for place in list(self._places.values()):
            place = dataclasses.replace(self._places[place.id], asked_in=moved(place.asked_in))
            self._places[place.id] = place
            if (place.adapter, place.space) == (adapter, old):
                self._put_place(dataclasses.replace(place, space=new, ref=moved(place.ref), refused=""))
        for card in list(self._cards.values()):
            self._cards[card.id] = dataclasses.replace(card, where=moved(card.where))

    def _put_place(self, place: Place) -> None:
        if place.ref is not None:
            self._opening.discard(place.id)
        others = [other for other in self._places.values() if other.id != place.id and other.ref == place.ref]
        there = [other for other in others if other.ref is not None and other.wanted is Wanted.OPEN]
        if place.wanted is Wanted.GONE and there:
            place = dataclasses.replace(place, ref=None, url="", named="", shown=None)
        if place.wanted is Wanted.OPEN:
            for other in there:
                shown = other.shown if other.is_chat else Wanted.CLOSED
                self._places[other.id] = dataclasses.replace(other, wanted=Wanted.CLOSED, shown=shown)
        self._places[place.id] = dataclasses.replace(place, space=place.ref.space) if place.ref else place

    async def unmade_places(self, adapter: str) -> Sequence[Place]:
        return [place for place in self._places.values() if place.adapter == adapter and self._is_unmade(place)]

    def _is_unmade(self, place: Place) -> bool:
        if place.ref is None:
            return place.wanted is Wanted.OPEN and not place.refused
        if place.is_chat:
            return False
        others = [other for other in self._places.values() if other.id != place.id and other.ref == place.ref]
        if place.wanted is not Wanted.OPEN and any(other.wanted is Wanted.OPEN for other in others):
            return False
        if place.wanted is Wanted.GONE or (place.wanted is Wanted.OPEN and place.shown is None):
            return True
        is_open = place.shown in (None, Wanted.OPEN)
        return is_open and (place.wanted is Wanted.CLOSED or place.named != place.title)

    async def known_places(self, adapter: str) -> Sequence[Place]:
        mine = (place for place in self._places.values() if place.adapter == adapter)
        return [place for place in mine if place.ref is not None and place.wanted is not Wanted.GONE]

    async def waiting_messages(self, adapter: str) -> Sequence[tuple[ThreadRef, str]]:
        """No prompts are known here."""
        return ()

    async def opening(self, place: str) -> None:
        self._write()
        self.places_opening.append(place)
        self._opening.add(place)

    async def made(self, place: str, shown: Wanted, *, named: str = "") -> None:
        self._write()
        if (before := self._places.get(place)) is None:
            return
        self._opening.discard(place)
        if shown is Wanted.GONE and before.session is None and before.wanted is Wanted.GONE:
            del self._places[place]
            return
        if shown is Wanted.GONE:
            self._places[place] = dataclasses.replace(before, shown=shown, ref=None, url="", named="")
            return
        is_renamed = named and before.named and named != before.named
        renames = before.renames + bool(is_renamed)
        self._places[place] = dataclasses.replace(before, shown=shown, named=named or before.named, renames=renames)

    # --- cards

    async def open_cards(self, adapter: str) -> Sequence[Card]:
        return [card for card in self._cards.values() if self._adapter(card) == adapter and card.id not in self.settled]

    async def open(self, card: Card) -> Card:
        self._write()
        return await self.card(card.kind, card.ref) or self._add_card(card)

    async def card(self, kind: CardKind, ref: str) -> Card | None:
        return next((card for card in self._cards.values() if (card.kind, card.ref) == (kind, ref)), None)

    async def card_at(self, where: ThreadRef, message: str) -> Card | None:
        for card in reversed(self._cards.values()):
            here = self._places[card.place] if card.place else card.where
            is_here = here is not None and (here.adapter, here.space) == (where.adapter, where.space)
            if is_here and any(page.message == message for page in card.pages):
                return card
        return None

    async def rewrite(self, card: str, body: str) -> None:
        self._change_card(card, body=body, attempts=0, not_before=0.0)
        self.settled.pop(card, None)

    async def sending(self, card: str, page: int, *, rings: bool = False) -> None:
        before = self._page(card, page) or Page(page, None, PageState.SENDING)
        after = dataclasses.replace(before, state=PageState.SENDING, rings=rings, tries=before.tries + 1)
        self._change_pages(card, [page], after)

    async def shown(self, card: str, page: int, message: str) -> None:
        before = self._page(card, page) or Page(page, None, PageState.SHOWN, tries=1)
        self._change_pages(card, [page], dataclasses.replace(before, state=PageState.SHOWN, message=message))

    async def forget(self, card: str, pages: Sequence[int]) -> None:
        self._change_pages(card, pages)

    async def set_aside(self, card: str, page: int, to: int) -> None:
        before = self._page(card, page)
        if before is not None:
            self._change_pages(card, [page], dataclasses.replace(before, number=to, rings=False))

    async def put_off(self, card: str, not_before: float) -> None:
        attempts = self._cards[card].attempts + 1 if card in self._cards else 0
        self._change_card(card, attempts=attempts, not_before=not_before)

    async def settle(self, card: str, error: str = "") -> None:
        self._write()
        if card in self._cards:
            self.settled[card] = error

    def _add_card(self, card: Card) -> Card:
        if self._adapter(card) is None or card.id in self._cards:
            raise StoreError("This contradicts what is stored.")
        self._cards[card.id] = dataclasses.replace(card, created_at=card.created_at or self._now())
        return self._cards[card.id]

    async def _open_at_home(self, kind: CardKind, id: str, session: str) -> None:
        home = await self.place_of(session)
        if home is not None and home.wanted is Wanted.OPEN and await self.card(kind, id) is None:
            self._add_card(Card(id, kind, id, place=home.id, session=session))

    def _answer_message(self, prompt: Prompt) -> None:
        card = self._cards.get(prompt.id)
        if card is not None and card.place == prompt.place:
            self._cards[card.id] = dataclasses.replace(card, answers=prompt.message)

    def _settle_cards_of_deleted(self, session: str) -> None:
        for card in self._cards.values():
            showed_it = card.session == session and card.kind in (CardKind.TURN, CardKind.QUESTION)
            place = self._places.get(card.place)
            if showed_it or (place is not None and place.wanted is Wanted.GONE):
                self.settled.setdefault(card.id, "the session was deleted")

    def _forget_cards_of_deleted(self, session: str) -> None:
        forgotten = {id for id in self.settled if self._cards[id].session == session}
        self._cards = {id: card for id, card in self._cards.items() if id not in forgotten}
        self.settled = {id: error for id, error in self.settled.items() if id not in forgotten}

    def _forget_settled(self, until: float) -> None:
        old = {id for id in self.settled if self._cards[id].created_at <= until}
        self._cards = {id: card for id, card in self._cards.items() if id not in old}
        self.settled = {id: error for id, error in self.settled.items() if id not in old}

    def _adapter(self, card: Card) -> str | None:
        if not card.place:
            return None if card.where is None else card.where.adapter
        return self._places[card.place].adapter if card.place in self._places else None

    def _page(self, card: str, number: int) -> Page | None:
        pages = self._cards[card].pages if card in self._cards else ()
        return next((page for page in pages if page.number == number), None)

    def _change_pages(self, card: str, numbers: Sequence[int], *instead: Page) -> None:
        kept = self._cards[card].pages if card in self._cards else ()
        pages = [*(page for page in kept if page.number not in numbers), *instead]
        self._change_card(card, pages=tuple(sorted(pages, key=lambda page: page.number)))

    def _change_card(self, card: str, **fields: Any) -> None:
        self._write()
        if card in self._cards:
            self._cards[card] = dataclasses.replace(self._cards[card], **fields)

    # --- small facts

    async def note(self, adapter: str, key: str, value: str) -> None:
        self._write()
        self._notes[adapter, key] = value

    async def notes(self, adapter: str) -> Mapping[str, str]:
        return {key: value for (of, key), value in self._notes.items() if of == adapter}

    async def close_gate(self, gate: str, until: float) -> None:
        self._write()
        self._gates[gate] = until

    async def closed_gates(self, now: float) -> Mapping[str, float]:
        return {gate: until for gate, until in self._gates.items() if until > now}
