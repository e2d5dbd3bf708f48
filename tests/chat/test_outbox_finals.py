"""Many sessions in one group: no flood, and all answers stand about as soon as the limit lets them."""

from __future__ import annotations

import asyncio

import pytest

from tests.chat.stage import END, Stage
from tests.virtual_time import virtual


@pytest.mark.parametrize("lanes", [1, 5, 20])
def test_finals_stand_within_the_bound(lanes: int) -> None:
    @virtual
    async def run() -> None:
        stage = Stage()
        places = [await stage.place(f"p{number}") for number in range(lanes)]
        async with stage.running(goodbye=0):
            await asyncio.sleep(60)
            for place in places:
                await stage.start(place, f"t-{place.id}")
            for second in range(20):
                for place in places:
                    stage.say(place, f"t-{place.id}", f"{second:02} ")
                await asyncio.sleep(1)
            before = list(stage.platform.calls)
            for place in places:
                stage.end(place, f"t-{place.id}")
            ended = asyncio.get_running_loop().time()
            seconds = await stage.all_settled(1000)
            needed = len(stage.platform.calls) - len(before)

        bound = _bound([at for at, _, _ in before], ended, needed)
        assert stage.platform.floods == 0
        assert seconds <= 1.15 * bound + 0.3 * needed + 1
        whole = " ".join(f"{second:02}" for second in range(20))
        for place in places:
            assert place.ref is not None
            texts = stage.platform.texts(place.ref.topic)
            assert " ".join(texts).replace("\n", " ").split() == [*whole.split(), *END.split()]

    run()


def _bound(spent: list[float], now: float, needed: int) -> float:
    """When the last of the calls could be made at the earliest."""
    calls = list(spent)
    for _ in range(needed):
        recent = calls[-20] if len(calls) >= 20 else float("-inf")
        calls.append(max(now, recent + 60))
    return calls[-1] - now
