"""Agents that outlived a crash of ours: ended at the next start."""

from __future__ import annotations

import asyncio
import logging
import signal

from openacp_bot.agents import processes
from openacp_bot.agents.processes import SAME_START, Process
from openacp_bot.core.ports import ProcessBook

PATIENCE = 3.0  # from SIGTERM to SIGKILL
AFTER_KILL = 1.0  # for the kernel
POLL = 0.05

log = logging.getLogger(__name__)


async def sweep(book: ProcessBook) -> int:
    """How many left-over trees were ended. A process is only touched if its number and its start are those noted."""
    noted = await book.left_over()
    among = processes.table()
    trees = {pid: tree for pid, started in noted if (tree := _left_of(pid, started, among))}
    for pid, tree in trees.items():
        log.warning("ending agent process %s of an earlier run and what belongs to it (%s in all)", pid, len(tree))
        _ask_to_end(pid, tree)
    left = await _patiently(set().union(*trees.values()), PATIENCE)
    processes.kill(left)
    await _patiently(left, AFTER_KILL)
    for pid, _ in noted:
        await book.gone(pid)
    return len(trees)


def _left_of(pid: int, started: float, among: dict[int, Process]) -> set[Process]:
    if not started:
        return set()  # its identity was never known
    leader = among.get(pid)
    if leader is not None and abs(processes.start_of(leader) - started) > SAME_START:
        return set()  # another process has the number now
    if leader is None and started < processes.booted_at():
        return set()  # it ran before the machine was started anew
    # Without its leader: the number of a session is not given away while a member lives.
    tree = processes.family(pid, among)
    return {one for one in tree if processes.start_of(one) >= started - SAME_START}


def _ask_to_end(pid: int, tree: set[Process]) -> None:
    if any(one.group == pid for one in tree):
        processes.signal_group(pid, signal.SIGTERM)


async def _patiently(tree: set[Process], limit: float) -> set[Process]:
    """Those that are still there after a while."""
    deadline = asyncio.get_running_loop().time() + limit
    # Processes that are not our children tell nobody when they end, so they are looked at.
    while (tree := processes.alive(tree)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL)
    return tree
