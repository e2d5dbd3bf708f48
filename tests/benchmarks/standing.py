"""A daemon that does little: its start, and its memory with no sessions, one and twenty."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.benchmarks.costs import cpu_seconds, proportional_mb, resident_mb
from tests.benchmarks.table import Row, below, median, plain
from tests.e2e.house import Daemon, House

STARTS = 5
SESSIONS = 20
SETTLE_SECONDS = 1.0  # allocators and caches come to rest


async def start_to_ready(folder: Path) -> AsyncIterator[Row]:
    house = House(folder)
    starts = [_one_start(house) for _ in range(STARTS)]
    yield below("start to ready, median of 5", median(seconds for seconds, _ in starts), 0.8, "s")
    yield plain("the same, CPU alone", median(cpu for _, cpu in starts), "s")


def _one_start(house: House) -> tuple[float, float]:
    """Seconds on the clock, which depend on what else runs here, and of CPU."""
    began = time.perf_counter()
    process = subprocess.Popen(house.command(), cwd=house.folder, env=house.environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as printed:
        line = printed.readline()
        seconds, cpu = time.perf_counter() - began, cpu_seconds(process.pid)
    process.terminate()
    assert line.startswith(b"ready") and process.wait() == 0
    return seconds, cpu


async def memory(folder: Path) -> AsyncIterator[Row]:
    house = House(folder)
    async with house.daemon() as daemon:
        await asyncio.sleep(SETTLE_SECONDS)
        pid = daemon.process.pid
        yield below("memory, idle, resident", resident_mb(pid), 70, "MB")
        yield plain("memory, idle, proportional", proportional_mb(pid), "MB")
        first = await _grown_by(daemon, 1)
        all_of_them = await _grown_by(daemon, SESSIONS - 1)
        yield plain("memory, 1 live session, resident", first, "MB")
        yield below("memory per further live session (1 to 20)", (all_of_them - first) / (SESSIONS - 1), 1, "MB")


async def _grown_by(daemon: Daemon, sessions: int) -> float:
    """Resident size after so many sessions more, each with a turn behind it."""
    for _ in range(sessions):
        async with daemon.tab() as tab:
            await tab.new_chat()
            await tab.send("hello; tool; plan")
            await tab.until(lambda tab=tab: tab.is_idle(1))  # type: ignore[misc]
    await asyncio.sleep(SETTLE_SECONDS)
    return resident_mb(daemon.process.pid)
