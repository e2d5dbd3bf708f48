"""The clerks: one for each gate that has work, born when it comes and gone when it is done.

1. A clerk picks by rank when a call is allowed, the longest waiting first, and only then is the card drawn. 2. One call
at a time at each gate, so the calls of a gate are in order. 3. A fault ends one attempt, never a clerk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from openacp_bot.chat.gate import Gate, Turnstile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that waits at a gate: `act` makes at most one call."""

    rank: int
    since: float
    not_before: float
    act: Callable[[Gate], Awaitable[None]]


class Clerks:
    """Owns the gates. `jobs` tells what waits at one of them; `keep` hears of each gate that something was tried at."""

    def __init__(
        self,
        gate: Callable[[str], Gate],
        jobs: Callable[[str], Iterator[Job]],
        turnstile: Turnstile,
        clock: Callable[[], float],
        keep: Callable[[Gate], Awaitable[None]],
    ) -> None:
        self._new_gate = gate
        self._jobs = jobs
        self._turnstile = turnstile
        self._clock = clock
        self._keep = keep
        self._gates: dict[str, Gate] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._idle = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._early: set[str] = set()  # gates with work for which nobody is there yet
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, group: asyncio.TaskGroup) -> None:
        """From now on clerks work, in this group."""
        self._group = group
        early, self._early = self._early, set()
        for gate in early:
            self.wake(gate)

    def gate(self, name: str) -> Gate:
        if name not in self._gates:
            self._gates[name] = self._new_gate(name)
        return self._gates[name]

    def wake(self, name: str) -> None:
        """There is something new at this gate."""
        wake = self._wakes.get(name)
        if wake is not None:
            wake.set()
        elif self._group is None:
            self._early.add(name)
        else:
            self._wakes[name] = asyncio.Event()
            self._idle.clear()
            task = self._group.create_task(self._serve(self.gate(name)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        """Until nothing waits at any gate."""
        for wake in self._wakes.values():
            wake.set()
        while self._wakes:
            self._idle.clear()
            await self._idle.wait()

    def stop(self) -> None:
        """No more calls; one under way is given up."""
        self._group = None
        for task in self._tasks:
            task.cancel()

    async def _serve(self, gate: Gate) -> None:
        wake = self._wakes[gate.name]
        try:
            while True:
                wake.clear()
                jobs = list(self._jobs(gate.name))
                if not jobs:
                    return
                job, delay = self._best(jobs, gate)
                if delay > 0:
                    await _first_of(wake, delay)
                else:
                    await self._try(job, gate)
        finally:
            del self._wakes[gate.name]
            self._idle.set()

    def _best(self, jobs: Sequence[Job], gate: Gate) -> tuple[Job, float]:
        """The job to be done next, and the seconds until it may be or another may be better."""
        now = self._clock()
        holds = [max(0.0, job.not_before - now) for job in jobs]
        job = min(zip(jobs, holds, strict=True), key=lambda one: (one[1], one[0].rank, one[0].since))[0]
        if job.not_before > now:
            return job, job.not_before - now
        delay = gate.wait(job.rank) or self._turnstile.wait()
        return job, min([delay, *(hold for hold in holds if hold > 0)])

    async def _try(self, job: Job, gate: Gate) -> None:
        try:
            await job.act(gate)
            await self._keep(gate)
        except Exception:  # the root of a clerk: one job's bug must not end the others
            log.exception("something at the gate %s failed", gate.name)
            gate.failed()


async def _first_of(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        pass
