"""A file's change as coloured lines."""

from __future__ import annotations

from typing import Any

from openacp_bot.chat.diffs import change
from openacp_bot.core.model import Diff

SHOWN = 2000  # lines of one diff


def drawn_diff(diff: Diff) -> dict[str, Any]:
    """`lines` are (sign, text): + added, - removed, space unchanged, @ a gap. `left_out`: lines that are not shown."""
    made = change(diff)
    return {
        "path": diff.path,
        "new": made.is_new,
        "added": made.added,
        "removed": made.removed,
        "lines": [_signed(line) for line in made.shown[:SHOWN]],
        "left_out": max(0, len(made.shown) - SHOWN),
    }


def _signed(line: str) -> tuple[str, str]:
    sign, text = line[0], line[1:]
    return (sign, text.strip("@ ")) if sign == "@" else (sign, text)  # of a gap only the line numbers tell something
