"""The system's process table, as far as Linux tells it; elsewhere it is empty and only groups are known.

A process is identified by its number and its start: numbers are used again.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
SAME_START = 2.0  # seconds by which two readings of one start may differ: the boot time is told in whole seconds


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the table. `ticks`: its start since boot."""

    pid: int
    parent: int
    group: int
    session: int
    ticks: int


def process(pid: int) -> Process | None:
    """None if there is none, or it is dead and only waits to be reaped."""
    try:
        line = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # proc(5): the name, in parentheses, may hold anything.
    fields = line.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def table() -> dict[int, Process]:
    try:
        pids = [int(name) for name in os.listdir(PROC) if name.isdecimal()]
    except OSError:
        return {}
    return {pid: found for pid in pids if (found := process(pid))}


def family(leader: int, among: Mapping[int, Process]) -> set[Process]:
    """The leader, everything in its session or group, and all their descendants."""
    children: dict[int, list[Process]] = {}
    for one in among.values():
        children.setdefault(one.parent, []).append(one)
    found = {one for one in among.values() if leader in (one.pid, one.session, one.group)}
    unseen = list(found)
    while unseen:
        for child in children.get(unseen.pop().pid, ()):
            if child not in found:
                found.add(child)
                unseen.append(child)
    return found


def our_line(among: Mapping[int, Process]) -> set[Process]:
    """We and those that started us."""
    line: set[Process] = set()
    one = among.get(os.getpid())
    while one and one not in line:
        line.add(one)
        one = among.get(one.parent)
    return line


def is_alive(known: Process) -> bool:
    now = process(known.pid)
    return now is not None and now.ticks == known.ticks


def alive(known: Iterable[Process]) -> set[Process]:
    return {one for one in known if is_alive(one)}


def started_at(pid: int) -> float:
    """When it started, in UTC seconds; 0 if that cannot be known."""
    found = process(pid)
    return start_of(found) if found else 0.0


def start_of(known: Process) -> float:
    return booted_at() + known.ticks / os.sysconf("SC_CLK_TCK")


@cache
def booted_at() -> float:
    """UTC seconds."""
    for line in (PROC / "stat").read_text().splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


def now() -> float:
    """UTC seconds, by the clock of `start_of`: it does not follow when the system's clock is set."""
    return booted_at() + time.clock_gettime(time.CLOCK_BOOTTIME)


def signal_group(group: int, number: int) -> bool:
    """False if there is no such group any more."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # macOS says so of a group of zombies; also one that is no longer ours
    return True


def kill(known: Iterable[Process]) -> None:
    """SIGKILL to those that are still the ones we knew."""
    signal_each(known, signal.SIGKILL)


def signal_each(known: Iterable[Process], number: int) -> None:
    """To those that are still the ones we knew."""
    for one in known:
        if is_alive(one):
            try:
                os.kill(one.pid, number)
            except (ProcessLookupError, PermissionError):
                pass  # it went meanwhile, or changed its user
