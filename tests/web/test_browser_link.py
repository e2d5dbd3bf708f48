"""The page's connection in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.events import (
    TextChunk,
)
from openacp_bot.core.inbound import Message
from tests.web.browser import SCRIPTS, WITHOUT_CHROMIUM, log, opened, send
from tests.web.fake_hub import FakeHub
from tests.web.stage import KEY, stage

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]


async def test_a_lost_connection_comes_back_and_shows_everything_once(chromium: Browser) -> None:
    hub = FakeHub(SCRIPTS)
    session = hub.make("Work")
    async with stage(hub=hub) as on:
        port = on.server.port
        async with opened(chromium, on, session) as page:
            hub.say(session, TextChunk("1", "one "), "t")
            await expect(log(page)).to_contain_text("one")
            for tab in list(on.adapter._tabs):
                await tab._socket.close()  # as a proxy or a sleeping laptop does
            hub.say(session, TextChunk("1", "two "), "t")
            await expect(log(page)).to_have_text("one two")
            hub.say(session, TextChunk("1", "three"), "t")
            await expect(log(page)).to_have_text("one two three")
    assert port


async def test_a_restarted_daemon_is_found_again_and_gets_what_was_typed_meanwhile(chromium: Browser) -> None:
    hub = FakeHub(SCRIPTS)
    session = hub.make("Work")
    async with stage(hub=hub) as first:
        context = await chromium.new_context()
        page = await context.new_page()
        await page.goto(f"{first.server.url}/?key={KEY}")
        await page.goto(f"{first.server.url}/#/s/{session.record.id}")
        await send(page, "hello")
        await expect(log(page)).to_contain_text("You said: hello")
        await expect(page.get_by_text("sending…")).to_have_count(0)
        port = first.server.port
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    await send(page, "while you were away")
    await expect(page.get_by_text("sending…")).to_be_visible()

    async with stage(hub=hub, boot="boot-2", port=port):
        await expect(log(page)).to_contain_text("You said: while you were away", timeout=20_000)
        await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
        await expect(page.get_by_text("sending…")).to_have_count(0)
        await expect(log(page).get_by_text("You said: hello")).to_have_count(1)
        await context.close()

    assert [inbound.text for inbound in hub.handled if isinstance(inbound, Message)] == ["hello", "while you were away"]


async def test_a_full_disk_is_told_and_the_message_is_not_lost(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            on.hub.store_broken = True
            await send(page, "hello")
            await expect(page.get_by_text("The disk is full. Free some space.")).to_be_visible()
            on.hub.store_broken = False
            await expect(log(page)).to_contain_text("You said: hello")
            await expect(page.get_by_text("The disk is full. Free some space.")).to_be_hidden()
