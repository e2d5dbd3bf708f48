"""The agent's own settings: models at the start, changes later, and again after a resume."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.errors import ModelRefused
from openacp_bot.core.events import AgentNotice, OptionsChanged
from tests.agents.kit import Listener, launched, stub

pytestmark = pytest.mark.wall_clock


async def value(agent: Listener, option: str) -> str:
    return (await agent.said(f"option {option}")).split()[0].partition("=")[2]


@pytest.mark.parametrize("flag", ["--options", "--old"])
async def test_a_wanted_model_is_set_in_the_agents_own_way(workspace: Path, flag: str) -> None:
    async with launched(workspace, flag, model="Large") as agent:
        assert await value(agent, "model") == "large"
        assert await value(agent, "mode") == "ask"


async def test_a_placeholder_takes_the_model_instead(workspace: Path) -> None:
    spec = stub("--options", "--model", "{model}", model="tiny")
    async with launched(workspace, spec=spec, model="giant") as wanted, launched(workspace, spec=spec) as own:
        assert "flag=giant" in await wanted.said("option model")
        assert "flag=tiny" in await own.said("option model")


async def test_an_agent_without_models_refuses_one(workspace: Path) -> None:
    with pytest.raises(ModelRefused, match="takes no model"):
        async with launched(workspace, model="large"):
            pass


async def test_a_model_that_the_agent_refuses_is_told_with_those_it_has(workspace: Path) -> None:
    with pytest.raises(ModelRefused, match=r"no such value: huge.*It offers: small, large"):
        async with launched(workspace, "--options", model="huge"):
            pass


@pytest.mark.parametrize(("configured", "expected"), [("large", "large"), ("only-a-label", "small")])
async def test_the_configured_model_is_set_where_it_is_offered(workspace: Path, configured: str, expected: str) -> None:
    async with launched(workspace, spec=stub("--options", model=configured)) as agent:
        assert await value(agent, "model") == expected


@pytest.mark.parametrize("flag", ["--options", "--old"])
async def test_options_are_unified_and_changed(workspace: Path, flag: str) -> None:
    async with launched(workspace, flag) as agent:
        before = {option.id: option.value for option in (await agent.until(OptionsChanged)).options}
        agent.agent.set_option("mode", "auto")
        after = {option.id: option.value for option in (await agent.until(OptionsChanged)).options}

        assert (before["mode"], before["model"]) == ("ask", "small")
        assert (after["mode"], after["model"]) == ("auto", "small")
        assert await value(agent, "mode") == "auto"


async def test_a_switch_is_a_boolean_on_the_wire(workspace: Path) -> None:
    async with launched(workspace, "--options") as agent:
        await agent.until(OptionsChanged)
        agent.agent.set_option("fast", "true")
        await agent.until(OptionsChanged)

        assert await value(agent, "fast") == "True"


async def test_a_change_that_fails_is_told(workspace: Path) -> None:
    async with launched(workspace, "--options", "--refuse-options") as agent:
        agent.agent.set_option("mode", "auto")
        refused = await agent.until(AgentNotice)
        agent.agent.set_option("volume", "11")
        unknown = await agent.until(AgentNotice)

    assert "did not set Mode to “auto”" in refused.text
    assert "no option “volume”" in unknown.text


async def test_saved_options_are_applied_again_after_a_resume(workspace: Path) -> None:
    saved = {"mode": "auto", "model": "large"}
    async with launched(workspace, "--options", "--resume", resume="old", model="small", options=saved) as agent:
        assert (await value(agent, "mode"), await value(agent, "model")) == ("auto", "large")


async def test_a_saved_option_that_is_gone_does_not_stop_a_resume(workspace: Path) -> None:
    async with launched(workspace, "--resume", resume="old", model="large", options={"mode": "auto"}) as agent:
        notices = [(await agent.until(AgentNotice)).text for _ in range(2)]

    assert any("takes no model" in text for text in notices)
    assert any("no option “mode”" in text for text in notices)
