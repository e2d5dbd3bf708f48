"""Webhook mode from end to end: Telegram, a proxy, a real daemon and its agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from tests.e2e.house import Daemon, House, eventually
from tests.e2e.phone import Phone, in_group
from tests.sims.telegram import Telegram
from tests.sims.telegram.world import Json
from tests.telegram.house import free_port

pytestmark = pytest.mark.wall_clock

PUBLIC, PATH, SECRET = "https://bot.example.org", "/telegram/hook", "s3cret-of-the-hook"


@dataclass(frozen=True)
class Hooked:
    """A house whose Telegram brings what people write."""

    sim: Telegram
    house: House
    general: Phone
    port: int

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[Daemon]:
        """Once updates come."""
        before = len(self.sim.called("setWebhook"))
        async with self.house.daemon() as daemon:
            await self.sim.wait_for(lambda: len(self.sim.called("setWebhook")) > before)
            yield daemon

    async def bring(self, update: Json, secret: str = SECRET) -> int:
        """Somebody delivers an update; the status of the answer."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        url = f"http://127.0.0.1:{self.port}{PATH}"
        async with aiohttp.ClientSession() as client, client.post(url, json=update, headers=headers) as answer:
            return answer.status


@pytest.fixture
def hooked(sim: Telegram, house: House) -> Hooked:
    port = free_port()
    sim.proxy(PUBLIC, f"http://127.0.0.1:{port}")
    webhook = {"url": PUBLIC + PATH, "listen_port": port, "secret": SECRET}
    return Hooked(sim, house, in_group(sim, house, mode="webhook", webhook=webhook), port)


async def test_a_message_is_answered_before_and_after_a_kill(hooked: Hooked) -> None:
    async with hooked.daemon() as daemon:
        topic = await hooked.general.new()
        topic.say("echo by webhook")
        await topic.sees("by webhook")
        await topic.wait(lambda: "✅" in topic.text or None)
        daemon.kill()
    topic.say("echo said meanwhile")

    async with hooked.daemon():
        await topic.sees("said meanwhile")
        topic.say("echo said after")
        await topic.sees("said after")

    assert [text.count("by webhook") for text in hooked.house.prompts()].count(1) == 1
    assert not hooked.sim.called("getUpdates")


async def test_buttons_work(hooked: Hooked) -> None:
    async with hooked.daemon():
        topic = await hooked.general.new()
        topic.say("permission")
        await topic.press("Allow")

        await topic.wait(lambda: "✅" in topic.text or None)


async def test_what_is_delivered_twice_is_done_once(hooked: Hooked) -> None:
    async with hooked.daemon() as daemon:
        topic = await hooked.general.new()
        topic.say("echo once")
        await topic.sees("once")
        (update,) = (one for one in hooked.sim.delivered if one.get("message", {}).get("text") == "echo once")
        assert await hooked.bring(update) == 200
        daemon.kill()

    async with hooked.daemon():
        assert await hooked.bring(update) == 200
        topic.say("echo another")
        await topic.sees("another")

    assert hooked.house.prompts() == ["echo once", "echo another"]


async def test_who_does_not_know_the_secret_is_refused(hooked: Hooked) -> None:
    async with hooked.daemon() as daemon:
        topic = await hooked.general.new()
        topic.say("echo real")
        await topic.sees("real")
        (update,) = (one for one in hooked.sim.delivered if one.get("message", {}).get("text") == "echo real")
        forged = {"update_id": 1, "message": update["message"] | {"message_id": 999, "text": "echo forged"}}
        assert await hooked.bring(forged, secret="guess") == 403
        assert await hooked.bring(forged, secret="") == 403
        topic.say("echo next")
        await topic.sees("next")
        await eventually(lambda: "without the webhook's secret" in daemon.log)

    assert hooked.house.prompts() == ["echo real", "echo next"]


async def test_strangers_get_silence(hooked: Hooked) -> None:
    mallory = hooked.sim.person("Mallory")
    hooked.sim.join(hooked.general.chat, mallory)
    async with hooked.daemon() as daemon:
        topic = await hooked.general.new()
        topics = len(hooked.sim.topics(hooked.general.chat))
        hooked.sim.say(mallory, hooked.general.chat, "/new stub .")
        hooked.sim.say(mallory, hooked.sim.private(mallory), "hello?")
        await hooked.sim.wait_for(lambda: not hooked.sim.updates.waiting)
        await eventually(lambda: f"telegram:{mallory.id}" in daemon.log)
        topic.say("echo still here")
        await topic.sees("still here")

    assert not hooked.sim.sent(hooked.sim.private(mallory))
    assert len(hooked.sim.topics(hooked.general.chat)) == topics
    assert hooked.house.prompts() == ["echo still here"]


async def test_a_text_and_what_is_forwarded_with_it_are_one_prompt(hooked: Hooked) -> None:
    async with hooked.daemon():
        topic = await hooked.general.new()
        topic.say("echo source")
        source = await topic.sees("source")
        topic.say("what is this?")
        hooked.sim.forward(topic.user, source, topic.chat, topic=topic.topic)
        await eventually(lambda: len(hooked.house.prompts()) == 2)

    assert "what is this?" in hooked.house.prompts()[1] and "Forwarded from" in hooked.house.prompts()[1]
