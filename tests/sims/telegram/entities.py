"""Entities of a text: counted in UTF-16 units, checked and mended as Telegram does.

1. An entity outside the text or inside a surrogate pair is refused.
2. At most 100 are kept; nothing lives inside code and pre; a quote never holds a quote.
What a careful client would not send is told to `odd` even where Telegram mends it in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.sims.telegram.refusals import bad
from tests.sims.telegram.words import words

TYPES = words(
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler blockquote "
    "expandable_blockquote code pre text_link text_mention custom_emoji date_time"
)
MOST_ENTITIES = 100
_QUOTES = ("blockquote", "expandable_blockquote")
COMMAND = re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")
Odd = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entity:
    """`more` are the further fields: url, language, custom_emoji_id …"""

    type: str
    offset: int
    length: int
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def end(self) -> int:
        return self.offset + self.length

    def json(self) -> dict[str, Any]:
        return {"type": self.type, "offset": self.offset, "length": self.length, **dict(self.more)}


def units(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def given(source: Any, text: str, odd: Odd) -> tuple[Entity, ...]:
    """Explicit entities of a call."""
    if not isinstance(source, list):
        raise bad("can't parse entities: Expected an Array of MessageEntity")
    entities = [_parsed(item) for item in source]
    starts, end = _character_starts(text), units(text)
    return tuple(entity for entity in entities if _stands(entity, starts, end, odd))


def _parsed(item: Any) -> Entity:
    if not isinstance(item, dict) or item.get("type") not in TYPES:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    more = tuple(sorted((name, value) for name, value in item.items() if name not in ("type", "offset", "length")))
    if item["type"] == "text_link" and not dict(more).get("url"):
        raise bad("can't parse MessageEntity: Can't find field \"url\"")
    return Entity(item["type"], int(item.get("offset", -1)), int(item.get("length", 0)), more)


def _stands(entity: Entity, starts: set[int], end: int, odd: Odd) -> bool:
    if entity.offset < 0:
        raise _refused(odd, f"receive an entity with incorrect offset {entity.offset}")
    if entity.length <= 0:
        odd(f"an empty {entity.type} entity at {entity.offset}")
        return False
    if entity.end > end:
        raise _refused(
            odd,
            f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text at UTF-16 offset {end}",
        )
    if entity.offset not in starts:
        raise _refused(odd, f"entity begins in a middle of a UTF-16 symbol at byte offset {entity.offset}")
    if entity.end not in starts:
        raise _refused(
            odd,
            f"entity beginning at UTF-16 offset {entity.offset} ends in a middle of a UTF-16 symbol at {entity.end}",
        )
    return True


def _refused(odd: Odd, words: str) -> Exception:
    odd(words)
    return bad(words)


def _character_starts(text: str) -> set[int]:
    starts, at = {0}, 0
    for character in text:
        at += 2 if character > "\uffff" else 1
        starts.add(at)
    return starts


def mended(entities: Sequence[Entity], odd: Odd) -> tuple[Entity, ...]:
    """Sorted, nested properly, at most 100."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: (entity.offset, -entity.length)):
        if (complaint := _complaint(entity, kept)) is None:
            kept.append(entity)
        else:
            odd(complaint)
    if len(kept) > MOST_ENTITIES:
        odd(f"{len(kept)} entities; those after the first 100 are dropped")
    return tuple(kept[:MOST_ENTITIES])


def _complaint(entity: Entity, kept: Sequence[Entity]) -> str | None:
    for other in kept:
        if other.end <= entity.offset:
            continue
        if other.type in ("code", "pre"):
            return f"{entity.type} inside {other.type} at {entity.offset}"
        if entity.type in ("code", "pre") and other.type not in _QUOTES:
            # TDLib: code and pre can't contain nor be part of other entities, except that a quote may hold them
            return f"{entity.type} inside {other.type} at {entity.offset}"
        if entity.type in _QUOTES and other.type in _QUOTES:
            return f"a quote inside a quote at {entity.offset}"
        if other.end < entity.end:
            return f"{entity.type} at {entity.offset} overlaps the end of {other.type}"
        if entity.type == other.type:
            return f"{entity.type} inside {other.type} at {entity.offset}"
    return None


def shifted(entities: Sequence[Entity], by: int, end: int) -> tuple[Entity, ...]:
    """Entities after `by` units were cut at the front and everything past `end` at the back."""
    moved = []
    for entity in entities:
        start, stop = max(0, entity.offset - by), min(end, entity.end - by)
        if stop > start:
            moved.append(replace(entity, offset=start, length=stop - start))
    return tuple(moved)


def commands_in(text: str) -> tuple[Entity, ...]:
    """The bot_command entities that Telegram finds in what a person writes."""
    return tuple(Entity("bot_command", units(text[: found.start()]), len(found[0])) for found in COMMAND.finditer(text))
