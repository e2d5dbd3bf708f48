"""What was spent at a gate, across restarts."""

from __future__ import annotations

import asyncio

from openacp_bot.chat.gate import Gate
from openacp_bot.chat.pen import Pace
from openacp_bot.chat.windows import UNNOTED, Windows
from tests.memory_store import MemoryStore
from tests.virtual_time import virtual

GROUP = Pace(20, 60.0)


def windows(store: MemoryStore, *, epoch: float) -> Windows:
    loop = asyncio.get_running_loop()
    return Windows("telegram", store, now=lambda: epoch + loop.time(), clock=loop.time)


@virtual
async def test_a_life_that_was_killed_goes_on_with_what_is_left() -> None:
    loop = asyncio.get_running_loop()
    store = MemoryStore(loop.time)
    first = windows(store, epoch=1_700_000_000.0)
    gate = Gate("telegram:-100", GROUP, loop.time)
    for _ in range(5):
        gate.ended(0)
        await asyncio.sleep(2)
        await first.keep(gate)

    second = windows(store, epoch=1_700_000_000.0)
    await second.load()
    past = second.past("telegram:-100")

    assert len(past) == 5 + UNNOTED
    assert all(abs(one - other) < 0.1 for one, other in zip(past, gate.ends, strict=False))


@virtual
async def test_after_a_minute_of_rest_nothing_counts() -> None:
    loop = asyncio.get_running_loop()
    store = MemoryStore(loop.time)
    first = windows(store, epoch=1_700_000_000.0)
    gate = Gate("telegram:-100", GROUP, loop.time)
    gate.ended(0)
    await first.keep(gate)
    await asyncio.sleep(70)

    second = windows(store, epoch=1_700_000_000.0)
    await second.load()

    assert Gate("telegram:-100", GROUP, loop.time, past=second.past("telegram:-100")).ends == ()


@virtual
async def test_a_first_start_has_all_of_it() -> None:
    store = MemoryStore(asyncio.get_running_loop().time)
    fresh = windows(store, epoch=0.0)
    await fresh.load()

    assert fresh.past("telegram:-100") == ()


@virtual
async def test_a_damaged_note_is_as_good_as_none() -> None:
    store = MemoryStore(asyncio.get_running_loop().time)
    await store.note("telegram", "window:telegram:-100", "{]")
    fresh = windows(store, epoch=0.0)
    await fresh.load()

    assert fresh.past("telegram:-100") == ()
