"""A platform that behaves, and the pen for it: messages and topics that outlive the outbox, a strict flood limit,
latency, and faults on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote
from openacp_bot.chat.pen import Forbidden, Manner, MessageGone, Moved, Pace, PlaceGone, RetryAfter
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.model import Blob, Place, SessionRecord, ThreadRef
from openacp_bot.core.views import Document

T = TypeVar("T")

LIMIT = 60  # characters of a message
LATENCY = 0.1


def words(block: Block) -> str:
    match block:
        case Prose(source=text) | Line(text=text) | Quote(text=text) | Code(text=text) | Link(text=text):
            return text
        case Item():
            return f"{block.mark} {block.title}"


class Plain:
    """A dialect of plain text, each message at most LIMIT characters."""

    def pages(self, blocks: Sequence[Block]) -> tuple[str, ...]:
        text = "\n".join(words(block) for block in blocks).strip()
        return tuple(text[at : at + LIMIT] for at in range(0, len(text), LIMIT))

    def tail(self, blocks: Sequence[Block]) -> str | None:
        text = "\n".join(words(block) for block in blocks).strip()
        return (text if len(text) <= LIMIT else "…" + text[1 - LIMIT :]) or None

    def plain(self, page: str) -> str:
        return page.replace("*", "")


@dataclass
class Shown:
    """One message as people see it."""

    id: str
    where: ThreadRef
    text: str
    rings: bool
    at: float
    keyboard: Keyboard = ()
    file: Blob | Document | None = None
    answers: str = ""
    nonce: str = ""
    edits: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class Fault:
    """What goes wrong with the next call of a method; `done`: it is carried out all the same."""

    error: Exception
    done: bool = False


class Platform:
    """What the service knows. Spaces that begin with "-" are groups: 20 calls a minute; others one a second."""

    def __init__(self) -> None:
        self.messages: list[Shown] = []
        self.topics: dict[ThreadRef, str] = {}
        self.archived: set[ThreadRef] = set()  # of a platform that keeps what is closed
        self.closed_to_us: set[ThreadRef] = set()
        self.nonces: list[str] = []  # of each message that was to be sent, in order
        self.drafts: list[tuple[float, str | None]] = []
        self.typing: list[float] = []
        self.calls: list[tuple[float, str, ThreadRef]] = []
        self.floods = 0
        self.moved: dict[str, str] = {}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.watch: Callable[[str], None] = lambda method: None  # told of each call when it arrives
        self._arrivals: dict[str, list[float]] = defaultdict(list)
        self._ids = 0

    def fail(self, method: str, error: Exception, *, n: int = 1, done: bool = False) -> None:
        self.faults[method].extend([Fault(error, done)] * n)

    def texts(self, topic: str | None = None) -> list[str]:
        return [shown.text for shown in self.messages if topic is None or shown.where.topic == topic]

    def ringing(self) -> list[str]:
        return [shown.text for shown in self.messages if shown.rings]

    async def call(self, method: str, where: ThreadRef, effect: Callable[[], T], *, counts: bool = True) -> T:
        await asyncio.sleep(LATENCY / 2)
        now = asyncio.get_running_loop().time()
        if counts:
            self._count(now, where.space)
        self.calls.append((now, method, where))
        self.watch(method)
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None and not fault.done:
            raise fault.error
        if where in self.closed_to_us:
            raise Forbidden("no rights")
        if where.space in self.moved:
            raise Moved(self.moved[where.space])
        result = effect()
        await asyncio.sleep(LATENCY / 2)
        if fault is not None:
            raise fault.error
        return result

    def _count(self, now: float, space: str) -> None:
        calls, seconds = (20, 60.0) if space.startswith("-") else (1, 1.0)
        recent = [at for at in self._arrivals[space] if at > now - seconds]
        if len(recent) >= calls:
            self.floods += 1
            raise RetryAfter(30)
        self._arrivals[space] = [*recent, now]

    def add(
        self,
        where: ThreadRef,
        text: str,
        rings: bool,
        keyboard: Keyboard = (),
        file: Blob | Document | None = None,
        answers: str = "",
        nonce: str = "",
    ) -> str:
        if where.topic and where not in self.topics:
            raise PlaceGone("message thread not found")
        self.archived.discard(where)  # a message wakes a thread
        self._ids += 1
        now = asyncio.get_running_loop().time()
        self.messages.append(Shown(f"m{self._ids}", where, text, rings, now, keyboard, file, answers, nonce))
        return f"m{self._ids}"

    def add_once(self, where: ThreadRef, text: str, keyboard: Keyboard, manner: Manner) -> str:
        """What was sent with this nonce already stands once, and says this now."""
        known = next((shown for shown in self.messages if shown.nonce == manner.nonce), None)
        if known is None:
            return self.add(where, text, manner.rings, keyboard, answers=manner.answers, nonce=manner.nonce)
        self.change(known.id, text, keyboard)
        return known.id

    def archive(self, where: ThreadRef) -> None:
        if where not in self.topics:
            raise PlaceGone("Unknown Channel")
        self.archived.add(where)

    def wake(self, where: ThreadRef) -> None:
        if where not in self.topics:
            raise PlaceGone("Unknown Channel")
        self.archived.discard(where)

    def change(self, message: str, text: str, keyboard: Keyboard) -> None:
        shown = self.find(message)
        if shown.text != text:
            shown.edits.append((asyncio.get_running_loop().time(), shown.text))
        shown.text, shown.keyboard = text, keyboard

    def remove(self, message: str) -> None:
        self.messages.remove(self.find(message))

    def find(self, message: str) -> Shown:
        for shown in self.messages:
            if shown.id == message:
                return shown
        raise MessageGone("message to edit not found")

    def open(self, space: str, title: str) -> ThreadRef:
        self._ids += 1
        ref = ThreadRef("chat", space, str(self._ids))
        self.topics[ref] = title
        return ref

    def close(self, where: ThreadRef) -> None:
        if self.topics.pop(where, None) is None:
            raise PlaceGone("TOPIC_ID_INVALID")
        self.messages = [shown for shown in self.messages if shown.where != where]

    def rename(self, where: ThreadRef, title: str) -> None:
        if where not in self.topics:
            raise PlaceGone("TOPIC_ID_INVALID")
        self.topics[where] = title


class FakePen:
    """Writes on a Platform."""

    calls_a_second = 30
    most_renames = 2
    title_patience = 0.0
    dedupes = False
    closing_deletes = True
    begins = ""  # the words that a topic has to begin with

    def __init__(self, platform: Platform, *, streams: bool = True, drafting: bool = False) -> None:
        self.platform = platform
        self.streams = streams
        self._drafting = drafting

    @property
    def dialect(self) -> Plain:
        return Plain()

    def gate(self, where: ThreadRef) -> str:
        return f"chat:{where.space}"

    def pace(self, gate: str) -> Pace:
        return Pace(20, 60.0) if gate.startswith("chat:-") else Pace(60, 60.0, apart=1.0)

    async def send(
        self,
        where: ThreadRef,
        text: str,
        keyboard: Keyboard,
        manner: Manner,
    ) -> str:
        self.platform.nonces.append(manner.nonce)
        if self.dedupes:
            return await self.platform.call(
                "send", where, lambda: self.platform.add_once(where, text, keyboard, manner)
            )
        return await self.platform.call(
            "send", where, lambda: self.platform.add(where, text, manner.rings, keyboard, answers=manner.answers)
        )

    async def send_file(
        self,
        where: ThreadRef,
        file: Blob | Document,
        caption: str | None,
        keyboard: Keyboard,
        manner: Manner,
    ) -> str:
        return await self.platform.call(
            "send_file", where, lambda: self.platform.add(where, caption or "", manner.rings, keyboard, file)
        )

    async def edit(self, where: ThreadRef, message: str, text: str, keyboard: Keyboard = ()) -> None:
        await self.platform.call("edit", where, lambda: self.platform.change(message, text, keyboard))

    async def delete(self, where: ThreadRef, message: str) -> None:
        await self.platform.call("delete", where, lambda: self.platform.remove(message))

    async def open_place(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str]:
        where = ThreadRef("chat", place.space)
        ref = await self.platform.call("open", where, lambda: self._opened(place))
        return ref, f"https://chat/{ref.topic}"

    async def adopt_place(self, place: Place, record: SessionRecord | None) -> str:
        return f"https://chat/{_ref(place).topic}"

    def _opened(self, place: Place) -> ThreadRef:
        ref = self.platform.open(place.space, place.title)
        if self.begins:
            self.platform.add(ref, self.begins, rings=False)
        return ref

    def first_message(self, where: ThreadRef) -> str:
        return next((one.id for one in self.platform.messages if one.where == where), "") if self.begins else ""

    async def rename_place(self, place: Place, title: str) -> None:
        ref = _ref(place)
        await self.platform.call("rename", ref, lambda: self.platform.rename(ref, title))

    async def close_place(self, place: Place) -> None:
        ref, platform = _ref(place), self.platform
        close = platform.close if self.closing_deletes else platform.archive
        await platform.call("close", ref, lambda: close(ref))

    async def reopen_place(self, place: Place) -> None:
        ref = _ref(place)
        await self.platform.call("reopen", ref, lambda: None if self.closing_deletes else self.platform.wake(ref))

    async def delete_place(self, place: Place) -> None:
        ref = _ref(place)
        await self.platform.call("close", ref, lambda: self.platform.close(ref))

    async def typing(self, where: ThreadRef) -> None:
        now = asyncio.get_running_loop().time()
        # Telegram's limit is one of changes: chat actions do not count.
        await self.platform.call("typing", where, lambda: self.platform.typing.append(now), counts=False)

    def drafts(self, where: ThreadRef) -> bool:
        return self._drafting

    async def draft(self, where: ThreadRef, turn: str, text: str | None) -> None:
        now = asyncio.get_running_loop().time()
        await self.platform.call("draft", where, lambda: self.platform.drafts.append((now, text)), counts=False)

    def link(self, where: ThreadRef) -> str:
        return f"https://chat/{where.topic}"


def _ref(place: Place) -> ThreadRef:
    assert place.ref is not None
    return place.ref
