"""The goodbye: what can be shown in time is shown, and nothing else is waited for."""

from __future__ import annotations

import asyncio

from openacp_bot.chat.pen import Forbidden, RetryAfter
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import ThreadRef
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual

OTHER = ThreadRef("chat", "-200")


def _now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_what_can_be_shown_in_time_is_shown() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.turn(place, "Hello")

    assert stage.platform.texts() == [f"Hello\n{END}"]


@virtual
async def test_a_gate_that_stays_closed_holds_up_nobody() -> None:
    stage = Stage()
    async with stage.running():
        await stage.held_up(100)
        await asyncio.sleep(1)
        await stage.outbox.reply(OTHER, Reply("Two"), key="u2")
        left = _now()

    assert _now() - left < 1
    assert stage.platform.texts() == ["Two"]


@virtual
async def test_a_chat_that_rests_and_a_card_that_was_put_off_hold_up_nobody() -> None:
    stage = Stage()
    place = await stage.place()
    stage.platform.fail("send", Forbidden("kicked"))
    async with stage.running():
        await stage.outbox.reply(OTHER, Reply("One"), key="u1")
        await stage.start(place, "t1")
        await stage.ask(place, "t1", "q1")
        del stage.questions["q1"]  # drawing it raises KeyError
        await asyncio.sleep(20)
        left = _now()

    assert _now() - left < 1


@virtual
async def test_a_gate_that_opens_in_time_is_waited_for() -> None:
    stage = Stage()
    stage.platform.fail("send", RetryAfter(5))
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("One"), key="u1")

    assert stage.platform.texts() == ["One"]


@virtual
async def test_leaving_can_be_hurried_while_it_waits() -> None:
    stage = Stage()

    async def hurry() -> None:
        await asyncio.sleep(10)
        stage.outbox.hurry()

    async with asyncio.TaskGroup() as group:
        async with stage.running(goodbye=100):
            await stage.held_up(50)
            group.create_task(hurry())
            left = _now()
        assert 10 <= _now() - left <= 12.1

    assert stage.platform.texts() == []


@virtual
async def test_leaving_can_be_hurried_before_it_begins() -> None:
    stage = Stage()
    async with stage.running(goodbye=100):
        await stage.held_up(5)
        stage.outbox.hurry()
        left = _now()

    assert _now() - left <= 2.1
