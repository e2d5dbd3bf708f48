"""Questions of the agent: permissions and forms, over a real process."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.events import (
    AgentNotice,
    Asked,
    AskOption,
    AskWithdrawn,
    Outcome,
    TextChunk,
    ToolCallChanged,
    TurnEnded,
)
from openacp_bot.core.model import Diff
from tests.agents.kit import Listener, launched, only, words

pytestmark = pytest.mark.wall_clock


async def test_a_permission_shows_call_diff_and_the_agents_options(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("permission Write a.txt")
        asked = await agent.until(Asked)
        agent.agent.answer(asked.id, "yes")
        events = await agent.rest()

    assert asked.title == "Write a.txt"
    assert asked.call is not None
    assert asked.call.diffs == (Diff("a.txt", None, "new\n"),)
    assert [place.path for place in asked.call.locations] == ["a.txt"]
    assert asked.options == (AskOption("yes", "Allow", "allow_once"), AskOption("no", "Reject", "reject_once"))
    assert words(events) == "[Write a.txt: yes]"
    assert only(ToolCallChanged, events)[-1].call.status == "completed"


async def test_a_question_does_not_overtake_the_text_before_it(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("chunks 500; permission")
        text = ""
        while not isinstance(event := await agent.next(), Asked):
            text += event.text if isinstance(event, TextChunk) else ""

    assert text.endswith("499 ")


async def test_a_permission_may_be_the_first_that_tells_of_a_call(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("permission first")
        call = await agent.until(ToolCallChanged)
        asked = await agent.until(Asked)

    assert asked.call == call.call
    assert asked.call is not None
    assert asked.call.title == "Straight"


async def test_two_questions_are_open_at_once_and_answered_in_any_order(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("two permissions")
        first, second = await agent.until(Asked), await agent.until(Asked)
        agent.agent.answer(second.id, "no")
        agent.agent.answer(first.id, "yes")

        assert first.id != second.id
        assert words(await agent.rest()) == "[First: yes][Second: no]"


async def test_no_answer_is_a_cancellation(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("permission")
        agent.agent.answer((await agent.until(Asked)).id, None)

        assert words(await agent.rest()) == "[Write file: cancelled]"


async def test_a_second_answer_and_an_unknown_question_change_nothing(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("permission")
        asked = await agent.until(Asked)
        agent.agent.answer("unknown", "no")
        agent.agent.answer(asked.id, "yes")
        agent.agent.answer(asked.id, "no")

        assert words(await agent.rest()) == "[Write file: yes]"


async def test_option_ids_may_be_long_and_kinds_unknown(workspace: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("long options")
        long = await agent.until(Asked)
        agent.agent.answer(long.id, long.options[1].id)
        said = words(await agent.rest())
        agent.agent.prompt("odd option")
        odd = await agent.until(Asked)

    assert len(long.options[1].id) == 300
    assert long.options[1].id in said
    assert odd.options == (AskOption("maybe", "Perhaps", "allow_on_sundays"),)
    assert "allow_on_sundays" in caplog.text


async def test_a_permission_without_options_is_cancelled_and_told(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("no options")

        assert words(events) == "[Write file: cancelled]"
        assert not only(Asked, events)
        [notice] = only(AgentNotice, events)
        assert "stub asked for a permission without an answer to choose" in notice.text
        assert notice.text.endswith(": Write file")
        assert await agent.said("echo on") == "on"


async def test_a_question_after_the_turn_is_still_asked(workspace: Path) -> None:
    async with launched(workspace) as agent:
        await agent.turn("ask later")
        asked = await agent.until(Asked)
        agent.agent.answer(asked.id, "yes")

        assert (await agent.until(TextChunk)).text == "[Later: yes]"


async def test_a_request_that_the_agent_cancels_is_withdrawn_and_answered(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("withdraw")
        asked = await agent.until(Asked)
        withdrawn = await agent.until(AskWithdrawn)

        assert withdrawn.id == asked.id
        assert words(await agent.rest()) == "[Withdrawn: error -32800]"


async def test_a_question_that_the_agent_does_not_wait_for_ends_with_the_turn(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("impatient")
        asked = await agent.until(Asked)
        agent.agent.cancel()
        events = await agent.rest()

    assert only(AskWithdrawn, events) == [AskWithdrawn(asked.id)]
    assert events[-1] == TurnEnded(Outcome.CANCELLED)
    assert only(ToolCallChanged, events)[-1].call.status == "ended"


async def form(agent: Listener) -> Asked:
    agent.agent.prompt("form")
    return await agent.until(Asked)


async def test_a_form_becomes_fields(workspace: Path) -> None:
    async with launched(workspace) as agent:
        asked = await form(agent)

    assert asked.title == "Which one?"
    assert asked.call is None
    kinds = {field.name: (field.kind, field.required, field.default) for field in asked.fields}
    assert kinds == {
        "colour": ("choice", True, ""),
        "size": ("integer", False, "3"),
        "sure": ("boolean", True, ""),
        "tags": ("choices", False, ""),
        "note": ("text", False, ""),
    }
    assert asked.fields[0].options == (("r", "Red"), ("g", "Green"))
    assert asked.fields[4].hint == "Anything else"


async def test_an_answered_form_goes_back_with_its_types(workspace: Path) -> None:
    async with launched(workspace) as agent:
        asked = await form(agent)
        agent.agent.answer(asked.id, None, {"colour": "Green", "sure": "yes", "tags": "x, z"})
        said = words(await agent.rest())

    content = '{"colour": "g", "size": 3, "sure": true, "tags": ["x", "z"]}'
    assert said == '[form: {"action": "accept", "content": ' + content + "}]"


async def test_a_form_without_an_answer_is_cancelled(workspace: Path) -> None:
    async with launched(workspace) as agent:
        asked = await form(agent)
        agent.agent.answer(asked.id, None)

        assert words(await agent.rest()) == '[form: {"action": "cancel"}]'


async def test_an_answer_that_does_not_fit_is_declined_and_told(workspace: Path) -> None:
    async with launched(workspace) as agent:
        asked = await form(agent)
        agent.agent.answer(asked.id, None, {"colour": "g", "sure": "yes", "size": "many"})
        events = await agent.rest()

    assert words(events) == '[form: {"action": "decline"}]'
    assert "whole number" in only(AgentNotice, events)[0].text


async def test_a_form_that_is_a_web_page_is_declined(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert await agent.said("url") == '[url: {"action": "decline"}]'
