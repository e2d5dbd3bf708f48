"""A file's change as coloured lines."""

from __future__ import annotations

import difflib
from typing import Any

from openacp_bot.core.model import Diff

COMPARED = 3000  # lines on each side that are compared line by line; difflib is quadratic in what differs
SHOWN = 2000  # lines of one diff
AROUND = 3


def drawn_diff(diff: Diff) -> dict[str, Any]:
    """`lines` are (sign, text): + added, - removed, space unchanged, @ a gap. `left_out`: lines that are not shown."""
    old = [] if diff.old is None else diff.old.splitlines()
    new = diff.new.splitlines()
    lines = _changes(old, new)
    return {
        "path": diff.path,
        "new": diff.old is None,
        "added": sum(sign == "+" for sign, _ in lines),
        "removed": sum(sign == "-" for sign, _ in lines),
        "lines": lines[:SHOWN],
        "left_out": max(0, len(lines) - SHOWN),
    }


def _changes(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    if len(old) > COMPARED or len(new) > COMPARED:
        return _replaced(old, new)
    lines = difflib.unified_diff(old, new, lineterm="", n=AROUND)
    found = [(line[0], line[1:]) for index, line in enumerate(lines) if index > 1]  # behind --- and +++
    # A gap at the very start says nothing, and of the others only the line numbers do.
    return [
        ("@", text.strip("@ ")) if sign == "@" else (sign, text) for sign, text in found[_leading_gap(old, found) :]
    ]


def _leading_gap(old: list[str], found: list[tuple[str, str]]) -> int:
    return 1 if found and (not old or found[0][1].startswith("@ -1,")) else 0


def _replaced(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    """A diff of a huge file: what stands between the common beginning and the common end."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before = [(" ", line) for line in old[max(0, start - AROUND) : start]]
    removed = [("-", line) for line in old[start : len(old) - end]]
    added = [("+", line) for line in new[start : len(new) - end]]
    after = [(" ", line) for line in old[len(old) - end :][:AROUND]]
    return [*before, *removed, *added, *after]
