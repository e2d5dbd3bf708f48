"""Discord's hand: every method of `chat.pen.Pen` as a call of the REST API."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from openacp_bot.adapters.discord.components import components
from openacp_bot.adapters.discord.dialect import DiscordDialect
from openacp_bot.adapters.discord.errors import ThreadArchived, ThreadLocked
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.rest import PUBLIC_THREAD, Json, Rest, Upload
from openacp_bot.adapters.discord.sendable import LARGEST, upload
from openacp_bot.chat.pen import (
    Forbidden,
    Later,
    Manner,
    NotDone,
    Pace,
    PenError,
    PerhapsDone,
    PlaceGone,
    Refused,
    Retry,
    RetryAfter,
)
from openacp_bot.chat.recent import Recent
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.model import Blob, Place, SessionRecord, ThreadRef
from openacp_bot.core.views import Document
from openacp_bot.core.workspaces import short

log = logging.getLogger(__name__)

T = TypeVar("T")

# Observed: 5 messages and, in a bucket of their own, 5 edits in 5 s for each channel, and each thread is one.
PACE = Pace(calls=5, edits=5, per=5.0, reserve=1, edits_apart=1.5)
LONGEST_NAME = 100
WEEK = 10080  # minutes until Discord archives a silent thread
NO_EMBEDS, SILENT = 1 << 2, 1 << 12  # message flags
NOBODY: Json = {"parse": []}  # whatever is written, nobody is pinged by it
MOST_REMEMBERED = 100


class DiscordPen:
    """`chat.pen.Pen[str]`. `rest` raises NotDone before we are logged in."""

    calls_a_second = 45  # Discord, "Rate Limits": 50 for each bot, of which the library uses some
    most_renames = 1
    closing_deletes = False
    dedupes = True

    def __init__(
        self, rest: Callable[[], Rest], facts: Callable[[], Facts], forums: Forums, *, streams: bool, titles: float
    ) -> None:
        self._rest = rest
        self._facts = facts
        self._forums = forums
        self.streams = streams
        self.title_patience = titles
        self.dialect = DiscordDialect()
        self._archived: Recent[ThreadRef] = Recent(MOST_REMEMBERED)
        self._locked: Recent[ThreadRef] = Recent(MOST_REMEMBERED)  # woken, as that may be all that it lacked
        self._named: dict[tuple[str, str], bool] = {}  # threads and their names, and whether that call is over

    def gate(self, where: ThreadRef) -> str:
        return f"{where.adapter}:{channel_of(where)}"

    def pace(self, gate: str) -> Pace:
        return PACE

    # --- messages --------------------------------------------------------------------------------

    async def send(
        self,
        where: ThreadRef,
        text: str,
        keyboard: Keyboard,
        manner: Manner,
    ) -> str:
        message = said(text, keyboard, rings=manner.rings) | _once(manner.nonce) | _answering(manner.answers)
        made = await self._new(where, message)
        if manner.nonce and made.get("content", text).strip() != text.strip():
            # The nonce was known: an earlier try got through, with what was to be said then.
            await self.edit(where, made["id"], text, keyboard)
        return str(made["id"])

    async def send_file(
        self,
        where: ThreadRef,
        file: Blob | Document,
        caption: str | None,
        keyboard: Keyboard,
        manner: Manner,
    ) -> str:
        what = await upload(file, self.largest)
        message = said(caption or "", keyboard, rings=manner.rings) | _once(manner.nonce)
        with _that_alone():
            made = await self._new(where, message, [what])
        return str(made["id"])

    async def edit(self, where: ThreadRef, message: str, text: str, keyboard: Keyboard = ()) -> None:
        changes = {"content": text, "components": components(keyboard), "allowed_mentions": NOBODY}
        await self._awake(where, lambda rest: rest.edit(channel_of(where), message, changes))

    async def delete(self, where: ThreadRef, message: str) -> None:
        await self._awake(where, lambda rest: rest.delete(channel_of(where), message))

    # --- places ----------------------------------------------------------------------------------

    async def open_place(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str]:
        facts = self._facts()
        if not facts.guild:
            raise NotDone("where threads are to be opened is not known yet")
        thread: Json = {"name": name_of(place.title), "auto_archive_duration": WEEK}
        if place.space in facts.forums:
            thread["message"] = said(_first_words(record), rings=False)
            thread["applied_tags"] = await self._forums.tags(place.space, record) if record else []
        else:
            thread["type"] = PUBLIC_THREAD
        made = await self._rest().open_thread(place.space, thread)
        where = ThreadRef(place.adapter, place.space, str(made["id"]))
        await self._invite(where, record)
        return where, self.link(where)

    async def adopt_place(self, place: Place, record: SessionRecord | None) -> str:
        where = ThreadRef(place.adapter, place.space, _thread(place))
        await self._invite(where, record)
        self._forums.changed(place)
        return self.link(where)

    async def _invite(self, where: ThreadRef, record: SessionRecord | None) -> None:
        """Who asked for the session hears of its thread; it is as good without."""
        adapter, _, user = (record.owner if record else "").partition(":")
        if adapter != where.adapter or not user:
            return
        try:
            await self._rest().join(where.topic, user)
        except PenError as error:
            log.info("discord: nobody was added to a new thread: %s", error)

    def first_message(self, where: ThreadRef) -> str:
        """A post and the message that it begins with have the same id."""
        return where.topic if where.space in self._facts().forums else ""

    async def rename_place(self, place: Place, title: str) -> None:
        """Twice in ten minutes, and Discord tells it by a 429 that concerns nothing else."""
        renaming = (_thread(place), name_of(title))
        self._named[renaming] = False  # the gateway may tell of it before Discord has answered
        try:
            await self._change(place, {"name": name_of(title)})
        except (NotDone, PerhapsDone):
            self._is_over(renaming)
            raise  # it may have got through all the same
        except RetryAfter as error:
            self._named.pop(renaming, None)
            raise Later(error.seconds) from error
        except PenError:
            self._named.pop(renaming, None)
            raise
        self._is_over(renaming)

    def _is_over(self, renaming: tuple[str, str]) -> None:
        if renaming in self._named:
            self._named[renaming] = True
        while len(self._named) > MOST_REMEMBERED:
            del self._named[next(iter(self._named))]

    def has_named(self, thread: str, name: str) -> bool:
        """Whether this renaming, of which the gateway tells, is ours. Asked once for each."""
        return self._named.pop((thread, name), None) is not None

    def is_naming(self, thread: str) -> bool:
        """Whether the gateway is still to tell of a renaming of ours."""
        return any(named == thread for named, _ in self._named)

    def forget_names(self) -> None:
        """A new session of the gateway: it tells of no renaming that was done before."""
        self._named = {renaming: is_over for renaming, is_over in self._named.items() if not is_over}

    async def reopen_place(self, place: Place) -> None:
        """Discord takes the waking of a thread only by itself."""
        await self._rest().change_channel(_thread(place), {"archived": False})
        with suppress(NotOurs):  # then we did not lock it
            await self._change(place, {"locked": False})

    async def close_place(self, place: Place) -> None:
        """Locking needs Manage Threads, archiving a thread of our own does not."""
        try:
            await self._change(place, {"archived": True, "locked": True})
        except NotOurs:
            await self._change(place, {"archived": True})

    async def delete_place(self, place: Place) -> None:
        try:
            await self._rest().delete_channel(_thread(place))
        except PlaceGone:
            return

    async def _change(self, place: Place, changes: Json) -> None:
        """One that sleeps takes no changes, not even that it is to sleep."""
        thread = _thread(place)
        where = place.ref or ThreadRef(place.adapter, place.space, thread)
        with _that_alone():
            await self._awake(where, lambda rest: rest.change_channel(thread, changes))

    def link(self, where: ThreadRef) -> str:
        return self._facts().link(where)

    # --- what passes -----------------------------------------------------------------------------

    async def typing(self, where: ThreadRef) -> None:
        await self._rest().typing(channel_of(where))

    def drafts(self, where: ThreadRef) -> bool:
        return False

    async def draft(self, where: ThreadRef, turn: str, text: str | None) -> None:
        raise NotImplementedError("Discord has no drafts")

    # --- calls -----------------------------------------------------------------------------------

    @property
    def largest(self) -> int:
        return LARGEST[self._facts().boosts]

    async def _new(self, where: ThreadRef, message: Json, files: Sequence[Upload] = ()) -> Json:
        return await self._awake(where, lambda rest: rest.send(channel_of(where), message, files))

    async def _awake(self, where: ThreadRef, call: Callable[[Rest], Awaitable[T]]) -> T:
        """A thread that sleeps is woken for it, one call at a time."""
        if self._archived.take(where):
            await self._rest().change_channel(channel_of(where), {"archived": False})
            raise Retry("woken")
        try:
            return await call(self._rest())
        except ThreadArchived as error:
            self._archived.add(where)
            raise Retry("to be woken") from error
        except ThreadLocked as error:
            if self._locked.take(where):
                raise
            self._locked.add(where)
            self._archived.add(where)
            raise Retry("to be woken, as it is locked") from error


def said(text: str, keyboard: Keyboard = (), *, rings: bool = True) -> Json:
    """A message as Discord takes it."""
    flags = NO_EMBEDS if rings else NO_EMBEDS | SILENT
    return {"content": text, "components": components(keyboard), "flags": flags, "allowed_mentions": NOBODY}


class NotOurs(Refused):
    """A right that is missing for this may be there for words."""


@contextmanager
def _that_alone() -> Iterator[None]:
    try:
        yield
    except Forbidden as error:
        raise NotOurs(str(error)) from error


def channel_of(where: ThreadRef) -> str:
    """A thread is a channel of its own."""
    return where.topic or where.space


def _once(nonce: str) -> Json:
    return {"nonce": nonce, "enforce_nonce": True} if nonce else {}


def _answering(message: str) -> Json:
    return {"message_reference": {"message_id": message, "fail_if_not_exists": False}} if message else {}


def _thread(place: Place) -> str:
    if place.ref is None or not place.ref.topic:
        raise PlaceGone("it has no thread")
    return place.ref.topic


def name_of(title: str) -> str:
    """As a thread's name."""
    return title.strip()[:LONGEST_NAME].strip() or "Session"


def _first_words(record: SessionRecord | None) -> str:
    """A forum's post begins with a message."""
    return f"{record.agent} · {short(record.workspace)}" if record else "Session"
