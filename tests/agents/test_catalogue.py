"""Which agents there are, and what they inherit."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.agents.catalogue import demo, found
from openacp_bot.agents.environment import child_environment
from openacp_bot.core.events import Outcome, TurnEnded
from tests.agents.kit import launched, stub


def install(folder: Path, *names: str) -> dict[str, str]:
    for name in names:
        program = folder / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return {"PATH": str(folder)}


def test_agents_on_the_path_are_found_once_each(tmp_path: Path) -> None:
    agents = found(install(tmp_path, "gemini", "claude-code-acp", "claude-agent-acp", "agentao"))

    assert [(agent.name, agent.command, agent.args) for agent in agents] == [
        ("agentao", "agentao", ("--acp", "--stdio")),
        ("claude", "claude-agent-acp", ()),
        ("gemini", "gemini", ("--acp",)),
    ]
    assert all(agent.found for agent in agents)


def test_without_any_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "gemini").touch()

    assert found({"PATH": str(tmp_path)}) == ()


def test_an_agent_inherits_a_short_list_only() -> None:
    ours = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "XDG_CONFIG_HOME": "/x",
        "https_proxy": "p",
        "OPENACP_TELEGRAM__TOKEN": "secret",
        "TELEGRAM_TOKEN": "secret",
        "NOTIFY_SOCKET": "/run/notify",
        "PYTHONPATH": "/p",
        "TZ": "UTC",
    }

    assert child_environment(ours, {"KEY": "k", "TZ": "Asia/Tokyo"}) == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "XDG_CONFIG_HOME": "/x",
        "https_proxy": "p",
        "KEY": "k",
        "TZ": "Asia/Tokyo",
    }


@pytest.mark.wall_clock
async def test_the_process_really_gets_no_more(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENACP_DISCORD__TOKEN", "secret")
    async with launched(workspace, spec=stub(env={"STUB_KEY": "k"})) as agent:
        assert await agent.said("env OPENACP_DISCORD__TOKEN; env STUB_KEY") == "OPENACP_DISCORD__TOKEN=-STUB_KEY=k"


@pytest.mark.wall_clock
async def test_the_demo_agent_is_not_misled_by_files_of_the_workspace(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("json", "asyncio", "openacp_bot"):
        (workspace / f"{name}.py").write_text("raise SystemExit(9)")
    async with launched(workspace, spec=demo(), model="demo-large") as agent:
        assert (await agent.turn("hello"))[-1] == TurnEnded(Outcome.DONE)
