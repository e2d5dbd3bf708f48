"""What the gateway tells, one by one and in order; and after a new connection first what was missed.

1. Between a new connection and its being ready everything waits, so what was written meanwhile comes first. 2. What
cannot be stored waits, and keeps what comes behind it. 3. A bug in one event ends nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from openacp_bot.adapters.discord.bearings import Bearings, made_at
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.gap import Gap
from openacp_bot.adapters.discord.intake import Intake
from openacp_bot.adapters.discord.pen import DiscordPen, name_of
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pauses import Pauses
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Origin, PlaceReported, Report
from openacp_bot.core.model import Place, ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)

LATE_SECONDS = 30.0  # what is older than that was not written to somebody who was there

Heard = tuple[str, Any]


class Reception:
    """`look_again`: something changed that commands or permissions depend on."""

    def __init__(
        self,
        *,
        hub: Hub,
        ledger: Ledger,
        outbox: Outbox[str],
        pen: DiscordPen,
        rest: Callable[[], Rest],
        bearings: Bearings,
        forums: Forums,
        patience: Patience,
        look_again: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._pen = pen
        self._rest = rest
        self._bearings = bearings
        self._forums = forums
        self._patience = patience
        self._look_again = look_again
        self._gap = Gap(ledger, patience)
        self._intake = Intake(hub=hub, ledger=ledger, outbox=outbox, rest=rest)
        self._news: asyncio.Queue[Heard] = asyncio.Queue()

    def hear(self, event: str, thing: Any) -> None:
        """Never waits."""
        match event:
            case "raw_thread_update":
                self._news.put_nowait(("renamed", self._renaming(thing)))
            case "thread_create":
                self._stands(thing)
            case _:
                self._news.put_nowait((event, thing))

    def _renaming(self, event: discord.RawThreadUpdateEvent) -> tuple[ThreadRef, str] | None:
        """The thread's new name, if a person gave it one. The library still knows the one before."""
        name, before, id = str(event.data.get("name", "")), event.thread, str(event.thread_id)
        if before is None or not name or before.name == name or self._pen.has_named(id, name):
            return None
        return ThreadRef("discord", str(event.parent_id), id), name

    def _stands(self, thread: discord.Thread) -> None:
        """Perhaps it was opened by a call of ours whose answer never comes."""
        if str(thread.owner_id) == self._bearings.facts().bot:
            self._outbox.stands(ThreadRef("discord", str(thread.parent_id), str(thread.id)), thread.name)

    # --- one by one ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        waiting: list[Heard] | None = None
        seen = self._gap.seen
        while True:
            event, thing = await self._news.get()
            match event:
                case "connect" if waiting is None:
                    waiting, seen = [], self._gap.seen
                case "connect":
                    pass  # lost again before it was ready
                case "ready":
                    await self._safely(lambda seen=seen: self._catch_up(seen))  # type: ignore[misc]
                    for heard in waiting or ():
                        await self._take(*heard)
                    waiting = None
                case _ if waiting is not None:
                    waiting.append((event, thing))
                case _:
                    await self._take(event, thing)

    async def remember(self) -> None:
        """What an earlier life knew."""
        await self._stored(self._remember)

    async def _remember(self) -> None:
        await self._gap.load()
        for place in await self._ledger.known_places("discord"):
            self._bearings.know(place)

    async def _take(self, event: str, thing: Any) -> None:
        facts = self._bearings.facts()
        match event:
            case "message":
                await self._safely(lambda: self._message(thing))
            case "raw_message_edit":
                await self._safely(lambda: self._intake.edited(thing, facts))
            case "raw_message_delete":
                await self._deleted(str(thing.channel_id), (thing.message_id,), facts)
            case "raw_bulk_message_delete":
                await self._deleted(str(thing.channel_id), thing.message_ids, facts)
            case "renamed" if thing is not None:
                await self._safely(lambda: self._renamed(*thing))
            case "renamed" | "disconnect":
                pass
            case "resumed":
                self._outbox.restored()
            case _:
                self._look_again()

    async def _message(self, message: discord.Message) -> None:
        channel, is_a_bots = str(message.channel.id), message.author.bot
        if message.guild is None and not is_a_bots:
            self._bearings.met(channel)
        late = time.time() - message.created_at.timestamp() > LATE_SECONDS
        await self._intake.message(message, self._bearings.facts(), late=late)
        if not is_a_bots and self._bearings.minds(channel):
            await self._gap.handled(channel, message.id)

    async def _deleted(self, channel: str, messages: Any, facts: Facts) -> None:
        for message in messages:
            await self._safely(lambda message=message: self._intake.deleted(channel, message, facts))  # type: ignore[misc]

    async def _renamed(self, where: ThreadRef, title: str) -> None:
        key = f"dc:renamed:{where.topic}:{time.time():.3f}"
        origin = Origin(key, where, UserRef("discord", ""), time.time())
        await self._hub.handle(PlaceReported(origin, Report.RENAMED, "", detail=title))

    # --- a new connection ------------------------------------------------------------------------

    async def _catch_up(self, seen: Mapping[str, int]) -> None:
        """Where are we, and what was written meanwhile?"""
        ears, bearings = self._bearings.ears, self._bearings
        if ears is None:
            return
        await bearings.survey(ears, self._rest())
        for problem in bearings.ground.problems:
            log.warning("discord: %s", problem)
        for where, name in bearings.orphans():
            self._outbox.stands(where, name)
        self._outbox.restored()
        self._look_again()
        for place in await self._ledger.known_places("discord"):
            await self._safely(lambda place=place: self._look_after(place))  # type: ignore[misc]
        threads = [*bearings.facts().threads, *self._new_threads()]
        async for message in self._gap.missed(ears, threads, bearings.others, seen):
            await self._safely(lambda message=message: self._message(message))  # type: ignore[misc]
        await self._begin_to_mind(ears)

    async def _look_after(self, place: Place) -> None:
        """What people, or we before a crash, made of it without our hearing of it."""
        self._forums.changed(place)
        thread = self._bearings.thread(place.ref.topic) if place.ref and place.ref.topic else None
        if thread is None or place.ref is None or not place.named:
            return
        if thread.name not in (name_of(place.named), name_of(place.title)):
            await self._renamed(place.ref, thread.name)

    def _new_threads(self) -> list[str]:
        """Opened in our channel while we were away: by hand, or by a call whose answer never came."""
        since = self._gap.since
        return [str(one.id) for one in self._bearings.open_threads() if since and made_at(one.id) > since]

    async def _begin_to_mind(self, ears: discord.Client) -> None:
        """From the first connection on; of our channel, from its newest message on."""
        await self._gap.begin(time.time())
        channel = self._bearings.ground.channel
        if channel and channel not in self._gap.seen:
            last = getattr(ears.get_channel(int(channel)), "last_message_id", None)
            await self._gap.handled(channel, last or int(channel))

    # --- when something fails --------------------------------------------------------------------

    async def _safely(self, deed: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._stored(deed)
        except Exception:  # one event's root: it would come again for ever
            log.exception("discord: something that came could not be handled and is left out")

    async def _stored(self, deed: Callable[[], Awaitable[None]]) -> None:
        """While the store fails, what came waits here."""
        pauses = Pauses(*self._patience.store)
        while True:
            try:
                await deed()
                return
            except StoreError as error:
                log.error("discord: what came cannot be stored, and waits: %s", error)
                await asyncio.sleep(pauses.next())
