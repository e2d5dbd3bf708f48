"""What a platform was told about places, and which of them it is still to be told about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import aiosqlite

from openacp_bot.core.model import Place, ThreadRef, Wanted
from openacp_bot.store.facts import Facts
from openacp_bot.store.forgetting import NOT_DELETED
from openacp_bot.store.rows import place_of
from openacp_bot.store.sql import change

UNMADE = """
    SELECT * FROM places WHERE adapter = ? AND CASE
        WHEN topic IS NULL THEN wanted = 'open' AND refused = ''
        WHEN topic = '' THEN 0                                  -- a chat itself
        WHEN wanted = 'gone' THEN 1
        WHEN wanted = 'open' AND shown IS NULL THEN 1           -- somebody wrote where a person had closed it
        WHEN coalesce(shown, 'open') <> 'open' THEN 0           -- closed, by a person perhaps
        ELSE wanted = 'closed' OR named <> title
    END AND NOT (wanted <> 'open' AND EXISTS (
        SELECT 1 FROM places AS others WHERE others.adapter = places.adapter AND others.space = places.space
        AND others.topic = places.topic AND others.wanted = 'open'))
    ORDER BY rowid
"""

WAITING = f"""
    SELECT space, topic, message FROM (
        SELECT place, message, position, rowid FROM prompts WHERE state = 'queued' AND parts = '[]' AND {NOT_DELETED}
        UNION ALL
        SELECT place, json_extract(value, '$.message'), position, prompts.rowid FROM prompts, json_each(parts)
        WHERE state = 'queued' AND {NOT_DELETED}
    ) AS asked JOIN places ON places.id = asked.place
    WHERE places.adapter = ? AND topic IS NOT NULL AND message <> '' ORDER BY position, asked.rowid
"""

MADE = """
    UPDATE places SET
        shown = ?1,
        renames = renames + (?2 <> '' AND named <> '' AND ?2 <> named),
        named = CASE WHEN ?2 <> '' THEN ?2 ELSE named END,
        opening_at = NULL
    WHERE id = ?3
"""


class PlaceMaking(Facts):
    """The part of Ledger that is about places."""

    async def place(self, id: str) -> Place | None:
        row = await self._reader.fetch_one("SELECT * FROM places WHERE id = ?", (id,))
        return None if row is None else place_of(row)

    async def unmade_places(self, adapter: str) -> Sequence[Place]:
        return [place_of(row) for row in await self._reader.fetch(UNMADE, (adapter,))]

    async def known_places(self, adapter: str) -> Sequence[Place]:
        sql = "SELECT * FROM places WHERE adapter = ? AND topic IS NOT NULL AND wanted <> 'gone' ORDER BY rowid"
        return [place_of(row) for row in await self._reader.fetch(sql, (adapter,))]

    async def waiting_messages(self, adapter: str) -> Sequence[tuple[ThreadRef, str]]:
        rows = await self._reader.fetch(WAITING, (adapter,))
        return [(ThreadRef(adapter, row["space"], row["topic"]), row["message"]) for row in rows]

    async def opening(self, place: str) -> None:
        await self._change("UPDATE places SET opening_at = ? WHERE id = ?", (self._now(), place))

    async def made(self, place: str, shown: Wanted, *, named: str = "") -> None:
        if shown is not Wanted.GONE:
            await self._change(MADE, (shown.value, named, place))
            return
        await self._writer.do(partial(_made_gone, place))


async def _made_gone(place: str, db: aiosqlite.Connection) -> None:
    """Of a deleted session nothing else is left, and its title is the first that was said."""
    await change(db, "DELETE FROM places WHERE id = ? AND session IS NULL AND wanted = 'gone'", (place,))
    sql = "UPDATE places SET shown = 'gone', topic = NULL, url = '', named = '', opening_at = NULL WHERE id = ?"
    await change(db, sql, (place,))
