"""One measured value, its aim, and how both are printed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`met` None: there is no aim, the value is for comparing."""

    name: str
    value: str
    aim: str = ""
    met: bool | None = None


def below(name: str, value: float, aim: float, unit: str) -> Row:
    return Row(name, f"{value:.3g} {unit}", f"< {aim:g} {unit}", value < aim)


def at_least(name: str, value: float, aim: float, unit: str) -> Row:
    return Row(name, f"{value:,.0f} {unit}", f">= {aim:,g} {unit}", value >= aim)


def plain(name: str, value: float, unit: str) -> Row:
    return Row(name, f"{value:.3g} {unit}")


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which this share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def printed(rows: Sequence[Row]) -> str:
    words = {True: "yes", False: "NO", None: ""}
    lines = [("what", "value", "aim", "met"), *((row.name, row.value, row.aim, words[row.met]) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
