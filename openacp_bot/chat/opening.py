"""Cards are found or opened, and put on the shelf: replies and notices as they come, the rest as it is met."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from openacp_bot.chat.keepsakes import stands_first
from openacp_bot.chat.lane import Lane, OpenCard, Shelf
from openacp_bot.chat.notices import rank_of
from openacp_bot.chat.pen import Pen
from openacp_bot.chat.pulse import Pulse
from openacp_bot.chat.sheet import Keyboard, Rank
from openacp_bot.chat.signs import Signs, draft_gate
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.core.ports import Ledger

BURST_SECONDS = 15.0  # after the one before, what is refused for the same reason is told with it


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What was said last to messages that were not taken, as the reply to the inbound with this key."""

    key: str
    reply: Reply
    told_at: float


class Opener:
    """Every card comes to the shelf through here. `gather`: for how long first words are collected; `patience`: for how
    long a reply waits for the topic that it speaks of."""

    def __init__(
        self,
        name: str,
        ledger: Ledger,
        pen: Pen[Any],
        shelf: Shelf,
        signs: Signs[Any],
        pulse: Pulse,
        *,
        gather: float,
        patience: float,
    ) -> None:
        self._name = name
        self._ledger = ledger
        self._pen = pen
        self._shelf = shelf
        self._signs = signs
        self._now = pulse.now
        self._clock = pulse.clock
        self._wake = pulse.wake
        self._gather = gather
        self._patience = patience
        self._refusals: dict[ThreadRef, _Refusal] = {}  # the newest of each chat, of the last seconds

    async def look_up(self, kind: CardKind, ref: str, place: Place, session: str, rank: Rank) -> None:
        card = await self._ledger.card(kind, ref)
        if card is None:
            row = await self._ledger.place(place.id)
            if row is None or row.wanted is not Wanted.OPEN:
                self._shelf.ignore(kind, ref)
                return
            card = await self._ledger.open(Card(ref, kind, ref, place=place.id, session=session))
        entry = await self.load(card)
        if entry is not None:
            self._begin(entry, rank)

    def _begin(self, entry: OpenCard, rank: Rank) -> None:
        """It was just found because something happened to it."""
        entry.rank = rank
        if entry.is_turn and rank is Rank.CARD:
            self._signs.begin(entry)
            entry.rest(self._clock() + self._gather)
            self._wake(draft_gate(entry.lane.gate))
        self._wake(entry.lane.gate)

    async def _is_told_already(self, where: ThreadRef, reply: Reply, key: str) -> bool:
        """Of a burst, all messages that are not taken for one reason are told by one message that counts them."""
        now = self._clock()
        self._refusals = {at: one for at, one in self._refusals.items() if now - one.told_at <= BURST_SECONDS}
        before = self._refusals.get(where)
        card = await self._ledger.card(CardKind.REPLY, before.key) if before else None
        if before is None or card is None or before.reply.text != reply.text:
            self._refusals[where] = _Refusal(key, reply, now)
            return False
        counted = replace(reply, not_taken=before.reply.not_taken + reply.not_taken)
        self._refusals[where] = _Refusal(before.key, counted, now)
        entry = self._shelf.find(card.kind, card.ref)
        card = entry.card if entry else card
        await self._rewrite(card, codec.dumps(counted), Rank.RECEIPT if card.pages else Rank.ERROR)
        return True

    async def open_notice(self, ref: str, place: Place | None, session: str, notice: Notice) -> None:
        body = codec.dumps(notice)
        at = {"where": notice.to} if notice.to is not None else {"place": place.id if place else ""}
        new = Card(secrets.token_hex(8), CardKind.NOTICE, ref, session=session, body=body, **at)
        card = await self._ledger.open(new)
        await self._rewrite(card, body, rank_of(notice))

    async def _rewrite(self, card: Card, body: str, rank: Rank) -> None:
        """The card says this now."""
        if card.body != body:
            await self._ledger.rewrite(card.id, body)
            card = replace(card, body=body)
        entry = await self.load(card)
        if entry is not None:
            entry.rewrite(body, self._clock(), rank)
            self._wake(entry.lane.gate)

    async def load(self, card: Card) -> OpenCard | None:
        """The card on the shelf; None if there will never be a place for it."""
        lane = await self._lane(card)
        if lane is None:
            await self._ledger.settle(card.id, "its place is gone")
            self._shelf.ignore(card.kind, card.ref)
            return None
        rank = Rank.PERSON if card.kind in (CardKind.QUESTION, CardKind.REPLY) else Rank.FINAL
        entry = self._shelf.put(card, lane, rank, first=stands_first(card))
        now = self._clock()
        entry.rest(now + card.not_before - self._now() if card.not_before else 0.0)
        if card.kind is CardKind.REPLY:
            entry.expires = min(entry.expires, now + self._patience)
        entry.touch(now)
        self._wake(lane.gate)
        return entry

    async def _lane(self, card: Card) -> Lane | None:
        if not card.place:
            where = card.where
            return None if where is None else self._shelf.lane(self._pen.gate(where), "", where.space, where)
        known = self._shelf.lane_of(card.place)
        if known is not None:
            return known
        place = await self._ledger.place(card.place)
        if place is None or (place.ref is None and place.wanted is not Wanted.OPEN):
            return None
        gate = self._pen.gate(place.ref or ThreadRef(self._name, place.space))
        return self._shelf.lane(gate, place.id, place.space, place.ref)

    # --- replies

    async def close(self, reply: Reply) -> None:
        """The question that it answers has no buttons any more."""
        card = await self._ledger.card(CardKind.REPLY, reply.closes) if reply.closes else None
        if card is None:
            return
        entry = self._shelf.find(card.kind, card.ref)
        card = entry.card if entry is not None else card
        asked = codec.loads(card.body, Reply)
        closed = replace(asked, text=reply.closed_as, rows=(), choices=(), form=None)
        await self._rewrite(card, codec.dumps(closed), Rank.CARD)

    async def reply(
        self,
        where: ThreadRef,
        reply: Reply,
        *,
        key: str,
        answers: str,
        pressed: str,
        shown: str = "",
        looks: tuple[Any, Keyboard] | None = None,
    ) -> None:
        await self.close(reply)
        if reply.not_taken and await self._is_told_already(where, reply, key):
            return
        body = codec.dumps(reply)
        replaces = pressed if reply.replaces and not reply.history else ""  # a message never turns into a file
        before = await self._ledger.card_at(where, replaces) if replaces else None
        if before is not None and before.kind is CardKind.REPLY:
            entry = self._shelf.find(before.kind, before.ref)
            before = entry.card if entry is not None else before
            await self._rewrite(replace(before, session=reply.session or before.session), body, Rank.PERSON)
            return
        adopted = shown or (replaces if before is None or before.kind is CardKind.NOTICE else "")
        pages = (Page(0, adopted, PageState.SHOWN),) if adopted else ()
        new = Card(
            secrets.token_hex(8),
            CardKind.REPLY,
            key,
            where=where,
            session=reply.session,
            body=body,
            answers=answers,
            pages=pages,
        )
        entry = await self.load(await self._ledger.open(new))
        if entry is not None and looks is not None:
            entry.known.prints[0] = hash(looks)
