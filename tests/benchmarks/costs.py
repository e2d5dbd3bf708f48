"""What a process has used so far, as the kernel counts it."""

from __future__ import annotations

from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """Of all its threads, without its children."""
    # proc(5): schedstat counts nanoseconds, where stat counts hundredths of a second.
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def resident_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


def proportional_mb(pid: int) -> float:
    """What it holds for itself, and its share of what it shares."""
    return float(psutil.Process(pid).memory_full_info().pss) / MEGABYTE
