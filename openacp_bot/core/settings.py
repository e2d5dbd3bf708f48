"""What the operator decided: frozen values, read through `current()` at use so that a reload can swap them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from openacp_bot.core.model import AgentSpec, Verbosity


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The `sessions.` section."""

    max_concurrent: int = 20
    idle_timeout: timedelta = timedelta(minutes=60)
    silence: timedelta = timedelta(minutes=10)
    naming: str = "agent"  # or first_message
    queue_limit: int = 20
    archive_after: timedelta | None = None
    min_free_mb: int = 500
    context_tokens: int = 30000


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission rule; empty patterns match everything. `decide`: deny, ask, allow. `audience`: attended,
    unattended, all."""

    decide: str
    audience: str = "all"
    kind: str = ""
    path: str = ""
    command: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class PermissionPolicy:
    """The `permissions.` section."""

    approvers: str = "allowed"  # or requester, admins
    timeout: timedelta = timedelta(minutes=30)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessList:
    """Who may use one platform. Ids are the platform's numeric ids, as text."""

    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that core reads."""

    data_dir: Path
    base_dir: Path
    agents: Mapping[str, AgentSpec]  # in the order in which pickers offer them
    default_agent: str
    roots: tuple[Path, ...] = ()
    sessions: SessionLimits = SessionLimits()
    permissions: PermissionPolicy = PermissionPolicy()
    access: Mapping[str, AccessList] = field(default_factory=lambda: MappingProxyType({}))
    verbosity: Verbosity = Verbosity.MEDIUM
    timezone: str = "UTC"
    drain: timedelta = timedelta(seconds=120)
    secrets: tuple[str, ...] = field(default=(), repr=False)  # our own, masked wherever something is shown
