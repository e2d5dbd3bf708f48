"""A real server with the real adapter before the hub in memory, and a tab without a browser."""

from __future__ import annotations

import asyncio
import html
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from openacp_bot.adapters.web.adapter import WebAdapter
from openacp_bot.http import HttpServer
from tests.web.fake_hub import FakeHub, Script

KEY = "k" * 43


class Stage:
    """What a test has at hand."""

    def __init__(self, server: HttpServer, adapter: WebAdapter, hub: FakeHub) -> None:
        self.server = server
        self.adapter = adapter
        self.hub = hub

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client that was let in."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        async with aiohttp.ClientSession(self.server.url, cookie_jar=jar) as client:
            async with client.get("/", params={"key": KEY}) as answer:
                assert answer.status == 200
            yield client

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        async with self.browser() as client, client.ws_connect("/ws", max_msg_size=0) as socket:
            yield Tab(socket)


class Tab:
    """Does what the page's script does with the frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.items: dict[str, dict[str, Any]] = {}
        self.boot = ""
        self.rev = 0

    async def say(self, **saying: Any) -> None:
        await self.socket.send_str(json.dumps(saying))

    async def act(self, op: str, id: str = "", **saying: Any) -> str:
        id = id or str(uuid.uuid4())
        await self.say(op=op, id=id, **saying)
        return id

    async def hear(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next frame that fits; all on the way are taken in."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.receive_str())
                self._take(frame)
                if fits(frame):
                    return frame

    async def hear_op(self, op: str) -> dict[str, Any]:
        return await self.hear(lambda frame: frame["op"] == op)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until the frames heard so far make it true."""
        while not holds():
            await self.hear(lambda frame: True)

    async def watch(self, session: str, *, boot: str = "", rev: int = 0) -> None:
        """Until the tab has everything."""
        await self.say(op="watch", session=session, boot=boot, rev=rev)
        await self.hear(lambda frame: frame["op"] == "items" and "rev" in frame)

    def text(self, key: str) -> str:
        """What a reader sees of a growing item: rendered blocks and tail, as they are."""
        item = self.items.get(key, {})
        return "".join(item.get("blocks", [])) + str(item.get("tail", item.get("plain", "")))

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        match frame["op"]:
            case "welcome":
                self.boot = frame["boot"]
            case "items":
                if frame["reset"]:
                    self.items = {}
                for item in frame["items"]:
                    self._patch(item)
                self.rev = frame.get("rev", self.rev)

    def _patch(self, item: dict[str, Any]) -> None:
        known = self.items.get(item["key"], {})
        if "blocks" in item:
            kept = known.get("blocks", [])[: item["at"]]
            assert len(kept) == item["at"], "a delta follows what the tab has"
            item["blocks"] = kept + item["blocks"]
        if "from" in item:
            plain = known.get("plain", "") if item["from"] else ""
            if not item.get("skipped"):
                assert len(plain) + known.get("skipped", 0) * bool(item["from"]) == item["from"]
            item["plain"] = plain + item["more"]
        self.items[item["key"]] = item


@asynccontextmanager
async def stage(
    scripts: dict[str, Script] | None = None,
    *,
    boot: str = "boot-1",
    patience: float = 10.0,
    hub: FakeHub | None = None,
    port: int = 0,
) -> AsyncIterator[Stage]:
    """Server, adapter and hub, all running."""
    hub = hub or FakeHub(scripts)
    server = HttpServer(port=port)
    adapter = WebAdapter(server, KEY, boot, patience=patience)
    async with server.listening(), adapter.screen(), hub.running(adapter.show), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(adapter.listen(hub))
        await asyncio.sleep(0)
        yield Stage(server, adapter, hub)
        listening.cancel()


def words(drawn: str) -> str:
    """The text of drawn HTML, spaces made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", drawn)).split())


async def eventually(holds: Callable[[], bool]) -> None:
    """Waits for something that the hub in memory notes in a list."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - lists have no events
            await asyncio.sleep(0.01)
