"""The people's messages of one channel that stand behind a mark, read from the newest on: if there are too many, it is
the oldest that are left out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from openacp_bot.adapters.discord.rest import Json, Rest

MOST = 1000  # messages of people
PAGE = 100  # Discord's most
MOST_PAGES = 25


@dataclass(frozen=True, slots=True)
class Missed:
    """Oldest first. `newest`: the last message that stands there, whoever wrote it. `is_cut`: there are older ones."""

    messages: tuple[Json, ...]
    newest: int
    is_cut: bool


async def missed(rest: Rest, channel: int, after: int, seconds: float) -> Missed:
    """Raises `PenError`, and TimeoutError if a page takes longer than that."""
    found: list[Json] = []
    newest, before = 0, ""
    for _ in range(MOST_PAGES):
        async with asyncio.timeout(seconds):
            page = await rest.messages(str(channel), before, PAGE)
        behind = [one for one in page if int(one["id"]) > after]
        newest = max([newest, *(int(one["id"]) for one in behind)])
        found += filter(_is_by_a_person, behind)
        if len(behind) < PAGE or len(found) > MOST:
            return Missed(tuple(reversed(found[:MOST])), newest, is_cut=len(found) > MOST)
        before = str(page[-1]["id"])
    return Missed(tuple(reversed(found)), newest, is_cut=True)


def _is_by_a_person(message: Json) -> bool:
    return not message["author"].get("bot") and not message.get("webhook_id")
