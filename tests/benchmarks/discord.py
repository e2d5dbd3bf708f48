"""Answers that stream into Discord's threads under its observed limits, by the whole daemon and, beside it, by the
usual bot's design: against a simulator each, with the same words at the same pace, at the same time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from tests.benchmarks.compared import Comparison
from tests.benchmarks.counting import Counting, request
from tests.benchmarks.discord_baseline import answer, caller
from tests.benchmarks.discord_seen import CHANGES, seen, turn_of
from tests.benchmarks.seen import Figures, Pace, Said, fair_ages
from tests.benchmarks.table import Row
from tests.e2e.house import House
from tests.sims.discord import Channel, Discord, Limits, Person

CROWDS = (1, 5, 20)
EDITS = Pace(1, 1.5)  # of each thread; other sessions do not matter
CONNECTED = 30.0  # seconds
QUIET = 6.0
FINALS_PATIENCE = 60.0
RING_PATIENCE = 60.0


async def through_discord(folder: Path, crowds: Sequence[int] = CROWDS) -> AsyncIterator[Row]:
    async with asyncio.TaskGroup() as tasks:
        theirs = [tasks.create_task(_by_the_usual_bot(crowd)) for crowd in crowds]
        ours = [await _by_the_daemon(folder / str(at), crowd) for at, crowd in enumerate(crowds)]
    for crowd, our, their in zip(crowds, ours, theirs, strict=True):
        name = f"{crowd} in threads"
        for row in Comparison(name, our, their.result(), "usual bot", fair_ages(1, EDITS)).rows():
            yield row


# --- ours ----------------------------------------------------------------------------------------


async def _by_the_daemon(folder: Path, sessions: int) -> Figures:
    """People write in threads that they opened, all agents begin at once, and it is watched until all have ended."""
    async with Discord(limits=Limits()) as sim:
        person, channel = _channel(sim)
        house, counting = House(folder), Counting(folder / "counting")
        section = {"token": sim.token, "api_base_url": sim.url, "channel_id": channel.id}
        house.configure(**counting.sections(), discord=section | {"allowed_user_ids": [person.id]})
        async with house.daemon() as daemon:
            try:
                await sim.until(lambda: sim.commands, CONNECTED)
                threads = _threads(person, channel, sessions)
                for number, thread in enumerate(threads):
                    person.write(thread, request(number))
                await counting.are_asked(sessions)
                await _quiet(sim)
                counting.begin()
                await counting.are_done(sessions)
                return await _watched(sim, counting.said([thread.id for thread in threads]))
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{sessions} in threads: {error!r}\n{daemon.log[-4000:]}") from None


def _channel(sim: Discord) -> tuple[Person, Channel]:
    person = sim.person("Ada")
    return person, sim.text_channel(sim.guild("Team", person), "agents")


def _threads(person: Person, channel: Channel, sessions: int) -> list[Channel]:
    """Named like their first messages, so that no renaming draws on the budget."""
    return [person.open_thread(channel, request(number)) for number in range(sessions)]


async def _quiet(sim: Discord) -> None:
    """Returns once nothing was shown for so long that every bucket is full. Typing goes on, and has its own."""
    since = 0.0
    while (last := max((call.at for call in sim.calls if call.name in CHANGES), default=since)) > since:
        since = last
        await asyncio.sleep(max(0.0, last + QUIET - time.time()))


async def _watched(sim: Discord, said: Said) -> Figures:
    """Once every answer stands and every turn has rung."""
    await _until(sim, lambda: all(turn_of(sim, thread, said).is_whole for thread in said), FINALS_PATIENCE)
    await _until(sim, lambda: all(turn_of(sim, thread, said).rang for thread in said), RING_PATIENCE)
    return seen(sim, said)


async def _until(sim: Discord, claim: Callable[[], bool], seconds: float) -> None:
    """What does not come true in time is seen in the figures."""
    try:
        await sim.until(claim, seconds)
    except AssertionError as error:
        print(f"… {error}", file=sys.stderr)


# --- the usual bot's -------------------------------------------------------------------------------


async def _by_the_usual_bot(sessions: int) -> Figures:
    async with Discord(limits=Limits()) as sim:
        person, channel = _channel(sim)
        threads = _threads(person, channel, sessions)
        async with caller(sim.url, sim.token) as call, asyncio.TaskGroup() as tasks:
            turns = {thread.id: tasks.create_task(answer(call, thread.id)) for thread in threads}
        return seen(sim, {thread: turn.result() for thread, turn in turns.items()})
