"""The list of what waits, as people have it on their screens: a press in it shows what is left."""

from __future__ import annotations

from functools import partial

import pytest

from tests.e2e import desk as desks
from tests.e2e import phone as phones
from tests.e2e.desk import Desk
from tests.e2e.house import House, eventually
from tests.e2e.phone import Phone
from tests.sims.discord import Discord
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock


async def test_a_press_in_the_private_list_of_discord_redraws_it(discord: Discord, house: House) -> None:
    desk = desks.in_guild(discord, house)
    async with house.daemon():
        thread = await desk.new()
        thread.say("echo begun; permission")
        await thread.sees("begun")
        await _queued(house, thread, "one", "two", "three")
        listed = await thread.run("queue").said()
        assert listed.ephemeral and "3 messages wait" in listed.text and "Remove 3" in listed.labels
        await desk.who.press(listed, "Remove 2").answered()
        await desk.wait(lambda: "Removed. 2 messages wait." in listed.text or None)
        assert "echo two" not in listed.text and "Remove 3" not in listed.labels
        await desk.who.press(listed, "Clear").answered()
        await desk.wait(lambda: "2 queued messages were not sent" in listed.text or None)
        assert listed.labels == ["Send again: echo one", "Send again: echo three"]

        await _queued(house, thread, "four", "five", "six", "seven", "eight")
        listed = await thread.run("queue").said()
        await desk.who.choose(listed, "Send now 2").answered()  # so many buttons are a menu
        await desk.wait(lambda: "Sending it now. 4 messages wait." in listed.text or None)
        assert "echo five" not in listed.text
        await eventually(lambda: house.prompts()[:3] == ["echo begun; permission", "echo five", "echo four"])


async def test_a_press_in_the_list_of_a_telegram_topic_redraws_it(sim: Telegram, house: House) -> None:
    general = phones.in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo begun; never")
        await topic.sees("begun")
        await _queued(house, topic, "one", "two", "three")
        topic.say("/queue")
        listed = await topic.sees("3 messages wait")
        await topic.press("Remove 2")
        await topic.wait(lambda: "Removed. 2 messages wait." in listed.text or None)
        assert "echo two" not in listed.text and "Remove 3" not in listed.labels
        await topic.press("Clear")
        await topic.wait(lambda: "2 queued messages were not sent" in listed.text or None)
        assert listed.labels == ["Send again: echo one", "Send again: echo three"]
        assert house.prompts() == ["echo begun; never"]


async def _queued(house: House, where: Desk | Phone, *texts: str) -> None:
    """They wait, in this order."""
    for count, text in enumerate(texts, start=1):
        where.say(f"echo {text}")
        await eventually(partial(_is_as_long, house, count), f"{text} in the queue")


def _is_as_long(house: House, count: int) -> bool:
    return len(house.rows("SELECT 1 FROM prompts WHERE state = 'queued'")) == count
