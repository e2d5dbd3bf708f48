"""Long answers as one rich message: from a real agent to what people read."""

from __future__ import annotations

import pytest

from tests.e2e.house import House
from tests.e2e.phone import Phone, configure, in_group
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock

LAST_WORDS = "That is the end of the long answer."  # of the demo agent


async def test_a_long_answer_is_one_rich_message(sim: Telegram, house: House) -> None:
    general = in_group(sim, house, rich_messages=True)
    async with house.daemon():
        topic = await general.new("demo .")
        topic.say("long answer")
        answer = await topic.sees(LAST_WORDS)
        await topic.wait(lambda: "✅" in topic.text or None)

    assert answer.rich is not None
    kinds = {block["type"] for block in answer.rich["blocks"]}
    assert {"heading", "paragraph", "list", "table", "pre", "blockquote", "divider"} <= kinds
    assert topic.text.count("A long answer") == topic.text.count(LAST_WORDS) == 1


async def test_what_grew_as_a_text_turns_into_it(sim: Telegram, house: House) -> None:
    general = in_group(sim, house, rich_messages=True)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo # A heading; wait")
        answer = await topic.sees("A heading")
        assert answer.rich is None
        topic.say("/cancel")
        await topic.wait(lambda: answer.rich)

    assert answer.rich == {"blocks": [{"type": "heading", "text": "A heading", "size": 1}]}


async def test_in_a_private_chat_it_comes_after_the_drafts(sim: Telegram, house: House) -> None:
    alice = sim.person("Alice")
    configure(house, sim, alice, rich_messages=True)
    chat = Phone(sim, alice, sim.private(alice))
    async with house.daemon():
        chat.say("/new demo .")
        await chat.sees("New session")
        chat.say("long answer")
        answer = await chat.sees(LAST_WORDS)
        assert answer.rich and "✅" in answer.text and answer.rings


async def test_an_old_server_gets_all_of_it_as_texts(sim: Telegram, house: House) -> None:
    sim.rich_messages = False
    general = in_group(sim, house, rich_messages=True)
    async with house.daemon() as daemon:
        topic = await general.new("demo .")
        for _ in range(2):
            topic.say("long answer")
            await topic.wait(lambda: topic.text.count(LAST_WORDS) == topic.text.count("A long answer") or None)
        await topic.wait(lambda: topic.text.count(LAST_WORDS) == 2 or None)
        assert daemon.log.count("knows no rich messages") == 1

    assert not any(one.rich for one in topic.messages)
    assert sum("rich_message" in call.params for call in sim.calls) == 1
