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

FAULT_SECONDS = 1.0  # after a bug
SHORTEST = 0.001  # a pause: differences of times are never exactly what they should be


@dataclass(frozen=True, slots=True)
class Job:
    """Something that waits at a gate: `act` makes at most one call. `is_edit`: what that will be, where it is known."""

    rank: int
    since: float
    not_before: float
    act: Callable[[Gate], Awaitable[None]]
    ages: float = float("inf")  # when its rank gets better
    is_edit: bool | None = None


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
        self._changed = asyncio.Event()  # something was done, or there is nothing more to do
        self._busy: set[str] = set()  # gates at which something is being done
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
            self._forget_fresh()
            self._gates[name] = self._new_gate(name)
        return self._gates[name]

    def _forget_fresh(self) -> None:
        """Each thread of a platform may have a gate, and threads come for months."""
        self._gates = {name: gate for name, gate in self._gates.items() if name in self._wakes or not gate.is_fresh}

    def wake(self, name: str) -> None:
        """There is something new at this gate."""
        wake = self._wakes.get(name)
        if wake is not None:
            wake.set()
        elif self._group is None:
            self._early.add(name)
        else:
            self._wakes[name] = asyncio.Event()
            task = self._group.create_task(self._serve(self.gate(name)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def restored(self) -> None:
        """Gates that rest after failures try again at once."""
        for name, gate in self._gates.items():
            gate.heard()
            if name in self._wakes:
                self._wakes[name].set()

    async def rest(self, by: Callable[[], float]) -> None:
        """Until nothing waits that could be done before then."""
        for wake in self._wakes.values():
            wake.set()
        while any(self._is_promising(gate, by()) for gate in list(self._wakes)):
            self._changed.clear()
            await self._changed.wait()

    def _is_promising(self, gate: str, by: float) -> bool:
        return gate in self._busy or any(self._earliest(job, self.gate(gate)) <= by for job in self._jobs(gate))

    def _earliest(self, job: Job, gate: Gate) -> float:
        return max(job.not_before, self._clock() + gate.wait(job.rank, is_edit=job.is_edit))

    async def idle(self, gate: str) -> None:
        """Until no call is under way there."""
        while gate in self._busy:
            self._changed.clear()
            await self._changed.wait()

    def stop(self) -> None:
        """No more calls; one under way is given up."""
        self._group = None
        for task in self._tasks:
            task.cancel()

    async def _serve(self, gate: Gate) -> None:
        wake = self._wakes[gate.name]
        try:
            while await self._go_on(gate, wake):
                self._changed.set()
        finally:
            del self._wakes[gate.name]
            self._changed.set()

    async def _go_on(self, gate: Gate, wake: asyncio.Event) -> bool:
        """Do the next thing, or wait for it; False once there is none."""
        try:
            wake.clear()
            jobs = list(self._jobs(gate.name))
            if not jobs:
                return False
            job, delay = self._best(jobs, gate)
            if delay > 0:
                await _first_of(wake, delay)
            else:
                await self._do(job, gate)
        except Exception:  # the root of a clerk: one bug must not end the others
            log.exception("something at the gate %s failed", gate.name)
            gate.failed()
            await asyncio.sleep(FAULT_SECONDS)
        return True

    def _best(self, jobs: Sequence[Job], gate: Gate) -> tuple[Job, float]:
        """The job to be done next, and the seconds until it may be or another may be better."""
        now = self._clock()
        waits = [max(job.not_before - now, gate.wait(job.rank, is_edit=job.is_edit), 0.0) for job in jobs]
        job, wait = min(zip(jobs, waits, strict=True), key=lambda one: (one[1], one[0].rank, one[0].since))
        wait = wait or self._turnstile.wait(job.rank)
        later = (*(one.not_before - now for one in jobs), *(one.ages - now for one in jobs))
        return job, min([wait, *(max(seconds, SHORTEST) for seconds in later if seconds > 0)])

    async def _do(self, job: Job, gate: Gate) -> None:
        self._busy.add(gate.name)
        try:
            await job.act(gate)
            await self._keep(gate)
        finally:
            self._busy.discard(gate.name)


async def _first_of(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        pass
