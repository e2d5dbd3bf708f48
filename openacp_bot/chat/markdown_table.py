"""Tables as lines of text whose columns stand below each other in a font of fixed width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum


class Side(StrEnum):
    """Where a column's text leans."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


def aligned(rows: Sequence[Sequence[str]], sides: Sequence[Side], widest: int) -> str | None:
    """All rows, the first as the head; None if they would be wider than `widest` columns of the screen."""
    if not rows:
        return None
    widths = [max(width(row[column]) for row in rows) for column in range(len(sides))]
    if sum(widths) + 2 * (len(widths) - 1) > widest:
        return None
    head, *body = (_line(row, widths, sides) for row in rows)
    rule = "  ".join("─" * max(size, 1) for size in widths)
    return "\n".join([head, rule, *body])


def _line(row: Sequence[str], widths: Sequence[int], sides: Sequence[Side]) -> str:
    cells = [_padded(cell, size, side) for cell, size, side in zip(row, widths, sides, strict=True)]
    return "  ".join(cells).rstrip()


def _padded(cell: str, size: int, side: Side) -> str:
    space = size - width(cell)
    match side:
        case Side.LEFT:
            return cell + " " * space
        case Side.RIGHT:
            return " " * space + cell
        case Side.CENTER:
            return " " * (space // 2) + cell + " " * (space - space // 2)


def width(text: str) -> int:
    """How many columns of the screen the text takes: wide letters and emoji take two, accents none."""
    if text.isascii():
        return len(text)
    columns = last = 0
    joined = False
    for character in text:
        if character == "\ufe0f":
            columns += last == 1  # it makes an emoji, two columns wide, of a narrow sign
        last = 0 if joined else _columns(character)
        columns += last
        joined = character == "\u200d"
    return columns


def _columns(character: str) -> int:
    if "\U0001f3fb" <= character <= "\U0001f3ff":
        return 0
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
