"""From checked keys to the frozen values of core: paths made absolute, names looked up, contradictions told."""

from __future__ import annotations

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from openacp_bot.config.problems import located, shown, shown_path, suggestion
from openacp_bot.config.schema import AgentSection, KeyPath, McpServerSection, PermissionsSection, Root, SessionsSection
from openacp_bot.config.values import LoggingConfig, WebConfig
from openacp_bot.core.model import AgentSpec, McpServer, Verbosity
from openacp_bot.core.settings import PermissionPolicy, Rule, SessionLimits, Settings

NAME = re.compile(r"[\w][\w.+-]{0,39}")  # a word of `/new NAME`


@dataclass
class Ground:
    """Where a configuration stands: what relative paths and `~` mean; and what was found wrong."""

    places: Mapping[KeyPath, str]
    home: Path
    cwd: Path
    source: Path | None
    problems: list[str] = field(default_factory=list)

    def complain(self, path: KeyPath, sentence: str) -> None:
        self.problems.append(f"{located(path, self.places)} {sentence}")

    def absolute(self, text: str, path: KeyPath) -> Path:
        """A path of the file is relative to the file's folder, one of the environment to the working directory."""
        in_environment = self.places.get(path, "").startswith("$")
        base = self.source.parent if self.source and not in_environment else self.cwd
        return Path(os.path.normpath(base / self.expanded(text)))

    def expanded(self, text: str) -> str:
        return str(self.home / text[2:]) if text.startswith("~/") else str(self.home) if text == "~" else text

    def program(self, text: str, path: KeyPath) -> str:
        """A name is looked up on PATH when it is started; anything with a slash is a path."""
        return str(self.absolute(text, path)) if "/" in text else text


def settings(root: Root, ground: Ground, *, default_data_dir: Path, found: tuple[AgentSpec, ...]) -> Settings:
    """The values that core reads; what is wrong is in `ground.problems`."""
    offered = _agents(root, ground) if root.agents else {agent.name: agent for agent in found}
    data_dir = ground.absolute(root.data_dir, ("data_dir",)) if root.data_dir else default_data_dir
    base_dir = ground.absolute(root.workspace.base_dir, ("workspace", "base_dir"))
    if base_dir.is_relative_to(data_dir):
        ground.complain(("workspace", "base_dir"), f"is {shown_path(base_dir)}; it must not lie in data_dir")
    return Settings(
        data_dir=data_dir,
        base_dir=base_dir,
        agents=MappingProxyType(offered),
        default_agent=_default_agent(root, offered, ground),
        roots=tuple(
            ground.absolute(path, ("workspace", "roots", place)) for place, path in enumerate(root.workspace.roots)
        ),
        sessions=_limits(root.sessions),
        permissions=_policy(root.permissions),
        verbosity=Verbosity(root.display.verbosity),
        timezone=_timezone(root, ground),
        drain=timedelta(seconds=root.shutdown.drain_seconds),
    )


# --- agents --------------------------------------------------------------------------------------


def _agents(root: Root, ground: Ground) -> dict[str, AgentSpec]:
    return {name: _agent(name, section, ground) for name, section in root.agents.items()}


def _agent(name: str, section: AgentSection, ground: Ground) -> AgentSpec:
    path: KeyPath = ("agents", name)
    if not NAME.fullmatch(name):
        ground.complain(path, "is not a usable name; use up to 40 letters, digits, dots and dashes")
    servers = [_server(body, (*path, "mcp_servers", at), ground) for at, body in enumerate(section.mcp_servers)]
    return AgentSpec(
        name=name,
        command=ground.program(section.command, (*path, "command")),
        args=tuple(section.args),
        env=MappingProxyType(section.env),
        provider=section.provider,
        model=section.model,
        models=tuple(section.models),
        mcp_servers=tuple(servers),
        client_files=section.client_files,
        launcher=_launcher(section, (*path, "launcher"), ground),
    )


