"""What is to be done next so that a card stands as it is drawn: pure, from its drawing and its pages.

1. Page `stretch * 100 + part`; 98 is the file of a stretch that is too long, 99 what closes it (90 and on what stands
before that, if the end alone is too long). 2. A stretch that can still grow is one message with its tail; all others
stand whole. 3. A turn's end rings once: in the last part of its last stretch, if that part is still to be sent; else in
a message of its own. Which of the two is read from the pages, so that it is the same after a crash. 4. A page whose
sending is ambiguous is sent once more (by then calls get through again), and its stretch is marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar, assert_never

from openacp_bot.chat.blocks import Block, Code, Dialect, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.sheet import Drawing, Keyboard, Rank, Sheet
from openacp_bot.core.cards import Page, PageState
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document

W = TypeVar("W")

STRETCH = 100
APART, FILE, CLOSING = 90, 98, 99  # parts of a stretch
MOST_MESSAGES = 8
MOST_TRIES = 2
REPEAT = Line("🔁 perhaps a repeat", Tone.FAINT)


@dataclass(frozen=True, slots=True)
class Want(Generic[W]):
    """One page as it should stand."""

    number: int
    text: W | None
    keyboard: Keyboard = ()
    file: Blob | Document | None = None
    rings: bool = False
    asks: bool = False
    live: bool = False
    is_end: bool = False  # it only says how the turn ended

    @property
    def stretch(self) -> int:
        return self.number // STRETCH

    @property
    def print(self) -> int:
        """Equal for what looks equal."""
        return hash((self.text, self.keyboard))


@dataclass(frozen=True, slots=True)
class Send(Generic[W]):
    want: Want[W]
    rank: Rank


@dataclass(frozen=True, slots=True)
class Edit(Generic[W]):
    want: Want[W]
    message: str
    rank: Rank


@dataclass(frozen=True, slots=True)
class Delete:
    number: int
    message: str
    rank: Rank = Rank.REMOVAL


@dataclass(frozen=True, slots=True)
class Forget:
    """No call: this page counts as never sent."""

    number: int


Step: TypeAlias = Send[W] | Edit[W] | Delete | Forget


@dataclass(slots=True)
class Known:
    """What this run has learned of a card's messages; the ledger knows the rest."""

    prints: dict[int, int] = field(default_factory=dict)  # what each page shows
    fixed: set[int] = field(default_factory=set)  # pages that are never edited again
    mute: set[int] = field(default_factory=set)  # stretches that show nothing while they grow


def next_step(
    wants: Sequence[Want[W]], drawing: Drawing, pages: Mapping[int, Page], known: Known, *, is_all: bool
) -> Step[W] | None:
    """The next thing to do, in the order in which the messages are read; None: the card stands as drawn. `is_all`: what
    is not among `wants` is to go."""
    for want in wants:
        step = _step(want, drawing, pages.get(want.number), known)
        if step is not None:
            return step
    if not is_all:
        return None
    wanted = {want.number for want in wants}
    surplus = (page for number, page in sorted(pages.items()) if number not in wanted)
    return next((Delete(page.number, page.message) if page.message else Forget(page.number) for page in surplus), None)


def _step(want: Want[W], drawing: Drawing, page: Page | None, known: Known) -> Step[W] | None:
    if page is None:
        return Send(want, _rank_of_sending(want, drawing))
    if page.state is PageState.SENDING:
        if want.live:
            return Forget(page.number)
        return Send(want, _rank_of_sending(want, drawing)) if page.tries < MOST_TRIES else None
    if page.message is None or want.file is not None or want.number in known.fixed:
        return None
    if known.prints.get(want.number) == want.print:
        return None
    return Edit(want, page.message, Rank.EDIT if drawing.live else drawing.rank)


def _rank_of_sending(want: Want[W], drawing: Drawing) -> Rank:
    """That all went well can wait until everybody's answers stand."""
    says_well = want.is_end and drawing.rank is Rank.FINAL
    return Rank.CARD if drawing.live or says_well else drawing.rank


