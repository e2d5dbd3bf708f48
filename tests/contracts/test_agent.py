"""What every Agent and AgentLauncher promises (core/ports): the real room with a real process, and the fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from openacp_bot.core.errors import AgentError, AgentGone
from openacp_bot.core.events import Asked, Outcome, TurnEnded
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.ports import Agent, How
from tests.agents.kit import Listener, launched, words
from tests.fakes import FakeAgent, FakeLauncher

Launch: TypeAlias = Callable[[], AbstractAsyncContextManager[Agent]]


class Puppet:
    """Lets a FakeAgent do what the stub agent does at the same words."""

    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent
        self._prompt, self._answer = agent.prompt, agent.answer
        agent.prompt = self._heard  # type: ignore[method-assign]
        agent.answer = self._answered  # type: ignore[method-assign]

    def _heard(self, text: str, files: object = ()) -> None:
        self._prompt(text)
        match text.split():
            case ["echo", *said]:
                self._agent.say(" ".join(said))
                self._agent.finish()
            case ["permission"]:
                self._agent.ask("q1")
            case ["die", code, *_]:
                self._agent.die(int(code), "last words")

    def _answered(self, ask: str, option: str | None, values: Mapping[str, str] | None = None) -> None:
        first = not any(heard == ask for heard, _, _ in self._agent.answers)
        self._answer(ask, option, values)
        if first and ask == "q1":
            self._agent.finish()


@pytest.fixture(params=["real", "fake"])
def launch(request: pytest.FixtureRequest, tmp_path: Path) -> Launch:
    @asynccontextmanager
    async def real() -> AsyncIterator[Agent]:
        async with launched(tmp_path) as listener:
            yield listener.agent

    @asynccontextmanager
    async def fake() -> AsyncIterator[Agent]:
        async with FakeLauncher().launch(AgentSpec("fake", "/bin/fake"), cwd=tmp_path, session="s") as agent:
            Puppet(agent)
            yield agent

    return real if request.param == "real" else fake


async def test_a_new_conversation_has_a_name_and_says_how_it_began(launch: Launch) -> None:
    async with launch() as agent:
        assert agent.conversation
        assert agent.how is How.NEW
        assert 0 <= agent.silent_for < 60


async def test_a_prompts_text_comes_before_its_one_end(launch: Launch) -> None:
    async with launch() as agent:
        events = await Listener(agent).turn("echo hello there")

        assert words(events) == "hello there"
        assert [event.outcome for event in events if isinstance(event, TurnEnded)] == [Outcome.DONE]


async def test_the_same_stream_goes_on_over_turns(launch: Launch) -> None:
    async with launch() as agent:
        listener = Listener(agent)

        assert [await listener.said(f"echo {word}") for word in ("one", "two")] == ["one", "two"]


async def test_a_cancelled_prompt_ends_as_cancelled(launch: Launch) -> None:
    async with launch() as agent:
        agent.prompt("wait")
        agent.cancel()

        assert (await Listener(agent).until(TurnEnded)).outcome is Outcome.CANCELLED


async def test_a_question_is_answered_once_and_later_answers_are_nothing(launch: Launch) -> None:
    async with launch() as agent:
        listener = Listener(agent)
        agent.prompt("permission")
        asked = await listener.until(Asked)
        agent.answer(asked.id, asked.options[0].id)
        agent.answer(asked.id, None)
        agent.answer("never asked", None)

        assert (await listener.until(TurnEnded)).outcome is Outcome.DONE


async def test_death_comes_after_the_last_event_with_code_and_last_words(launch: Launch) -> None:
    async with launch() as agent:
        agent.prompt("die 3 last words")
        with pytest.raises(AgentGone) as gone:
            await Listener(agent).rest()

        assert gone.value.code == 3
        assert "last words" in gone.value.stderr


async def test_a_side_prompt_is_answered_beside_the_conversation_or_not_at_all(launch: Launch) -> None:
    async with launch() as agent:
        answer = await agent.side_prompt("echo aside", 10)
        events = await Listener(agent).turn("echo main")

        assert answer is None or isinstance(answer, str)
        assert words(events) == "main"


async def test_a_launch_that_fails_raises_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="not installed"):
        async with launched(tmp_path, spec=AgentSpec("none", "no-such-command-anywhere")):
            pass
    failing = FakeLauncher(fail=[AgentError("fake is not installed")])
    with pytest.raises(AgentError, match="not installed"):
        async with failing.launch(AgentSpec("fake", "/bin/fake"), cwd=tmp_path, session="s"):
            pass
