"""Answers that stream into Telegram under its real limits, by the whole daemon and, beside it, by OpenACP's design:
against a simulator each, with the same words at the same pace, at the same time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.compared import Comparison
from tests.benchmarks.counting import Counting, request
from tests.benchmarks.seen import Figures, Pace, Said, fair_ages
from tests.benchmarks.table import Row
from tests.benchmarks.telegram_baseline import answer, send_queue
from tests.benchmarks.telegram_seen import costs, seen, turn_of
from tests.e2e.house import House
from tests.sims.telegram import Chat, Limits, Telegram, User

CROWDS = (1, 5, 20)
LIMITS = Limits(group_per_minute=20, private_per_second=1, overall_per_second=30)
GROUP, PRIVATE = Pace(20, 60.0), Pace(1, 1.0)
ROOM = 17  # so many first texts find the gate of an idle group open; three calls are kept for what people wait for
QUIET_PATIENCE = 600.0  # seconds; what starts 20 sessions in a group takes three minutes
FINALS_PATIENCE = 300.0
RING_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Case:
    """So many sessions stream at once, in topics of one group or (`private`) in a private chat by drafts."""

    sessions: int
    private: bool = False

    @property
    def name(self) -> str:
        return "private" if self.private else f"{self.sessions} in a group"

    @property
    def pace(self) -> Pace:
        return PRIVATE if self.private else GROUP


async def through_telegram(folder: Path, crowds: Sequence[int] = CROWDS) -> AsyncIterator[Row]:
    cases = [*(Case(crowd) for crowd in crowds), Case(1, private=True)]
    async with asyncio.TaskGroup() as tasks:
        # All of OpenACP's at once: they cost next to nothing, and the one with 20 sessions takes over two minutes.
        theirs = [tasks.create_task(_by_openacp(case)) for case in cases]
        ours = [await _by_the_daemon(folder / str(at), case) for at, case in enumerate(cases)]
    for case, our, their in zip(cases, ours, theirs, strict=True):
        fair = fair_ages(case.sessions, case.pace)
        is_roomy = case.sessions <= ROOM
        for row in Comparison(case.name, our, their.result(), "OpenACP", fair, is_roomy=is_roomy).rows():
            yield row


# --- ours ----------------------------------------------------------------------------------------


async def _by_the_daemon(folder: Path, case: Case) -> Figures:
    """People write in topics that they opened, all agents begin at once, and it is watched until all have ended."""
    async with Telegram(limits=LIMITS) as sim:
        person = sim.person("Ada")
        chat = sim.private(person) if case.private else sim.forum("Work", person)
        counting = Counting(folder / "counting")
        async with _house(folder, counting, sim, chat, person).daemon() as daemon:
            try:
                topics = _topics(sim, person, chat, case)
                await _all_begin(sim, person, chat, topics, counting, case.pace)
                await counting.are_done(case.sessions)
                return await _watched(sim, chat, counting.said(topics), case.pace)
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{case.name}: {error!r}\n{daemon.log[-4000:]}") from None


def _house(folder: Path, counting: Counting, sim: Telegram, chat: Chat, person: User) -> House:
    house = House(folder)
    telegram = {
        "token": sim.token,
        "api_base_url": sim.url,
        "chat_ids": [] if chat.kind == "private" else [chat.id],
        "allowed_user_ids": [person.id],
    }
    house.configure(**counting.sections(), telegram=telegram)
    return house


async def _all_begin(
    sim: Telegram, person: User, chat: Chat, topics: Sequence[int], counting: Counting, pace: Pace
) -> None:
    """Their words come once every agent is up and what was written before has left the window."""
    for number, topic in enumerate(topics):
        sim.say(person, chat, request(number), topic=topic or None)
    await counting.are_asked(len(topics))
    async with asyncio.timeout(QUIET_PATIENCE):
        await _quiet(sim, pace.seconds)
    counting.begin()


async def _quiet(sim: Telegram, seconds: float) -> None:
    """Returns once no call that costs was made for so long."""
    since = 0.0
    while (last := max((call.at for call in sim.calls if costs(call)), default=since)) > since:
        since = last
        await asyncio.sleep(last + seconds - time.time())


def _topics(sim: Telegram, person: User, chat: Chat, case: Case) -> list[int]:
    """Named like their first messages, so that no renaming draws on the budget."""
    if case.private:
        return [0]
    return [sim.open_topic(person, chat, request(number)).id for number in range(case.sessions)]


async def _watched(sim: Telegram, chat: Chat, said: Said, pace: Pace) -> Figures:
    """Once every answer stands and every turn has rung."""
    await _until(sim, lambda: all(turn_of(sim, chat, topic, said).is_whole for topic in said), FINALS_PATIENCE)
    await _until(sim, lambda: all(turn_of(sim, chat, topic, said).rang for topic in said), RING_PATIENCE)
    return seen(sim, chat, said, pace)


async def _until(sim: Telegram, claim: Callable[[], bool], seconds: float) -> None:
    """What does not come true in time is seen in the figures."""
    try:
        await sim.wait_for(claim, seconds)
    except AssertionError as error:
        print(f"… {error}", file=sys.stderr)


# --- OpenACP's -------------------------------------------------------------------------------------


async def _by_openacp(case: Case) -> Figures:
    async with Telegram(limits=LIMITS) as sim:
        person = sim.person("Ada")
        chat = sim.private(person) if case.private else sim.forum("Work", person)
        topics = _topics(sim, person, chat, case)
        async with send_queue(f"{sim.url}/bot{sim.token}") as queue, asyncio.TaskGroup() as tasks:
            turns = {topic: tasks.create_task(answer(queue, str(topic), _address(chat, topic))) for topic in topics}
        said: Said = {topic: turn.result() for topic, turn in turns.items()}
        return seen(sim, chat, said, case.pace)


def _address(chat: Chat, topic: int) -> dict[str, int | bool]:
    where = {"chat_id": chat.id, "disable_notification": True}
    return {**where, "message_thread_id": topic} if topic else where
