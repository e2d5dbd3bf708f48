"""A person's formatted text as the Markdown that they meant, so that an agent sees code as code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aiogram.types import Message, MessageEntity

MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
KNOWN = (*MARKS, "code", "pre", "text_link")


def markdown(text: str, entities: Sequence[MessageEntity] | None) -> str:
    """Offsets are in UTF-16 units. White space at the edges of a style stays outside of it."""
    styled = [entity for entity in entities or () if entity.type in KNOWN and entity.length > 0]
    if not styled:
        return text
    units = text.encode("utf-16-le")
    marks: list[tuple[int, int, int, str]] = []  # where; closing before opening; inner before outer; the mark
    for depth, entity in enumerate(sorted(styled, key=lambda one: (one.offset, -one.length))):
        start, end = _trimmed(units, entity)
        if start < end:
            opening, closing = _marks(entity, _slice(units, start, end), _slice(units, 0, start))
            marks += [(start, 1, depth, opening), (end, 0, -depth, closing)]
    parts: list[str] = []
    at = 0
    for where, _, _, mark in sorted(marks, key=lambda one: one[:3]):
        parts += [_slice(units, at, where), mark]
        at = where
    return "".join([*parts, _slice(units, at, len(units) // 2)])


def _trimmed(units: bytes, entity: MessageEntity) -> tuple[int, int]:
    if entity.type in ("pre", "code"):
        return entity.offset, entity.offset + entity.length
    inside = _slice(units, entity.offset, entity.offset + entity.length)
    before = len(inside) - len(inside.lstrip())
    after = len(inside) - len(inside.rstrip())
    return entity.offset + before, entity.offset + entity.length - after


def _marks(entity: MessageEntity, inside: str, before: str) -> tuple[str, str]:
    match entity.type:
        case "pre":
            fence = "`" * max(3, _longest_run(inside) + 1)
            newline = "" if not before or before.endswith("\n") else "\n"
            return f"{newline}{fence}{entity.language or ''}\n", f"\n{fence}\n"
        case "code":
            ticks = "`" * (_longest_run(inside) + 1)
            pad = " " if inside.startswith("`") or inside.endswith("`") else ""
            return ticks + pad, pad + ticks
        case "text_link":
            return "[", f"]({entity.url})"
        case kind:
            return MARKS[kind], MARKS[kind]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _slice(units: bytes, start: int, end: int) -> str:
    return units[2 * start : 2 * end].decode("utf-16-le", "replace")


def rich_words(message: Message) -> str:
    """What a rich message says, a line for each of its texts, without its styles; "" of any other."""
    if message.rich_message is None:
        return ""
    return "\n".join(_lines(message.rich_message.model_dump(mode="json", exclude_none=True)["blocks"]))


def _lines(blocks: list[Any]) -> Iterator[str]:
    """Of blocks, items, rows and cells alike."""
    for block in blocks:
        if isinstance(block, list):
            yield from _lines(block)
            continue
        yield from (_flat(block[name]) for name in ("summary", "text", "caption") if name in block)
        for name in ("blocks", "items", "cells"):
            yield from _lines(block.get(name, []))


def _flat(text: Any) -> str:
    match text:
        case str():
            return text
        case list():
            return "".join(map(_flat, text))
        case {"text": inner}:
            return _flat(inner)
        case _:
            return ""
