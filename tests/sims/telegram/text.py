"""What Telegram does with a text before it stands: parse, trim, count (in this order)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.sims.telegram.entities import Entity, Odd, given, mended, shifted, units
from tests.sims.telegram.html import from_html
from tests.sims.telegram.markdown import from_markdown, from_markdown_v2
from tests.sims.telegram.refusals import bad

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_RAW = 32768  # bytes
# TDLib, clean_input_string: these vanish (line and paragraph separators and the marks that turn writing around)
VANISHING = re.compile("[\r\u2028-\u202e]")
BECOMING_SPACES = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f]")
Finished = tuple[str, tuple[Entity, ...]]


def message_text(source: str, mode: str, entities: Any, odd: Odd) -> Finished:
    """The text of a message: 1-4096 characters."""
    if not source:
        raise bad("message text is empty")
    text, made = _finished(source, mode, entities, odd)
    if not text:
        raise bad("text must be non-empty")
    if len(text) > LONGEST_TEXT:
        raise bad("message is too long")
    return text, made


def caption(source: str, mode: str, entities: Any, odd: Odd) -> Finished:
    text, made = _finished(source, mode, entities, odd)
    if len(text) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    return text, made


def draft_text(source: str, mode: str, entities: Any, odd: Odd) -> Finished:
    """Of a draft: may be empty, which shows "thinking"."""
    text, made = _finished(source, mode, entities, odd)
    if len(text) > LONGEST_TEXT:
        raise bad("message is too long")
    return text, made


def _finished(source: str, mode: str, entities: Any, odd: Odd) -> Finished:
    if len(source.encode()) > LONGEST_RAW:
        raise bad("text is too long")
    text, found = _cleaned(*_parsed(source, mode, entities, odd))
    return _trimmed(text, mended(found, odd))


def _parsed(source: str, mode: str, entities: Any, odd: Odd) -> tuple[str, Sequence[Entity]]:
    match mode.lower():
        case "":
            return source, given(entities, source, odd) if entities else ()
        case "html":
            return from_html(source)
        case "markdownv2":
            return from_markdown_v2(source)
        case "markdown":
            return from_markdown(source)
        case _:
            raise bad("unsupported parse_mode")


def _cleaned(text: str, entities: Sequence[Entity]) -> tuple[str, Sequence[Entity]]:
    text = BECOMING_SPACES.sub(" ", text)
    gone = [units(text[: found.start()]) for found in VANISHING.finditer(text)]
    return VANISHING.sub("", text), [_moved(entity, gone) for entity in entities]


def _moved(entity: Entity, gone: Sequence[int]) -> Entity:
    before = sum(at < entity.offset for at in gone)
    inside = sum(entity.offset <= at < entity.end for at in gone)
    return replace(entity, offset=entity.offset - before, length=entity.length - inside)


def _trimmed(text: str, entities: tuple[Entity, ...]) -> Finished:
    # TDLib, fix_formatted_text: in front only up to the first entity
    plain = min((entity.offset for entity in entities), default=len(text))
    kept = text.rstrip()
    cut = min(len(kept) - len(kept.lstrip(" \n")), plain)
    return kept[cut:], shifted(entities, cut, units(kept[cut:]))
