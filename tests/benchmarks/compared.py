"""Our figures as rows, beside those of another design."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tests.benchmarks.seen import Figures
from tests.benchmarks.table import Row, below, median, percentile, plain

# Aims of issues 3 and 4.
FIRST_TEXT = 0.3
FINALS = 1.15
AGE = 1.3
AT_ONCE = 1.0  # seconds; where the limits set no bound, a ratio to it says nothing


@dataclass(frozen=True, slots=True)
class Comparison:
    """One case. `other`: whose figures `theirs` are. `fair`: the ages of the newest words at best. `is_roomy`: even the
    last first text finds an open gate."""

    name: str
    ours: Figures
    theirs: Figures
    other: str
    fair: Sequence[float]
    is_roomy: bool = True

    def rows(self) -> Iterator[Row]:
        ours, theirs, other = self.ours, self.theirs, self.other
        rows = [
            *self._firsts(),
            self._age("median", median),
            self._age("p95", partial(percentile, share=0.95)),
            self._finals(),
            _endings(ours),
            Row("calls", f"{ours.calls}; {other} {theirs.calls}"),
            Row("429s", f"{ours.refused}; {other} {theirs.refused}", "none", ours.refused == 0),
            Row("answers that lost a character", f"{ours.lost}; {other} {theirs.lost}", "none", not ours.lost),
        ]
        for row in rows:
            yield replace(row, name=f"{self.name}: {row.name}")

    def _firsts(self) -> Iterator[Row]:
        ours, theirs = self.ours.firsts, self.theirs.firsts
        row = below("first text, median", median(ours), FIRST_TEXT, "s")
        yield self._beside(row, median(ours), median(theirs))
        worst = "first text, worst"
        row = below(worst, max(ours), FIRST_TEXT, "s") if self.is_roomy else plain(worst, max(ours), "s")
        yield self._beside(row, max(ours), max(theirs))

    def _age(self, name: str, of: Callable[[Sequence[float]], float]) -> Row:
        our, their, share = of(self.ours.ages), of(self.theirs.ages), of(self.fair)
        row = below(f"age of the newest word, {name}", our, round(AGE * share, 2), "s")
        return self._beside(replace(row, aim=f"{row.aim} ({AGE:g} x {share:.3g})"), our, their)

    def _finals(self) -> Row:
        late, bound = self.ours.late, self.ours.late_bound
        row = below(f"finals late (bound {bound:.3g} s)", late, max(round(FINALS * bound, 2), AT_ONCE), "s")
        return self._beside(replace(row, value=f"{row.value}, {_ratio(late, bound)}"), late, self.theirs.late)

    def _beside(self, row: Row, ours: float, theirs: float) -> Row:
        share = f", ours {ours / theirs:.2g} of it" if theirs >= 0.05 else ""
        return replace(row, value=f"{row.value}; {self.other} {theirs:.3g} s{share}")


def _endings(ours: Figures) -> Row:
    name = f"every turn has rung (bound {ours.told_bound:.3g} s)"
    if ours.told is None:
        return Row(name, "never", "", False)
    return Row(name, f"{ours.told:.3g} s, {_ratio(ours.told, ours.told_bound)}")


def _ratio(value: float, bound: float) -> str:
    return f"{value / bound:.3g} of the bound" if bound >= AT_ONCE else "no bound"
