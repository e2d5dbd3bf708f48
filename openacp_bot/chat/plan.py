"""What is to be done next so that a card stands as it is drawn: pure, from its drawing and its pages.

1. Page `stretch * 100 + part`; 98 is the file of a stretch that is too long, 99 what closes it (90 and on what stands
before that, if the end alone is too long), 97 what is said in place of a file that was refused. A page below 0 is a
message that takes no more edits: it goes once the whole stands.
2. A stretch that can still grow is one message with its tail; all others stand whole.
3. A turn's end rings once: in the last part of its last stretch, if that part is still to be sent; else in a message of
its own. Which of the two is read from the pages, so that it is the same after a crash.
4. A page whose sending is ambiguous is sent once more (by then calls get through again), and its stretch is marked. If
that is ambiguous too, a few times more: rather twice than never.
5. What is refused concerns its page only: a sentence stands there instead, with the end line if the page was to carry
that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar

from openacp_bot.chat.blocks import Block, Dialect, Line, Tone
from openacp_bot.chat.document import as_markdown
from openacp_bot.chat.sheet import Drawing, Keyboard, Rank, Sheet
from openacp_bot.core.cards import Page, PageState
from openacp_bot.core.model import Blob
from openacp_bot.core.views import Document

W = TypeVar("W")

STRETCH = 100
APART, INSTEAD, FILE, CLOSING = 90, 97, 98, 99  # parts of a stretch
MOST_MESSAGES = 8
REPEATED, MOST_TRIES = 2, 4  # from the first on a message may stand twice; nobody is killed so often in one call
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
    refused: dict[int, str] = field(default_factory=dict)  # pages that will never be taken, and why
    is_costly: bool = False  # its Markdown takes too long to render
    found: set[int] = field(default_factory=set)  # pages of an earlier life that show, until that changes, what is due

    def look_at(self, wants: Iterable[Want[W]]) -> None:
        """What is found standing is not written once more."""
        for want in wants:
            if want.number in self.found:
                self.prints[want.number] = want.print
        self.found.clear()


def next_step(
    wants: Sequence[Want[W]],
    drawing: Drawing,
    pages: Mapping[int, Page],
    known: Known,
    *,
    is_all: bool,
    edits: bool = True,
) -> Step[W] | None:
    """The next thing to do, in the order in which the messages are read; None: the card stands as drawn. `is_all`: what
    is not among `wants` is to go. `edits` False: what stands already may wait."""
    for want in wants:
        step = _step(want, drawing, pages.get(want.number), known)
        if step is not None and (edits or not isinstance(step, Edit)):
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
    return Edit(want, page.message, _rank_of_editing(drawing))


def _rank_of_editing(drawing: Drawing) -> Rank:
    """That a receipt says another number may wait."""
    if drawing.live:
        return Rank.EDIT
    return Rank.RENAME if drawing.rank is Rank.RECEIPT else drawing.rank


def _rank_of_sending(want: Want[W], drawing: Drawing) -> Rank:
    """That all went well can wait until everybody's answers stand."""
    says_well = want.is_end and drawing.rank is Rank.FINAL
    return Rank.CARD if drawing.live or says_well else drawing.rank


def wanted(
    drawing: Drawing,
    pages: Mapping[int, Page],
    dialect: Dialect[W],
    known: Known,
    *,
    streams: bool,
    dedupes: bool = False,
) -> tuple[Want[W], ...]:
    """Every page of the card as it should stand now. `dedupes`: what is sent twice stands once."""
    if drawing.gone:
        return ()
    # That a quiet line stands twice need not be told.
    is_minor = drawing.rank is Rank.RECEIPT or drawing.rank >= Rank.RENAME
    cut = _Cut(pages, dialect, known, dedupes or is_minor)
    *closed, last = drawing.stretches or (Sheet(),)
    wants = [want for number, sheet in enumerate(closed) for want in cut.whole(number, sheet)]
    number = len(closed)
    if drawing.live:
        return (*wants, *(cut.growing(number, last) if streams and number not in known.mute else ()))
    if drawing.end and last.file is not None:
        wants += cut.whole(number, last)
        last, number = Sheet(), number + 1
    if drawing.end:
        return (*wants, *cut.ended(number, last, drawing))
    return (*wants, *cut.whole(number, last))


