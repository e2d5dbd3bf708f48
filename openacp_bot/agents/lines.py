"""Blocks of bytes cut into lines, with a bound on a line's length."""

from __future__ import annotations

import logging

LONGEST = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class LineBuffer:
    """Linear in what it is fed: an unfinished line is kept in pieces and joined once."""

    def __init__(self, longest: int = LONGEST) -> None:
        self.too_long = 0
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        self._skipping = False

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that `block` completes, without their ends."""
        first, *others = block.split(b"\n")
        self._keep(first)
        if not others:
            return []
        whole = self.rest()
        unfinished = others.pop()
        whole += [line for line in others if line]
        self._keep(unfinished)
        return whole

    def rest(self) -> list[bytes]:
        """The line begun, as far as it came; empty if there is none."""
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        self._skipping = False
        return [line] if line else []

    def _keep(self, piece: bytes) -> None:
        if not piece or self._skipping:
            return
        self._size += len(piece)
        if self._size <= self._longest:
            self._pieces.append(piece)
            return
        self.too_long += 1
        log.warning("skipped a line of more than %s bytes", self._longest)
        self._pieces.clear()
        self._skipping = True
