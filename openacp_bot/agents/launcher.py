"""Starts agents: a process, a wire, a conversation; and ends all of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from openacp_bot.agents.client import Client
from openacp_bot.agents.desk import Desk
from openacp_bot.agents.environment import child_environment
from openacp_bot.agents.files import FileService
from openacp_bot.agents.guard import FileGuard
from openacp_bot.agents.limits import Limits
from openacp_bot.agents.pipes import Pipes
from openacp_bot.agents.process import Command, running
from openacp_bot.agents.wire import Wire
from openacp_bot.core.model import NOTHING, AgentSpec
from openacp_bot.core.ports import ProcessBook
from openacp_bot.core.settings import Settings

PLACEHOLDER = "{model}"


class Launcher:
    """Implements core.ports.AgentLauncher."""

    def __init__(
        self, book: ProcessBook, current: Callable[[], Settings], version: str, limits: Limits | None = None
    ) -> None:
        self._book = book
        self._current = current
        self._version = version
        self._limits = limits or Limits()

    @asynccontextmanager
    async def launch(
        self,
        agent: AgentSpec,
        *,
        cwd: Path,
        session: str,
        model: str = "",
        resume: str = "",
        options: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Client]:
        spec, is_placed = with_model(agent, model)
        failure: Exception | None = None
        async with (
            running(self._command(spec, cwd), session, self._book, self._limits) as pipes,
            asyncio.TaskGroup() as tasks,
        ):
            client, desk = self._made(spec, pipes, cwd, tasks)
            try:
                await client.open(self._version, cwd, resume)
                await client.settle(
                    model="" if is_placed else model,
                    default_model="" if is_placed else spec.model,
                    options=options or NOTHING,
                )
                yield client
            except Exception as error:  # noqa: BLE001 raised again below: the TaskGroup would wrap it in a group
                failure = error
            finally:
                client.stop()
                desk.stop()
        if failure:
            raise failure

    def _made(self, spec: AgentSpec, pipes: Pipes, cwd: Path, tasks: asyncio.TaskGroup) -> tuple[Client, Desk]:
        def guard() -> FileGuard:
            settings = self._current()
            return FileGuard(cwd, settings.roots, settings.data_dir)

        wire = Wire(pipes, spec.name, self._limits)
        files = FileService(guard, missing_is_empty=spec.client_files)
        desk = Desk(spec.name, wire, files, lambda path: guard().allows(path), tasks)
        return Client(spec, wire, pipes, desk, tasks, self._limits), desk

    def _command(self, spec: AgentSpec, cwd: Path) -> Command:
        argv = (*spec.launcher, spec.command, *spec.args)
        return Command(spec.name, argv, cwd, child_environment(os.environ, spec.env))


def with_model(spec: AgentSpec, model: str) -> tuple[AgentSpec, bool]:
    """The agent with `{model}` filled in, by its own model where none is wanted; and whether there was one to fill."""
    model = model or spec.model
    args = tuple(arg.replace(PLACEHOLDER, model) for arg in spec.args)
    env = {name: value.replace(PLACEHOLDER, model) for name, value in spec.env.items()}
    is_placed = args != spec.args or env != dict(spec.env) or any(PLACEHOLDER in arg for arg in spec.args)
    return replace(spec, args=args, env=env), is_placed
