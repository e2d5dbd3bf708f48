"""What people saw of turns in a chat, whatever the platform: how soon, how fresh, how late; and how good it could be.

Fair share. A gate lets one change pass in so many seconds, for all sessions behind it together. Shared in turn from the
first chunk on, session i of n is changed at i, i + n, i + 2n … of those; the newest word that it shows is as old as its
last change (before the first: as the turn). Of long turns the median of that is n / 2 strides, the 95th percentile 0.95
n; for turns of 20 s it is counted out.

Bound of the finals. Every answer that is not whole on the screen when the last turn ends needs one call at least. A
call can pass at t if fewer than `calls` passed in the `seconds` before t; so, with the calls that passed before the
end, the last of n necessary calls passes at the earliest at `t_n = max(t_(n-1), passed[-calls] + seconds)`, each
counted once it has passed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.talk import PAUSE, WORDS, heard, whole

Said = Mapping[int, Sequence[float]]  # of each topic (0: a chat without): when the agent said each word
STEP = PAUSE / 2  # how finely ages are looked at; between two words


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls pass in so many seconds."""

    calls: int
    seconds: float

    @property
    def every(self) -> float:
        return self.seconds / self.calls


@dataclass(frozen=True, slots=True)
class Sight:
    """From `at` on this message (0: the draft) shows these words."""

    at: float
    message: int
    words: frozenset[int]


@dataclass(frozen=True, slots=True)
class Turn:
    """All that there was to see of one turn, in order; what stands in the end; when it rang, if it did."""

    said: Sequence[float]
    sights: Sequence[Sight]
    text: str
    rang: float | None

    @property
    def first(self) -> float:
        """Seconds until anything was to be read."""
        shown = next((sight.at for sight in self.sights if sight.words), math.inf)
        return shown - self.said[0]

    @property
    def is_whole(self) -> bool:
        """All that was said is there, in order, every word once."""
        return _plain(whole()) in _plain(self.text) and len(heard(self.text)) == WORDS

    @property
    def stood(self) -> float:
        """From when on the messages showed every word; infinity: not even now."""
        shown: dict[int, frozenset[int]] = {}
        since = math.inf
        for sight in self.sights:
            if sight.message:
                shown[sight.message] = sight.words
                complete = len(frozenset().union(*shown.values())) == WORDS
                since = min(since, sight.at) if complete else math.inf
        return since

    def is_shown_by(self, at: float) -> bool:
        """Whether a message showed any of it by then."""
        return any(sight.message and sight.words and sight.at <= at for sight in self.sights)

    def ages(self) -> Iterator[float]:
        """How old the newest visible word was, while the agent spoke; before anything is visible: as old as the
        turn."""
        shown: dict[int, int] = {}
        coming = iter(self.sights)
        sight = next(coming, None)
        for step in range(int((self.said[-1] - self.said[0]) / STEP)):
            at = self.said[0] + step * STEP
            while sight is not None and sight.at <= at:
                shown[sight.message] = max(sight.words, default=0)
                sight = next(coming, None)
            newest = max(shown.values(), default=0)
            yield at - (self.said[newest - 1] if newest else self.said[0])


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds. `late`: from the last turn's end until all answers stood whole; `told`: until every turn had rung (None:
    one never did). Bounds: the same at best. `lost`: turns whose text is not what the agent said."""

    firsts: Sequence[float]
    ages: Sequence[float]
    late: float
    late_bound: float
    told: float | None
    told_bound: float
    calls: int
    refused: int
    lost: int


def figures(turns: Sequence[Turn], *, late_bound: float, told_bound: float, calls: int, refused: int) -> Figures:
    """Once all is over."""
    ended = end_of(turns)
    rang = [turn.rang for turn in turns]
    return Figures(
        firsts=[turn.first for turn in turns],
        ages=[age for turn in turns for age in turn.ages()],
        late=max(0.0, *(turn.stood for turn in turns), ended) - ended,
        late_bound=late_bound,
        told=max(at or 0.0 for at in rang) - ended if all(rang) else None,
        told_bound=told_bound,
        calls=calls,
        refused=refused,
        lost=sum(not turn.is_whole for turn in turns),
    )


def end_of(turns: Sequence[Turn]) -> float:
    """When the last word of all was said."""
    return max(turn.said[-1] for turn in turns)


def fair_ages(sessions: int, pace: Pace) -> list[float]:
    """The ages of the newest words if the changes are shared in turn; see above."""
    turn = sessions * pace.every
    ages = []
    for first in (number * pace.every for number in range(sessions)):
        for step in range(int(WORDS * PAUSE / STEP)):
            at = step * STEP
            ages.append((at - first) % turn if at >= first else at)
    return ages


def earliest(ended: float, before: Sequence[float], necessary: int, pace: Pace) -> float:
    """When the last of the necessary calls can have passed."""
    passed, at = sorted(before), ended
    for _ in range(necessary):
        if len(passed) >= pace.calls:
            at = max(at, passed[-pace.calls] + pace.seconds)
        passed.append(at)
    return at


def _plain(text: str) -> str:
    return " ".join(text.split())