def wanted(
    drawing: Drawing, pages: Mapping[int, Page], dialect: Dialect[W], known: Known, *, streams: bool
) -> tuple[Want[W], ...]:
    """Every page of the card as it should stand now."""
    if drawing.gone:
        return ()
    *closed, last = drawing.stretches or (Sheet(),)
    wants = [want for number, sheet in enumerate(closed) for want in _whole(number, sheet, pages, dialect)]
    number = len(closed)
    if drawing.live:
        return (*wants, *(_growing(number, last, dialect) if streams and number not in known.mute else ()))
    if drawing.end and last.file is not None:
        wants += _whole(number, last, pages, dialect)
        last, number = Sheet(), number + 1
    if drawing.end:
        return (*wants, *_ended(number, last, drawing, pages, dialect))
    return (*wants, *_whole(number, last, pages, dialect))


def _growing(number: int, sheet: Sheet, dialect: Dialect[W]) -> Iterator[Want[W]]:
    if sheet.file is not None:
        yield from _whole(number, sheet, {}, dialect)
        return
    tail = dialect.tail(sheet.blocks)
    if tail is not None:
        yield Want(number * STRETCH, tail, sheet.keyboard, live=True)


def _whole(
    number: int,
    sheet: Sheet,
    pages: Mapping[int, Page],
    dialect: Dialect[W],
    whole: Document | None = None,
) -> Iterator[Want[W]]:
    """All parts of a stretch that grows no more."""
    blocks = (*sheet.blocks, REPEAT) if _is_suspect(number, pages) else sheet.blocks
    parts = dialect.pages(blocks)
    first = number * STRETCH
    if sheet.file is not None:
        yield Want(first, parts[0] if parts else None, sheet.keyboard, sheet.file, sheet.rings)
        return
    if not parts:
        return
    *others, last = parts
    closing = Want(first + len(others), last, sheet.keyboard, rings=sheet.rings, asks=sheet.asks_text)
    if len(parts) <= MOST_MESSAGES:
        yield from (Want(first + part, text) for part, text in enumerate(others))
        yield closing
        return
    yield Want(first, parts[0])
    yield Want(first + FILE, None, file=whole or _document(sheet.blocks))
    yield replace(closing, number=first + CLOSING)


def _ended(
    number: int, sheet: Sheet, drawing: Drawing, pages: Mapping[int, Page], dialect: Dialect[W]
) -> Iterator[Want[W]]:
    """The last stretch of a turn, and what rings at its end."""
    keyboard = (*sheet.keyboard, *drawing.end_keyboard)
    merged = replace(sheet, blocks=(*sheet.blocks, *drawing.end), keyboard=keyboard, rings=True)
    wants = tuple(_whole(number, merged, pages, dialect, drawing.whole))
    if not _rings_apart(number, sheet, wants, pages, dialect):
        yield from wants
        return
    yield from _whole(number, sheet, pages, dialect, drawing.whole)
    *others, last = dialect.pages(drawing.end)
    yield from (Want(number * STRETCH + APART + part, text) for part, text in enumerate(others))
    yield Want(number * STRETCH + CLOSING, last, drawing.end_keyboard, rings=True, is_end=True)


def _rings_apart(
    number: int, sheet: Sheet, merged: Sequence[Want[W]], pages: Mapping[int, Page], dialect: Dialect[W]
) -> bool:
    """Whether the end stands in a message of its own: what would carry it has been shown silently."""
    carrier = merged[-1].number if merged else number * STRETCH
    for page in pages.values():
        if page.rings and page.number // STRETCH == number:
            return page.number % STRETCH == CLOSING and page.number != carrier
    first = pages.get(number * STRETCH)
    is_shown = first is not None and first.state is PageState.SHOWN
    if is_shown and len(dialect.pages(sheet.blocks)) == 1:
        return True
    there = pages.get(carrier)
    return there is not None and there.state is PageState.SHOWN


def _is_suspect(number: int, pages: Mapping[int, Page]) -> bool:
    """Whether a message of the stretch may stand twice."""
    return any(
        page.number // STRETCH == number and (page.state is PageState.SENDING or page.tries >= MOST_TRIES)
        for page in pages.values()
    )


def _document(blocks: Sequence[Block]) -> Document:
    return Document("answer.md", "text/markdown", "\n\n".join(_source(block) for block in blocks))


def _source(block: Block) -> str:
    match block:
        case Prose(source=text) | Line(text=text) | Quote(text=text):
            return text
        case Code(text=text, language=language):
            return f"```{language}\n{text}\n```"
        case Link(text=text, url=url):
            return f"[{text}]({url})"
        case Item():
            return f"{block.mark} {block.title} {block.detail}".strip()
        case _:
            assert_never(block)
