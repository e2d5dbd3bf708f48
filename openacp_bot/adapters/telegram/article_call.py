"""An article as the Bot API takes it (10.2: `InputRichMessage.blocks`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from aiogram.methods import EditMessageText, SendRichMessage
from aiogram.types import (
    InputRichBlockBlockQuotation,
    InputRichBlockDetails,
    InputRichBlockDivider,
    InputRichBlockExpandableBlockQuotation,
    InputRichBlockList,
    InputRichBlockListItem,
    InputRichBlockParagraph,
    InputRichBlockPreformatted,
    InputRichBlockSectionHeading,
    InputRichBlockTable,
    InputRichBlockUnion,
    InputRichMessage,
    RichBlockTableCell,
    RichTextBold,
    RichTextCode,
    RichTextItalic,
    RichTextStrikethrough,
    RichTextUnion,
    RichTextUrl,
)

from openacp_bot.adapters.telegram.article import (
    Article,
    Details,
    Entry,
    Fold,
    Grid,
    Heading,
    Listing,
    Mark,
    Marked,
    Paragraph,
    Part,
    Preformatted,
    Quotation,
    Rule,
    Words,
)
from openacp_bot.adapters.telegram.asides import Echo


class SendArticle(SendRichMessage):
    """Of the answer only the name is read: what stands must not count as lost because its echo is of a newer kind."""

    __returning__ = Echo  # type: ignore[assignment]  # less than a Message


class EditArticle(EditMessageText):
    """Likewise."""

    __returning__ = Echo  # type: ignore[assignment]


def rich_message(article: Article) -> InputRichMessage:
    return InputRichMessage(blocks=_blocks(article.parts))


def _blocks(parts: Iterable[Part]) -> list[InputRichBlockUnion]:
    return [_block(part) for part in parts]


def _block(part: Part) -> InputRichBlockUnion:
    match part:
        case Paragraph(words=words):
            return InputRichBlockParagraph(text=_text(words))
        case Heading(words=words, size=size):
            return InputRichBlockSectionHeading(text=_text(words), size=size)
        case Preformatted(text=text, language=language):
            return InputRichBlockPreformatted(text=text, language=language or None)
        case Rule():
            return InputRichBlockDivider()
        case Quotation(parts=inner):
            return InputRichBlockBlockQuotation(blocks=_blocks(inner))
        case Fold(words=words):
            return InputRichBlockExpandableBlockQuotation(text=_text(words))
        case Details(summary=summary, parts=inner):
            return InputRichBlockDetails(summary=_text(summary), blocks=_blocks(inner))
        case Listing(entries=entries):
            return InputRichBlockList(items=list(map(_item, entries)))
        case Grid():
            return _table(part)
        case _:
            assert_never(part)


def _item(entry: Entry) -> InputRichBlockListItem:
    return InputRichBlockListItem(
        blocks=_blocks(entry.parts),
        value=entry.number,
        type="1" if entry.number is not None else None,
        has_checkbox=True if entry.is_ticked is not None else None,
        is_checked=entry.is_ticked or None,
    )


def _table(grid: Grid) -> InputRichBlockTable:
    """Compact, as it is read on a phone."""
    cells = [
        [
            RichBlockTableCell(text=_text(words), align=side, valign="top", is_header=True if is_head else None)
            for words, side in zip(row, grid.sides, strict=True)
        ]
        for is_head, row in zip((True, *(False for _ in grid.rows[1:])), grid.rows, strict=True)
    ]
    return InputRichBlockTable(cells=cells, is_bordered=True, is_compact=True)


def _text(words: Words) -> RichTextUnion:
    match words:
        case str():
            return words
        case Marked():
            return _marked(words)
        case _:
            return [_text(one) for one in words]


def _marked(marked: Marked) -> RichTextUnion:
    inner = _text(marked.words)
    match marked.mark:
        case Mark.BOLD:
            return RichTextBold(text=inner)
        case Mark.ITALIC:
            return RichTextItalic(text=inner)
        case Mark.STRIKE:
            return RichTextStrikethrough(text=inner)
        case Mark.CODE:
            return RichTextCode(text=inner)
        case Mark.LINK:
            return RichTextUrl(text=inner, url=marked.url)
        case _:
            assert_never(marked.mark)
