"""The page before the real core: front door, manager and sessions over an agent in a test's hands."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from openacp_bot.adapters.web.adapter import WebAdapter
from openacp_bot.adapters.web.wire import Act, parse
from openacp_bot.core.commands.house import House
from openacp_bot.core.feed import Feed
from openacp_bot.core.hub import FrontDoor
from openacp_bot.core.inbound import Reply
from openacp_bot.core.manager import Manager
from openacp_bot.core.means import Means
from openacp_bot.core.ports import Recovered
from openacp_bot.http import HttpServer
from tests.fakes import FakeAgent, FakeLauncher, settings
from tests.memory_store import MemoryStore
from tests.web.stage import KEY


@dataclass
class LivedIn:
    """What a test has at hand. `settings.base_dir` is there; the agents are called fake and other."""

    server: HttpServer
    adapter: WebAdapter
    hub: FrontDoor
    manager: Manager
    store: MemoryStore
    launcher: FakeLauncher
    base: Path

    @property
    def agent(self) -> FakeAgent:
        return self.launcher.last

    async def new(self, title: str = "Work") -> str:
        """A session whose agent is up; its id."""
        count = len(self.launcher.agents)
        reply = await self._command("", "new", agent="fake", workspace=str(self.base))
        assert reply is not None and reply.session, reply
        await self._command(reply.session, "rename", title=title)
        await self.until_agents(count + 1)
        return reply.session

    async def _command(self, session: str, name: str, **values: str) -> Reply | None:
        """As the page says it."""
        act = parse(
            json.dumps({"op": "command", "id": str(uuid.uuid4()), "session": session, "name": name, "values": values})
        )
        assert isinstance(act, Act)
        return await self.hub.handle(act.inbound)

    async def until_agents(self, count: int) -> FakeAgent:
        """Once so many agents were launched in all; the newest."""
        async with asyncio.timeout(10):
            while len(self.launcher.agents) < count:  # noqa: ASYNC110 - lists have no events
                await asyncio.sleep(0.01)
        return self.agent

    async def until_asked(self, words: str) -> FakeAgent:
        """Once the newest agent was given a prompt with these words."""
        async with asyncio.timeout(10):
            while not any(words in prompt for prompt in self.agent.prompts):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        return self.agent


@asynccontextmanager
async def lived_in(tmp: Path) -> AsyncIterator[LivedIn]:
    """All of it running; at the end the sessions are stopped in order."""
    store, launcher, known = MemoryStore(time.time), FakeLauncher(), settings(tmp)
    feed = Feed(store, now=time.time)
    means = Means(store, store, launcher, feed, lambda: known, time.time)
    manager = Manager(means, free_mb=lambda: 10_000)
    house = House(means, manager, lambda: {"page": "up"}, "1.2.3", time.time())
    hub = FrontDoor(house)
    server = HttpServer(port=0)
    adapter = WebAdapter(server, KEY, "boot-1")
    feed.join(adapter)
    async with server.listening(), adapter.screen(), manager.running(Recovered((), (), ())):
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(adapter.listen(hub))
            await asyncio.sleep(0)
            yield LivedIn(server, adapter, hub, manager, store, launcher, known.base_dir)
            listening.cancel()
        async with asyncio.timeout(30):
            await manager.stop(0.0)
