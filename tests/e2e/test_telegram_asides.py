"""Answers that only the one who asked sees, from a real daemon."""

from __future__ import annotations

import pytest

from tests.e2e.house import House
from tests.e2e.phone import in_group
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


async def test_in_a_group_status_and_lists_are_for_who_asked(sim: Telegram, house: House) -> None:
    general = in_group(sim, house, ephemeral_answers=True)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo for everybody")
        answer = await topic.sees("for everybody")
        topic.say("/status")
        status = await topic.wait(lambda: next((one for one in topic.messages if one.receiver), None))
        general.say("/sessions")
        listed = await general.wait(lambda: next((one for one in general.messages if one.receiver), None))

    assert answer.receiver is None
    assert status.receiver is listed.receiver is general.user
    assert "stub" in status.text and "for everybody" in listed.text
