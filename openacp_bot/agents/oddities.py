"""What an agent sends and we do not know: told once each, and survived."""

from __future__ import annotations

import logging

from openacp_bot.agents.loose import short

MOST = 100  # of one agent; a hostile one must not fill the log or memory

log = logging.getLogger(__name__)


class Oddities:
    """One agent's."""

    def __init__(self, agent: str) -> None:
        self._agent = agent
        self._known: set[tuple[str, str]] = set()

    def note(self, what: str, value: object) -> None:
        """Logged the first time."""
        oddity = (what, short(value))
        if oddity in self._known or len(self._known) >= MOST:
            return
        self._known.add(oddity)
        log.warning("%s sent an unknown %s: %s", self._agent, *oddity)
