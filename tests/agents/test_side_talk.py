"""A second conversation in the same process: unseen, and never in the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from openacp_bot.core.events import Asked, TextChunk
from tests.agents.kit import Listener, launched, only, words

pytestmark = pytest.mark.wall_clock


async def test_its_answer_is_returned_and_nothing_of_it_is_seen(workspace: Path) -> None:
    async with launched(workspace) as agent:
        title = await agent.agent.side_prompt("echo A good title; tool; usage; title Wrong", 20)
        events = await agent.turn("echo seen")

    assert title == "A good title"
    assert [event.text for event in only(TextChunk, events)] == ["seen"]
    assert len(events) == 3  # the options, the text, the end


async def test_it_goes_on_beside_a_turn(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("permission")
        asked = await agent.until(Asked)
        title = await agent.agent.side_prompt("hello", 20)
        agent.agent.answer(asked.id, "yes")

        assert title == "Hello from the stub."
        assert words(await agent.rest()) == "[Write file: yes]"


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("permission", "[Write file: cancelled]"),
        ("form", '[form: {"action": "cancel"}]'),
        ("read /etc/passwd", '{"code": -32603, "message": "files are not served in this conversation"}'),
    ],
)
async def test_what_it_asks_is_refused(workspace: Path, prompt: str, answer: str) -> None:
    async with launched(workspace) as agent:
        assert await agent.agent.side_prompt(prompt, 20) == answer


@pytest.mark.parametrize("prompt", ["error no", "stop refusal", "tool", "wait"])
async def test_any_failure_is_none(workspace: Path, prompt: str) -> None:
    async with launched(workspace) as agent:
        assert await agent.agent.side_prompt(prompt, 0.5 if prompt == "wait" else 20) is None
        assert await agent.said("echo alive") == "alive"


async def test_death_in_it_is_none_and_the_agents_end(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert await agent.agent.side_prompt("die 1 oops", 20) is None


async def test_it_is_closed_and_deleted_where_that_is_offered(workspace: Path) -> None:
    async with launched(workspace, "--close-delete") as tidy, launched(workspace) as plain:
        for agent in (tidy, plain):
            await agent.agent.side_prompt("hello", 20)

        assert sorted(await called(tidy)) == ["session/close", "session/delete", "session/new", "session/new"]
        assert await called(plain) == ["session/new", "session/new"]


async def called(agent: Listener) -> list[str]:
    methods: list[str] = json.loads(await agent.said("sessions"))
    return methods


async def test_when_nobody_waits_any_more_it_is_cancelled(workspace: Path) -> None:
    async with launched(workspace, "--close-delete") as agent:
        task = asyncio.ensure_future(agent.agent.side_prompt("wait", 20))
        while "session/new" not in (await called(agent))[1:]:
            pass
        task.cancel()
        await asyncio.wait([task])

        assert task.cancelled()
        assert await agent.said("echo alive") == "alive"
