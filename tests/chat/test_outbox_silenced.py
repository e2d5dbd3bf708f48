"""A chat in which the platform lets us say nothing: when it is tried again, and who hears of it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from openacp_bot.chat.pen import Forbidden
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.words import worded
from tests.chat.platform import FakePen
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual


@virtual
async def test_a_chat_that_is_closed_to_us_is_tried_again_soon_and_then_less_and_less_often() -> None:
    stage = Stage()
    stage.platform.fail("send", Forbidden("kicked"), n=8)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("One"), key="u1")
        await stage.all_settled(3600)

    tried = [when for when, _, _ in stage.platform.calls]
    assert [round(later - at, -1) for at, later in pairwise(tried)] == [30, 60, 120, 240, 480, 600, 600, 600]


@virtual
async def test_where_other_things_are_allowed_now_no_chat_stays_closed() -> None:
    stage = Stage()
    stage.platform.fail("send", Forbidden("kicked"), n=4)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("One"), key="u1")
        await asyncio.sleep(300)
        assert len(stage.platform.calls) == 4
        stage.outbox.restored()
        await stage.all_settled(5)


class ByThread(FakePen):
    """Each thread has a gate of its own, as in Discord."""

    def gate(self, where: ThreadRef) -> str:
        return f"chat:{where.topic or where.space}"


@virtual
async def test_what_waits_in_a_closed_thread_is_told_beside_it_once() -> None:
    stage = Stage()
    stage.pen = ByThread(stage.platform)
    place = await stage.place()
    assert place.ref is not None
    topic = place.ref.topic
    async with stage.running():
        stage.platform.closed_to_us.add(place.ref)
        await stage.start(place, "t1")
        await stage.ask(place, "t1", "q1")
        await stage.until(lambda: bool(stage.platform.texts()))
        await asyncio.sleep(300)
        told = worded("".join(stage.platform.texts("")))
        stage.platform.closed_to_us.clear()
        stage.outbox.restored()
        await stage.until(lambda: bool(stage.platform.texts(topic)))
    assert told == "❌ The bot may not write in the topic of “Title of p1”, where something waits: no rights"
    assert worded("".join(stage.platform.texts(""))) == told


@virtual
async def test_where_nothing_may_be_said_beside_a_closed_thread_either_nothing_of_it_is_said_later() -> None:
    stage = Stage()
    stage.pen = ByThread(stage.platform)
    place = await stage.place()
    assert place.ref is not None
    async with stage.running():
        stage.platform.closed_to_us |= {place.ref, GENERAL}
        await stage.turn(place, "Hi")
        await asyncio.sleep(20)
        stage.platform.closed_to_us.clear()
        stage.outbox.restored()
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi\n{END}"]
