"""Whatever an agent starts carries a mark in its environment, and is found by it after it has left the agent's tree.

1. A mark names the daemon that launched, the time of the launch, and a word that no other launch has.
2. It is looked for among this user's processes only, and never in ourselves or in those that started us.
3. A process may take the mark out of its environment; only a `launcher` that confines helps against that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from openacp_bot.agents import processes
from openacp_bot.agents.processes import SAME_START, Process

NAME = "OPENACPBOT_AGENT"  # not OPENACP_…: those are settings, and an agent may run our own command line

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """One launch's. `ticks`: the daemon's start; `launched`: as `processes.start_of` would tell it."""

    daemon: int
    ticks: int
    launched: float
    word: str

    def __str__(self) -> str:
        return f"{self.daemon}:{self.ticks}:{self.launched:.2f}:{self.word}"

    @property
    def is_orphan(self) -> bool:
        """Whether the daemon that launched it is gone."""
        daemon = processes.process(self.daemon)
        return daemon is None or daemon.ticks != self.ticks


def new_mark() -> Mark:
    """For a launch that begins now."""
    ourselves = processes.process(os.getpid())
    if ourselves is None:  # no process table: nobody will look for it
        return Mark(os.getpid(), 0, 0.0, secrets.token_hex(8))
    return Mark(ourselves.pid, ourselves.ticks, round(processes.now(), 2), secrets.token_hex(8))


def parsed(told: str) -> Mark | None:
    """None if it is no mark."""
    try:
        daemon, ticks, launched, word = told.split(":")
        return Mark(int(daemon), int(ticks), float(launched), word)
    except ValueError:
        return None


async def carriers(wanted: Callable[[Mark], bool], *, since: float, limit: float) -> set[Process]:
    """The processes with such a mark that began after `since`; none if looking takes longer than `limit`."""
    try:
        async with asyncio.timeout(limit):
            # Reading many environments takes a while, and that of a stuck process may not end.
            return await asyncio.to_thread(_carriers, wanted, since)
    except TimeoutError:
        log.warning("looking for what agents left behind took longer than %g seconds", limit)
        return set()


def _carriers(wanted: Callable[[Mark], bool], since: float) -> set[Process]:
    among = processes.table()
    newer = {one for one in among.values() if processes.start_of(one) >= since - SAME_START}
    newer -= processes.our_line(among)
    return {one for one in newer if (mark := _mark_of(one)) and wanted(mark) and processes.is_alive(one)}


def _mark_of(one: Process) -> Mark | None:
    folder = processes.PROC / str(one.pid)
    try:
        if folder.stat().st_uid != os.geteuid():
            return None
        environment = (folder / "environ").read_bytes()
    except OSError:
        return None  # it is gone, or protects itself
    start = f"{NAME}=".encode()
    marked = next((setting for setting in environment.split(b"\0") if setting.startswith(start)), b"")
    return parsed(marked.removeprefix(start).decode("utf-8", "replace"))
