"""The sessions that live: slots, waking, archiving, the daemon's start and stop. Owns every session's task.

1. A slot is reserved before the spawn, without an await, and freed when the process is gone: the live table is
   the slots.
2. Facts of a live session change in its memory first, then in the store, so that nobody writes back an older one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Unpack

from openacp_bot.core import offers
from openacp_bot.core.errors import CapReached, Problem, StoreError, UserError
from openacp_bot.core.events import (
    Event,
    Notice,
    Outcome,
    PlaceChanged,
    PromptChanged,
    SessionChanged,
    StateChanged,
    TitleChanged,
)
from openacp_bot.core.means import Means
from openacp_bot.core.menus import minted
from openacp_bot.core.model import Ending, Phase, Place, Prompt, PromptState, SessionRecord, State, Wanted
from openacp_bot.core.offers import Offer
from openacp_bot.core.ports import Recovered, SessionFields, SessionFilter
from openacp_bot.core.session import Session
from openacp_bot.core.state import moved

log = logging.getLogger(__name__)

WAKES_AT_ONCE = 2
RETRY_SECONDS = 60.0  # memory may become free without a slot becoming free
ARCHIVE_EVERY = 3600.0
SHARED = "Another session works in the same directory: {}"


class Manager:
    """Every live session, and what may happen to those that sleep."""

    def __init__(self, means: Means, *, free_mb: Callable[[], int | None]) -> None:
        self._means = means
        self._free_mb = free_mb
        self._live: dict[str, Session] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._deleted: set[str] = set()  # to be erased once their process is gone
        self._told_shared: set[str] = set()
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

    def check_room(self) -> None:
        """Raises UserError if no further agent may be started now."""
        if self.stopping:
            raise UserError("The daemon is stopping; nothing new is started. Try again after its restart.")
        limits = self._means.current().sessions
        if len(self._live) >= limits.max_concurrent:
            raise CapReached(
                f"All {limits.max_concurrent} session slots are in use (the cap). "
                "End one with /finish, or here, and try again."
            )
        free = self._free_mb()
        if free is not None and free < limits.min_free_mb:
            raise CapReached(
                f"Only {free} MB of memory are available and {limits.min_free_mb} MB are to stay free, so no further "
                "agent is started. End a session with /finish, or here, and try again."
            )

    def longest_idle(self) -> tuple[Session, ...]:
        """Live sessions that could be ended, longest idle first; those at work come last."""
        return tuple(sorted(self._live.values(), key=lambda one: (one.turn is not None, one.record.active_at)))

    # --- creating and waking ---------------------------------------------------------------------

    async def create(self, record: SessionRecord, *, prompt: Prompt | None, place: Place | None, key: str) -> bool:
        """A new session, stored and waking; False if the key was seen before. A prompt that is still gathering is
        submitted by whoever gathers it. Raises CapReached."""
        self.check_room()
        session = self._reserve(record)
        async with self._released_unless_started(session):
            if not await self._means.records.create_session(record, prompt=prompt, place=place, key=key):
                return False
            self._means.feed.know(record.id, rev=record.rev, home=place)
            self._let_empty_ones_go(session)
            if place is not None:
                self.say(record.id, PlaceChanged(place))
            self._start(session)
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
        session = self._reserve(replace(record, state=moved(slept, State.INITIALIZING), reason=""))
        async with self._released_unless_started(session):
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

    def _reserve(self, record: SessionRecord) -> Session:
        """Takes the slot; no await lies between check_room and this."""
        session = self._live[record.id] = Session(record, self._means)
        return session

    @asynccontextmanager
    async def _released_unless_started(self, session: Session) -> AsyncIterator[None]:
        try:
            yield
        finally:
            if not session.started:
                del self._live[session.id]
                self._freed.set()

    def _start(self, session: Session) -> None:
        assert self._tasks is not None
        session.started = True
        self._tasks.create_task(self._life(session), name=f"session {session.id}")
        self.say(session.id, StateChanged(State.INITIALIZING, Phase.LAUNCHING))
        self._tell_shared(session)

    async def _life(self, session: Session) -> None:
        try:
            await session.live()
        finally:
            self._live.pop(session.id, None)
            self._freed.set()
        if session.id in self._deleted:
            await self._erase(session.id)
        elif session.wakes_again and not self.stopping:
            await self._wake_again(session.id)

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

    def _tell_shared(self, session: Session) -> None:
        workspace = session.record.workspace
        sharing = [one for one in self._live.values() if one.record.workspace == workspace]
        if len(sharing) < 2:
            return
        for one in sharing:
            if one.id not in self._told_shared:
                self._told_shared.add(one.id)
                self.say(one.id, Notice(f"shared:{session.id}", SHARED.format(workspace)))

    # --- facts -----------------------------------------------------------------------------------

    def say(self, id: str, event: Event) -> None:
        self._means.feed.say(id, event)

    async def get_to_know(self, record: SessionRecord) -> None:
        """Before anything is said for a session that sleeps."""
        home = await self._means.records.place_of(record.id)
        self._means.feed.know(record.id, rev=record.rev, home=home)

    async def change(self, record: SessionRecord, *, key: str = "", **fields: Unpack[SessionFields]) -> None:
        """Store facts beside the state, and tell everybody."""
        if session := self._live.get(record.id):
            session.note(**fields)
            await self._means.records.change_session(record.id, key=key, **fields)
        else:
            await self._change_asleep_record(record, key, **fields)
        if "title" in fields:
            await self._means.homes.title(record.id, fields["title"], fields.get("title_rank", record.title_rank))

    async def _change_asleep_record(self, record: SessionRecord, key: str, **fields: Unpack[SessionFields]) -> None:
        await self.get_to_know(record)
        await self._means.records.change_session(record.id, key=key, **fields)
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
        self.say(id, Notice(offer.id, offer.text, choices, ring=True))

    async def drop(self, record: SessionRecord) -> tuple[Prompt, ...]:
        """Everything that is queued stays in history as not sent; a running turn goes on."""
        session = self._live.get(record.id)
        if session is not None and session.started:
            dropped = session.mailbox.drop()
        else:
            if session is None:
                await self.get_to_know(record)
            queued = await self._means.records.queued(record.id)
            dropped = self._dropped_asleep(record.id, queued)
        try:
            await self._means.records.change_prompts([prompt.id for prompt in dropped], state=PromptState.DROPPED)
        except StoreError:
            if session is not None:
                session.mailbox.take_back(dropped)
            raise
        return dropped

    async def change_prompt(self, record: SessionRecord, prompt: str, text: str | None, *, key: str = "") -> bool:
        """Edit a queued prompt, or drop it; False if it is no longer queued."""
        if self._live.get(record.id) is None:
            await self.get_to_know(record)
        session = self._live.get(record.id)
        if session is None or not session.started:
            return await self._change_asleep(record.id, prompt, text, key)
        return session.mailbox.change(prompt, text) and await self._store_change(prompt, text, key)

    async def _change_asleep(self, id: str, prompt: str, text: str | None, key: str) -> bool:
        queued = await self._means.records.queued(id)
        before = next((one for one in queued if one.id == prompt), None)
        if before is None:
            return False
        if text is None:
            self._dropped_asleep(id, [before])
            return await self._store_change(prompt, None, key)
        done = await self._store_change(prompt, text, key)
        session = self._live.get(id)
        if session is None:
            self.say(id, PromptChanged(replace(before, text=text), queued.index(before) + 1))
        elif not session.mailbox.change(prompt, text) and session.mailbox.has_given_out(prompt):
            # It woke meanwhile, with the old text.
            await self._store_change(prompt, before.text, "")
            return False
        return done

    async def _store_change(self, prompt: str, text: str | None, key: str) -> bool:
        if text is None:
            return await self._means.records.change_prompts([prompt], key=key, state=PromptState.DROPPED)
        return await self._means.records.change_prompts([prompt], key=key, text=text)

    def _dropped_asleep(self, id: str, queued: Sequence[Prompt]) -> tuple[Prompt, ...]:
        """What the store has queued; a session that wakes meanwhile does not take it over."""
        if session := self._live.get(id):
            session.mailbox.disown(queued)
        dropped = tuple(replace(prompt, state=PromptState.DROPPED) for prompt in queued)
        for prompt in dropped:
            self.say(id, PromptChanged(prompt))
        return dropped

    # --- the ends of a session -------------------------------------------------------------------

    async def end(self, record: SessionRecord, reason: Ending) -> bool:
        """Drop its queue and end its process; False if it has none."""
        await self.drop(record)
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
        await self.change(record, key=key, archived_at=self._means.now())
        await self.end(record, Ending.ARCHIVE)
        await self._means.homes.close(record.id)

    async def restore(self, record: SessionRecord, *, key: str = "") -> None:
        """Clears the archive mark; its state is unchanged, and no process starts until a message. Where it lives from
        now on is for the caller to say."""
        await self.change(record, key=key, archived_at=None)

    async def delete(self, record: SessionRecord, *, key: str = "") -> None:
        """Nobody sees it from now on; what it holds is erased once its process is gone."""
        await self.get_to_know(record)
        place = await self._means.records.place_of(record.id)
        await self._means.records.delete_session(record.id, key=key)
        if place is not None:
            self.say(record.id, PlaceChanged(replace(place, wanted=Wanted.GONE)))
        self.say(record.id, SessionChanged(deleted=True))
        session = self._live.get(record.id)
        if session is None:
            await self._erase(record.id)
        else:
            self._deleted.add(record.id)
            session.mailbox.drop()
            session.end(Ending.DELETE)

    def delete_all(self, records: Sequence[SessionRecord]) -> None:
        """One after the other, as an errand."""
        assert self._tasks is not None
        self._tasks.create_task(self._delete_each(records))

    async def _delete_each(self, records: Sequence[SessionRecord]) -> None:
        for record in records:
            try:
                await self.delete(record)
            except Problem as error:
                log.warning("session %s could not be deleted: %s", record.id, error)

    async def _erase(self, id: str) -> None:
        """If this fails, the next boot does it."""
        try:
            await self._means.records.erase_session(id)
        except StoreError as error:
            log.warning("deleted session %s is erased after a restart: %s", id, error)
        self._deleted.discard(id)
        self._means.feed.forget(id)

    # --- the daemon's start and stop -------------------------------------------------------------

    @asynccontextmanager
    async def running(self, recovered: Recovered) -> AsyncIterator[None]:
        """Owns the tasks of all sessions; what boot found is told, and what waits is woken."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for prompt in recovered.interrupted:
                await self._tell_interrupted(prompt)
            waiting = deque(recovered.waiting)
            for _ in range(WAKES_AT_ONCE):
                self.errand(self._wake_waiting(waiting))
            self.errand(self._tidy_hourly())
            try:
                yield
            finally:
                for errand in self._errands:
                    errand.cancel()

    def errand(self, work: Coroutine[object, object, None]) -> None:
        """Runs beside the sessions, and is broken off when the daemon stops; it handles its own failures."""
        assert self._tasks is not None
        task = self._tasks.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def stop(self, within: float) -> None:
        """No new wakes; idle sessions end, running turns get `within` seconds. Returns when all are gone. A second
        call with less time hurries the first."""
        self.stopping = True
        for session in list(self._live.values()):
            session.end(Ending.STOPPED, within=within)
        while self._live:
            self._freed.clear()
            await self._freed.wait()

    async def _tell_interrupted(self, prompt: Prompt) -> None:
        record = await self._means.records.session(prompt.session)
        if record is None:
            return
        await self.get_to_know(record)
        queued = len(await self._means.records.queued(record.id))
        await self.offer(record.id, offers.go_on(record.id, prompt.id, queued=queued))

    async def _wake_waiting(self, waiting: deque[str]) -> None:
        """Sessions with undelivered prompts, oldest first, as slots allow."""
        while waiting and not self.stopping:
            id = waiting.popleft()
            try:
                session = await self.wake(id)
            except (CapReached, StoreError):
                waiting.appendleft(id)
                await self._slot_freed()
            except Problem as error:
                log.warning("session %s could not be woken: %s", id, error)
            else:
                await session.launched.wait()

    async def _slot_freed(self) -> None:
        self._freed.clear()
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                await self._freed.wait()
        except TimeoutError:
            pass

    async def _tidy_hourly(self) -> None:
        while True:
            age = self._means.current().sessions.archive_after
            try:
                await self._means.records.tidy(self._means.now())
                if age is not None:
                    await self._archive_before(self._means.now() - age.total_seconds())
            except Problem as error:
                log.warning("the hourly tidying failed: %s", error)
            await asyncio.sleep(ARCHIVE_EVERY)

    async def _archive_before(self, moment: float) -> None:
        old, _ = await self._means.records.sessions(SessionFilter(idle_before=moment, limit=100))
        for record in old:
            if record.id not in self._live:
                await self.archive(record)
