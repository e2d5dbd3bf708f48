"""What was spent at each gate lately, kept across restarts: a daemon that was killed goes on within the platform's
limit, and one that rested for a minute has all of it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence

from openacp_bot.chat.gate import Gate
from openacp_bot.core.errors import StoreError
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

KEY = "window:"
KEEP_EVERY = 1.0  # seconds between two notes of one gate
SHORT = 15.0
UNNOTED = 2  # calls that may have left between the last note and the end


class Windows:
    """`now` is UTC seconds, `clock` that of the gates."""

    def __init__(self, name: str, ledger: Ledger, *, now: Callable[[], float], clock: Callable[[], float]) -> None:
        self._name = name
        self._ledger = ledger
        self._now = now
        self._clock = clock
        self._known: Mapping[str, Sequence[float]] = {}
        self._kept_at: dict[str, float] = {}

    async def load(self) -> None:
        """What an earlier life has noted."""
        notes = await self._ledger.notes(self._name)
        self._known = {key.removeprefix(KEY): _times(text) for key, text in notes.items() if key.startswith(KEY)}

    def past(self, gate: str) -> tuple[float, ...]:
        """When earlier calls ended there, by the gates' clock; the last of them may not have been noted."""
        ends = self._known.get(gate, ())
        if not ends:
            return ()
        shift = self._clock() - self._now()
        unnoted = min(ends[-1] + KEEP_EVERY, self._now())
        return tuple(end + shift for end in (*ends, *[unnoted] * UNNOTED))

    async def keep(self, gate: Gate) -> None:
        """Note what was spent. A window that is shorter than a restart need not be remembered."""
        clock = self._clock()
        if gate.pace.apart or gate.pace.per < SHORT or clock - self._kept_at.get(gate.name, float("-inf")) < KEEP_EVERY:
            return
        self._kept_at[gate.name] = clock
        shift = self._now() - clock
        try:
            await self._ledger.note(
                self._name, KEY + gate.name, json.dumps([round(end + shift, 1) for end in gate.ends])
            )
        except StoreError as error:
            log.warning("what was spent at %s could not be noted: %s", gate.name, error)


def _times(text: str) -> Sequence[float]:
    try:
        return [float(time) for time in json.loads(text)]
    except (ValueError, TypeError):
        return []
