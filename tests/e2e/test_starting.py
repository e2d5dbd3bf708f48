"""The daemon as users start it, with nothing imported before: `house` elsewhere has a nursery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import in_guild
from tests.e2e.house import House
from tests.e2e.nursery import IMPORT_SECONDS
from tests.e2e.phone import in_group
from tests.sims.discord import Discord
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.clear_out()


async def test_telegram_is_answered_and_left_in_order(house: House, sim: Telegram) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        await sim.wait_for(lambda: sim.called("getUpdates"), IMPORT_SECONDS)
        topic = await general.new()
        topic.say("echo hello")
        await topic.sees("hello")
        daemon.ask_to_stop()

        assert await daemon.ended() == 0


async def test_discord_is_answered_and_left_in_order(house: House, discord: Discord) -> None:
    desk = in_guild(discord, house)
    async with house.daemon() as daemon:
        thread = await desk.new()
        thread.say("echo hello")
        await thread.sees("hello")
        daemon.ask_to_stop()

        assert await daemon.ended() == 0
