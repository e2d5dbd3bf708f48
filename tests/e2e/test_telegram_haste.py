"""People are sometimes quicker than Telegram's answer to us."""

from __future__ import annotations

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.phone import in_group
from tests.sims.telegram import Fault, Telegram

pytestmark = pytest.mark.wall_clock

LATE = Fault(200, handled=True, hang=0.5)  # the message stands, and its id is told half a second later


async def test_a_reply_to_a_question_whose_id_we_do_not_know_yet_answers_it(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        sim.fail("sendMessage", 3, LATE)
        topic.say("permission")
        question = await topic.wait(
            lambda: next((one for one in topic.messages if any("Allow" in label for label in one.labels)), None)
        )
        topic.say("echo rather this", reply_to=question)

        await topic.wait(lambda: not question.keyboard or None)
        await topic.sees("rather this")
        await eventually(lambda: house.prompts() == ["permission", "echo rather this"])
