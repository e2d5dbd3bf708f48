"""The means that every session of the house works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from openacp_bot.core.feed import Feed
from openacp_bot.core.homes import Homes
from openacp_bot.core.ports import AgentLauncher, Records, Transcript
from openacp_bot.core.settings import Settings
from openacp_bot.core.uploads import Fetch, no_files


async def is_caught_up(surface: str) -> None:
    """Where nothing can have been missed."""


@dataclass(frozen=True, slots=True)
class Means:
    """One for the whole daemon: app makes it, and hands it to the manager and the house."""

    records: Records
    transcript: Transcript
    launcher: AgentLauncher
    feed: Feed
    current: Callable[[], Settings]
    now: Callable[[], float]
    fetch: Fetch = no_files
    caught_up: Callable[[str], Awaitable[None]] = is_caught_up  # of a surface; see ChatAdapter

    @property
    def homes(self) -> Homes:
        return Homes(self.records, self.feed)
