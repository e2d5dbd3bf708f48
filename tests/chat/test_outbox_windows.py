"""A platform that counts changes of messages apart from new ones."""

from __future__ import annotations

import asyncio

from openacp_bot.chat.pen import Pace
from openacp_bot.core.inbound import Reply
from tests.chat.platform import FakePen
from tests.chat.stage import GENERAL, Stage
from tests.virtual_time import virtual


class TwoWindows(FakePen):
    def pace(self, gate: str) -> Pace:
        return Pace(calls=4, per=60.0, reserve=1, edits=4)


@virtual
async def test_a_text_grows_on_while_new_messages_wait_and_nothing_is_drawn_without_end() -> None:
    stage = Stage()
    stage.pen = TwoWindows(stage.platform)
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "one")
        await stage.until(lambda: "one" in " ".join(stage.platform.texts()))
        for number in range(8):
            await stage.outbox.reply(GENERAL, Reply(f"Reply {number}"), key=f"u{number}")
        await stage.until(lambda: sum("Reply" in text for text in stage.platform.texts()) == 3)
        drawn = stage.drawn
        stage.say(place, "t1", " two")
        took = await stage.until(lambda: "two" in " ".join(stage.platform.texts()))
        await asyncio.sleep(20)

        assert took < 25
        assert sum("Reply" in text for text in stage.platform.texts()) == 3
        assert stage.drawn - drawn < 40
