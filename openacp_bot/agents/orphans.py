"""Agents that outlived a crash of ours: ended at the next start."""

from __future__ import annotations

import asyncio
import logging
import signal

from openacp_bot.agents import marks, processes
from openacp_bot.agents.marks import Mark
from openacp_bot.agents.processes import SAME_START, Process
from openacp_bot.core.ports import ProcessBook

PATIENCE = 3.0  # from SIGTERM to SIGKILL
AFTER_KILL = 1.0  # for the kernel
LOOK = 2.0  # for one look at everybody's environment
POLL = 0.05

log = logging.getLogger(__name__)


async def sweep(book: ProcessBook) -> int:
    """How many left-over trees, and processes outside of them, were ended. A process is only touched if its number and
    its start are those noted, if it belongs to the tree of such a one, or if it carries the mark of such a launch."""
    noted = await book.left_over()
    among = processes.table()
    trees = {pid: tree for pid, started in noted if (tree := _left_of(pid, started, among))}
    for pid, tree in trees.items():
        log.warning("ending agent process %s of an earlier run and what belongs to it (%s in all)", pid, len(tree))
    strays = (await _strays_of([started for _, started in noted if started])).difference(*trees.values())
    if strays:
        log.warning("ending %s processes that agents of an earlier run left behind", len(strays))
    left = strays.union(*trees.values())
    processes.signal_each(left, signal.SIGTERM)
    left = await _patiently(left, PATIENCE)
    processes.kill(left)
    await _patiently(left, AFTER_KILL)
    for pid, _ in noted:
        await book.gone(pid)
    return len(trees) + len(strays)


async def _strays_of(starts: list[float]) -> set[Process]:
    """What was started by the agents that began at these times, and left their trees."""
    if not starts:
        return set()

    def is_left(mark: Mark) -> bool:
        # A process is let be whose daemon lives: that is another one, with a data directory of its own.
        return mark.is_orphan and any(abs(mark.launched - started) <= SAME_START for started in starts)

    found = await marks.carriers(is_left, since=min(starts), limit=LOOK)
    among = processes.table()
    trees = [processes.family(one.pid, among) for one in found if one.pid in among]
    return _begun_since(min(starts), found.union(*trees), among)


def _left_of(pid: int, started: float, among: dict[int, Process]) -> set[Process]:
    if not started:
        return set()  # its identity was never known
    leader = among.get(pid)
    if leader is not None and abs(processes.start_of(leader) - started) > SAME_START:
        return set()  # another process has the number now
    if leader is None and started < processes.booted_at():
        return set()  # it ran before the machine was started anew
    # Without its leader: the number of a session is not given away while a member lives.
    return _begun_since(started, processes.family(pid, among), among)


def _begun_since(started: float, tree: set[Process], among: dict[int, Process]) -> set[Process]:
    """Without us and those that started us: an agent may have been asked to start its daemon anew."""
    return {one for one in tree if processes.start_of(one) >= started - SAME_START} - processes.our_line(among)


async def _patiently(tree: set[Process], limit: float) -> set[Process]:
    """Those that are still there after a while."""
    deadline = asyncio.get_running_loop().time() + limit
    # Processes that are not our children tell nobody when they end, so they are looked at.
    while (tree := processes.alive(tree)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL)
    return tree
