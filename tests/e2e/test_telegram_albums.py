"""kill -9 in the middle of an album: it is one prompt all the same."""

from __future__ import annotations

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.phone import Phone, in_group
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


@pytest.mark.parametrize("come", [1, 2])
async def test_an_album_that_a_kill_cuts_in_two_is_one_prompt(come: int, sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon() as daemon:
        topic = await general.new()
        for number in range(come):
            _send(topic, number)
        await eventually(lambda: _parts(house) == come, "the first part of the album")
        daemon.kill()
    for number in range(come, 3):
        _send(topic, number)

    async with house.daemon():
        await topic.sees("✅")
    assert house.rows("SELECT json_array_length(files), state FROM prompts") == [(3, "ended")]
    assert len(house.prompts()) == 1


def _send(topic: Phone, number: int) -> None:
    """One of three photos, the first with the words."""
    words = "echo these three" if number == 0 else ""
    name, data = f"photo-{number}.jpg", b"photo %d" % number
    topic.sim.send_file(
        topic.user, topic.chat, data, "photo", name=name, caption=words, album="three", topic=topic.topic
    )


def _parts(house: House) -> int:
    """How many photos are stored, in a prompt that is still coming."""
    found = house.rows("SELECT json_array_length(files) FROM prompts WHERE state = 'gathering'")
    return sum(row[0] for row in found)
