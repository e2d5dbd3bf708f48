"""Rules that decide before a human is asked.

1. deny beats ask beats allow, whatever the order in the list.
2. Paths are compared by their real path; a pattern without a slash at its start matches below any folder.
3. A command with `;`, `&`, `|`, `$(`, backticks or a newline matches an allow only if every part does, and a deny
   or ask if any part does.
4. Deny holds under bypass. Unattended: deny by default.
5. A person's "Allow for this session" allows the same kind and same command, or edits in the same directory.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from openacp_bot.core.events import AskOption
from openacp_bot.core.model import Grant, ToolCall
from openacp_bot.core.settings import Rule

SEPARATORS = re.compile(r"[;&|\n\r`()]|[$<>](?=\()")
EDITS = frozenset({"edit", "delete", "move"})


@dataclass(frozen=True, slots=True)
class Request:
    """What an agent wants to do, as the rules see it. `paths` are real paths."""

    agent: str
    kind: str
    command: str
    paths: tuple[str, ...]
    attended: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """`decide`: deny, ask or allow; `because` names the rule for the audit."""

    decide: str
    because: str


def requested(call: ToolCall, *, agent: str, workspace: str, attended: bool) -> Request:
    """The request behind a tool call; relative paths lie in the workspace."""
    named = [diff.path for diff in call.diffs] + [location.path for location in call.locations]
    paths = tuple(sorted({os.path.realpath(os.path.join(workspace, path)) for path in named}))
    return Request(agent, call.kind, call.command, paths, attended)


def judge(request: Request, rules: Sequence[Rule], grants: Iterable[Grant], *, bypass: bool) -> Verdict:
    """What happens without a human, or that one is asked."""
    for decide in ("deny", "ask", "allow"):
        for number, rule in enumerate(rules, start=1):
            if rule.decide != decide or not _matches(rule, request):
                continue
            if decide == "ask":
                return _unasked(request, bypass=bypass) or Verdict("ask", f"rule {number}")
            return Verdict(decide, f"rule {number}")
    if unasked := _unasked(request, bypass=bypass):
        return unasked
    if any(_granted(grant, request) for grant in grants):
        return Verdict("allow", "allowed for this session")
    return Verdict("ask", "")


def grant_for(request: Request) -> Grant | None:
    """What "Allow for this session" would allow from now on; None where it would allow everything."""
    if request.command:
        return Grant(request.kind, command=request.command)
    if request.kind in EDITS and request.paths:
        return Grant(request.kind, directory=os.path.dirname(request.paths[0]))
    return None


def pick(options: Sequence[AskOption], *kinds: str) -> AskOption | None:
    """The first option of the first kind that the agent offers."""
    for kind in kinds:
        for option in options:
            if option.kind == kind:
                return option
    return None


def _unasked(request: Request, *, bypass: bool) -> Verdict | None:
    """What stands in for a human where none is to be asked."""
    if not request.attended:
        return Verdict("deny", "unattended")
    return Verdict("allow", "bypass") if bypass else None


def _matches(rule: Rule, request: Request) -> bool:
    if rule.audience != "all" and (rule.audience == "attended") != request.attended:
        return False
    if rule.agent and not fnmatchcase(request.agent, rule.agent):
        return False
    if rule.kind and not fnmatchcase(request.kind, rule.kind):
        return False
    if rule.command and not _command_matches(rule, request.command):
        return False
    return not rule.path or _path_matches(rule, request.paths)


def _command_matches(rule: Rule, command: str) -> bool:
    parts = [part.strip() for part in SEPARATORS.split(command) if part.strip()]
    if not parts:
        return False
    if rule.decide == "allow":
        return all(fnmatchcase(part, rule.command) for part in parts)
    return fnmatchcase(command, rule.command) or any(fnmatchcase(part, rule.command) for part in parts)


def _path_matches(rule: Rule, paths: tuple[str, ...]) -> bool:
    if not paths:
        return False
    pattern = _real_pattern(os.path.expanduser(rule.path))
    hits = [fnmatchcase(path, pattern) for path in paths]
    return all(hits) if rule.decide == "allow" else any(hits)


def _real_pattern(pattern: str) -> str:
    """The pattern with the real path of what comes before its first wildcard."""
    if not pattern.startswith("/"):
        return pattern if pattern.startswith("*") else f"*/{pattern}"
    head = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    if head == pattern:
        return os.path.realpath(pattern)
    folder = head.rpartition("/")[0]
    return os.path.realpath(folder or "/").rstrip("/") + pattern[len(folder) :]


def _granted(grant: Grant, request: Request) -> bool:
    if grant.kind != request.kind:
        return False
    if grant.command is not None:
        return grant.command == request.command
    if grant.directory is None or not request.paths:
        return False
    return all(os.path.dirname(path) == grant.directory for path in request.paths)
