"""A surface whose library is still being imported."""

from __future__ import annotations

import asyncio
import builtins
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openacp_bot.app import arriving
from openacp_bot.app.arriving import Arriving
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Notice, Said
from openacp_bot.core.model import FileRef
from openacp_bot.core.ports import Hub
from tests.contracts.values import place
from tests.fakes import FakeScreen

FILE = FileRef("fake", "f1", "a.txt")


class Screen(FakeScreen):
    """Remembers who listens, and that its screen was left."""

    def __init__(self) -> None:
        super().__init__()
        self.listens = asyncio.Event()
        self.was_left = False

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        yield
        self.was_left = True

    async def listen(self, hub: Hub) -> None:
        self.listens.set()
        await super().listen(hub)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A module `slow_library`, whose import takes until this is set."""
    is_read = threading.Event()
    monkeypatch.setattr(builtins, "slow_library_is_read", is_read, raising=False)
    (tmp_path / "slow_library.py").write_text("import builtins\nassert builtins.slow_library_is_read.wait(10)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield is_read
    is_read.set()
    sys.modules.pop("slow_library", None)


def said(number: int) -> Said:
    return Said("s1", None, number, 0.0, Notice(f"n{number}", "words"))


async def test_what_is_said_before_it_is_there_is_shown_in_order(library: threading.Event) -> None:
    adapter = Screen()
    surface = Arriving("fake", "slow_library", lambda: adapter)
    async with asyncio.timeout(10), surface.screen(), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(surface.listen(None))  # type: ignore[arg-type]  # never spoken to
        surface.show(place(), said(1))
        surface.show(None, said(2))
        assert (surface.status, adapter.said) == ("starting", [])

        library.set()
        await adapter.listens.wait()
        surface.show(place(), said(3))

        assert surface.status == "up" and [one.rev for one in adapter.said] == [1, 2, 3]
        assert not adapter.was_left
        listening.cancel()
    assert adapter.was_left


async def test_who_leaves_early_leaves_nothing_unsaid(library: threading.Event) -> None:
    adapter = Screen()
    surface = Arriving("fake", "slow_library", lambda: adapter)
    async with asyncio.timeout(10), surface.screen():
        surface.show(None, said(1))
        library.set()

    assert [one.rev for one in adapter.said] == [1] and adapter.was_left


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_hurry_reaches_it_whenever_it_comes(library: threading.Event, is_there: bool) -> None:
    adapter = Screen()
    surface = Arriving("fake", "slow_library", lambda: adapter)
    async with asyncio.timeout(10), surface.screen(), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(surface.listen(None))  # type: ignore[arg-type]  # never spoken to
        if is_there:
            library.set()
            await adapter.listens.wait()
        surface.hurry()
        library.set()
        await adapter.listens.wait()
        listening.cancel()

    assert adapter.is_hurried


async def test_a_file_is_waited_for_and_not_for_ever(
    library: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surface = Arriving("fake", "slow_library", Screen)
    async with asyncio.timeout(10), surface.screen():
        monkeypatch.setattr(arriving, "ARRIVAL_SECONDS", 0.01)
        with pytest.raises(UserError, match="still starting"):
            await surface.fetch(FILE, tmp_path, 10)
        monkeypatch.setattr(arriving, "ARRIVAL_SECONDS", 10.0)
        library.set()
        with pytest.raises(UserError, match="no files"):
            await surface.fetch(FILE, tmp_path, 10)


async def test_it_has_caught_up_no_sooner_than_what_arrives(library: threading.Event) -> None:
    screen = Screen()
    surface = Arriving("fake", "slow_library", lambda: screen)
    async with surface.screen(), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(surface.caught_up())
        await asyncio.sleep(0)
        assert not waiting.done()
        library.set()
        async with asyncio.timeout(10):
            await waiting
