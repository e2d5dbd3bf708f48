"""The book of agent processes, so that a crash of ours leaves no orphan."""

from __future__ import annotations

from collections.abc import Sequence

from openacp_bot.store.facts import Facts


class Book(Facts):
    """`core.ports.ProcessBook` over SQLite."""

    async def spawned(self, session: str, pid: int, started: float) -> None:
        sql = "INSERT OR REPLACE INTO processes (session, pid, started) VALUES (?, ?, ?)"
        await self._change(sql, (session, pid, started))

    async def gone(self, pid: int) -> None:
        await self._change("DELETE FROM processes WHERE pid = ?", (pid,))

    async def left_over(self) -> Sequence[tuple[int, float]]:
        rows = await self._reader.fetch("SELECT pid, started FROM processes ORDER BY rowid")
        return [(row["pid"], row["started"]) for row in rows]
