"""Answers that stream into Telegram under its real limits, by the whole daemon and, beside it, by OpenACP's design:
against a simulator each, with the same words at the same pace, at the same time."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.benchmarks.table import Row, below, median, percentile, plain
from tests.benchmarks.telegram_baseline import answer, send_queue
from tests.benchmarks.telegram_counter import FOLDER
from tests.benchmarks.telegram_seen import Figures, Pace, Said, costs, fair_ages, figures, has_rung, stands_whole
from tests.e2e.house import ROOT, House, eventually
from tests.sims.telegram import Chat, Limits, Telegram, User

CROWDS = (1, 5, 20)
LIMITS = Limits(group_per_minute=20, private_per_second=1, overall_per_second=30)
GROUP, PRIVATE = Pace(20, 60.0), Pace(1, 1.0)
ROOM = 17  # so many first texts find the gate of an idle group open; three calls are kept for what people wait for
QUIET_PATIENCE = 600.0  # seconds; what starts 20 sessions in a group takes three minutes
FINALS_PATIENCE = 300.0
RING_PATIENCE = 180.0

# Aims of issue 3.
FIRST_TEXT = 0.3
FINALS = 1.15
AGE = 1.3
AT_ONCE = 1.0  # seconds; where the limits set no bound, a ratio to it says nothing


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
        for row in _rows(case, our, their.result()):
            yield row


# --- ours ----------------------------------------------------------------------------------------


async def _by_the_daemon(folder: Path, case: Case) -> Figures:
    """People write in topics that they opened, all agents begin at once, and it is watched until all have ended."""
    async with Telegram(limits=LIMITS) as sim:
        person = sim.person("Ada")
        chat = sim.private(person) if case.private else sim.forum("Work", person)
        counting = folder / "counting"
        async with _house(folder, counting, sim, chat, person).daemon() as daemon:
            try:
                topics = _topics(sim, person, chat, case)
                await _all_begin(sim, person, chat, topics, counting, case.pace)
                await eventually(lambda: len(list(counting.glob("*.json"))) == case.sessions, "the last word")
                return await _watched(sim, chat, _said(topics, counting), case.pace)
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{case.name}: {error!r}\n{daemon.log[-4000:]}") from None


def _house(folder: Path, counting: Path, sim: Telegram, chat: Chat, person: User) -> House:
    house = House(folder)
    counting.mkdir()
    counter = {
        "command": sys.executable,
        "args": ["-m", "tests.benchmarks.telegram_counter"],
        "env": {"PYTHONPATH": str(ROOT), FOLDER: str(counting)},
    }
    telegram = {
        "token": sim.token,
        "api_base_url": sim.url,
        "chat_ids": [] if chat.kind == "private" else [chat.id],
        "allowed_user_ids": [person.id],
    }
    house.configure(agents={"counter": counter}, default_agent="counter", telegram=telegram)
    return house


async def _all_begin(
    sim: Telegram, person: User, chat: Chat, topics: Sequence[int], counting: Path, pace: Pace
) -> None:
    """Their words come once every agent is up and what was written before has left the window."""
    for number, topic in enumerate(topics):
        sim.say(person, chat, _request(number), topic=topic or None)
    await eventually(lambda: len(list(counting.glob("*.waiting"))) == len(topics), "every agent")
    async with asyncio.timeout(QUIET_PATIENCE):
        await _quiet(sim, pace.seconds)
    (counting / "go").touch()


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
    return [sim.open_topic(person, chat, _request(number)).id for number in range(case.sessions)]


def _request(number: int) -> str:
    return f"count {number}"


def _said(topics: Sequence[int], counting: Path) -> Said:
    return {topic: json.loads((counting / f"{number}.json").read_text()) for number, topic in enumerate(topics)}


async def _watched(sim: Telegram, chat: Chat, said: Said, pace: Pace) -> Figures:
    """Once every answer stands and every turn has rung."""
    await _until(sim, lambda: all(stands_whole(sim, chat, topic) for topic in said), FINALS_PATIENCE)
    await _until(sim, lambda: all(has_rung(sim, chat, topic) for topic in said), RING_PATIENCE)
    return figures(sim, chat, said, pace)


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
        return figures(sim, chat, said, case.pace)


def _address(chat: Chat, topic: int) -> dict[str, int | bool]:
    where = {"chat_id": chat.id, "disable_notification": True}
    return {**where, "message_thread_id": topic} if topic else where


# --- the figures -----------------------------------------------------------------------------------


def _rows(case: Case, ours: Figures, theirs: Figures) -> Iterator[Row]:
    fair = fair_ages(case.sessions, case.pace)
    rows = [
        *_firsts(case, ours, theirs),
        _age("median", median, ours, theirs, fair),
        _age("p95", partial(percentile, share=0.95), ours, theirs, fair),
        _finals(ours, theirs),
        _endings(ours),
        Row("calls", f"{ours.calls}; OpenACP {theirs.calls}"),
        Row("429s", f"{ours.refused}; OpenACP {theirs.refused}", "none", ours.refused == 0),
        Row("answers that lost a character", f"{len(ours.lost)}; OpenACP {len(theirs.lost)}", "none", not ours.lost),
    ]
    for row in rows:
        yield replace(row, name=f"{case.name}: {row.name}")


def _firsts(case: Case, ours: Figures, theirs: Figures) -> Iterator[Row]:
    """The gate is open for as many as it has room for."""
    yield _beside(
        below("first text, median", median(ours.firsts), FIRST_TEXT, "s"), median(ours.firsts), median(theirs.firsts)
    )
    worst = "first text, worst"
    row = (
        below(worst, max(ours.firsts), FIRST_TEXT, "s")
        if case.sessions <= ROOM
        else plain(worst, max(ours.firsts), "s")
    )
    yield _beside(row, max(ours.firsts), max(theirs.firsts))


def _age(
    name: str, of: Callable[[Sequence[float]], float], ours: Figures, theirs: Figures, fair: Sequence[float]
) -> Row:
    our, their, share = of(ours.ages), of(theirs.ages), of(fair)
    row = below(f"age of the newest word, {name}", our, round(AGE * share, 2), "s")
    return _beside(replace(row, aim=f"{row.aim} ({AGE:g} x {share:.3g})"), our, their)


def _finals(ours: Figures, theirs: Figures) -> Row:
    bound = ours.late_bound
    row = below(f"finals late (bound {bound:.3g} s)", ours.late, max(round(FINALS * bound, 2), AT_ONCE), "s")
    return _beside(replace(row, value=f"{row.value}, {_ratio(ours.late, bound)}"), ours.late, theirs.late)


def _endings(ours: Figures) -> Row:
    name = f"every turn has rung (bound {ours.told_bound:.3g} s)"
    if ours.told is None:
        return Row(name, "never", "", False)
    return Row(name, f"{ours.told:.3g} s, {_ratio(ours.told, ours.told_bound)}")


def _ratio(value: float, bound: float) -> str:
    return f"{value / bound:.3g} of the bound" if bound >= AT_ONCE else "no bound"


def _beside(row: Row, ours: float, theirs: float) -> Row:
    share = f", ours {ours / theirs:.2g} of it" if theirs >= 0.05 else ""
    return replace(row, value=f"{row.value}; OpenACP {theirs:.3g} s{share}")
