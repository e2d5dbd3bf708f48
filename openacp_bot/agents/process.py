"""One agent process from its start to the end of the last process that it left behind."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from openacp_bot.agents import marks, processes
from openacp_bot.agents.limits import Limits
from openacp_bot.agents.marks import Mark
from openacp_bot.agents.pipes import Pipes
from openacp_bot.core.errors import AgentError
from openacp_bot.core.ports import ProcessBook

POLL = 0.02
ROUNDS = 3  # of killing: what is started meanwhile is found in the next
LOOK = 0.3  # seconds for one look at everybody's environment

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `name` is the agent's, for sentences."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]


@asynccontextmanager
async def running(command: Command, session: str, book: ProcessBook, limits: Limits) -> AsyncIterator[Pipes]:
    """Its pipes. Leaving ends the process, its group, its descendants and what left these, also when cancelled; raises
    AgentError if it cannot be started."""
    mark = marks.new_mark()
    transport, pipes = await _spawned(command, mark, limits)
    pid = transport.get_pid()
    ending = _Ending(pid, mark, transport, pipes, limits)
    try:
        await book.spawned(session, pid, processes.started_at(pid))
        yield pipes
    finally:
        await ending.run()
        await book.gone(pid)


async def _spawned(command: Command, mark: Mark, limits: Limits) -> tuple[asyncio.SubprocessTransport, Pipes]:
    _check_workspace(command.cwd)
    program = _found(command)
    try:
        # Its own session, and thereby its own group: launchers such as npx put processes in between (acp.md §2.2).
        return await asyncio.get_running_loop().subprocess_exec(
            lambda: Pipes(limits.after_exit),
            program,
            *command.argv[1:],
            cwd=command.cwd,
            env={**command.env, marks.NAME: str(mark)},
            start_new_session=True,
        )
    except OSError as error:
        raise AgentError(_why_not(command, error)) from error


def _check_workspace(cwd: Path) -> None:
    if not cwd.exists():
        raise AgentError(f"The workspace {cwd} does not exist. Create it, or choose another one.")
    if not cwd.is_dir():
        raise AgentError(f"The workspace {cwd} is a file, not a directory. Choose another one.")


def _found(command: Command) -> str:
    """The program's absolute path. A relative one is meant from where we run, not from the workspace."""
    name, program = command.name, command.argv[0]
    path = command.env.get("PATH", os.defpath)
    if found := shutil.which(program, path=path):
        return os.path.abspath(found)
    if not os.path.dirname(program):
        if not shutil.which(program, mode=os.F_OK, path=path):
            raise AgentError(
                f"{name} is not installed: {program} was not found on PATH. Install it, or give the full path of its "
                f"command in the configuration."
            )
    elif not os.path.exists(program):
        raise AgentError(f"{name} is not installed: {program} does not exist.")
    elif os.path.isdir(program):
        raise AgentError(f"{name} cannot be started: {program} is a directory.")
    raise AgentError(f"{name} cannot be started: {program} is not executable. Try: chmod +x {program}")


def _why_not(command: Command, error: OSError) -> str:
    program = command.argv[0]
    match error.errno:
        case errno.ENOEXEC:
            return f"{command.name} cannot be started: {program} is neither a program nor a script with a #! line."
        case errno.ENOENT:
            return f"{command.name} cannot be started: the interpreter that {program} names was not found."
        case errno.E2BIG:
            return f"{command.name} cannot be started: its arguments and environment are too long."
        case _:
            return f"{command.name} cannot be started: {error.strerror or error}."


class _Ending:
    """stdin closed, a while, SIGTERM, a while, SIGKILL; both to the group and to what left it."""

    def __init__(
        self, pid: int, mark: Mark, transport: asyncio.SubprocessTransport, pipes: Pipes, limits: Limits
    ) -> None:
        self._pid = pid
        self._mark = mark
        self._transport = transport
        self._pipes = pipes
        self._limits = limits
        self._leader = processes.process(pid)
        self._family: set[processes.Process] = set()

    async def run(self) -> None:
        try:
            await self._politely()
        finally:
            # Also when cancelled once more meanwhile: then there is no time for manners.
            self._kill()
            try:
                await self._kill_strays()
            finally:
                self._transport.close()

    async def _politely(self) -> None:
        self._look()
        self._pipes.discard()
        self._pipes.close_stdin()
        await self._exited(self._limits.after_stdin)
        self._look()
        await self._look_for_strays()
        if self._is_gone():
            return
        self._signal(signal.SIGTERM)
        processes.signal_each({one for one in self._family if one.group != self._pid}, signal.SIGTERM)
        await self._gone(self._limits.after_term)

    def _kill(self) -> None:
        self._look()
        if self._is_gone():
            return
        self._signal(signal.SIGKILL)
        processes.kill(self._family)

    async def _kill_strays(self) -> None:
        for _ in range(ROUNDS):
            await self._look_for_strays()
            if self._is_gone():
                return
            self._kill()
            await self._gone(self._limits.after_kill / ROUNDS)

    def _look(self) -> None:
        """Remember the whole tree: an orphan's parent is no longer to be seen afterwards."""
        among = processes.table()
        known = processes.alive(self._family)
        self._family = known.union(*(processes.family(one.pid, among) for one in known))
        namesake = among.get(self._pid)
        if namesake is None or (self._leader and namesake.ticks == self._leader.ticks):
            self._family |= processes.family(self._pid, among)

    async def _look_for_strays(self) -> None:
        """Add what is no longer to be seen in the tree: its parent is dead, and its session and group are its own."""
        mark = self._mark
        self._family |= await marks.carriers(lambda one: one == mark, since=mark.launched, limit=LOOK)

    def _is_gone(self) -> bool:
        self._family = processes.alive(self._family)
        return self._pipes.exited.done() and not self._family and not self._has_group()

    def _has_group(self) -> bool:
        """Where there is no process table, the group is asked; where there is one, it would count zombies."""
        return not processes.PROC.joinpath("stat").exists() and processes.signal_group(self._pid, 0)

    def _signal(self, number: int) -> None:
        # The group's number is ours as long as the leader is not reaped or a member lives.
        if not self._pipes.exited.done() or any(one.group == self._pid for one in self._family) or self._has_group():
            processes.signal_group(self._pid, number)

    async def _exited(self, limit: float) -> None:
        await asyncio.wait([self._pipes.exited], timeout=limit)

    async def _gone(self, limit: float) -> None:
        deadline = asyncio.get_running_loop().time() + limit
        # Processes that are not our children tell nobody when they end, so they are looked at.
        while not self._is_gone() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL)
