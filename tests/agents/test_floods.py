"""Agents that say more than anybody listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from openacp_bot.agents.stream import MOST_EVENTS, MOST_TEXT, PIECE, EventStream
from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import (
    AgentEvent,
    FileSent,
    PlanChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import Blob, PlanEntry, ToolCall
from tests.agents.kit import PATIENCE, launched, only, words


async def eventually(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():  # noqa: ASYNC110 what is waited for tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.wall_clock
async def test_a_hundred_thousand_chunks_while_nobody_listens_stay_bounded(workspace: Path) -> None:
    process = psutil.Process()
    async with launched(workspace) as agent:
        await agent.turn("hello")
        before = process.memory_info().rss
        agent.agent.prompt(f"chunks 100000 {'w' * 100}")
        await eventually(lambda: agent.agent.silent_for == 0.0)  # the reader waits: it is full
        grown = process.memory_info().rss - before
        events = await agent.rest()

    assert grown < 40 * 1024 * 1024  # the lines that the agent wants to send are 28 MB, as objects over 100
    assert words(events) == "w" * 10_000_000
    assert isinstance(events[-1], TurnEnded)


@pytest.mark.wall_clock
async def test_a_cancel_gets_through_while_nobody_listens(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt(f"chunks 100000 {'w' * 100}; wait")
        await eventually(lambda: agent.agent.silent_for == 0.0)
        agent.agent.cancel()

        assert str(only(TurnEnded, await agent.rest())[0].outcome) == "cancelled"


@pytest.mark.wall_clock
async def test_more_file_requests_than_are_served_at_once_are_all_answered(workspace: Path) -> None:
    (workspace / "big").write_text("x" * 1024 * 1024)
    async with launched(workspace) as agent:
        assert await agent.said(f"reads 30 {workspace}/big") == str(30 * 1024 * 1024)


async def taken(stream: EventStream) -> list[AgentEvent]:
    stream.end(AgentGone("over"))
    events = []
    with pytest.raises(AgentGone):
        while True:
            events.append(await stream.next())
    return events


async def test_pieces_that_wait_side_by_side_are_one() -> None:
    stream = EventStream()
    told: list[AgentEvent] = [
        *(TextChunk("a", "x"), TextChunk("a", "y"), ThoughtChunk("a", "z"), TextChunk("a", "!")),
        *(TextChunk("b", "?"), ToolOutput("b", "1"), ToolOutput("b", "2")),
    ]
    for event in told:
        stream.put(event)

    assert await taken(stream) == [
        *(TextChunk("a", "xy"), ThoughtChunk("a", "z"), TextChunk("a", "!"), TextChunk("b", "?"), ToolOutput("b", "12"))
    ]


async def test_one_piece_grows_to_sixteen_kilobytes_only() -> None:
    stream = EventStream()
    for _ in range(5):
        stream.put(TextChunk("a", "x" * (PIECE // 2)))

    assert [len(event.text) for event in only(TextChunk, await taken(stream))] == [PIECE, PIECE, PIECE // 2]


async def test_a_newer_whole_value_replaces_the_one_right_before_it() -> None:
    stream = EventStream()
    first, second = (ToolCall("1", status=status) for status in ("pending", "completed"))
    plan = PlanChanged((PlanEntry("x"),))
    told = (ToolCallChanged(first), ToolCallChanged(second), PlanChanged(()), plan, ToolCallChanged(ToolCall("2")))
    for event in told:
        stream.put(event)

    assert await taken(stream) == [ToolCallChanged(second), plan, ToolCallChanged(ToolCall("2"))]


async def test_what_was_taken_is_not_replaced() -> None:
    stream = EventStream()
    stream.put(TextChunk("a", "x"))

    assert await stream.next() == TextChunk("a", "x")
    stream.put(TextChunk("a", "y"))
    assert await stream.next() == TextChunk("a", "y")


@pytest.mark.parametrize(
    "fill",
    [
        lambda stream: [stream.put(TextChunk(str(number), "x")) for number in range(MOST_EVENTS)],
        lambda stream: stream.put(TextChunk("a", "x" * MOST_TEXT)),
        lambda stream: stream.put(FileSent("a", Blob("image/png", data="x" * MOST_TEXT))),
        lambda stream: stream.put(ToolCallChanged(ToolCall("1", output="x" * MOST_TEXT))),
    ],
)
async def test_a_full_stream_has_room_again_when_something_is_taken(fill: Callable[[EventStream], object]) -> None:
    stream = EventStream()
    fill(stream)
    assert stream.is_full
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(stream.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        await stream.next()

    assert not stream.is_full


async def test_an_empty_stream_weighs_nothing() -> None:
    stream = EventStream()
    for event in (TextChunk("a", "x"), PlanChanged((PlanEntry("x"),)), PlanChanged(()), ToolCallChanged(ToolCall("1"))):
        stream.put(event)
    await taken(stream)

    assert stream.held == (0, 0)