def _launcher(section: AgentSection, path: KeyPath, ground: Ground) -> tuple[str, ...]:
    words = section.launcher
    return (ground.program(words[0], (*path, 0)), *words[1:]) if words else ()


def _server(section: McpServerSection, path: KeyPath, ground: Ground) -> McpServer:
    if section.url and not section.url.startswith(("http://", "https://")):
        ground.complain((*path, "url"), f"is {shown(section.url)}; it must begin with http:// or https://")
    return McpServer(
        name=section.name,
        kind=section.type,
        command=ground.program(section.command, (*path, "command")),
        args=tuple(section.args),
        env=MappingProxyType(section.env),
        url=section.url,
        headers=MappingProxyType(section.headers),
    )


def _default_agent(root: Root, offered: Mapping[str, AgentSpec], ground: Ground) -> str:
    """The one that is named, else the first that is offered."""
    if not root.default_agent:
        return next(iter(offered), "")
    if root.default_agent not in offered:
        near = suggestion(root.default_agent, tuple(offered))
        ground.complain(("default_agent",), f"is {shown(root.default_agent)}; there is no such agent; {near}")
    return root.default_agent


# --- the rest ------------------------------------------------------------------------------------


def _limits(section: SessionsSection) -> SessionLimits:
    days = section.archive_after_days
    return SessionLimits(
        max_concurrent=section.max_concurrent_sessions,
        idle_timeout=timedelta(minutes=section.idle_timeout_minutes),
        silence=timedelta(minutes=section.silence_minutes),
        naming=section.naming,
        queue_limit=section.queue_limit,
        archive_after=None if days is None else timedelta(days=days),
        min_free_mb=section.min_free_mb,
        context_tokens=section.context_tokens,
    )


def _policy(section: PermissionsSection) -> PermissionPolicy:
    rules = (
        Rule(rule.decide, rule.audience, kind=rule.kind, path=rule.path, command=rule.command, agent=rule.agent)
        for rule in section.rules
    )
    return PermissionPolicy(section.approvers, timedelta(minutes=section.timeout_minutes), tuple(rules))


def _timezone(root: Root, ground: Ground) -> str:
    try:
        if root.timezone != "UTC":  # known without any zone data on the machine
            zoneinfo.ZoneInfo(root.timezone)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError on 3.11
        _complain_of_zone(root.timezone, ground)
    except KeyError:
        _complain_of_zone(root.timezone, ground)
    return root.timezone


def _complain_of_zone(name: str, ground: Ground) -> None:
    ground.complain(("timezone",), f"is {shown(name)}; it must be an IANA name such as Europe/Berlin")


def web(root: Root, ground: Ground) -> WebConfig:
    """The `web.` section; an address that others can reach needs TLS, or the word `insecure`."""
    section = root.web
    cert, key = (_tls_file(getattr(section, name), name, ground) for name in ("tls_cert", "tls_key"))
    if bool(cert) != bool(key):
        given, lacking = ("tls_cert", "tls_key") if cert else ("tls_key", "tls_cert")
        ground.complain(("web", given), f"is given without web.{lacking}; both are needed")
    elif not (is_loopback(section.host) or cert or section.insecure):
        ground.complain(
            ("web", "host"),
            f"is {shown(section.host)}, which others can reach; give web.tls_cert and web.tls_key, "
            "or say web.insecure: true if a proxy or a private network protects it",
        )
    return WebConfig(section.enabled, section.host, section.port, cert, key, section.insecure)


def _tls_file(text: str, name: str, ground: Ground) -> Path | None:
    if not text:
        return None
    path = ground.absolute(text, ("web", name))
    if not path.is_file():
        ground.complain(("web", name), f"is {shown_path(path)}; there is no such file")
    return path


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def logging(root: Root) -> LoggingConfig:
    return LoggingConfig(root.logging.level, root.logging.format)
