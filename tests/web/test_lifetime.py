"""Slow tabs, starting and stopping."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from openacp_bot.adapters.web.adapter import WebAdapter
from openacp_bot.core.events import (
    Notice,
    ToolCallChanged,
)
from openacp_bot.core.model import ToolCall
from openacp_bot.http import HttpServer
from tests.web.fake_hub import FakeHub, FakeSession
from tests.web.stage import KEY, Stage, stage

pytestmark = pytest.mark.wall_clock


async def test_a_tab_that_takes_nothing_is_closed_and_disturbs_nobody() -> None:
    async with stage(patience=0.3) as on:
        session = on.hub.make()
        impatient = aiohttp.ClientWSTimeout(ws_close=0.1)
        async with on.tab() as quick, on.browser() as client, client.ws_connect("/ws", timeout=impatient) as slow:
            await slow.send_str(f'{{"op":"watch","session":"{session.record.id}","boot":"","rev":0}}')
            await quick.watch(session.record.id)
            assert slow._conn is not None
            assert slow._conn.transport is not None
            await slow.receive()
            slow._conn.transport.pause_reading()  # a browser that hangs
            await _flood_until(on, session, lambda: len(on.adapter._tabs) == 1)
            on.hub.say(session, Notice("end", "end"), None)
            await quick.until(lambda: "n:end" in quick.items)

        assert quick.rev == session.rev


async def _flood_until(on: Stage, session: FakeSession, holds: Any) -> None:
    """Tool calls with large outputs, at most 200 MB of them."""
    async with asyncio.timeout(20):
        for number in range(2000):
            if holds():
                return
            on.hub.say(session, ToolCallChanged(ToolCall(str(number % 5), output=f"{number}" * 20_000)), "t1")
            await asyncio.sleep(0.01)
    raise AssertionError("the slow tab was not closed")


async def test_before_listening_requests_are_told_that_it_starts() -> None:
    server = HttpServer()
    WebAdapter(server, KEY, "boot")
    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        answer = await client.get("/", params={"key": KEY})

        assert answer.status == 503
        assert "starting" in await answer.text()


async def test_after_listening_tabs_still_see_but_cannot_act_and_are_told_to_come_back() -> None:
    hub = FakeHub()
    session = hub.make()
    server = HttpServer()
    adapter = WebAdapter(server, KEY, "boot")
    on = Stage(server, adapter, hub)
    async with server.listening(), hub.running(adapter.show):
        listening = asyncio.ensure_future(adapter.listen(hub))
        await asyncio.sleep(0)
        async with on.tab() as tab:
            async with adapter.screen():
                await tab.watch(session.record.id)
                listening.cancel()
                await asyncio.wait({listening})
                hub.say(session, Notice("1", "draining"), None)
                await tab.until(lambda: "n:1" in tab.items)
                await tab.act("send", session=session.record.id, text="too late")
                await tab.hear_op("stopping")
                async with aiohttp.ClientSession(server.url) as client:
                    answer = await client.get("/", params={"key": KEY})
                    assert (answer.status, "stopping" in await answer.text()) == (503, True)
                leaving = asyncio.ensure_future(_closed(tab.socket))
                await asyncio.sleep(0)
            assert await leaving == 1001

    assert hub.handled == []


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(5):
        while (await socket.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            pass
    return socket.close_code
