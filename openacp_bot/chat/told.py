"""What the log was told already."""

from __future__ import annotations

import logging

from openacp_bot.chat.recent import Recent

REMEMBERED = 1000


class Told:
    """Warns of each thing once; of one that many others came after, once more."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._told: Recent[str] = Recent(REMEMBERED)

    def log_once(self, reason: str) -> None:
        """`reason`: in words that are the same every time."""
        if reason not in self._told:
            self._told.add(reason)
            self._log.warning("%s", reason)
