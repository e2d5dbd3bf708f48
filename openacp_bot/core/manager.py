"""The sessions that live: slots, waking, archiving, the daemon's start and stop. Owns every session's task.

1. A slot is reserved before the spawn, without an await, and freed when the process is gone: the live table is
   the slots.
2. Facts of a live session change in its memory first, then in the store, so that nobody writes back an older one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Unpack, cast

from openacp_bot.core import offers
from openacp_bot.core.deletions import Deletions
from openacp_bot.core.errors import Problem, StoreError, UserError
from openacp_bot.core.events import (
    AgentCommand,
    Event,
    Notice,
    Outcome,
    PlaceChanged,
    SessionChanged,
    StateChanged,
    TitleChanged,
)
from openacp_bot.core.means import Means
from openacp_bot.core.menus import minted
from openacp_bot.core.model import Ending, Phase, Place, Prompt, PromptState, SessionRecord, State, ThreadRef
from openacp_bot.core.neighbours import Neighbours
from openacp_bot.core.offers import Offer
from openacp_bot.core.ports import Recovered, SessionFields, SessionFilter
from openacp_bot.core.queues import Queues
from openacp_bot.core.revival import Revival
from openacp_bot.core.session import Session
from openacp_bot.core.slots import Slots
from openacp_bot.core.state import moved

log = logging.getLogger(__name__)

ARCHIVE_EVERY = 3600.0


class Manager:
    """Every live session, and what may happen to those that sleep."""

    def __init__(self, means: Means, *, free_mb: Callable[[], int | None]) -> None:
        self._means = means
        self.slots = Slots(means, free_mb=free_mb)
        self._live: Mapping[str, Session] = self.slots.live
        self._tasks: asyncio.TaskGroup | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._restoring: set[str] = set()
        self._neighbours = Neighbours(self._live, means)
        self._commands: dict[str, tuple[AgentCommand, ...]] = {}  # by agent, as a session that ended knew them
        self._revival = Revival(
            means, self.slots, wake=self.wake, errand=self.errand, is_stopping=lambda: self.stopping
        )
        self.queues = Queues(means, self._live, self.get_to_know)
        self.deletions = Deletions(means, self._live, self.get_to_know)
        self.stopping = False

    # --- slots -----------------------------------------------------------------------------------

    @property
    def slots_used(self) -> int:
        return len(self._live)

    def live(self, id: str) -> Session | None:
        """The live session; None if it sleeps."""
        return self._live.get(id)

    def phase(self, id: str) -> Phase:
        session = self._live.get(id)
        return session.phase if session else Phase.ASLEEP

    def current(self, record: SessionRecord) -> SessionRecord:
        """The record as memory knows it, which may be ahead of the store."""
        session = self._live.get(record.id)
        return session.record if session else record

    def commands(self, record: SessionRecord) -> tuple[AgentCommand, ...] | None:
        """What the session's agent offers; None where that shows only once it is up."""
        session = self._live.get(record.id)
        return session.commands if session is not None and session.launched.is_set() else None

    def commands_before(self, record: SessionRecord) -> tuple[AgentCommand, ...]:
        """What such an agent last offered."""
        return self._commands.get(record.agent, ())

    def check_room(self) -> None:
        """Raises UserError if no further agent may be started now."""
        if self.stopping:
            raise UserError("The daemon is stopping; nothing new is started. Try again after its restart.")
        self.slots.check_room()

    def longest_idle(self) -> tuple[Session, ...]:
        """Live sessions that could be ended, longest idle first; those at work come last."""
        return self.slots.longest_idle()

    # --- creating and waking ---------------------------------------------------------------------

    async def create(
        self,
        record: SessionRecord,
        *,
        prompt: Prompt | None,
        place: Place | None,
        instead_of: str = "",
        key: str,
    ) -> bool:
        """A new session, stored and waking; False if the key was seen before. A prompt that is still gathering is
        submitted by whoever gathers it; the session `instead_of` that loses its chat to it is ended by the caller.
        Raises CapReached."""
        self.check_room()
        session = self.slots.reserve(record)
        with self.slots.released_unless_started(session):
            if not await self._means.records.create_session(
                record, prompt=prompt, place=place, instead_of=instead_of, key=key
            ):
                return False
            self._means.feed.know(record.id, rev=record.rev, home=place)
            self._let_empty_ones_go(session)
            announced = place.asked_in if place is not None else None
            if place is not None:
                self.say(record.id, PlaceChanged(place))
                if place.ref is None:  # a topic of its own is empty at first
                    self.say(record.id, self._neighbours.card(record, prompt))
            self._start(session, announced=announced)
        if prompt is not None and prompt.state is PromptState.QUEUED:
            session.mailbox.submit(prompt)
        return True

    async def wake(self, id: str) -> Session:
        """The live session, woken if it sleeps. Raises CapReached; UserError if it was deleted or archived."""
        record = await self._means.records.session(id)
        if record is None:
            raise UserError("This session was deleted.")
        session = self._live.get(id)
        if (session.record if session else record).archived_at is not None:
            raise UserError("This session is archived and read-only. /restore brings it back.")
        if session is not None:
            return session
        self.check_room()
        slept = State.ERROR if record.state.holds_slot else record.state  # its end could not be stored
        session = self.slots.reserve(replace(record, state=moved(slept, State.INITIALIZING), reason=""))
        with self.slots.released_unless_started(session):
            await self.get_to_know(record)
            await self._means.records.change_session(id, state=State.INITIALIZING, reason="")
            await self._end_unended(id)
            for prompt in await self._means.records.queued(id):
                session.mailbox.adopt(prompt)
            self._start(session)
        return session

    async def _end_unended(self, id: str) -> None:
        """A turn of an earlier life whose end could not be stored."""
        for prompt in await self._means.records.last_prompts(id):
            if prompt.state is PromptState.STARTED:
                at, state = self._means.now(), PromptState.INTERRUPTED
                await self._means.records.end_turn(prompt.id, state=state, outcome=Outcome.FAILED, at=at)

    def _start(self, session: Session, *, announced: ThreadRef | None = None) -> None:
        """`announced`: where it was said that this session begins; there its neighbours need not be told."""
        assert self._tasks is not None
        session.started = True
        self._tasks.create_task(self._life(session), name=f"session {session.id}")
        self.say(session.id, StateChanged(State.INITIALIZING, Phase.LAUNCHING))
        for id, notice in self._neighbours.news(session.record):
            if announced is None or not self._means.feed.lives_at(id, announced):
                self.say(id, notice)

    async def _life(self, session: Session) -> None:
        try:
            await self._lived(session)
            was_deleted = await self.deletions.over(session.id)
            if not was_deleted and session.wakes_again and not self.stopping:
                await self._wake_again(session.id)
        except Exception:  # the root of a session's task: its bug must not end the others
            log.exception("session %s: what follows its end failed", session.id)

    async def _lived(self, session: Session) -> None:
        try:
            await session.live()
        finally:
            self.slots.release(session)
            if session.commands:
                self._commands[session.record.agent] = session.commands

    async def _wake_again(self, id: str) -> None:
        try:
            await self.wake(id)
        except Problem as error:
            self.say(id, Notice(f"wake:{secrets.token_hex(3)}", f"❌ {error}", ring=True))

    def _let_empty_ones_go(self, newer: Session) -> None:
        """A person's new session lets their older empty one give up its process."""
        for one in self._live.values():
            mine = one is not newer and one.record.owner == newer.record.owner
            if mine and not one.record.prompts and not one.record.pinned and not one.turn:
                one.end(Ending.FINISH)

    # --- facts -----------------------------------------------------------------------------------

    def say(self, id: str, event: Event) -> None:
        self._means.feed.say(id, event)

    async def get_to_know(self, record: SessionRecord) -> None:
        """Before anything is said for a session that sleeps."""
        home = await self._means.records.place_of(record.id)
        self._means.feed.know(record.id, rev=record.rev, home=home)

    async def change(self, record: SessionRecord, *, key: str = "", **fields: Unpack[SessionFields]) -> None:
        """Store facts beside the state, and tell everybody."""
        await self._change(record, partial(self._means.records.change_session, record.id, key=key, **fields), **fields)
        if "title" in fields:
            await self._means.homes.title(record.id, fields["title"], fields.get("title_rank", record.title_rank))

    async def _change(
        self, record: SessionRecord, store: Callable[[], Awaitable[object]], **fields: Unpack[SessionFields]
    ) -> None:
        """These facts, which `store` stores; where it fails, they are as before."""
        session = self._live.get(record.id)
        if session is None:
            await self._change_asleep_record(record, store, **fields)
            return
        before = cast(SessionFields, {name: getattr(session.record, name) for name in fields})
        session.note(**fields)
        try:
            await store()
        except StoreError:
            session.note(**before)
            raise

    async def _change_asleep_record(
        self, record: SessionRecord, store: Callable[[], Awaitable[object]], **fields: Unpack[SessionFields]
    ) -> None:
        await self.get_to_know(record)
        await store()
        if session := self._live.get(record.id):  # it woke meanwhile
            session.note(**fields)
            return
        changed = replace(record, **fields)
        renamed = "title" in fields
        self.say(record.id, TitleChanged(changed.shown_title, changed.title_rank) if renamed else SessionChanged())

    async def offer(self, id: str, offer: Offer) -> None:
        """A notice with buttons, in a session that the feed knows."""
        menu, choices = minted(offer.buttons, session=id)
        await self._means.records.mint(menu)
        self.say(id, offer.notice(choices))

    # --- the ends of a session -------------------------------------------------------------------

    async def end(self, record: SessionRecord, reason: Ending) -> bool:
        """Drop its queue and end its process; False if it has none."""
        await self.queues.drop(record)
        session = self._live.get(record.id)
        if session is None:
            return False
        session.end(reason)
        return True

    async def archive(self, record: SessionRecord, *, key: str = "") -> None:
        """Ends the agent, keeps record and history, read-only. Raises UserError if it is pinned."""
        if record.pinned:
            raise UserError(
                "This session is pinned, and pinned sessions cannot be archived. Unpin it first, then archive it."
            )
        at = self._means.now()
        async with self.queues.dropping(record):
            store = partial(self._means.records.archive_session, record.id, at, key=key)
            await self._change(record, store, archived_at=at)
        await self._means.homes.tell(record.id)
        if session := self._live.get(record.id):
            session.end(Ending.ARCHIVE)

    @contextmanager
    def restoring(self, id: str) -> Iterator[None]:
        """One at a time: impatient fingers press three times. Raises UserError."""
        if id in self._restoring:
            raise UserError("This session is being restored already.")
        self._restoring.add(id)
        try:
            yield
        finally:
            self._restoring.discard(id)

    async def restore(
        self,
        record: SessionRecord,
        *,
        home: Place | None = None,
        pinned: bool = False,
        instead_of: str = "",
        key: str = "",
    ) -> None:
        """Clears the archive mark; it lives at `home` from now on (see Records.restore_session). Its state is
        unchanged, and no process starts until a message."""
        store = partial(
            self._means.records.restore_session, record.id, home=home, pinned=pinned, instead_of=instead_of, key=key
        )
        await self._change(record, store, archived_at=None, pinned=record.pinned or pinned)
        if home is None:
            return
        await self._means.homes.tell(record.id)
        if home.ref is None and not home.is_chat:  # its topic went when it was archived: there is a new one
            card = self._neighbours.card(self.current(record), None)
            self.say(record.id, replace(card, id=f"{card.id}:{secrets.token_hex(4)}"))

    def delete_all(self, records: Sequence[SessionRecord]) -> None:
        """One after the other, as an errand that goes on when the daemon stops."""
        assert self._tasks is not None
        self._tasks.create_task(self.deletions.delete_each(records))

    # --- the daemon's start and stop -------------------------------------------------------------

    @asynccontextmanager
    async def running(self, recovered: Recovered) -> AsyncIterator[None]:
        """Owns the tasks of all sessions; what boot found is told, and what waits is woken."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for prompt in recovered.interrupted:
                await self._tell_interrupted(prompt)
            await self._revival.begin(recovered.waiting)
            self.errand(self._tidy_hourly())
            try:
                yield
            finally:
                for errand in self._errands:
                    errand.cancel()

    def errand(self, work: Coroutine[object, object, None]) -> None:
        """Runs beside the sessions, and is broken off when the daemon stops. It handles its own failures; its bugs
        are logged."""
        assert self._tasks is not None
        task = self._tasks.create_task(_guarded(work))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        task.add_done_callback(lambda _: work.close())  # it may have been broken off before it began

    async def stop(self, within: float) -> None:
        """No new wakes; idle sessions end, running turns get `within` seconds. Returns when all are gone. A second
        call with less time hurries the first."""
        self.stopping = True
        for session in list(self._live.values()):
            session.end(Ending.STOPPED, within=within)
        await self.slots.all_free()

    async def _tell_interrupted(self, prompt: Prompt) -> None:
        record = await self._means.records.session(prompt.session)
        if record is None:
            return
        await self.get_to_know(record)
        queued = len(await self._means.records.queued(record.id))
        await self.offer(record.id, offers.go_on(record.id, prompt.id, queued=queued))

    async def _tidy_hourly(self) -> None:
        while True:
            age = self._means.current().sessions.archive_after
            try:
                await self._means.records.tidy(self._means.now())
                if age is not None:
                    await self._archive_before(self._means.now() - age.total_seconds())
            except Problem as error:
                log.warning("the hourly tidying failed: %s", error)
            except Exception:  # its bug must not end the hours to come
                log.exception("the hourly tidying failed")
            await asyncio.sleep(ARCHIVE_EVERY)

    async def _archive_before(self, moment: float) -> None:
        old, _ = await self._means.records.sessions(SessionFilter(idle_before=moment, limit=100))
        for record in old:
            if record.id not in self._live:
                await self.archive(record)


async def _guarded(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Exception:  # the root of an errand: its bug must not end the sessions
        log.exception("an errand failed")
