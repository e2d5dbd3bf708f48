"""The promises of core.ports.ChatAdapter, and of Source.

An implementation joins by its name in SURFACES: a context manager that gives an adapter ready to be used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Event, Notice, Said, TextChunk
from openacp_bot.core.inbound import Inbound, Reply
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import FileRef, Place, ThreadRef, UserRef
from openacp_bot.core.ports import ChatAdapter
from openacp_bot.core.settings import AccessList
from openacp_bot.core.views import CommandMenu, Query
from openacp_bot.store import open_store
from tests.contracts.values import HERE, place
from tests.core.anything import values_of
from tests.fakes import FakeScreen

Surface: TypeAlias = Callable[[Path], AbstractAsyncContextManager[ChatAdapter]]
KINDS = get_args(Event)


@asynccontextmanager
async def fake(folder: Path) -> AsyncIterator[ChatAdapter]:
    yield FakeScreen()


@asynccontextmanager
async def telegram(folder: Path) -> AsyncIterator[ChatAdapter]:
    from openacp_bot.adapters.telegram.adapter import TelegramAdapter
    from openacp_bot.adapters.telegram.config import Patience, TelegramConfig
    from tests.sims.telegram import Telegram

    async with Telegram() as sim, open_store(folder / "data") as store:
        config = TelegramConfig(sim.token, sim.url)
        yield TelegramAdapter(config, DeafHub(), store.ledger, AccessList, Mask(), patience=Patience(goodbye=0.1))
        assert sim.oddities == []


@asynccontextmanager
async def discord(folder: Path) -> AsyncIterator[ChatAdapter]:
    from openacp_bot.adapters.discord.adapter import DiscordAdapter
    from openacp_bot.adapters.discord.config import DiscordConfig, Patience
    from tests.sims.discord import Discord

    async with Discord() as sim, open_store(folder / "data") as store:
        sim.text_channel(sim.guild("Team", sim.person("Ann")), "agents")
        config = DiscordConfig(sim.token, sim.url)
        yield DiscordAdapter(config, DeafHub(), store.ledger, AccessList, Mask(), patience=Patience(goodbye=0.1))
        assert sim.strange == []


SURFACES: dict[str, Surface] = {"fake": fake, "telegram": telegram, "discord": discord}


@pytest.fixture(params=list(SURFACES))
async def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChatAdapter]:
    async with SURFACES[request.param](tmp_path) as adapter:
        yield adapter


class DeafHub:
    """A front door that nobody comes to, with no commands."""

    async def handle(self, inbound: Inbound) -> Reply | None:
        raise AssertionError(f"nobody said {inbound}")

    async def look(self, query: Query[Any], who: UserRef) -> Any:
        if isinstance(query, CommandMenu):
            return ()
        raise UserError("There is nothing to see.")


def said(rev: int, event: Event, session: str = "s1") -> Said:
    return Said(session, "p1", rev, 1_700_000_000.0 + rev, event)


def home_of(adapter: str, ref: ThreadRef | None = HERE) -> Place:
    """A session's topic on this platform."""
    return place(adapter=adapter, ref=ref and replace(ref, adapter=adapter))


async def test_it_has_a_name(adapter: ChatAdapter) -> None:
    assert adapter.name and adapter.name == adapter.name.strip().lower()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("home", ["", "its own", "another's"], ids=["no place", "its own place", "another's place"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_is_shown_nothing_is_raised(
    adapter: ChatAdapter, kind: type[Any], home: str, data: st.DataObject
) -> None:
    async with adapter.screen():
        show: Callable[[Place | None, Said], Any] = adapter.show
        where = home_of(adapter.name if home == "its own" else "elsewhere") if home else None
        shown = show(where, said(1, data.draw(values_of(kind))))
        await asyncio.sleep(0)

    assert shown is None


async def test_a_flood_is_shown_without_a_pause(adapter: ChatAdapter) -> None:
    """`show` is synchronous: 100,000 calls and no turn of the loop between them."""
    async with adapter.screen():
        for rev in range(1, 100_001):
            adapter.show(None, said(rev, TextChunk("m1", "word ")))
        await asyncio.sleep(0)


async def test_a_place_that_is_not_open_yet_is_no_obstacle(adapter: ChatAdapter) -> None:
    async with adapter.screen():
        adapter.show(home_of(adapter.name, ref=None), said(1, Notice("n", "hello", ring=True)))
        await asyncio.sleep(0)


async def test_it_listens_until_it_is_cancelled_and_shows_after_that(adapter: ChatAdapter) -> None:
    async with adapter.screen():
        async with asyncio.TaskGroup() as sources:
            listening = sources.create_task(adapter.listen(DeafHub()))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not listening.done()
            listening.cancel()
        adapter.show(None, said(1, TextChunk("m1", "a drain can still speak")))
        await asyncio.sleep(0)

    assert listening.cancelled()


async def test_it_can_be_hurried_before_and_while_it_is_left(adapter: ChatAdapter) -> None:
    adapter.hurry()
    async with asyncio.timeout(10):
        async with adapter.screen():
            adapter.show(None, said(1, TextChunk("m1", "the last words")))
            adapter.hurry()
    adapter.hurry()


async def test_a_file_that_it_does_not_have_is_refused_with_a_sentence(adapter: ChatAdapter, tmp_path: Path) -> None:
    async with adapter.screen():
        with pytest.raises(UserError, match=r"\w+ \w+"):
            await adapter.fetch(FileRef(adapter.name, "no-such-file", "a.txt"), tmp_path, 1000)

    assert not (tmp_path / "a.txt").exists()
