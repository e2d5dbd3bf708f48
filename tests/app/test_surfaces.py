"""The chat platforms of a real daemon: their libraries are imported only where their section is configured."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, eventually

pytestmark = pytest.mark.wall_clock

NOWHERE = "http://127.0.0.1:9"
TELEGRAM = {"telegram": {"token": "123:abc", "allowed_user_ids": [7], "api_base_url": NOWHERE}}
DISCORD = {"discord": {"token": "abc.DEF-123", "allowed_user_ids": [10**17], "api_base_url": f"{NOWHERE}/v10"}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.clear_out()


def imported(log: str) -> set[str]:
    """The packages whose import Python has told of (`-X importtime`)."""
    lines = (line for line in log.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("sections", "libraries"), [({}, set()), (TELEGRAM, {"aiogram"}), (DISCORD, {"discord"})], ids=str
)
async def test_a_platforms_library_is_imported_only_where_it_is_configured(
    house: House, sections: dict[str, Any], libraries: set[str]
) -> None:
    house.configure(**sections)
    async with house.daemon({"PYTHONPROFILEIMPORTTIME": "1"}) as daemon:
        for name in sections:
            await eventually(lambda name=name: f"{name.title()} cannot be reached" in daemon.log)  # type: ignore[misc]
        daemon.ask_to_stop()
        assert await daemon.ended() == 0
        known = imported(daemon.log)

    assert "aiosqlite" in known
    assert known & {"aiogram", "discord"} == libraries


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"telegram": {**TELEGRAM["telegram"], "allowed_user_ids": []}}, TELEGRAM, ["Telegram"]),
        ({}, {**TELEGRAM, **DISCORD}, ["Telegram", "Discord"]),
        ({}, {}, []),
    ],
)
async def test_a_reload_says_what_stays_off_until_a_restart(
    house: House, before: dict[str, Any], after: dict[str, Any], names: list[str]
) -> None:
    house.configure(**before)
    async with house.daemon() as daemon:
        house.configure(**after)
        daemon.process.send_signal(signal.SIGHUP)
        await eventually(lambda: "was reloaded" in daemon.log)

        said = re.findall(r"WARNING openacp_bot.app.daemon: (\w+) is off until a restart", daemon.log)
        assert said == names
