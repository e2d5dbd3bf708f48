"""Blocks as pages of styled text; what a page becomes is each dialect's own business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import assert_never

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.markdown_tail import closed, newest, newlines_between
from openacp_bot.chat.styled.markdown import written
from openacp_bot.chat.styled.pages import Paper, is_visible, last_page, measured, paged
from openacp_bot.chat.styled.reading import Reading, language_of
from openacp_bot.chat.styled.sheet import Kind, Sheet, Styled, clean

TONES = {Tone.STRONG: Kind.BOLD, Tone.FAINT: Kind.ITALIC}


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes for one platform. `folds`: it can show output folded."""

    paper: Paper
    reading: Reading
    folds: bool = True

    def pages(self, blocks: Sequence[Block]) -> tuple[Styled, ...]:
        """All of it; () without visible text."""
        sheet = Sheet()
        before: Block | None = None
        for block in blocks:
            if _put(sheet, self._drawn(block), _gap(before, block)):
                before = block
        return paged(sheet.styled_text(), self.paper)

    def tail(self, blocks: Sequence[Block]) -> Styled | None:
        """The newest that fits into one page, "…" in front if something is left out. Looks at a page's worth of source;
        at more where markup takes most of it."""
        size = self.paper.size
        styled, is_cut = self._newest(blocks, size + size // 4)
        if is_cut and measured(styled, self.paper).units(0, len(styled.text)) < size // 2:
            styled, is_cut = self._newest(blocks, 3 * size)
        return last_page(styled, self.paper, is_cut=is_cut)

    def _drawn(self, block: Block) -> Styled:
        if isinstance(block, Prose):
            return _whole(block.source, self.reading)
        sheet = Sheet()
        match block:
            case Line():
                _draw_line(sheet, block)
            case Quote():
                _draw_quote(sheet, block)
            case Code():
                _draw_code(sheet, block, self.reading, folds=self.folds)
            case Link():
                _draw_link(sheet, block.text, block.url, self.reading)
            case Item():
                _draw_item(sheet, block, self.reading)
            case _:
                assert_never(block)
        return sheet.styled_text()

    def _newest(self, blocks: Sequence[Block], size: int) -> tuple[Styled, bool]:
        """About the last `size` characters, and whether something was left out."""
        drawn: list[tuple[Styled, int]] = []  # from the last to the first, with what is above each
        is_cut = False
        is_last_prose = True
        for index in range(len(blocks) - 1, -1, -1):
            if size <= 0:
                is_cut = True
                break
            block = blocks[index]
            above = blocks[index - 1] if index else None
            parts, is_cut = self._newest_of(block, size, is_growing=is_last_prose)
            is_last_prose = is_last_prose and not isinstance(block, Prose)
            drawn += [(part, newlines or _gap(above, block)) for part, newlines in reversed(parts)]
            size -= _size(block)
        sheet = Sheet()
        for part, newlines in reversed(drawn):
            _put(sheet, part, newlines)
        return sheet.styled_text(), is_cut

    def _newest_of(self, block: Block, size: int, *, is_growing: bool) -> tuple[list[tuple[Styled, int]], bool]:
        """The block's parts, each with the newlines above it (0: what the block needs), and whether any is missing."""
        match block:
            case Prose(source=source):
                pieces, is_cut = newest(source, size)
                above = [0, *(newlines_between(*pair) for pair in pairwise(pieces))]
                if is_growing and pieces:
                    pieces = (*pieces[:-1], closed(pieces[-1]))
                both = zip(pieces, above, strict=False)
                return [(_remembered(piece, self.reading), lines) for piece, lines in both], is_cut
            case Quote(text=text, folded=folded) if len(text) > size:
                return [(self._drawn(Quote(_end_of(text, size), folded)), 0)], True
            case Code(text=text, language=language, folded=folded) if len(text) > size:
                return [(self._drawn(Code(_end_of(text, size), language, folded)), 0)], True
            case _:
                return [(self._drawn(block), 0)], False


def _put(sheet: Sheet, styled: Styled, newlines: int) -> bool:
    """False if there was nothing to see."""
    if not is_visible(styled.text):
        return False
    sheet.gap(newlines, is_seam=True)
    sheet.paste(styled)
    return True


def _gap(before: Block | None, block: Block) -> int:
    """A blank line around prose; lines, quotes and code of ours stand close."""
    return 2 if isinstance(before, Prose) or isinstance(block, Prose) else 1


def _draw_line(sheet: Sheet, line: Line) -> None:
    sheet.write(line.text)
    if line.look in TONES:
        sheet.cover(TONES[line.look], 0)


def _draw_quote(sheet: Sheet, quote: Quote) -> None:
    first, newline, rest = clean(quote.text).strip().partition("\n")
    sheet.write(first)
    if quote.strong_first:
        sheet.cover(Kind.BOLD, 0)
    sheet.write(newline + rest)
    sheet.cover(Kind.FOLDED if quote.folded else Kind.QUOTE, 0)


def _draw_code(sheet: Sheet, code: Code, reading: Reading, *, folds: bool) -> None:
    text = reading.code(code.text)
    if code.folded and folds:
        sheet.styled(Kind.FOLDED, text)  # chats cannot fold a pre
    else:
        sheet.styled(Kind.PRE, text, language=language_of(code.language))


def _draw_link(sheet: Sheet, text: str, url: str, reading: Reading) -> None:
    if reading.is_link(url, text):
        sheet.styled(Kind.LINK, text or url, url=url)
    else:
        sheet.write(f"{text} ({url})" if text else url)


def _draw_item(sheet: Sheet, item: Item, reading: Reading) -> None:
    sheet.write(f"{item.mark} " if item.mark else "")
    if item.url:
        _draw_link(sheet, item.title, item.url, reading)
    else:
        sheet.write(item.title)
    sheet.write(f" — {item.detail}" if item.detail else "")


@lru_cache(maxsize=4)
def _whole(source: str, reading: Reading) -> Styled:
    """A final answer of several pages is asked for once a page."""
    return written(source, reading)


def _end_of(text: str, size: int) -> str:
    """About the last `size` characters, from the beginning of a line if there is one near."""
    end = text[-size:]
    line = end.find("\n", 0, size // 3)
    return end[line + 1 :]


def _size(block: Block) -> int:
    match block:
        case Prose(source=source):
            return len(source)
        case Item(title=title, detail=detail):
            return len(title) + len(detail)
        case _:
            return len(block.text)


@lru_cache(maxsize=256)
def _remembered(piece: str, reading: Reading) -> Styled:
    """A text that grows is drawn once a second, and most of its pieces are the same."""
    return written(piece, reading)
