"""`python -m tests.benchmarks [NAME …]`: all of them, or those whose names are given."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.standing import memory, start_to_ready
from tests.benchmarks.streaming import agent_room, first_byte, through_the_house
from tests.benchmarks.table import Row, printed

BENCHMARKS = {
    "start": start_to_ready,
    "memory": memory,
    "first-byte": first_byte,
    "streaming": through_the_house,
    "agent-room": agent_room,
}


async def measured(names: list[str]) -> list[Row]:
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async for row in BENCHMARKS[name](Path(folder) / name):
                print(f"… {row.name}: {row.value}", file=sys.stderr)
                rows.append(row)
    return rows


def main(names: list[str]) -> int:
    """0 if every aim is met."""
    if unknown := set(names) - set(BENCHMARKS):
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    rows = asyncio.run(measured(names or list(BENCHMARKS)))
    print(printed(rows))
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(
        f"\nload per processor: {busy:.2f}" + (" (busy: the values are worse than they need be)" if busy > 0.7 else "")
    )
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
