"""One gate: what a platform lets pass, and when the next call of a rank may leave.

1. The window slides over the ends of calls: the platform counts a call when it arrives, which is before we know that
it ended, so it never sees more than it allows. 2. What was sent before a restart counts too (`chat.windows`).
3. Edits and what ranks below them are spread evenly over what is left, and leave a reserve to what a person waits for;
receipts, and what may wait for ever, leave half of a window that edits draw on too. 4. Typing changes nothing in a
chat, so it is not counted: but it goes only where there is room, and seldom. 5. Where a platform counts changes of
messages apart, they have a window of their own; what a call will be is known once its card was drawn, so until then it
is let pass where either would be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from openacp_bot.chat.pen import Pace
from openacp_bot.chat.sheet import Rank

LONGEST_BACK_OFF = 60.0
HEAD_START = 0.35  # how much sooner than evenly the first edits go, while the window is nearly empty
IDLE = max(Rank) + 1  # typing: below everything
TYPING_APART = 3.0  # a working topic shows it for five seconds; several topics take turns


class Gate:
    """Accounts for the calls of one gate; never waits itself. `clock` is monotonic."""

    def __init__(self, name: str, pace: Pace, clock: Callable[[], float], *, past: Sequence[float] = ()) -> None:
        self.name = name
        self.pace = pace
        self._clock = clock
        self._sends = deque(past)
        self._edits: deque[float] = deque() if pace.edits else self._sends
        self._last_end = float("-inf")
        self._next_typing = float("-inf")
        self._closed_until = float("-inf")
        self._next_edit = float("-inf")
        self._back_off = 0.0
        self._resting_until = float("-inf")  # by our own decision, after a failure

    @property
    def ends(self) -> tuple[float, ...]:
        """When the calls ended that still count; edits are left out where they are counted apart."""
        self._forget(self._clock())
        return tuple(self._sends)

    @property
    def is_fresh(self) -> bool:
        """Whether a new gate would be the same."""
        now = self._clock()
        self._forget(now)
        ends = (self._closed_until, self._resting_until, self._next_edit, self._next_typing)
        return not (self._sends or self._edits or self._back_off) and max(ends) <= now

    def wait(self, rank: int, *, is_edit: bool | None = None) -> float:
        """Seconds until a call of this rank may leave; a better rank never waits longer. `is_edit` None: who knows."""
        now = self._clock()
        self._forget(now)
        opens = max(self._closed_until, self._resting_until, self._last_end + self.pace.apart)
        kinds = (True, False) if is_edit is None else (is_edit,)
        opens = max(opens, min(self._opens(rank, is_edit=kind) for kind in kinds))
        if rank >= Rank.EDIT and self._is_spread(is_edit=is_edit is not False):
            opens = max(opens, self._next_edit)
        if rank >= IDLE:
            opens = max(opens, self._next_typing)
        return max(0.0, opens - now)

    def _opens(self, rank: int, *, is_edit: bool) -> float:
        """When the window lets one of this rank through."""
        ends, allowance = self._window(is_edit=is_edit), self._allowance(rank, is_edit=is_edit)
        return ends[len(ends) - allowance] + self.pace.per if len(ends) >= allowance else float("-inf")

    def _window(self, *, is_edit: bool) -> deque[float]:
        return self._edits if is_edit else self._sends

    def ended(self, rank: int, *, is_edit: bool = False) -> None:
        """A call is over, whatever became of it."""
        now = self._clock()
        if rank >= IDLE:
            self._next_typing = now + TYPING_APART
            return
        self._forget(now)
        self._window(is_edit=is_edit).append(now)
        self._last_end = now
        if rank == Rank.CARD or (rank > Rank.CARD and self._is_spread(is_edit=is_edit)):
            self._next_edit = now + max(self._stride(now), self.pace.edits_apart)

    def _is_spread(self, *, is_edit: bool) -> bool:
        """What has a window of its own neither waits for the edits nor holds them up."""
        return is_edit or not self.pace.edits

    def close(self, seconds: float) -> float:
        """The platform wants nothing for so long; how long it is closed now."""
        now = self._clock()
        self._closed_until = max(self._closed_until, now + seconds)
        return self._closed_until - now

    def failed(self) -> None:
        """A call did not get through: 1, 2, 4 … 60 s until the next."""
        self._back_off = min(LONGEST_BACK_OFF, max(1.0, 2 * self._back_off))
        self._resting_until = self._clock() + self._back_off

    def heard(self) -> None:
        """The platform has just spoken to us, so it is there again: no need to wait on."""
        self._resting_until = float("-inf")

    def succeeded(self) -> None:
        self._back_off = 0.0

    def _allowance(self, rank: int, *, is_edit: bool) -> int:
        calls = self.pace.edits or self.pace.calls if is_edit else self.pace.calls
        if (rank == Rank.RECEIPT or rank >= Rank.REMOVAL) and not self.pace.edits:
            return max(1, calls // 2)
        if rank >= Rank.RECEIPT:
            return max(1, calls - self.pace.reserve)
        return calls

    def _stride(self, now: float) -> float:
        """The seconds from one edit to the next that never let edits run dry: call number k from now needs as many
        places free by then."""
        allowance = self._allowance(Rank.EDIT, is_edit=True)
        room = allowance - len(self._edits)
        free_in = [end + self.pace.per - now for end in self._edits]
        calls = range(max(1, room + 1), room + len(free_in) + 1)
        even = max((free_in[k - room - 1] / k for k in calls), default=0.0)
        return even * (1 - HEAD_START * max(0, room) / allowance)

    def _forget(self, now: float) -> None:
        for ends in (self._sends, self._edits):
            while ends and ends[0] <= now - self.pace.per:
                ends.popleft()


class Turnstile:
    """The overall limit: at most `calls` a second under way or just ended, at all gates together. Edits leave a third
    to what a person waits for."""

    def __init__(self, calls: int, clock: Callable[[], float]) -> None:
        self._calls = calls
        self._clock = clock
        self._ends: deque[float] = deque()
        self._under_way = 0

    def wait(self, rank: int) -> float:
        """Seconds until it is worth asking again for a call of this rank; 0: pass."""
        now = self._clock()
        while self._ends and self._ends[0] <= now - 1.0:
            self._ends.popleft()
        if self._under_way + len(self._ends) < (self._calls if rank < Rank.EDIT else self._calls * 2 // 3):
            return 0.0
        return max(0.01, self._ends[0] + 1.0 - now) if self._ends else 0.05

    def began(self) -> None:
        self._under_way += 1

    def ended(self) -> None:
        self._under_way -= 1
        self._ends.append(self._clock())
