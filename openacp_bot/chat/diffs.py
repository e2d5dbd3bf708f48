"""A file's change as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from openacp_bot.core.model import Diff

AROUND = 3
COMPARED = 3000  # changed lines on a side that are compared one by one: difflib is quadratic in what differs


@dataclass(frozen=True, slots=True)
class Change:
    """`lines` begin with `+`, `-`, a space, or are the head of a hunk."""

    lines: tuple[str, ...]
    added: int
    removed: int
    is_new: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """Where a change begins at the top, the first head says nothing."""
        is_at_top = self.lines[:1] and self.lines[0].startswith(("@@ -0,", "@@ -1,"))
        return self.lines[1:] if is_at_top else self.lines

    @property
    def text(self) -> str:
        return "\n".join(self.shown)


def change(diff: Diff) -> Change:
    """What the diff changes."""
    return _change(diff.old, diff.new)


def as_patch(diff: Diff) -> str:
    """The whole change as a file."""
    path = diff.path.lstrip("/")
    old = "/dev/null" if diff.old is None else f"a/{path}"
    return "".join(f"{line}\n" for line in (f"--- {old}", f"+++ b/{path}", *change(diff).lines))


@lru_cache(maxsize=32)  # a turn is drawn again and again while it grows
def _change(old: str | None, new: str) -> Change:
    before, after = (old or "").splitlines(), new.splitlines()
    lines = tuple(_hunks(before, after))
    return Change(
        lines,
        sum(line.startswith("+") for line in lines),
        sum(line.startswith("-") for line in lines),
        is_new=old is None,
    )


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    start, end = _common(old, new)
    first = max(0, start - AROUND)
    a, b = old[first : len(old) - max(0, end - AROUND)], new[first : len(new) - max(0, end - AROUND)]
    for group in _groups(a, b, start - first, min(end, AROUND)):
        yield _head(group, first)
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in a[a1:a2])
                continue
            yield from (f"-{line}" for line in a[a1:a2])
            yield from (f"+{line}" for line in b[b1:b2])


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the start, and of the rest at the end."""
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


Step = tuple[str, int, int, int, int]


def _groups(a: Sequence[str], b: Sequence[str], before: int, after: int) -> Iterator[Sequence[Step]]:
    if len(a) <= COMPARED and len(b) <= COMPARED:
        yield from SequenceMatcher(None, a, b).get_grouped_opcodes(AROUND)
        return
    la, lb = len(a), len(b)
    whole = [
        ("equal", 0, before, 0, before),
        ("replace", before, la - after, before, lb - after),
        ("equal", la - after, la, lb - after, lb),
    ]
    yield [step for step in whole if step[1] < step[2] or step[3] < step[4]]


def _head(group: Sequence[Step], first: int) -> str:
    (_, a1, _, b1, _), (_, _, a2, _, b2) = group[0], group[-1]
    return f"@@ -{_range(first + a1, a2 - a1)} +{_range(first + b1, b2 - b1)} @@"


def _range(start: int, length: int) -> str:
    """As in unified diffs: an empty range is named by the line before it."""
    return f"{start + 1 if length else start},{length}"
