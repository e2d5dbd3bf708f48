"""A real daemon while Telegram, or the people in it, make trouble."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.house import PATIENCE, House, eventually
from tests.e2e.phone import Phone, configure, in_group
from tests.sims.telegram import BAD_GATEWAY, CONFLICT, SERVER_ERROR, UNAUTHORIZED, Telegram, refuse

pytestmark = pytest.mark.wall_clock


async def test_a_topic_deleted_during_a_turn_is_opened_anew_with_a_link(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        topic.say("echo before; permission; echo after")
        await topic.wait(lambda: next((one for one in topic.messages if one.labels), None))
        sim.delete_topic(general.chat, topic.topic)
        topic.sim.say(general.user, general.chat, "/status")
        await general.sees("Slots")
        question = next(press for press in general.chat.messages.values() if press.labels)
        assert question.deleted

        again = general.at(
            await general.wait(
                lambda: next(
                    (one for one in sim.topics(general.chat) if one not in (topic.topic,) and one.id != 1), None
                )
            )
        )
        await again.press("Allow")
        await again.sees("after")
        await general.sees("was deleted; it goes on in a new one")


async def test_a_bot_without_the_topic_right_says_what_to_tap(sim: Telegram, house: House) -> None:
    alice = sim.person("Alice")
    forum = sim.forum("Work", alice, rights=frozenset({"can_delete_messages"}))
    configure(house, sim, alice, chat=forum)
    general = Phone(sim, alice, forum)
    async with house.daemon() as daemon:
        general.say("/new stub .")
        refused = await general.sees("could not be opened")
        assert "Manage Topics" in refused.text
        assert refused.labels == ["Try again", "End"]
        assert "Manage Topics" in daemon.log

        sim.grant(forum, frozenset({"can_delete_messages", "can_manage_topics"}))
        await general.press("Try again")
        topic = general.at(await general.wait(lambda: next((one for one in sim.topics(forum) if one.id != 1), None)))
        topic.say("echo it works")
        await topic.sees("it works")


@pytest.mark.parametrize("fault", [SERVER_ERROR, BAD_GATEWAY], ids=["500", "502"])
async def test_server_errors_delay_an_answer_and_lose_nothing(sim: Telegram, house: House, fault: object) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new()
        for method in ("sendMessage", "editMessageText"):
            sim.fail(method, 3, fault)  # type: ignore[arg-type]
        topic.say("echo through the storm")
        await topic.sees("through the storm")
        await topic.wait(lambda: "✅" in topic.text or None)


async def test_the_service_is_away_at_the_start_and_later(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    await sim.down()
    async with house.daemon() as daemon:
        await asyncio.sleep(0.5)
        await sim.up()
        topic = await general.new()
        topic.say("echo one")
        await topic.sees("one")
        await sim.down()
        await asyncio.sleep(0.5)
        await sim.up()
        topic.say("echo two")
        await topic.sees("two")
        assert "Traceback" not in daemon.log


async def test_another_poller_and_a_refused_token_are_waited_out(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    sim.fail("getUpdates", 2, CONFLICT)
    async with house.daemon() as daemon:
        topic = await general.new()
        topic.say("echo still here")
        await topic.sees("still here")
        assert daemon.log.count("another program") == 1
    sim.fail("getMe", 1, UNAUTHORIZED)
    async with house.daemon() as daemon:
        await eventually(lambda: "@BotFather" in daemon.log)


async def test_files_go_in_and_out(sim: Telegram, house: House) -> None:
    general = in_group(sim, house)
    async with house.daemon():
        topic = await general.new("demo .")
        sim.send_file(general.user, general.chat, b"col\n1\n", name="data.csv", caption="help", topic=topic.topic)
        await topic.sees("✅")
        (stored,) = (house.workspace / ".openacp" / "uploads").rglob("*data.csv")
        assert stored.read_bytes() == b"col\n1\n"
        topic.say("image")
        await topic.wait(lambda: next((one for one in topic.messages if one.media), None))


async def test_a_server_that_knows_only_the_old_methods_is_enough(sim: Telegram, house: House) -> None:
    alice = sim.person("Alice")
    configure(house, sim, alice)
    chat = Phone(sim, alice, sim.private(alice))
    for method in ("sendMessageDraft", "setMyCommands", "getWebhookInfo", "sendChatAction"):
        sim.fail(method, 50, refuse(404, "Not Found: method not found"))
    async with house.daemon():
        chat.say("slow 5 0.3; echo and done")
        await chat.sees("and done")
        await chat.wait(lambda: "✅" in chat.text or None)


async def test_a_migrated_group_is_followed(sim: Telegram, house: House) -> None:
    alice = sim.person("Alice")
    old = sim.group("Plain", alice)
    configure(house, sim, alice, chat=old, general="all")
    chat = Phone(sim, alice, old)
    async with house.daemon():
        chat.say("echo small group")
        await chat.sees("small group")
        new = sim.migrate(old)
        moved = Phone(sim, alice, new)
        moved.say("echo grown up")
        await moved.sees("grown up")

    async with house.daemon():
        moved.say("echo after the restart")
        await moved.sees("after the restart")
    assert len(set(house.conversations())) == 1


@pytest.mark.parametrize("drain", [2 * PATIENCE, 0.1], ids=["during the drain", "during the goodbye"])
async def test_after_a_second_sigterm_an_answer_is_not_waited_for(sim: Telegram, house: House, drain: float) -> None:
    general = in_group(sim, house, drain_seconds=drain)
    async with house.daemon() as daemon:
        topic = await general.new()
        topic.say("echo begun; wait")
        await topic.sees("begun")
        sim.slow(2 * PATIENCE)
        daemon.ask_to_stop()
        await eventually(lambda: "stopping" in daemon.log)
        if drain < PATIENCE:
            await eventually(lambda: house.rows("SELECT 1 FROM prompts WHERE state = 'interrupted'"))
        daemon.ask_to_stop()

        async with asyncio.timeout(7):  # of the 10 seconds that cards have otherwise
            assert await daemon.ended() == 0
        assert "Traceback" not in daemon.log
    sim.slow(0)

    async with house.daemon():
        await topic.sees("nterrupted")
