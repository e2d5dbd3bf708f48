"""`python -m tests.benchmarks [NAME …] [--sessions 1,5,20]`: all of them, or those whose names are given.

`telegram` takes about ten minutes, `discord` two; `--sessions` tells them how many are to stream at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path

from tests.benchmarks.discord import through_discord
from tests.benchmarks.standing import memory, start_to_ready
from tests.benchmarks.streaming import agent_room, first_byte, through_the_house
from tests.benchmarks.table import Row, printed
from tests.benchmarks.telegram import CROWDS, through_telegram

Benchmark = Callable[[Path], AsyncIterator[Row]]
BENCHMARKS: Mapping[str, Benchmark] = {
    "start": start_to_ready,
    "memory": memory,
    "first-byte": first_byte,
    "streaming": through_the_house,
    "agent-room": agent_room,
    "telegram": through_telegram,
    "discord": through_discord,
}


async def measured(benchmarks: Mapping[str, Benchmark]) -> list[Row]:
    rows = []
    for name, benchmark in benchmarks.items():
        with tempfile.TemporaryDirectory() as folder:
            async for row in benchmark(Path(folder) / name):
                print(f"… {row.name}: {row.value}", file=sys.stderr)
                rows.append(row)
    return rows


def main() -> int:
    """0 if every aim is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--sessions", type=_numbers, default=CROWDS, help="of telegram and discord, like 1,5,20")
    told = parser.parse_args()
    if unknown := set(told.names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}")
    crowded = {
        "telegram": partial(through_telegram, crowds=told.sessions),
        "discord": partial(through_discord, crowds=told.sessions),
    }
    known: dict[str, Benchmark] = {**BENCHMARKS, **crowded}
    rows = asyncio.run(measured({name: known[name] for name in told.names or known}))
    print(printed(rows))
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(
        f"\nload per processor: {busy:.2f}" + (" (busy: the values are worse than they need be)" if busy > 0.7 else "")
    )
    return 0 if all(row.met is not False for row in rows) else 1


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(int(word) for word in words.split(","))


if __name__ == "__main__":
    sys.exit(main())
