"""Blocks of rich messages: what Telegram refuses in them, how it hands them back, and what people read.

1. At most 32,768 characters, 500 blocks (nested ones, items and rows count), 16 levels of blocks and formatting, 20
columns (Bot API, "Rich message limits"). 2. Every text says something. The names of refusals are not documented; they
all begin alike. 3. Media are not simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.sims.telegram.refusals import bad
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Json

LONGEST = 32768
MOST_BLOCKS = 500
MOST_LEVELS = 16
MOST_COLUMNS = 20
ENTRY_LABELS = ("a", "A", "i", "I", "1")

# type → the fields that it must have, and those that it may have
FIELDS = {
    "paragraph": ("text", ""),
    "heading": ("text size", ""),
    "pre": ("text", "language"),
    "footer": ("text", ""),
    "divider": ("", ""),
    "mathematical_expression": ("expression", ""),
    "anchor": ("name", ""),
    "list": ("items", ""),
    "blockquote": ("blocks", "credit"),
    "expandable_blockquote": ("text", "credit"),
    "pullquote": ("text", "credit"),
    "table": ("cells", "is_bordered is_striped caption is_compact"),
    "details": ("summary blocks", "is_open"),
    "thinking": ("text", ""),
}
STYLES = words("bold italic underline strikethrough spoiler subscript superscript marked code")
ITEM = words("blocks has_checkbox is_checked value type")
CELL = words("text is_header colspan rowspan align valign")


@dataclass
class Tally:
    """What was counted so far."""

    odd: Callable[[str], None]
    is_draft: bool
    signs: int = 0
    blocks: int = 0

    def block(self) -> None:
        self.blocks += 1
        if self.blocks > MOST_BLOCKS:
            raise bad("RICH_MESSAGE_BLOCKS_TOO_MUCH")

    def text(self, text: str) -> None:
        self.signs += len(text)
        if self.signs > LONGEST:
            raise bad("message is too long")


def check(blocks: Any, odd: Callable[[str], None], *, is_draft: bool = False) -> None:
    """Raises a refusal for what Telegram would not take."""
    _blocks(blocks, Tally(odd, is_draft), 1)


def _blocks(blocks: Any, tally: Tally, level: int) -> None:
    if not isinstance(blocks, list):
        raise bad("can't parse InputRichBlock: Expected an Array")
    if not blocks:
        raise bad("RICH_MESSAGE_CONTENT_REQUIRED")
    for block in blocks:
        _block(block, tally, level)


def _block(block: Any, tally: Tally, level: int) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in FIELDS or (kind == "thinking" and not tally.is_draft):
        raise bad(f"can't parse InputRichBlock: unsupported type {kind!r}")
    _deep(level)
    tally.block()
    required, optional = map(words, FIELDS[kind])
    for name in required - block.keys():
        raise bad(f"can't parse InputRichBlock: Can't find field {name!r}")
    for name in block.keys() - required - optional - {"type"}:
        tally.odd(f"unknown field of a block: {kind}.{name}")
    for name in ("text", "credit", "caption", "summary"):
        if name in block:
            _some_text(block[name], tally, level)
    if "blocks" in block:
        _blocks(block["blocks"], tally, level + 1)
    match kind:
        case "heading" if block["size"] not in range(1, 7):
            raise bad("can't parse InputRichBlock: wrong size of a heading")
        case "list":
            _items(block["items"], tally, level)
        case "table":
            _table(block["cells"], tally, level)
        case "mathematical_expression":
            tally.text(block["expression"])


def _items(items: Any, tally: Tally, level: int) -> None:
    if not isinstance(items, list) or not items:
        raise bad("RICH_MESSAGE_CONTENT_REQUIRED")
    for item in items:
        tally.block()
        for name in item.keys() - ITEM:
            tally.odd(f"unknown field of an item: {name}")
        if item.get("type", "1") not in ENTRY_LABELS:
            raise bad("can't parse InputRichBlockListItem: wrong type")
        if item.get("is_checked") and not item.get("has_checkbox"):
            tally.odd("an item is checked, but has no box")
        _blocks(item.get("blocks"), tally, level + 2)


def _table(rows: Any, tally: Tally, level: int) -> None:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and row for row in rows):
        raise bad("RICH_MESSAGE_CONTENT_REQUIRED")
    for row in rows:
        tally.block()
        if sum(int(cell.get("colspan") or 1) for cell in row) > MOST_COLUMNS:
            raise bad("RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH")
        for cell in row:
            for name in cell.keys() - CELL:
                tally.odd(f"unknown field of a cell: {name}")
            if cell.get("align") not in ("left", "center", "right") or cell.get("valign") not in (
                "top",
                "middle",
                "bottom",
            ):
                raise bad("can't parse RichBlockTableCell: wrong alignment")
            if "text" in cell:
                _some_text(cell["text"], tally, level + 1)


def _some_text(text: Any, tally: Tally, level: int) -> None:
    if not flat(text):
        raise bad("RICH_MESSAGE_TEXT_EMPTY")
    _text(text, tally, level)


def _text(text: Any, tally: Tally, level: int) -> None:
    match text:
        case str():
            tally.text(text)
        case list():
            for one in text:
                _text(one, tally, level)
        case {"type": kind, "text": inner}:
            _deep(level + 1)
            if kind == "url":
                _link(str(text.get("url", "")))
            elif kind not in STYLES:
                raise bad(f"can't parse RichText: unsupported type {kind!r}")
            for name in text.keys() - {"type", "text", "url"}:
                tally.odd(f"unknown field of a text: {name}")
            _some_text(inner, tally, level + 1)
        case _:
            raise bad("can't parse RichText: Expected a String, an Array or an Object")


def _link(url: str) -> None:
    if not url.startswith(("http://", "https://", "tg://", "mailto:", "tel:", "#")):
        raise bad("RICH_MESSAGE_URL_INVALID")


def _deep(level: int) -> None:
    if level > MOST_LEVELS:
        raise bad("RICH_MESSAGE_DEPTH_TOO_MUCH")


# --- what comes back, and what is read -------------------------------------------------------------


def received(blocks: list[Json]) -> list[Json]:
    """As Telegram describes them in a message: items have labels."""
    return [_received(block) for block in blocks]


def _received(block: Json) -> Json:
    shown = dict(block)
    if "blocks" in block:
        shown["blocks"] = received(block["blocks"])
    if "items" in block:
        shown["items"] = [item | {"label": _label(item), "blocks": received(item["blocks"])} for item in block["items"]]
    return shown


def _label(item: Json) -> str:
    return f"{item['value']}." if item.get("value") is not None else "•"


def read(blocks: list[Json]) -> str:
    """The words, a line for each text."""
    return "\n".join(_lines(blocks))


def _lines(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        for name in ("summary", "text", "expression"):
            if name in block:
                yield flat(block[name])
        yield from _lines(block.get("blocks", []))
        for item in block.get("items", []):
            mark = {None: _label(item), True: "☑", False: "☐"}[
                item.get("is_checked") if "has_checkbox" in item else None
            ]
            first, *others = _lines(item["blocks"])
            yield f"{mark} {first}"
            yield from others
        for row in block.get("cells", []):
            yield " | ".join(flat(cell.get("text", "")) for cell in row)


def flat(text: Any) -> str:
    match text:
        case str():
            return text
        case list():
            return "".join(map(flat, text))
        case {"text": inner}:
            return flat(inner)
        case _:
            return ""
