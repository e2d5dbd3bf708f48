"""The daemon's life, from the lock to the last goodbye. Blocks, outermost first: lock, store, http, screens, sessions,
sources; what is entered last is left first.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from openacp_bot import __version__
from openacp_bot.adapters.web.adapter import WebAdapter
from openacp_bot.adapters.web.key import load_or_create
from openacp_bot.agents import orphans
from openacp_bot.agents.launcher import Launcher
from openacp_bot.app import lock, logs, memory, systemd
from openacp_bot.app.surfaces import Surfaces
from openacp_bot.config import Config
from openacp_bot.core.commands.house import House
from openacp_bot.core.errors import Problem
from openacp_bot.core.feed import Feed
from openacp_bot.core.hub import FrontDoor
from openacp_bot.core.manager import Manager
from openacp_bot.core.means import Means
from openacp_bot.core.ports import ChatAdapter
from openacp_bot.core.settings import Settings
from openacp_bot.core.words import surface_name
from openacp_bot.http.server import HttpServer
from openacp_bot.store import Store, open_store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often it is looked whether the data directory is still ours


class Stop:
    """What the signals ask: the first to stop in order, the second to hurry."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def ask(self) -> None:
        (self.hurried if self.asked.is_set() else self.asked).set()


@dataclass(slots=True)
class Current:
    """The settings in force; a reload swaps them whole."""

    settings: Settings

    def __call__(self) -> Settings:
        return self.settings


def run(config: Config, reload: Callable[[], Config]) -> int:
    """Runs until it is told to stop; the exit code. Raises Problem with a sentence if it cannot start."""
    logs.set_up(config.logging, config.settings.secrets)
    _raise_file_limit()
    with lock.held(config.settings.data_dir) as is_ours:
        return asyncio.run(_life(config, reload, is_ours))


async def _life(config: Config, reload: Callable[[], Config], is_ours: Callable[[], bool]) -> int:
    """The exit code: 1 if the data directory was taken away."""
    stop, current, surfaces = Stop(), Current(config.settings), Surfaces()
    _listen_to_signals(stop, lambda: _reload(current, reload, surfaces))
    async with open_store(config.settings.data_dir) as store, asyncio.TaskGroup() as tasks:
        chores = [tasks.create_task(systemd.stay_alive()), tasks.create_task(_stop_if_lost(is_ours, stop))]
        await orphans.sweep(store.book)
        await _serve(config, current, store, surfaces, stop)
        for chore in chores:
            chore.cancel()
    return 0 if is_ours() else 1


async def _stop_if_lost(is_ours: Callable[[], bool], stop: Stop) -> None:
    """What is written to a directory that was removed or replaced would be lost: better to stop, and say so."""
    while is_ours():  # noqa: ASYNC110 - the file system tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    log.critical("the data directory was removed or replaced; stopping, as nothing more can be kept")
    stop.ask()
    stop.ask()


def _raise_file_limit() -> None:
    """Connections, agents' pipes and SQLite share the file descriptors; the soft limit is often only 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _serve(config: Config, current: Current, store: Store, surfaces: Surfaces, stop: Stop) -> None:
    means = Means(
        records=store.records,
        transcript=store.transcript,
        launcher=Launcher(store.book, current, __version__),
        feed=Feed(store.transcript, now=time.time),
        current=current,
        now=time.time,
        fetch=surfaces.fetch,
        caught_up=surfaces.caught_up,
    )
    manager = Manager(means, free_mb=memory.free_mb)
    web = config.web
    tls = (web.tls_cert, web.tls_key) if web.tls_cert and web.tls_key else None
    server = HttpServer(web.host, web.port, tls=tls, insecure=web.insecure)
    house = House(means, manager, surfaces.status, __version__, time.time())
    server.mount_health(lambda: "the daemon is stopping" if manager.stopping else store.trouble)
    recovered = await store.records.recover(time.time())
    hub, key = FrontDoor(house), load_or_create(config.settings.data_dir)
    if web.enabled:
        surfaces.add(WebAdapter(server, key, secrets.token_hex(4)))
    surfaces.add_configured(config, hub, store.ledger, current)
    for surface in surfaces.all:
        means.feed.join(surface)
    async with (
        server.listening(),
        _hurrying(manager, surfaces.all, stop),
        _screens(surfaces.all),
        manager.running(recovered),
        _sources(surfaces.all, hub),
    ):
        with lock.announced(config.settings.data_dir, server.url):
            _say_ready(server.url if web.enabled else "", key)
            await stop.asked.wait()
            systemd.notify("STOPPING=1")
            log.info("stopping: running turns get %.0f s", current().drain.total_seconds())
            # Idle sessions end at once, running turns when they are done, or when time or patience is over.
            await manager.stop(current().drain.total_seconds())


@asynccontextmanager
async def _hurrying(manager: Manager, adapters: Sequence[ChatAdapter], stop: Stop) -> AsyncIterator[None]:
    """A second signal counts until the last screen is left."""
    async with asyncio.TaskGroup() as tasks:
        hurry = tasks.create_task(_hurry(manager, adapters, stop))
        try:
            yield
        finally:
            hurry.cancel()


async def _hurry(manager: Manager, adapters: Sequence[ChatAdapter], stop: Stop) -> None:
    await stop.hurried.wait()
    for adapter in adapters:
        adapter.hurry()
    await manager.stop(0.0)


@asynccontextmanager
async def _screens(adapters: Sequence[ChatAdapter]) -> AsyncIterator[None]:
    """They are left last, so that what the drain does is still shown."""
    async with AsyncExitStack() as stack:
        for adapter in adapters:
            await stack.enter_async_context(adapter.screen())
        yield


@asynccontextmanager
async def _sources(adapters: Sequence[ChatAdapter], hub: FrontDoor) -> AsyncIterator[None]:
    """They listen while inside: also during the drain, so that answers and cancels still come in."""
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(adapter.listen(hub), name=adapter.name) for adapter in adapters]
        await asyncio.sleep(0)  # each has begun before `ready` is said
        try:
            yield
        finally:
            for task in listening:
                task.cancel()


def _say_ready(url: str, key: str) -> None:
    shown = f" {url}/?key={key}" if url and not systemd.is_service() else f" {url}".rstrip()
    print(f"ready{shown}", flush=True)
    systemd.notify(f"READY=1\nSTATUS=ready {url}".rstrip())


def _reload(current: Current, reload: Callable[[], Config], surfaces: Surfaces) -> None:
    """SIGHUP: read the whole configuration; if it is good, it is in force for what begins from now on. What is open
    stays open: the data directory, the page's address and logging need a restart."""
    try:
        config = reload()
        current.settings = replace(config.settings, data_dir=current.settings.data_dir)
    except Problem as error:
        log.error("the configuration was not reloaded: %s", error)
    else:
        for name in surfaces.kept_off(config):
            log.warning("%s is off until a restart", surface_name(name))
        log.info(
            "the configuration was reloaded; data_dir, web, logging, telegram and discord, except for who may use "
            "them, need a restart"
        )


def _listen_to_signals(stop: Stop, reload: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    loop.add_signal_handler(signal.SIGHUP, reload)
