"""Embeds: their limits, each and together."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import known, length, listed, text, url, words
from tests.sims.discord.refusals import Path, Problems
from tests.sims.discord.world import Json

FIELDS = words("title type description url timestamp color footer image thumbnail video provider author fields flags")
MOST, MOST_TEXT = 10, 6000


def check_embeds(problems: Problems, embeds: Any, path: Path) -> list[Json]:
    """Ten of them, 6000 characters in all."""
    if embeds is None:
        return []
    if not isinstance(embeds, list):
        problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    length(problems, embeds, path, most=MOST)
    found = [embed for at, embed in enumerate(embeds) if known(problems, embed, FIELDS, (*path, at))]
    total = sum(_check_embed(problems, embed, (*path, at)) for at, embed in enumerate(found))
    if total > MOST_TEXT:
        problems.add(path, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    return found


def _check_embed(problems: Problems, embed: Json, path: Path) -> int:
    """How much text is in it."""
    url(problems, embed, "url", path, most=2048)
    shown = [
        text(problems, embed, "title", path, most=256),
        text(problems, embed, "description", path, most=4096),
        text(problems, embed.get("footer") or {}, "text", (*path, "footer"), most=2048),
        text(problems, embed.get("author") or {}, "name", (*path, "author"), most=256),
    ]
    for at, field in enumerate(listed(problems, embed, "fields", path, most=25)):
        where = (*path, "fields", at)
        if known(problems, field, words("name value inline"), where):
            shown.append(text(problems, field, "name", where, most=256, required=True))
            shown.append(text(problems, field, "value", where, most=1024, required=True))
    return sum(map(len, shown))