@dataclass(frozen=True, slots=True)
class _Cut(Generic[W]):
    """Cuts stretches into pages, in view of those that are there already."""

    pages: Mapping[int, Page]
    dialect: Dialect[W]
    known: Known
    dedupes: bool

    def growing(self, number: int, sheet: Sheet) -> Iterator[Want[W]]:
        if sheet.file is not None:
            yield from self.whole(number, sheet)
            return
        tail = self.dialect.tail(sheet.blocks)
        if tail is not None:
            yield Want(number * STRETCH, tail, sheet.keyboard, live=True)

    def whole(
        self,
        number: int,
        sheet: Sheet,
        *,
        end: tuple[Block, ...] = (),
        whole: Document | None = None,
        is_apart: bool = False,
    ) -> Iterator[Want[W]]:
        """All parts of a stretch that grows no more, with the end of the turn behind them, unless that is apart."""
        is_suspect = self._is_suspect(number, but=number * STRETCH + CLOSING if is_apart else -1)
        end = (*end, REPEAT) if is_suspect else end
        blocks = (*sheet.blocks, *end)
        first = number * STRETCH
        if sheet.file is not None:
            yield self._file(first, sheet, blocks)
            return
        parts = self.dialect.pages(blocks)
        if not parts:
            return
        is_long = len(parts) > MOST_MESSAGES
        last = first + (CLOSING if is_long else len(parts) - 1)
        if is_long and not (self._is_without_file(number) and len(parts) <= APART):
            file = whole or Document("answer.md", "text/markdown", as_markdown(sheet.blocks))
            yield self._text(first, parts[0])
            yield self._file(first + FILE, Sheet(file=file), ())
        else:
            yield from (self._text(first + part, text) for part, text in enumerate(parts[:-1]))
        closing = Want(last, parts[-1], sheet.keyboard, rings=sheet.rings, asks=sheet.asks_text)
        yield closing if last not in self.known.refused else replace(self._text(last, None, end), rings=sheet.rings)

    def _is_without_file(self, number: int) -> bool:
        """Whether the file of a stretch that is too long was refused, now or in an earlier life."""
        first = number * STRETCH
        return first + FILE in self.known.refused or first + 1 in self.pages

    def _text(self, number: int, text: W | None, end: tuple[Block, ...] = ()) -> Want[W]:
        """The page; or, if it was refused, why, and how the turn ended."""
        why = self.known.refused.get(number)
        if why is None:
            return Want(number, text)
        return Want(number, self._said((Line(f"⚠️ A message could not be sent: {why}"), *end)))

    def _file(self, number: int, sheet: Sheet, caption: Sequence[Block]) -> Want[W]:
        """The file under its caption; or, if it was refused, the caption and why."""
        assert sheet.file is not None
        why = self.known.refused.get(number)
        if why is None:
            parts = self.dialect.pages(caption)
            return Want(number, parts[0] if parts else None, sheet.keyboard, sheet.file, sheet.rings)
        instead = number // STRETCH * STRETCH + INSTEAD
        text = self._said((*caption, Line(f"📎 {sheet.file.name} could not be sent: {why}")))
        return Want(instead, text, sheet.keyboard, rings=sheet.rings)

    def _said(self, blocks: Sequence[Block]) -> W:
        return self.dialect.pages(blocks)[-1]

    def ended(self, number: int, sheet: Sheet, drawing: Drawing) -> Iterator[Want[W]]:
        """The last stretch of a turn, and what rings at its end."""
        keyboard = (*sheet.keyboard, *drawing.end_keyboard)
        merged = replace(sheet, keyboard=keyboard, rings=True)
        wants = tuple(self.whole(number, merged, end=drawing.end, whole=drawing.whole))
        if not self._rings_apart(number, sheet, wants):
            yield from wants
            return
        yield from self.whole(number, sheet, whole=drawing.whole, is_apart=True)
        closing = self.pages.get(number * STRETCH + CLOSING)
        end = (*drawing.end, REPEAT) if closing is not None and self._may_stand_twice(closing) else drawing.end
        *before, last = self.dialect.pages(end)
        yield from (Want(number * STRETCH + APART + part, text) for part, text in enumerate(before))
        number = number * STRETCH + CLOSING
        yield Want(number, last, drawing.end_keyboard, rings=True, is_end=True)

    def _rings_apart(self, number: int, sheet: Sheet, merged: Sequence[Want[W]]) -> bool:
        """Whether the end stands in a message of its own: what would carry it has been shown silently."""
        carrier = merged[-1].number if merged else number * STRETCH
        for page in self.pages.values():
            if page.rings and page.number // STRETCH == number:
                return page.number % STRETCH == CLOSING and page.number != carrier
        first = self.pages.get(number * STRETCH)
        is_shown = first is not None and first.state is PageState.SHOWN
        if is_shown and len(self.dialect.pages(sheet.blocks)) == 1:
            return True
        there = self.pages.get(carrier)
        return there is not None and there.state is PageState.SHOWN

    def _is_suspect(self, number: int, *, but: int) -> bool:
        """Whether a message of the stretch may stand twice; `but` for one that is not meant."""
        return any(
            page.number // STRETCH == number and page.number != but and self._may_stand_twice(page)
            for page in self.pages.values()
        )

    def _may_stand_twice(self, page: Page) -> bool:
        return not self.dedupes and (page.state is PageState.SENDING or page.tries >= REPEATED)
