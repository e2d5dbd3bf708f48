"""Waiting for the store, and looking around now and then."""

from __future__ import annotations

import asyncio

import pytest

from openacp_bot.chat.lookout import Lookout
from openacp_bot.chat.pauses import Pauses, until_done
from openacp_bot.core.errors import StoreError
from tests.virtual_time import virtual


def now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_what_cannot_be_done_now_is_done_again_after_pauses_that_grow_and_each_failure_is_told() -> None:
    at: list[float] = []
    told: list[str] = []
    began = now()

    async def deed() -> str:
        at.append(now() - began)
        if len(at) < 4:
            raise StoreError("the disk is full")
        return "done"

    assert await until_done(deed, Pauses(1, 3), lambda error: told.append(str(error))) == "done"
    assert at == pytest.approx([0, 1, 3, 6])
    assert told == ["the disk is full"] * 3


@virtual
async def test_a_bug_is_not_waited_out() -> None:
    async def deed() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await until_done(deed, Pauses(1, 3), lambda _: None)


@virtual
async def test_a_look_is_taken_when_asked_for_then_now_and_then_and_never_too_often() -> None:
    looks: list[float] = []
    began = now()

    async def look() -> None:
        looks.append(now() - began)

    lookout = Lookout(apart=10, recheck=3600)
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(lookout.run(look))
        await asyncio.sleep(100)
        assert looks == []
        for _ in range(3):
            lookout.again()
            await asyncio.sleep(1)
        await asyncio.sleep(97)
        assert looks == pytest.approx([100, 110])
        await asyncio.sleep(2 * 3600 + 100)
        assert looks == pytest.approx([100, 110, 110 + 3610, 110 + 2 * 3610])
        looking.cancel()
