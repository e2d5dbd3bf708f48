"""What the gateway tells, one by one and in order; and after a new connection first what was missed.

1. Between a new connection and its being ready everything waits, so what was written meanwhile comes first. 2. What
cannot be stored waits, and keeps what comes behind it. 3. A bug in one event ends nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, ParamSpec

import discord

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.homecoming import Homecoming
from openacp_bot.adapters.discord.intake import Intake
from openacp_bot.adapters.discord.marks import Marks
from openacp_bot.adapters.discord.moving import Moving
from openacp_bot.adapters.discord.pen import DiscordPen
from openacp_bot.adapters.discord.rereading import Rereading
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.adapters.discord.roles import Roles
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pauses import Pauses, until_stored
from openacp_bot.core.inbound import Origin, PlaceReported, Report
from openacp_bot.core.model import ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)

LATE_SECONDS = 30.0  # what is older than that was not written to somebody who was there

MET = "met:"  # how the note of a channel of direct messages begins

Heard = tuple[str, Any]
P = ParamSpec("P")


class Reception:
    """`look_again`: something changed that commands or permissions depend on. `has_caught_up`: what was done in
    our server before we started was looked at."""

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
        self._bearings = bearings
        self._patience = patience
        self._look_again = look_again
        self._marks = Marks(ledger)
        roles = Roles(rest)
        self._intake = Intake(hub=hub, ledger=ledger, outbox=outbox, roles=roles)
        self._moving = Moving(hub=hub, ledger=ledger, outbox=outbox, rest=rest, bearings=bearings)
        self._homecoming = Homecoming(
            ledger=ledger,
            outbox=outbox,
            rest=rest,
            bearings=bearings,
            forums=forums,
            marks=self._marks,
            roles=roles,
            rereading=Rereading(ledger, self._intake, rest, self._marks),
            moving=self._moving,
            patience=patience,
            take=self._message,
            renamed=self._renamed,
            safely=self._safely,
        )
        self._news: asyncio.Queue[Heard] = asyncio.Queue()
        self.has_caught_up = False

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
        waiting: list[Heard] | None = []  # None: we are there
        while True:
            event, thing = await (self._next() if waiting is None else self._news.get())
            match event:
                case "connect":  # perhaps once more, before the one before was ready
                    self._marks.hold()
                    waiting = waiting or []
                case "ready":
                    await self._come(self._homecoming.arrive)
                    for heard in waiting or ():
                        await self._take(*heard)
                    waiting = None
                case _ if waiting is not None:
                    waiting.append((event, thing))
                case _:
                    await self._take(event, thing)

    async def _next(self) -> Heard:
        """What comes; or, while something of what was missed could not be read, the word to go on with that."""
        try:
            async with asyncio.timeout(self._patience.away[1] if self._homecoming.owes else None):
                return await self._news.get()
        except TimeoutError:
            return "go_on", None

    async def _come(self, deed: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> None:
        await self._safely(deed, *args, **named)
        self.has_caught_up |= self._bearings.ground.guild is not None
        self._look_again()

    async def remember(self) -> None:
        """What an earlier life knew."""
        await self._stored(self._remember)

    async def _remember(self) -> None:
        await self._marks.load()
        for place in await self._ledger.known_places("discord"):
            self._bearings.know(place)
        for key in await self._ledger.notes("discord"):
            if key.startswith(MET):
                self._bearings.met(key.removeprefix(MET))

    async def _take(self, event: str, thing: Any) -> None:
        match event:
            case "message":
                await self._safely(self._message, thing)
            case "raw_message_edit":
                await self._safely(self._edited, thing)
            case "raw_message_delete":
                await self._deleted(thing.channel_id, (thing.message_id,))
            case "raw_bulk_message_delete":
                await self._deleted(thing.channel_id, thing.message_ids)
            case "renamed" if thing is not None:
                await self._safely(self._renamed, *thing)
            case "renamed" | "disconnect":
                pass
            case "resumed":
                self._outbox.restored()
            case "guild_available" | "guild_join":
                await self._come(self._homecoming.enter)
            case "go_on":
                await self._come(self._homecoming.go_on)
            case "guild_unavailable" | "guild_remove":
                await self._come(self._homecoming.leave, thing)
            case "guild_channel_delete":
                await self._safely(self._channel_lost, thing)
            case _:
                self._look_again()

    async def _message(self, message: discord.Message) -> None:
        facts, channel, is_a_bots = self._bearings.facts(), str(message.channel.id), message.author.bot
        guild = message.guild
        if guild is not None and not self._bearings.works_in(guild):
            return  # of ours it is read as soon as we are there
        if guild is None and channel not in facts.direct and facts.knows(str(message.author.id), (), direct=True):
            await self._ledger.note("discord", f"{MET}{channel}", str(message.author.id))
            self._bearings.met(channel)
        late = time.time() - message.created_at.timestamp() > LATE_SECONDS
        await self._intake.message(message, self._bearings.facts(), late=late)
        mark = self._marks.direct if guild is None else self._marks.server(guild.id)
        await mark.heard(message.id, is_ours=not is_a_bots and self._bearings.minds(channel))

    async def _edited(self, event: discord.RawMessageUpdateEvent) -> None:
        where = self._bearings.where(event.channel_id)
        await self._intake.edited(event, where, self._bearings.facts())

    async def _deleted(self, channel: int, messages: Iterable[int]) -> None:
        if not (self._bearings.minds(str(channel)) or self._bearings.facts().mention_anywhere):
            return
        where = self._bearings.where(channel)
        if where is not None:
            for message in messages:
                await self._safely(self._intake.deleted, where, message)

    async def _channel_lost(self, channel: discord.abc.GuildChannel) -> None:
        await self._moving.lost(str(channel.id))
        await self._come(self._homecoming.enter)

    async def _renamed(self, where: ThreadRef, title: str) -> None:
        key = f"dc:renamed:{where.topic}:{time.time():.3f}"
        origin = Origin(key, where, UserRef("discord", ""), time.time())
        await self._hub.handle(PlaceReported(origin, Report.RENAMED, "", detail=title))

    # --- when something fails

    async def _safely(self, deed: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> None:
        try:
            await self._stored(deed, *args, **named)
        except Exception:  # one event's root: it would come again for ever
            log.exception("discord: something that came could not be handled and is left out")

    async def _stored(self, deed: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> None:
        """While the store fails, what came waits here."""
        told = partial(log.error, "discord: what came cannot be stored, and waits: %s")
        await until_stored(partial(deed, *args, **named), Pauses(*self._patience.store), told)
