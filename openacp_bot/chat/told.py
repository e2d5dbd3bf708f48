"""What the log was told already."""

from __future__ import annotations

import logging

MOST = 1000


class Told:
    """Warns of each thing once, and not without end: whoever wants to cannot fill the log."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._told: set[str] = set()

    def log_once(self, reason: str) -> None:
        """`reason`: in words that are the same every time."""
        if reason not in self._told and len(self._told) < MOST:
            self._told.add(reason)
            self._log.warning("%s", reason)
