"""What every part of the intake works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.config import Patience
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.outbox import Outbox
from openacp_bot.core.ports import Hub, Ledger


@dataclass(frozen=True, slots=True)
class Means:
    """`rest` raises NotDone while we are not connected."""

    hub: Hub
    ledger: Ledger
    outbox: Outbox[str]
    rest: Callable[[], Rest]
    bearings: Bearings
    patience: Patience
