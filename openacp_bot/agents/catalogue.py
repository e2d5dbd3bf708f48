"""The agents that come with us, and those that are found on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from types import MappingProxyType

from openacp_bot.core.model import AgentSpec

# Commands as seen in acp.md §3 and §5; of several with one name the first that is installed counts.
KNOWN = (
    AgentSpec("claude", "claude-agent-acp", provider="anthropic"),
    AgentSpec("claude", "claude-code-acp", provider="anthropic"),
    AgentSpec("codex", "codex-acp", provider="openai"),
    AgentSpec("gemini", "gemini", ("--acp",), provider="google"),
    AgentSpec("opencode", "opencode", ("acp",), provider="opencode"),
    AgentSpec("qwen", "qwen", ("--acp",), provider="qwen"),
    AgentSpec("hermes", "hermes-acp", provider="hermes"),
    AgentSpec("agentao", "agentao", ("--acp", "--stdio"), provider="agentao"),
    AgentSpec("pi", "pi-acp", provider="pi"),
    AgentSpec("goose", "goose", ("acp",), provider="goose"),
    AgentSpec("copilot", "copilot", ("--acp",), provider="github"),
    AgentSpec("cursor", "cursor-agent", ("acp",), provider="cursor"),
    AgentSpec("auggie", "auggie", ("--acp",), provider="augment"),
    AgentSpec("kimi", "kimi", ("acp",), provider="moonshot"),
    AgentSpec("vibe", "vibe-acp", provider="mistral"),
    AgentSpec("fast-agent", "fast-agent-acp", provider="fast-agent"),
    AgentSpec("cline", "cline", ("--acp",), provider="cline"),
)


def demo() -> AgentSpec:
    """The demo agent: always there, no network, no key."""
    # -P: files of the workspace, where it runs, must not be imported in place of Python's own.
    args = ("-P", "-m", "openacp_bot.demo_agent")
    return AgentSpec("demo", sys.executable, args, provider="openacp", models=("demo-small", "demo-large"))


def found(environ: Mapping[str, str] = MappingProxyType(os.environ)) -> tuple[AgentSpec, ...]:
    """The known agents whose command is on PATH, by name."""
    path = environ.get("PATH", os.defpath)
    agents: dict[str, AgentSpec] = {}
    for spec in KNOWN:
        if spec.name not in agents and shutil.which(spec.command, path=path):
            agents[spec.name] = _as_found(spec)
    return tuple(agents[name] for name in sorted(agents))


def _as_found(spec: AgentSpec) -> AgentSpec:
    return AgentSpec(spec.name, spec.command, spec.args, provider=spec.provider, found=True)
