"""The page attached to a Telegram session and to a Discord session at once: one daemon, both simulators, open tabs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.desk import Desk
from tests.e2e.house import PATIENCE, Daemon, House
from tests.e2e.phone import Phone
from tests.e2e.visitor import Visitor
from tests.sims.discord import Discord
from tests.sims.telegram import Telegram

pytestmark = pytest.mark.wall_clock

Place = Phone | Desk


@dataclass(frozen=True)
class Both:
    """One house, attached to both platforms."""

    house: House
    phone: Phone
    desk: Desk

    async def sessions(self, agent: str = "stub") -> tuple[Phone, Desk]:
        """A session in a topic, and one in a thread."""
        topic = await self.phone.new(f"{agent} .")
        thread = await self.desk.new(agent=agent)
        topic.say("echo hello telegram")
        thread.say("echo hello discord")
        await topic.sees("hello telegram")
        await thread.sees("hello discord")
        return topic, thread


@pytest.fixture
def both(sim: Telegram, discord: Discord, house: House) -> Both:
    alice, ann = sim.person("Alice"), discord.person("Ann")
    forum, guild = sim.forum("Work", alice), discord.guild("Team", ann)
    channel = discord.text_channel(guild, "agents")
    house.configure(
        "--resume",
        telegram={"token": sim.token, "api_base_url": sim.url, "chat_id": forum.id, "allowed_user_ids": [alice.id]},
        discord={
            "token": discord.token,
            "api_base_url": discord.url,
            "channel_id": channel.id,
            "allowed_user_ids": [ann.id],
        },
    )
    return Both(house, Phone(sim, alice, forum), Desk(discord, ann, guild, channel))


@asynccontextmanager
async def daemon(both: Both) -> AsyncIterator[Daemon]:
    """A daemon that is up on both."""
    async with both.house.daemon() as daemon:
        await both.phone.sim.wait_for(lambda: both.phone.sim.called("getUpdates"), PATIENCE)
        await both.desk.sim.until(lambda: both.desk.sim.commands, PATIENCE)
        yield daemon


async def session_called(tab: Visitor, title: str) -> str:
    """The id of the session in the sidebar whose title begins so."""
    rows = tab.rows or await tab.sidebar()
    (found,) = [row["id"] for row in rows if row["title"].startswith(title)]
    return str(found)


def has(place: Place, words: str) -> Callable[[], object]:
    return lambda: words in place.text or None


async def test_what_is_written_on_the_page_is_quoted_where_the_session_lives_and_nowhere_else(both: Both) -> None:
    async with daemon(both) as running:
        topic, thread = await both.sessions()
        async with running.tab() as one, running.tab() as other:
            await one.show(await session_called(one, "echo hello telegram"))
            await other.show(await session_called(other, "echo hello discord"))
            await one.send("echo from the page to telegram")
            await other.send("echo from the page to discord")
            quoted = await topic.sees("You, on the page")
            mirrored = await thread.sees("You, on the page")
            await topic.wait(has(topic, "from the page to telegram"))
            await thread.wait(has(thread, "from the page to discord"))
            await one.until(lambda: one.is_idle(2))
            await other.until(lambda: other.is_idle(2))

    assert "echo from the page to telegram" in quoted.text
    assert "> echo from the page to discord" in mirrored.text
    assert "discord" not in topic.text and "telegram" not in thread.text


async def test_the_page_lists_both_sessions_with_where_they_live_and_sees_what_is_written_there(both: Both) -> None:
    async with daemon(both) as running:
        topic, thread = await both.sessions()
        async with running.tab() as one, running.tab() as other:
            lived = {row["title"]: row["place"] for row in await one.sidebar()}
            assert lived == {"echo hello telegram": "Telegram", "echo hello discord": "Discord"}
            await one.show(await session_called(one, "echo hello telegram"))
            await other.show(await session_called(other, "echo hello discord"))
            topic.say("echo again telegram")
            thread.say("echo again discord")
            await one.until(lambda: "again telegram" in one.answer)
            await other.until(lambda: "again discord" in other.answer)

            assert [text for text, _ in one.said] == ["echo hello telegram", "echo again telegram"]
            assert [text for text, _ in other.said] == ["echo hello discord", "echo again discord"]


async def test_questions_that_are_answered_on_the_page_close_in_topic_and_thread(both: Both) -> None:
    async with daemon(both) as running:
        topic, thread = await both.phone.new("demo ."), await both.desk.new(agent="demo")
        topic.say("edit telegram.txt")
        thread.say("edit discord.txt")
        asked = [await _question(place) for place in (topic, thread)]
        async with running.tab() as tab:
            for title in ("edit telegram.txt", "edit discord.txt"):
                await tab.show(await session_called(tab, title))
                await tab.until(lambda: tab.questions)
                await tab.press("Allow")
                await tab.until(lambda: not tab.questions)
        await topic.wait(lambda: not asked[0].labels or None)
        await thread.wait(lambda: not asked[1].labels or None)

    assert all("on the page" in question.text for question in asked)


async def test_questions_that_are_answered_there_close_on_the_page(both: Both) -> None:
    async with daemon(both) as running:
        topic, thread = await both.phone.new("demo ."), await both.desk.new(agent="demo")
        topic.say("edit telegram.txt")
        thread.say("edit discord.txt")
        for place, title, who in ((topic, "edit telegram.txt", "Alice"), (thread, "edit discord.txt", "Ann")):
            await _question(place)
            async with running.tab(await _id(running, title)) as tab:
                await tab.until(lambda tab=tab: tab.questions)  # type: ignore[misc]
                await place.press("Allow")
                await tab.until(lambda tab=tab: not tab.questions)  # type: ignore[misc]
                (settled,) = tab.of("question")

                assert who in str(settled["settled"])
    assert {path.name for path in both.house.workspace.glob("*.txt")} == {"telegram.txt", "discord.txt"}


async def test_one_platform_that_is_away_keeps_nobody_from_the_other(both: Both) -> None:
    async with daemon(both) as running:
        topic, thread = await both.sessions()
        await both.desk.sim.down()
        async with running.tab(await _id(running, "echo hello discord")) as tab:
            await tab.send("echo unseen for now")
            await tab.until(lambda: tab.is_idle(2))
            topic.say("echo still here")
            await topic.sees("still here")
            await both.desk.sim.up()
            await thread.wait(has(thread, "unseen for now"))


async def _question(place: Place) -> Any:
    return await place.wait(
        lambda: next((one for one in place.messages if any("Allow" in label for label in one.labels)), None)
    )


async def _id(running: Daemon, title: str) -> str:
    async with running.tab() as tab:
        return await session_called(tab, title)
