"""What the gateway tells, one by one and in order; and after a new connection first what was missed.

1. Between a new connection and its being ready everything waits, so what was written meanwhile comes first. 2. What
waits is bounded: if there is more, all of it is let go and read once more, as if it had been missed. 3. What concerns
nobody here does not wait; it moves the marks once everything before it is handled. 4. What was missed and cannot be
read holds up nothing but, for a short while, what is written behind it in the same channel.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from openacp_bot.adapters.discord.facts import ADAPTER, address
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.handling import MET, Handling
from openacp_bot.adapters.discord.homecoming import Homecoming
from openacp_bot.adapters.discord.inbound import heard_at
from openacp_bot.adapters.discord.intake import Intake
from openacp_bot.adapters.discord.marks import Marks
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.moving import Moving
from openacp_bot.adapters.discord.pen import DiscordPen
from openacp_bot.adapters.discord.rereading import Rereading
from openacp_bot.adapters.discord.roles import Roles
from openacp_bot.chat.pauses import Pauses
from openacp_bot.core.model import ThreadRef

log = logging.getLogger(__name__)

MOST_WAITING = 500  # fewer than the gap reads in one channel

Heard = tuple[str, Any]


class Reception:
    """`look_again`: something changed that commands or permissions depend on."""

    def __init__(self, means: Means, pen: DiscordPen, forums: Forums, *, look_again: Callable[[], None]) -> None:
        self._means = means
        self._bearings = means.bearings
        self._pen = pen
        self._forums = forums
        self._look_again = look_again
        self._marks = Marks(means.ledger)
        self._moving = Moving(means)
        roles = Roles(means.rest, means.patience.read)
        intake = Intake(means, roles)
        self._handling = Handling(means, intake, self._marks)
        self._homecoming = Homecoming(
            means,
            self._handling,
            marks=self._marks,
            roles=roles,
            forums=forums,
            rereading=Rereading(means, intake, self._marks),
            moving=self._moving,
        )
        self._news: asyncio.Queue[Heard] = asyncio.Queue()
        self._news.put_nowait(("connect", None))
        self._is_ready = asyncio.Event()
        self._is_replay = False
        self._passed: dict[int, int] = {}  # by server: the newest message that concerns nobody
        self._aside: list[Heard] = []  # what waits for what was missed where it was written
        self._pauses = Pauses(*means.patience.away)
        self._go_on_at = 0.0
        self._caught_up = asyncio.Event()
        self.is_current = False  # what happened in our server so far was told

    @property
    def has_caught_up(self) -> bool:
        """What was done in our server before we started was looked at."""
        return self._caught_up.is_set()

    async def caught_up(self) -> None:
        """As soon as that is so."""
        await self._caught_up.wait()

    async def look_around(self) -> None:
        """Where are we now? Raises NotDone while we are not connected."""
        await self._moving.look_around()

    async def remember(self) -> None:
        """What an earlier life knew."""
        await self._handling.done(self._remember)

    async def _remember(self) -> None:
        ledger = self._means.ledger
        await self._marks.load()
        for place in await ledger.known_places(ADAPTER):
            self._bearings.know(place)
        for key in await ledger.notes(ADAPTER):
            if key.startswith(MET):
                self._bearings.met(key.removeprefix(MET))

    # --- what is heard ---------------------------------------------------------------------------

    def hear(self, event: str, thing: Any) -> None:
        """Never waits."""
        match event:
            case "connect":
                self._is_replay = self.is_current = False
                self._pen.forget_names()
                if self._is_ready.is_set():  # else it is one more, before the one before was ready
                    self._is_ready.clear()
                    self._keep(event)
            case "ready":
                self._is_ready.set()
            case "disconnect":
                self._is_replay, self.is_current = True, False
            case "resumed":
                self._is_replay = False
                self._keep(event)
            case "message":
                self._hear_message(thing)
            case "raw_message_edit" if thing.data.get("author", {}).get("bot"):
                pass  # most are our own
            case "raw_thread_update":
                self._hear_thread(thing)
            case "thread_create":
                self._hear_new_thread(thing)
            case _:
                self._keep(event, thing)

    def _hear_message(self, message: discord.Message) -> None:
        guild = message.guild
        if heard_at(message, self._bearings.facts()) is not None:
            self._keep("replayed" if self._is_replay else "message", message)
        elif self._bearings.works_in(guild):
            self._passed[guild.id] = message.id
            if self._news.empty():
                self._keep("passed")
        elif guild is not None:
            self._marks.server(guild.id).hold()  # perhaps ours; then it is read as soon as we are there

    def _hear_thread(self, event: discord.RawThreadUpdateEvent) -> None:
        """The library still knows its name before."""
        name, before = str(event.data.get("name", "")), event.thread
        if before is not None and name and before.name != name:
            self._keep("renamed", (address(event.parent_id, event.thread_id), name))

    def _hear_new_thread(self, thread: discord.Thread) -> None:
        """Perhaps a call of ours opened it, whose answer never comes. What is handled may wait for that, so it is told
        at once."""
        if str(thread.owner_id) == self._bearings.facts().bot:
            self._means.outbox.stands(address(thread.parent_id, thread.id), thread.name)
            self._forums.stands(str(thread.id))

    def _keep(self, event: str, thing: Any = None) -> None:
        if self._news.qsize() + len(self._aside) >= MOST_WAITING:
            log.warning("discord: more than %d events wait; they are let go and read once more", MOST_WAITING)
            while not self._news.empty():
                self._news.get_nowait()
            self._aside.clear()
            self._news.put_nowait(("connect", None))
        self._news.put_nowait((event, thing))

    # --- one by one ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._aside.append(await self._next())
            await self._take_due()
            if self._news.empty():
                await self._handling.safely(self._pass)

    async def _next(self) -> Heard:
        """What comes; or, while something of what was missed could not be read, the word to go on with that."""
        times = [self._go_on_at] if self._homecoming.owes else []
        times += map(self._waits_until, self._aside)
        try:
            async with asyncio.timeout_at(min(times, default=None)):
                return await self._news.get()
        except TimeoutError:
            return "go_on" if self._homecoming.owes and self._go_on_at <= self._now() else "passed", None

    async def _take_due(self) -> None:
        """What was written where something that was missed cannot be read is taken once it can, or soon anyway."""
        now, aside, self._aside = self._now(), self._aside, []
        for heard in aside:
            if self._waits_until(heard) > now:
                self._aside.append(heard)
            else:
                await self._take(*heard)

    def _waits_until(self, heard: Heard) -> float:
        return self._homecoming.waits_until(_channel_of(*heard))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _take(self, event: str, thing: Any) -> None:
        handling, homecoming = self._handling, self._homecoming
        match event:
            case "connect":
                self._marks.hold()
                self._pauses.reset()
                await self._is_ready.wait()
                await self._come(homecoming.arrive)
                self.is_current = self._is_ready.is_set() and not self._is_replay  # else there is another already
            case "message":
                await handling.message(thing)
            case "replayed":
                await handling.message(thing, missed=True)
            case "raw_message_edit":
                await handling.edited(thing)
            case "raw_message_delete":
                await handling.deleted(thing.channel_id, (thing.message_id,))
            case "raw_bulk_message_delete":
                await handling.deleted(thing.channel_id, thing.message_ids)
            case "raw_thread_delete":
                await handling.thread_deleted(address(thing.parent_id, thing.thread_id))
            case "renamed":
                await self._renamed(*thing)
            case "passed":
                pass
            case "resumed":
                self.is_current = self._caught_up.is_set()
                self._means.outbox.restored()
            case "guild_available" | "guild_join":
                await self._come(homecoming.enter)
            case "go_on":
                await self._come(homecoming.go_on)
            case "guild_unavailable" | "guild_remove":
                await self._come(lambda: homecoming.leave(thing))
            case "guild_channel_delete":
                await handling.safely(self._moving.lost, str(thing.id))
                await self._come(homecoming.enter)
            case _:
                self._look_again()

    async def _come(self, deed: Callable[[], Awaitable[None]]) -> None:
        is_done = await self._handling.safely(deed)
        if is_done and self._bearings.ground.guild is not None:
            self._caught_up.set()
        pause = self._means.patience.away[1] if self._homecoming.is_slow else self._pauses.next()
        self._go_on_at = self._now() + pause
        self._look_again()

    async def _renamed(self, where: ThreadRef, title: str) -> None:
        if not self._pen.has_named(where.topic, title):
            if where.topic not in self._bearings.facts().threads:
                await self._means.outbox.no_opening(where)
            await self._handling.renamed(where, title)
        elif not self._pen.is_naming(where.topic):  # else the newest is still to be told of
            await self._handling.safely(self._means.outbox.called, where, title)

    async def _pass(self) -> None:
        passed, self._passed = self._passed, {}
        for guild, message in passed.items():
            await self._marks.server(guild).heard(message, is_ours=False)


def _channel_of(event: str, thing: Any) -> int:
    """Where something was written, changed or deleted; 0 for all else, which never waits."""
    match event:
        case "message" | "replayed":
            return int(thing.channel.id)
        case "raw_message_edit" | "raw_message_delete" | "raw_bulk_message_delete":
            return int(thing.channel_id)
        case _:
            return 0
