"""Chunks on their whole way, from the agent's pipe to the socket of a browser."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from tests.agents.kit import launched
from tests.benchmarks.costs import cpu_seconds
from tests.benchmarks.table import Row, at_least, below, median, percentile, plain
from tests.e2e.house import ROOT, Daemon, House
from tests.e2e.visitor import Visitor

CROWDS = (1, 10, 50)
ROUNDS = 3
MOST_PER_SESSION = 1.25  # how much dearer a chunk may be among 50 sessions than alone, and still count as linear
SAMPLES = 40
BREATH = 0.1  # seconds between a turn's end and the next message: nobody types in a frame's time
STREAMS = {  # a session's prompt, and how many chunks it makes
    "word by word": ("slow 300 0.01", 300),  # 100 a second, as a fast model talks
    "as fast as it can": ("chunks 3000", 3000),
}


async def through_the_house(folder: Path) -> AsyncIterator[Row]:
    house = House(folder)
    house.configure(sessions={"max_concurrent_sessions": 60})
    async with house.daemon() as daemon, AsyncExitStack() as open_tabs:
        tabs: list[Visitor] = []
        costs: dict[str, list[float]] = {name: [] for name in STREAMS}
        for crowd in CROWDS:
            while len(tabs) < crowd:
                tabs.append(await _new_tab(daemon, open_tabs))
            for name, (prompt, chunks) in STREAMS.items():
                rounds = [await _cost(daemon, tabs, prompt) / (crowd * chunks) * 1000 for _ in range(ROUNDS)]
                costs[name].append(median(rounds))
                sessions = "1 session" if crowd == 1 else f"{crowd} sessions"
                yield plain(f"CPU per 1,000 chunks {name}, {sessions}", costs[name][-1] * 1000, "ms")
        for name, (alone, *_, crowded) in costs.items():
            yield below(f"  {name}: 50 sessions to 1, per chunk", crowded / alone, MOST_PER_SESSION, "times")


async def _new_tab(daemon: Daemon, open_tabs: AsyncExitStack) -> Visitor:
    """A session of its own in a tab of its own, warmed up."""
    tab = await open_tabs.enter_async_context(daemon.tab())
    await tab.new_chat()
    await _turn(tab, "hello")
    return tab


async def _cost(daemon: Daemon, tabs: list[Visitor], prompt: str) -> float:
    """CPU seconds of the daemon while every tab's session answers."""
    before = cpu_seconds(daemon.process.pid)
    async with asyncio.TaskGroup() as turns:
        for tab in tabs:
            turns.create_task(_turn(tab, prompt))
    return cpu_seconds(daemon.process.pid) - before


async def _turn(tab: Visitor, prompt: str) -> None:
    turns = len(tab.ends) + 1
    await tab.send(prompt)
    await tab.until(lambda: len(tab.ends) >= turns)


# --- the first words -------------------------------------------------------------------------------


async def first_byte(folder: Path) -> AsyncIterator[Row]:
    house = House(folder)
    metronome = {
        "command": sys.executable,
        "args": ["-m", "tests.benchmarks.metronome"],
        "env": {"PYTHONPATH": str(ROOT)},
    }
    house.configure(agents={"metronome": metronome})
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat("metronome")
        for name, prompt in (("after 0.2 s of thought", "pause 0.2; now"), ("at once", "now")):
            waits = [await _wait_for_first(tab, prompt) for _ in range(SAMPLES)]
            yield below(f"first chunk to the socket, {name}, median", median(waits), 20, "ms")
            yield below(f"first chunk to the socket, {name}, p95", percentile(waits, 0.95), 20, "ms")


async def _wait_for_first(tab: Visitor, prompt: str) -> float:
    """Milliseconds from the agent's write until the tab has read the frame."""
    turns = len(tab.ends) + 1
    await asyncio.sleep(BREATH)
    await tab.say(op="send", id=_id(), session=tab.session, text=prompt)
    frame = await tab.hear(lambda frame: bool(_ticks(frame)))
    heard = time.monotonic_ns()
    await tab.until(lambda: tab.is_idle(turns))
    return (heard - _ticks(frame)[-1]) / 1e6


def _ticks(frame: dict[str, object]) -> list[int]:
    return [int(tick) for tick in re.findall(r"@(\d+)@", str(frame.get("items", "")))]


def _id() -> str:
    return f"00000000-0000-0000-0000-{time.monotonic_ns():012x}"[:36]


# --- the agent room alone --------------------------------------------------------------------------


async def agent_room(folder: Path) -> AsyncIterator[Row]:
    chunks = 50_000
    async with launched(House(folder).workspace) as agent:
        rates = []
        for _ in range(ROUNDS):
            before = time.process_time()
            await agent.turn(f"chunks {chunks} and so on and on ")
            rates.append(chunks / (time.process_time() - before))
    yield at_least("agent room alone, chunks per CPU second", median(rates), 20_000, "")
