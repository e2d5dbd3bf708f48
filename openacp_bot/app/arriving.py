"""A surface whose library takes seconds to import: the page is there meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Said
from openacp_bot.core.model import FileRef, Place
from openacp_bot.core.ports import ChatAdapter, Hub

ARRIVAL_SECONDS = 50.0  # what a fetch waits; a slow machine needs ten


class Arriving:
    """A `ChatAdapter` that is at once what `make` makes, as far as anybody can see: what is said before `module` is
    imported is kept for it, and nothing comes in. Its ledger tells it of what was said before it was joined."""

    def __init__(self, name: str, module: str, make: Callable[[], ChatAdapter]) -> None:
        self.name = name
        self._module = module
        self._make = make
        self._adapter: ChatAdapter | None = None
        self._is_here = asyncio.Event()
        self._kept: list[tuple[Place | None, Said]] = []
        self._is_hurried = False

    @property
    def status(self) -> str:
        return self._adapter.status if self._adapter else "starting"

    async def caught_up(self) -> None:
        await self._is_here.wait()
        assert self._adapter is not None
        await self._adapter.caught_up()

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        leaving = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay(leaving), name=self.name)
            try:
                yield
            finally:
                leaving.set()

    async def _stay(self, leaving: asyncio.Event) -> None:
        """Its screen's whole life in one task. Left early, it still comes, as what is kept is to be shown."""
        await asyncio.to_thread(import_module, self._module)
        adapter = self._make()
        async with adapter.screen():
            for place, said in self._kept:
                adapter.show(place, said)
            self._kept.clear()
            if self._is_hurried:
                adapter.hurry()
            self._adapter = adapter
            self._is_here.set()
            await leaving.wait()

    async def listen(self, hub: Hub) -> None:
        await self._is_here.wait()
        assert self._adapter is not None
        await self._adapter.listen(hub)

    def show(self, place: Place | None, said: Said) -> None:
        if self._adapter is None:
            self._kept.append((place, said))
        else:
            self._adapter.show(place, said)

    def hurry(self) -> None:
        self._is_hurried = True
        if self._adapter is not None:
            self._adapter.hurry()

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                await self._is_here.wait()
        except TimeoutError as error:
            raise UserError(f"“{file.name}” could not be fetched, as {self.name} is still starting.") from error
        assert self._adapter is not None
        return await self._adapter.fetch(file, into, limit)
