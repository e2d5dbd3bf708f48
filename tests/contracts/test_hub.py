"""The promises of core.ports.Hub, over every store.

An implementation joins by a context manager in HUBS that opens a hub over records and transcript.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from openacp_bot.core.commands.house import House
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import PromptChanged
from openacp_bot.core.feed import Feed
from openacp_bot.core.hub import FrontDoor
from openacp_bot.core.inbound import (
    Command,
    Edited,
    Ground,
    Inbound,
    Message,
    Origin,
    PlaceReported,
    Pressed,
    Reply,
    Report,
)
from openacp_bot.core.manager import Manager
from openacp_bot.core.means import Means
from openacp_bot.core.model import FileRef, ThreadRef, UserRef, Wanted
from openacp_bot.core.ports import Hub, Recovered
from openacp_bot.core.settings import AccessList
from openacp_bot.core.views import (
    CommandMenu,
    Conversation,
    Health,
    History,
    NewChatChoices,
    OneSession,
    OneTurn,
    Query,
    Sessions,
)
from tests.contracts.conftest import Kept
from tests.contracts.values import NOW
from tests.fakes import FakeLauncher, FakeScreen, settings

YOU = UserRef("web", "local", "you")
STRANGER = UserRef("telegram", "666")
PERSON = UserRef("telegram", "1", "Alice")
SURFACE = UserRef("telegram", "")
KEYS = itertools.count(1)
STARTING = 60.0  # seconds that an agent takes here: whoever waits for it, waits too long


@dataclass(frozen=True)
class Door:
    """A hub, and what is behind it."""

    hub: Hub
    kept: Kept
    screen: FakeScreen

    def origin(self, session: str | None = None, *, who: UserRef = YOU, key: str = "") -> Origin:
        where = ThreadRef(who.adapter, "page", session or "")
        return Origin(key or f"key-{next(KEYS)}", where, who, NOW, session=session, dialogs=True)

    async def command(self, name: str, args: str = "", session: str | None = None, *, key: str = "") -> Reply | None:
        return await self.hub.handle(Command(self.origin(session, key=key), name, args))

    async def send(self, session: str, text: str, *, key: str = "") -> Reply | None:
        return await self.hub.handle(Message(self.origin(session, key=key), f"m-{next(KEYS)}", text))

    async def new(self) -> str:
        reply = await self.command("new", "fake .")
        assert reply is not None and reply.session
        return reply.session


OpenHub: TypeAlias = Callable[[Kept, Path], AbstractAsyncContextManager[Door]]


@asynccontextmanager
async def front_door(kept: Kept, folder: Path) -> AsyncIterator[Door]:
    known, screen = settings(folder, access={"telegram": AccessList(users=frozenset({"1"}))}), FakeScreen()
    feed = Feed(kept.transcript, now=lambda: NOW)
    feed.join(screen)
    launcher = FakeLauncher(delay=STARTING)
    means = Means(kept.records, kept.transcript, launcher, feed, lambda: known, lambda: NOW)
    manager = Manager(means, free_mb=lambda: 10_000)
    house = House(means, manager, lambda: {"page": "up"}, "1.2.3", NOW)
    async with manager.running(Recovered((), (), ())):
        yield Door(FrontDoor(house), kept, screen)
        await manager.stop(0.0)


HUBS: dict[str, OpenHub] = {"front door": front_door}


@pytest.fixture(params=list(HUBS))
async def door(request: pytest.FixtureRequest, kept: Kept, tmp_path: Path) -> AsyncIterator[Door]:
    async with HUBS[request.param](kept, tmp_path) as door:
        yield door


def everything(session: str = "s1", who: UserRef = YOU) -> list[Inbound]:
    """One of each inbound, and some that make no sense."""
    origin = Origin("", ThreadRef(who.adapter, "page"), who, NOW, session=session, dialogs=True)
    inbounds: list[Inbound] = [
        Message(origin, "1", "hello"),
        Message(origin, "2", ""),
        Message(origin, "3", "/nonsense"),
        Message(origin, "4", "/new a b c d e"),
        Message(origin, "5", "x" * 200_001),
        Message(origin, "6", "answer", answers="no such question"),
        Edited(origin, "1", "changed"),
        Edited(origin, "no such message", None),
        Command(origin, "nonsense"),
        Command(origin, "", "", {"a": "b"}),
        Command(origin, "new", "'"),
        Command(origin, "rename", "", {"title": "T"}),
        Pressed(origin, "no-such-menu.0"),
        Pressed(origin, ""),
        *(PlaceReported(origin, what, "no such place", ThreadRef("telegram", "-2")) for what in Report),
        *(PlaceReported(origin, what, "") for what in Report),
        Message(origin, "7", "", files=(FileRef("telegram", "f", "../a.txt"),)),
        Message(origin, "8", "one of many", album="x"),
        Message(origin, "9", "not for us", addressed=False),
        Command(replace(origin, sent=0.0), "cancel"),
    ]
    return [replace(one, origin=replace(origin, key=f"every-{next(KEYS)}")) for one in inbounds]


async def test_nothing_waits_for_an_agent(door: Door) -> None:
    """A minute would fail this: the agents of this suite take one to start."""
    async with asyncio.timeout(30):
        session = await door.new()
        assert await door.send(session, "hello") is None
        for name in ("status", "cancel", "queue", "finish"):
            assert await door.command(name, session=session) is not None


@pytest.mark.parametrize("there", [True, False], ids=["in a session", "in none"])
async def test_what_cannot_be_done_is_a_reply_and_never_raised(door: Door, there: bool) -> None:
    session = await door.new() if there else "no-such-session"
    for inbound in everything(session):
        reply = await door.hub.handle(inbound)
        assert reply is None or reply.text


async def test_strangers_get_silence_and_leave_no_trace(door: Door) -> None:
    session = await door.new()
    said = len(door.screen.said)
    for inbound in everything(session, STRANGER):
        assert await door.hub.handle(inbound) is None
        assert not await door.kept.records.seen(inbound.origin.key)

    assert len(door.screen.said) == said


async def test_the_same_key_is_handled_once_and_answered_alike(door: Door) -> None:
    first = await door.command("new", "fake .", key="k")
    assert first is not None
    assert await door.command("new", "fake .", key="k") == first
    at_once = await asyncio.gather(*(door.send(first.session, "hello", key="m") for _ in range(5)))

    assert at_once == [at_once[0]] * 5
    assert [prompt.text for prompt in await door.kept.records.queued(first.session)] == ["hello"]
    assert len(await door.kept.records.sessions_like("")) == 1


@pytest.mark.parametrize("key", ["effect", "no effect"])
async def test_what_was_handled_is_remembered_by_the_store(door: Door, key: str, tmp_path: Path) -> None:
    session = await door.new()
    said = await (door.send(session, "hello", key=key) if key == "effect" else door.command("help", key=key))
    assert await door.kept.records.seen(key)
    async with front_door(door.kept, tmp_path) as after_a_restart:
        assert await after_a_restart.send(session, "hello", key=key) == said

    assert len(await door.kept.records.queued(session)) == (1 if key == "effect" else 0)


async def test_a_button_does_what_it_says_and_unknown_ones_are_told(door: Door) -> None:
    session = await door.new()
    await door.send(session, "one")
    listed = await door.command("queue", session=session)
    assert listed is not None and listed.rows
    removed = await door.hub.handle(Pressed(door.origin(session), listed.rows[0].choices[1].token))
    assert removed is not None and removed.text == "Removed. The queue is empty."
    unknown = await door.hub.handle(Pressed(door.origin(session), "nonsense.7"))

    assert unknown is not None and unknown.refused
    assert not await door.kept.records.queued(session)


async def test_looking_shows_what_was_done_and_changes_nothing(door: Door) -> None:
    session = await door.new()
    await door.send(session, "one")
    said = list(door.screen.said)
    queries: list[Query[Any]] = [Sessions(), OneSession(session), History(session), CommandMenu(session)]
    for query in [*queries, NewChatChoices(), Health()]:
        assert await door.hub.look(query, YOU) == await door.hub.look(query, YOU)
    seen = await door.hub.look(OneSession(session), YOU)

    assert [prompt.text for prompt in seen.queue] == ["one"]
    assert (await door.hub.look(Sessions(), YOU)).total == 1
    assert door.screen.said == said


async def test_a_surface_sees_what_it_shows_and_reports_places_and_does_nothing_else(door: Door) -> None:
    session = await door.new()
    await door.send(session, "one")
    (prompt,) = await door.kept.records.queued(session)
    seen = await door.hub.look(OneTurn(prompt.id), SURFACE)
    assert (seen.prompt.text, seen.record.id) == ("one", session)
    assert "## you" not in (await door.hub.look(Conversation(session), SURFACE)).text
    assert await door.hub.handle(Command(door.origin(session, who=SURFACE), "cancel")) is None

    assert await door.kept.records.queued(session)


async def test_a_topic_that_was_opened_is_where_its_session_is_found(door: Door) -> None:
    origin = replace(door.origin(who=PERSON), dialogs=False, ground=Ground.TOPIC)
    reply = await door.hub.handle(Command(origin, "new", "fake ."))
    assert reply is not None and reply.session
    place = await door.kept.records.place_of(reply.session)
    assert place is not None and place.ref is None
    there = ThreadRef("telegram", "page", "7")
    opened = PlaceReported(door.origin(who=SURFACE), Report.OPENED, place.id, there, url="u")
    assert await door.hub.handle(opened) is None
    await door.hub.handle(Message(replace(door.origin(who=PERSON), where=there, dialogs=False), "1", "hello"))

    assert [prompt.text for prompt in await door.kept.records.queued(reply.session)] == ["hello"]


async def test_a_chat_without_topics_holds_one_session(door: Door) -> None:
    chat = replace(door.origin(who=PERSON), dialogs=False, ground=Ground.CHAT)
    first = await door.hub.handle(Message(chat, "1", "hello"))
    second = await door.hub.handle(Command(replace(chat, key="another"), "new", "fake ."))
    assert first is not None and second is not None and first.session != second.session
    home = await door.kept.records.place_at(chat.where)
    before = await door.kept.records.place_of(first.session)

    assert home is not None and home.session == second.session
    assert before is not None and before.wanted is Wanted.CLOSED


async def test_there_is_nothing_to_see_for_strangers_and_in_what_does_not_exist(door: Door) -> None:
    session = await door.new()
    queries: list[Query[Any]] = [Sessions(), OneSession(session), History(session), NewChatChoices(), Health()]
    for query in queries:
        with pytest.raises(UserError):
            await door.hub.look(query, STRANGER)
    gone: list[Query[Any]] = [OneSession("nosuch"), History("nosuch")]
    for query in gone:
        with pytest.raises(UserError, match=r"\w+ \w+"):
            await door.hub.look(query, YOU)


async def test_what_a_call_does_comes_out_as_events(door: Door) -> None:
    session = await door.new()
    await door.send(session, "one")
    shown = door.screen.events(PromptChanged, session=session)

    assert [event.prompt.text for event in shown if isinstance(event, PromptChanged)] == ["one"]
