"""A text that waits, for a moment, for what may belong to it.

Telegram's apps send a text and what is forwarded with it one right after the other; a webhook brings the second only
once the first was acknowledged. So the first is acknowledged when it is safe in the ledger, and taken a moment later.
"""

from __future__ import annotations

import json
from typing import Any

from openacp_bot.core.ports import Ledger

NOTE = "held"


class Held:
    """At most one update."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def keep(self, raw: dict[str, Any]) -> None:
        """Safe on return. Raises StoreError."""
        await self._ledger.note("telegram", NOTE, json.dumps(raw))

    async def release(self) -> None:
        await self._ledger.note("telegram", NOTE, "")

    async def left(self) -> dict[str, Any] | None:
        """What an earlier process had not taken yet."""
        kept = (await self._ledger.notes("telegram")).get(NOTE, "")
        found: dict[str, Any] | None = json.loads(kept) if kept else None
        return found
