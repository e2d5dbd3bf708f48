"""What core, and people, are told of places."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from openacp_bot.chat.place_deeds import address
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Origin, PlaceReported, Reply, Report
from openacp_bot.core.model import Place, ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.words import TOPIC, span, surface_name

REPORT_TRIES = 4
SILENCED = "silenced"  # how the ref of a card begins which tells that nothing may be said in a place
DAY = 86400.0
LONG_WAIT = 20.0  # for a title; who waits so long is told


class PlaceNews:
    """`gate` tells which chat an address belongs to; `post` opens a card."""

    def __init__(
        self,
        name: str,
        hub: Hub,
        ledger: Ledger,
        *,
        gate: Callable[[ThreadRef], str],
        now: Callable[[], float],
        post: Callable[[Card], Awaitable[None]],
    ) -> None:
        self._name = name
        self._hub = hub
        self._ledger = ledger
        self._gate = gate
        self._now = now
        self._post = post
        self._promised: dict[str, str] = {}  # by place: the title that was said to come later

    # --- to core

    async def report(
        self, place: Place, what: Report, *, ref: ThreadRef | None = None, detail: str = "", url: str = ""
    ) -> None:
        """What became of a place. Raises StoreError."""
        await self._say(address(place), what, place.id, ref=ref, detail=detail, url=url)

    async def moved(self, place: str, where: ThreadRef, space: str) -> None:
        """The whole chat has another id. Raises StoreError."""
        await self._say(where, Report.MOVED, place, ref=replace(where, space=space))

    async def _say(
        self,
        where: ThreadRef,
        what: Report,
        place: str,
        *,
        ref: ThreadRef | None = None,
        detail: str = "",
        url: str = "",
    ) -> None:
        """A full disk is given some seconds."""
        key = f"{self._name}:place:{place}:{what}:{secrets.token_hex(4)}"
        origin = Origin(key, where, UserRef(self._name, ""), self._now())
        said = PlaceReported(origin, what, place, ref, detail, url)
        for tries in range(REPORT_TRIES):
            try:
                await self._hub.handle(said)
                return
            except StoreError:
                if tries == REPORT_TRIES - 1:
                    raise
                await asyncio.sleep(2.0**tries)

    # --- to people

    async def stays(self, place: Place, why: str) -> None:
        """Somebody was told that it goes. Core offers another try, where there still is a session."""
        if place.session is not None:
            await self.report(place, Report.STAYS, detail=why)
            return
        ref = f"stays:{place.id}:{place.ref.topic if place.ref else ''}"
        await self._tell_beside(place, ref, f"❌ The {TOPIC} of “{place.title}” stays: {why}")

    async def silenced(self, place: Place, why: str) -> None:
        """The platform takes nothing there. Told beside it, where that is another chat; at most once a day."""
        if place.ref is None or self._gate(place.ref) == self._gate(ThreadRef(self._name, place.space)):
            return
        ref = f"{SILENCED}:{place.id}:{self._now() // DAY:.0f}"
        text = f"❌ The bot may not write in the {TOPIC} of “{place.title}”, where something waits: {why}"
        await self._tell_beside(place, ref, text)

    async def renamed_later(self, place: Place, seconds: float) -> None:
        """Somebody was told that it is renamed, and the platform allows it only then."""
        if place.ref is None or not place.insists or seconds < LONG_WAIT or self._promised.get(place.id) == place.title:
            return
        self._promised[place.id] = place.title
        text = (
            f"{surface_name(self._name)} lets nobody rename this {TOPIC} more often for now. "
            f"It will be called “{place.title}” in {span(seconds)}."
        )
        await self._tell(f"later:{place.id}:{secrets.token_hex(4)}", place.ref, Reply(text))

    async def _tell_beside(self, place: Place, ref: str, text: str) -> None:
        await self._tell(ref, ThreadRef(self._name, place.space), Reply(text, refused=True))

    async def _tell(self, ref: str, where: ThreadRef, reply: Reply) -> None:
        """Once for each `ref`."""
        if await self._ledger.card(CardKind.REPLY, ref) is None:
            body = codec.dumps(reply)
            await self._post(Card(secrets.token_hex(8), CardKind.REPLY, ref, where=where, body=body))


def tells_of_silence(card: Card) -> bool:
    """Where that may not be said either, nothing is waited for."""
    return card.ref.startswith(f"{SILENCED}:")
