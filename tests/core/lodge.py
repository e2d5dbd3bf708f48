"""The core of the daemon on virtual time: real hub, manager and sessions, with a fake agent, store and screen."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from openacp_bot.core.commands.house import House
from openacp_bot.core.events import Event, Notice, Outcome, Said, TextChunk, TurnEnded
from openacp_bot.core.feed import Feed
from openacp_bot.core.hub import FrontDoor
from openacp_bot.core.inbound import Command, Edited, Ground, Message, Origin, Pressed, Reply
from openacp_bot.core.manager import Manager
from openacp_bot.core.means import Means
from openacp_bot.core.model import Phase, SessionRecord, ThreadRef, UserRef
from openacp_bot.core.ports import Recovered
from openacp_bot.core.session import Session
from openacp_bot.core.settings import Settings
from tests.fakes import FakeAgent, FakeFiles, FakeLauncher, FakeScreen, settings
from tests.memory_store import MemoryStore
from tests.virtual_time import settle

YOU = UserRef("web", "local", "you")
KEYS = itertools.count()


@dataclass
class Lodge:
    """What a test holds: doors to everything, and short words for what people do."""

    settings: Settings
    store: MemoryStore
    launcher: FakeLauncher
    screen: FakeScreen
    manager: Manager
    hub: FrontDoor
    files: FakeFiles
    free_mb: int | None = 10_000
    told: asyncio.Event = field(default_factory=asyncio.Event)  # what was missed

    # --- what people do --------------------------------------------------------------------------

    def origin(self, session: str | None = None, *, who: UserRef = YOU, key: str = "", topic: str = "") -> Origin:
        where = ThreadRef(who.adapter, "page", topic or session or "")
        dialogs = who.adapter == "web"
        return Origin(
            key or f"key-{next(KEYS)}",
            where,
            who,
            self.now(),
            session=session,
            dialogs=dialogs,
            ground=Ground.NONE if dialogs else Ground.TOPIC,
        )

    async def new(self, line: str = "fake .", **changes: object) -> str:
        """Start a session by /new and let it come up; its id."""
        reply = await self.command("new", line)
        assert reply is not None and reply.session, reply
        await self.pass_time(1)
        return reply.session

    async def command(self, name: str, args: str = "", session: str | None = None, **values: str) -> Reply | None:
        who = YOU
        return await self.hub.handle(Command(self.origin(session, who=who), name, args, values))

    async def send(
        self, session: str, text: str, *, key: str = "", who: UserRef = YOU, answers: str = ""
    ) -> Reply | None:
        origin = self.origin(session, key=key, who=who)
        reply = await self.hub.handle(Message(origin, origin.key, text, answers=answers))
        await settle()
        return reply

    async def edit(self, message: str, session: str, text: str | None) -> Reply | None:
        return await self.hub.handle(Edited(self.origin(session), message, text))

    async def press(self, token: str, *, who: UserRef = YOU, session: str | None = None, **values: str) -> Reply | None:
        reply = await self.hub.handle(Pressed(self.origin(session, who=who), token, values))
        await settle()
        return reply

    # --- what can be seen ------------------------------------------------------------------------

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def agent(self) -> FakeAgent:
        return self.launcher.last

    def live(self, id: str) -> Session:
        session = self.manager.live(id)
        assert session is not None, "the session sleeps"
        return session

    async def record(self, id: str) -> SessionRecord:
        record = await self.store.session(id)
        assert record is not None
        return record

    def phase(self, id: str) -> Phase:
        return self.manager.phase(id)

    def notices(self) -> list[Notice]:
        return [event for event in self.screen.events(Notice) if isinstance(event, Notice)]

    def ends(self) -> list[Outcome]:
        return [event.outcome for event in self.screen.events(TurnEnded) if isinstance(event, TurnEnded)]

    def text(self) -> str:
        return "".join(event.text for event in self.screen.events(TextChunk) if isinstance(event, TextChunk))

    async def history(self, id: str) -> list[Event]:
        return [item.event for item in (await self.store.history(id)).items]

    # --- time ------------------------------------------------------------------------------------

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await settle()


@asynccontextmanager
async def lodge(
    tmp: Path,
    *,
    store: MemoryStore | None = None,
    launcher: FakeLauncher | None = None,
    recovered: Recovered | None = None,
    has_told: bool = True,
    **changes: object,
) -> AsyncIterator[Lodge]:
    """A running core; at the end it is stopped in order, and no task may be left."""
    loop = asyncio.get_running_loop()
    store = store or MemoryStore(loop.time)
    launcher, screen, files = launcher or FakeLauncher(), FakeScreen(), FakeFiles()
    known = settings(tmp, **changes)
    lodging: Lodge
    feed = Feed(store, now=loop.time)
    feed.join(screen)

    async def caught_up(surface: str) -> None:
        await lodging.told.wait()

    means = Means(store, store, launcher, feed, lambda: lodging.settings, loop.time, files.fetch, caught_up)
    manager = Manager(means, free_mb=lambda: lodging.free_mb)
    house = House(means, manager, lambda: {"page": "up"}, "1.2.3", loop.time())
    lodging = Lodge(known, store, launcher, screen, manager, FrontDoor(house), files)
    recovered = recovered or Recovered((), (), ())
    if has_told:
        lodging.told.set()
    async with manager.running(recovered):
        await settle()
        yield lodging
        async with asyncio.timeout(200):
            await manager.stop(0.0)
    assert not launcher.running


def changed(settings: Settings, **sessions: object) -> Settings:
    """The settings with other session limits."""
    return replace(settings, sessions=replace(settings.sessions, **sessions))  # type: ignore[arg-type]


def turn_of(said: list[Said]) -> str:
    """The turn of the newest event that has one."""
    return next(one.turn for one in reversed(said) if one.turn)


def queued(core: Lodge, id: str) -> list[str]:
    """What waits in a live session, in order."""
    return [prompt.text for prompt in core.live(id).queue]
