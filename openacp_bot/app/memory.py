"""How much memory is left on this machine."""

from __future__ import annotations

from pathlib import Path


def free_mb() -> int | None:
    """Megabytes that can be used without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return None
