"""The outbox: what a platform is to show, made true at the pace that it allows, and still made true after a crash.

1. No content waits here: an event only marks its card, and the card is drawn when a call is allowed. 2. `show` costs a
lookup, however many events come. 3. What is remembered are open cards; the ledger knows them too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from openacp_bot.chat.arrivals import Arrivals
from openacp_bot.chat.clerk import Clerks
from openacp_bot.chat.gate import Gate, Turnstile
from openacp_bot.chat.lane import OpenCard, Shelf
from openacp_bot.chat.opening import Opener
from openacp_bot.chat.order import Draw
from openacp_bot.chat.pen import Pen
from openacp_bot.chat.places import Keeper
from openacp_bot.chat.pulse import Pulse
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.chat.signs import DRAFT_PACE, DRAFTS, Signs
from openacp_bot.chat.tending import Tender
from openacp_bot.chat.troubles import Troubles
from openacp_bot.chat.windows import Windows
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Said
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Place, ThreadRef
from openacp_bot.core.neighbours import CARD
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)

W = TypeVar("W")

HURRY = 2.0


class Outbox(Generic[W]):
    """One surface's screen. `now` is UTC seconds; the pace is measured by the loop's clock. `hears`: whether the
    platform has told us what happened so far, topics that we opened among it."""

    def __init__(
        self,
        name: str,
        hub: Hub,
        ledger: Ledger,
        pen: Pen[W],
        draw: Draw,
        *,
        now: Callable[[], float] = time.time,
        gather: float = 0.05,
        patience: float = 5.0,
        goodbye: float = 10.0,
        hears: Callable[[], bool] = lambda: True,
    ) -> None:
        self._goodbye = goodbye
        self._name = name
        self._ledger = ledger
        self._pen = pen
        self._now = now
        self._shelf = Shelf()
        self._windows = Windows(name, ledger, now=now, clock=_clock)
        self._leaving: asyncio.Timeout | None = None
        pulse = Pulse(now, _clock, self._wake)
        turnstile = Turnstile(pen.calls_a_second, _clock)
        signs = Signs(pen, _clock)
        self._keeper = Keeper(
            name,
            hub,
            ledger,
            pen,
            pulse,
            hears=hears,
            post=self._post,
            opened=self._place_opened,
            moved_to=self._place_moved,
        )
        self._troubles = Troubles(ledger, pen, self._shelf, self._keeper, pulse)
        self._tender = Tender(ledger, pen, draw, self._shelf, self._keeper, signs, self._troubles, turnstile, pulse)
        self._clerks = Clerks(self._new_gate, self._tender.jobs, turnstile, _clock, self._windows.keep)
        self._opener = Opener(name, ledger, pen, self._shelf, signs, pulse, gather=gather, patience=patience)
        self._arrivals = Arrivals(name, pen, self._shelf, self._opener, signs, self._keeper, pulse, gather=gather)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside, cards are shown; leaving gives them `goodbye` seconds to settle, and the rest stays in the ledger.
        Of what is done in here, nothing but cancellation ends it."""
        await self._load()
        async with asyncio.TaskGroup() as group:
            self._clerks.begin(group)
            intake = group.create_task(self._arrivals.take())
            try:
                yield
                await self._say_goodbye()
            finally:
                intake.cancel()
                self._clerks.stop()

    def show(self, place: Place | None, said: Said) -> None:
        """Never waits, never raises."""
        try:
            self._arrivals.show(place, said)
        except Exception:  # of everybody's events, one must not end the session that tells it
            log.exception("an event could not be shown")

    def hurry(self) -> None:
        """Leaving ends within two seconds, whatever is left to show."""
        self._goodbye = min(self._goodbye, HURRY)
        if self._leaving is not None and not self._leaving.expired():
            self._leaving.reschedule(min(self._leaves_by(), _clock() + HURRY))

    async def reply(
        self,
        where: ThreadRef,
        reply: Reply,
        *,
        key: str,
        answers: str = "",
        pressed: str = "",
        shown: str = "",
        looks: tuple[W, Keyboard] | None = None,
    ) -> None:
        """On return the answer is stored, and will be shown. `key`: the inbound's. `pressed`: the message whose button
        was pressed. `shown`: the message that shows it already, as it was said in another way; `looks`: how."""
        self._troubles.heard(self._pen.gate(where))
        await self._opener.reply(where, reply, key=key, answers=answers, pressed=pressed, shown=shown, looks=looks)

    async def close(self, reply: Reply) -> None:
        """An answer that nobody needs to see: what it `closes` is closed all the same."""
        await self._opener.close(reply)

    async def no_opening(self, where: ThreadRef, *, limit: float = 5.0) -> None:
        """While a topic is being opened, people may see it, and write in it, before we know its address."""
        try:
            async with asyncio.timeout(limit):
                await self._keeper.orphans.none_may_be(where)
        except TimeoutError:
            pass

    async def no_sending(self, where: ThreadRef, *, limit: float = 1.0) -> None:
        """While a message is being sent, people may see it, and reply to it, before we know its id."""
        try:
            async with asyncio.timeout(limit):
                await self._clerks.idle(self._pen.gate(where))
        except TimeoutError:
            pass

    def heard(self, where: ThreadRef) -> None:
        """Somebody spoke there: a chat that was closed to us may be open again."""
        self._troubles.heard(self._pen.gate(where))
        gate = self._pen.gate(where)
        self._clerks.gate(gate).heard()
        self._wake(gate)

    def restored(self) -> None:
        """The platform can be reached again, or allows other things: nothing rests any more because it could not be."""
        self._troubles.restored()
        self._clerks.restored()

    def stands(self, where: ThreadRef, title: str) -> None:
        """The platform tells of a topic that we opened: so it is there, and that topic is taken at once."""
        self._keeper.orphans.add(where, title)
        gate = self._pen.gate(ThreadRef(where.adapter, where.space))
        self._clerks.gate(gate).heard()
        self._wake(gate)

    async def called(self, where: ThreadRef, title: str) -> None:
        """The platform tells that we called a topic so; to be told in order with the titles that people give."""
        await self._keeper.called(where, title)
        self._wake(self._pen.gate(where))

    async def take_up_places(self, *, are_in_doubt: bool = False) -> None:
        """All that are not what they should be; nobody may have told of each."""
        for place in await self._ledger.unmade_places(self._name):
            if self._keeper.want(place, is_in_doubt=are_in_doubt):
                self._wake(self._pen.gate(place.ref or ThreadRef(self._name, place.space)))

    # --- beginning and end

    async def _load(self) -> None:
        await self._windows.load()
        for gate, until in (await self._ledger.closed_gates(self._now())).items():
            self._clerks.gate(gate).close(until - self._now())
        for card in await self._ledger.open_cards(self._name):
            await self._load_one(card)
        await self.take_up_places(are_in_doubt=True)

    async def _load_one(self, card: Card) -> None:
        try:
            await self._opener.load(card)
        except StoreError:
            raise  # then nothing can be shown, and there is no start
        except Exception:
            log.exception("card %s cannot be taken up again", card.id)

    async def _say_goodbye(self) -> None:
        self._tender.is_leaving = True
        try:
            async with asyncio.timeout(self._goodbye) as self._leaving:
                await self._arrivals.rest()
                await self._clerks.rest(self._leaves_by)
        except TimeoutError:
            log.info("what could not be shown in time is shown after the next start")
        except Exception:
            log.exception("leaving at once")
        finally:
            self._leaving = None

    def _leaves_by(self) -> float:
        by = self._leaving.when() if self._leaving else None
        return _clock() if by is None else by

    def _new_gate(self, name: str) -> Gate:
        pace = DRAFT_PACE if name.endswith(DRAFTS) else self._pen.pace(name)
        return Gate(name, pace, _clock, past=self._windows.past(name))

    def _wake(self, gate: str) -> None:
        self._clerks.wake(gate)

    # --- what the keeper asks for

    async def _post(self, card: Card) -> None:
        await self._opener.load(await self._ledger.open(card))

    async def _place_opened(self, place: Place, ref: ThreadRef) -> None:
        """Whatever was sent to this place stood in one that is gone; what the new one begins with becomes its card."""
        lane = self._shelf.lane_of(place.id)
        first = self._pen.first_message(ref)
        for entry in list(lane.cards.values()) if lane else ():
            await self._send_anew(entry)
            if first and entry.card.kind is CardKind.NOTICE and entry.card.ref == f"{place.session}:{CARD}":
                await self._stands_as(entry, first)

    async def _place_moved(self, place: Place, ref: ThreadRef | None) -> None:
        """The lane of this place has another address, or none."""
        lane = self._shelf.lane_of(place.id)
        for entry in list(lane.cards.values()) if lane and ref is None else ():
            await self._troubles.settle(entry, "its place is gone")
        if lane is not None and ref is not None:
            lane.stand(ref, self._pen.gate(ref))
            self._wake(lane.gate)
        for entry in self._shelf:
            if entry.card.kind is CardKind.REPLY and entry.card.session == place.session:
                entry.rise()
                entry.touch(_clock())
                self._wake(entry.lane.gate)

    async def _send_anew(self, entry: OpenCard) -> None:
        """Its messages stood in a topic that is gone."""
        if entry.card.pages:
            numbers = tuple(entry.pages)
            await self._ledger.forget(entry.card.id, numbers)
            entry.forget(numbers)
        entry.renewed.clear()
        entry.touch(_clock())

    async def _stands_as(self, entry: OpenCard, message: str) -> None:
        """This message is the card's, whatever it says now."""
        await self._ledger.sending(entry.card.id, 0)
        entry.sending(0, rings=False)
        await self._ledger.shown(entry.card.id, 0, message)
        entry.shown(0, message)


def _clock() -> float:
    return asyncio.get_running_loop().time()
