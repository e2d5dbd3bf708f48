"""What a person does, over real WebSockets."""

from __future__ import annotations

import asyncio
import uuid

import aiohttp
import pytest

from openacp_bot.core.inbound import Command, Message, Pressed
from openacp_bot.core.model import ThreadRef, UserRef
from tests.web.stage import Stage

pytestmark = pytest.mark.wall_clock


async def test_a_message_reaches_the_hub_with_its_origin_and_is_acknowledged(on: Stage) -> None:
    session = on.hub.make("One")
    async with on.tab() as tab:
        id = await tab.act("send", session=session.record.id, text="hello")
        done = await tab.hear_op("done")

    assert done == {"op": "done", "id": id, "reply": None}
    (message,) = on.hub.handled
    assert isinstance(message, Message)
    assert (message.id, message.text) == (id, "hello")
    assert message.origin.key == f"web:{id}"
    assert message.origin.who == UserRef("web", "local", "you")
    assert message.origin.where == ThreadRef("web", "page", session.record.id)
    assert message.origin.session == session.record.id


async def test_commands_and_presses_carry_their_values(on: Stage) -> None:
    async with on.tab() as tab:
        await tab.act("command", name="new", values={"agent": "demo"})
        created = await tab.hear_op("done")
        await tab.act("press", session="x", token="nobody.1", values={"name": "a"})
        pressed = await tab.hear_op("done")

    command, press = on.hub.handled
    assert isinstance(command, Command)
    assert (command.name, dict(command.values), command.origin.session) == ("new", {"agent": "demo"}, None)
    assert isinstance(press, Pressed)
    assert (press.token, dict(press.values)) == ("nobody.1", {"name": "a"})
    assert created["reply"]["session"] in on.hub.sessions
    assert pressed["reply"]["refused"] is True


async def test_a_repeated_action_is_done_once_and_answered_alike(on: Stage) -> None:
    id = str(uuid.uuid4())
    replies = []
    for _ in range(2):  # the second after a broken connection
        async with on.tab() as tab:
            await tab.act("command", id, name="new", values={})
            replies.append((await tab.hear_op("done"))["reply"]["session"])

    assert replies[0] == replies[1] != ""
    assert len(on.hub.handled) == len(on.hub.sessions) == 1


async def test_what_could_not_be_stored_is_not_acknowledged_and_can_be_repeated(on: Stage) -> None:
    session = on.hub.make()
    on.hub.store_broken = True
    async with on.tab() as tab:
        id = await tab.act("send", session=session.record.id, text="hello")
        trouble = await tab.hear(lambda frame: frame["op"] in ("trouble", "done"))
        assert trouble == {"op": "trouble", "id": id, "text": "The disk is full. Free some space."}

        on.hub.store_broken = False
        await tab.act("send", id, session=session.record.id, text="hello")
        assert (await tab.hear_op("done"))["id"] == id


async def test_a_bug_in_one_action_is_answered_and_the_tab_lives_on(
    on: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.act("command", session=session.record.id, name="verbosity", values={"level": "none such"})
        assert (await tab.hear_op("done"))["reply"]["refused"] is True
        await tab.act("command", session=session.record.id, name="pin")
        assert (await tab.hear_op("done"))["reply"]["refused"] is False

    assert "none such" in caplog.text


@pytest.mark.parametrize(
    "saying",
    [
        "no json",
        "[]",
        '{"op":"dance"}',
        '{"op":"send","id":"1","text":"x"}',
        '{"op":"send","id":5,"text":"x"}',
        '{"op":"list","group":"all","limit":5}',
        '{"op":"older","session":"x","before":-1}',
        "[" * 100_000,
    ],
)
async def test_a_tab_that_talks_nonsense_is_closed(on: Stage, saying: str) -> None:
    async with on.tab() as tab:
        await tab.socket.send_str(saying)
        async with asyncio.timeout(10):
            while (await tab.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        assert tab.socket.close_code == 1003
    assert on.hub.handled == []
