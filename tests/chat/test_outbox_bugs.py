"""Bugs of ours in one entry: it is dropped or delayed, and everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from openacp_bot.chat.clerk import Clerks, Job
from openacp_bot.chat.gate import Gate, Turnstile
from openacp_bot.chat.pen import Pace
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Notice, PlaceChanged
from openacp_bot.core.inbound import Reply
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual


@virtual
async def test_a_card_that_cannot_be_opened_ends_nothing_else() -> None:
    stage = Stage()
    place = await stage.place()
    open_card = stage.store.open

    async def fails(card: Card) -> Card:
        if card.kind is CardKind.NOTICE and "Bad" in card.body:
            raise KeyError("a bug")
        return await open_card(card)

    stage.store.open = fails  # type: ignore[method-assign]
    async with stage.running():
        stage.notice(place, Notice("n1", "Bad"))
        stage.notice(place, Notice("n2", "Good"))
        await stage.until(lambda: stage.platform.texts() == ["Good"])
        await stage.turn(place, "Hi")
        await stage.all_settled()

    assert stage.platform.texts() == ["Good", f"Hi\n{END}"]


@virtual
async def test_a_card_that_the_store_refuses_holds_up_no_other_and_comes_later() -> None:
    stage = Stage()
    place = await stage.place()
    open_card, refused = stage.store.open, 0

    async def refuses(card: Card) -> Card:
        nonlocal refused
        if "Slow" in card.body and refused < 3:
            refused += 1
            raise StoreError("busy")
        return await open_card(card)

    stage.store.open = refuses  # type: ignore[method-assign]
    async with stage.running():
        stage.notice(place, Notice("n1", "Slow"))
        stage.notice(place, Notice("n2", "Quick"))
        await stage.until(lambda: len(stage.platform.texts()) == 2)

    assert stage.platform.texts() == ["Quick", "Slow"]


@virtual
async def test_a_bug_in_what_waits_at_a_gate_does_not_end_its_clerk() -> None:
    calls, done = 0, asyncio.Event()

    async def act(gate: Gate) -> None:
        done.set()

    def jobs(gate: str) -> Iterator[Job]:
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise KeyError("a bug")
        if not done.is_set():
            yield Job(0, 0.0, 0.0, act)

    async def keep(gate: Gate) -> None:
        raise KeyError("another")

    clock = asyncio.get_running_loop().time
    clerks = Clerks(lambda name: Gate(name, Pace(20, 60.0), clock), jobs, Turnstile(30, clock), clock, keep)
    async with asyncio.TaskGroup() as group:
        clerks.begin(group)
        clerks.wake("gate")
        await done.wait()


@virtual
async def test_a_card_that_cannot_be_taken_up_again_does_not_prevent_the_start() -> None:
    stage = Stage()
    place = await stage.place()
    for key in ("bad", "good"):
        body = codec.dumps(Reply(key))
        await stage.store.open(
            Card(key, CardKind.REPLY, key, place=place.id if key == "bad" else "", where=GENERAL, body=body)
        )
    read = stage.store.place

    async def fails(id: str) -> Any:
        raise KeyError("a bug")

    stage.store.place = fails  # type: ignore[method-assign]
    async with stage.running():
        await stage.until(lambda: stage.platform.texts() == ["good"])
        stage.store.place = read  # type: ignore[method-assign]


@virtual
async def test_show_never_raises() -> None:
    stage = Stage()
    place = await stage.place()
    stage.pen.gate = None  # type: ignore[assignment, method-assign]
    async with stage.running(goodbye=0):
        stage.tell(place, None, PlaceChanged(await stage.place("p2", opened=False)))
        await asyncio.sleep(1)
