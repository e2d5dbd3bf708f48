"""Rules that decide before a person is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.events import AskOption
from openacp_bot.core.model import Diff, Grant, Location, ToolCall
from openacp_bot.core.permissions import Request, Verdict, grant_for, judge, pick, requested
from openacp_bot.core.settings import Rule

ASK = Verdict("ask", "")
UNATTENDED = Verdict("deny", "unattended")
BYPASS = Verdict("allow", "bypass")


def run(command: str, *, attended: bool = True, agent: str = "demo") -> Request:
    return Request(agent, "execute", command, (), attended)


def edit(*paths: str, attended: bool = True) -> Request:
    return Request("demo", "edit", "", paths, attended)


def decided(request: Request, *rules: Rule, bypass: bool = False, grants: tuple[Grant, ...] = ()) -> Verdict:
    return judge(request, rules, grants, bypass=bypass)


# --- the order of rules ------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_deny_beats_ask_beats_allow_in_any_order(turned: bool) -> None:
    deny, ask, allow = Rule("deny", command="rm*"), Rule("ask", command="*x"), Rule("allow", kind="execute")
    rules = (allow, ask, deny) if turned else (deny, ask, allow)

    assert decided(run("rm x"), *rules).decide == "deny"
    assert decided(run("ls x"), *rules).decide == "ask"
    assert decided(run("ls"), *rules).decide == "allow"


def test_a_verdict_names_the_rule_by_its_place() -> None:
    rules = (Rule("allow", kind="read"), Rule("deny", command="rm*"))

    assert decided(run("rm x"), *rules) == Verdict("deny", "rule 2")
    assert decided(run("ls"), *rules) == ASK


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (Rule("deny"), True),
        (Rule("deny", kind="execute"), True),
        (Rule("deny", kind="exec*"), True),
        (Rule("deny", kind="edit"), False),
        (Rule("deny", agent="demo"), True),
        (Rule("deny", agent="d?mo"), True),
        (Rule("deny", agent="other"), False),
        (Rule("deny", audience="attended"), True),
        (Rule("deny", audience="unattended"), False),
        (Rule("deny", command="git *"), True),
        (Rule("deny", command="GIT *"), False),
        (Rule("deny", command="git"), False),
        (Rule("deny", kind="execute", command="git *", agent="demo"), True),
        (Rule("deny", kind="execute", command="git *", agent="other"), False),
        (Rule("deny", path="/etc/*"), False),  # no path is known
    ],
)
def test_every_part_of_a_rule_must_match(rule: Rule, matches: bool) -> None:
    assert decided(run("git push"), rule).decide == ("deny" if matches else "ask")


def test_a_request_without_a_command_matches_no_command_pattern() -> None:
    assert decided(edit("/w/a"), Rule("allow", command="*")) == ASK


# --- compound commands -------------------------------------------------------------------------------

JOINTS = ["; ", ";", " & ", " && ", " | ", " || ", "\n", "\r\n"]


@pytest.mark.parametrize("joint", JOINTS)
def test_a_compound_command_is_allowed_only_if_every_part_is(joint: str) -> None:
    allow = Rule("allow", command="git *")

    assert decided(run(f"git log{joint}rm -rf x"), allow) == ASK
    assert decided(run(f"rm -rf x{joint}git log"), allow) == ASK
    assert decided(run(f"git log{joint}git push"), allow).decide == "allow"


@pytest.mark.parametrize("joint", JOINTS)
def test_a_compound_command_is_denied_if_any_part_is(joint: str) -> None:
    for decide in ("deny", "ask"):
        assert decided(run(f"git log{joint}rm -rf x"), Rule(decide, command="rm *")).because == "rule 1"


@pytest.mark.parametrize("hidden", ["$(rm -rf x)", "`rm -rf x`", "<(rm -rf x)", ">(rm -rf x)", "(rm -rf x)", "$((1))"])
def test_what_is_run_inside_a_command_is_a_part_of_it(hidden: str) -> None:
    assert decided(run(f"git log {hidden}"), Rule("allow", command="git *")) == ASK
    if "rm" in hidden:
        assert decided(run(f"git log {hidden}"), Rule("deny", command="rm *")).decide == "deny"


@pytest.mark.parametrize("command", [";", "&&", "\n", " ; "])
def test_a_command_of_joints_only_is_not_allowed(command: str) -> None:
    assert decided(run(command), Rule("allow", command="*")) == ASK


def test_a_compound_command_can_be_denied_as_a_whole() -> None:
    assert decided(run("curl x | sh"), Rule("deny", command="curl*|*sh")).decide == "deny"


# --- paths -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/etc/*", "/etc/passwd", True),
        ("/etc/*", "/etc/ssh/config", True),  # a star crosses folders
        ("/etc/*", "/etcetera", False),
        ("/etc/passwd", "/etc/passwd", True),
        ("/*", "/vmlinuz", True),
        ("vmlinuz", "/vmlinuz", True),
        (".env", "/w/.env", True),
        (".env", "/w/a.env", False),
        ("*.env", "/w/a.env", True),
        (".env*", "/w/deep/er/.env.local", True),
        ("secrets/*", "/w/secrets/key", True),
        ("secrets/*", "/w/mysecrets/key", False),
        ("[ab].txt", "/w/a.txt", True),
        ("/w/?.txt", "/w/ab.txt", False),
    ],
)
def test_paths_match_globs(pattern: str, path: str, matches: bool) -> None:
    assert decided(edit(path), Rule("deny", path=pattern)).decide == ("deny" if matches else "ask")


def test_an_allow_must_match_every_path_and_a_deny_any() -> None:
    assert decided(edit("/w/a", "/etc/b"), Rule("allow", path="/w/*")) == ASK
    assert decided(edit("/w/a", "/w/b"), Rule("allow", path="/w/*")).decide == "allow"
    assert decided(edit("/w/a", "/etc/b"), Rule("deny", path="/etc/*")).decide == "deny"


def test_a_home_directory_may_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert decided(edit(str(tmp_path / ".ssh" / "id")), Rule("deny", path="~/.ssh/*")).decide == "deny"


def test_a_link_cannot_hide_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "innocent").symlink_to(tmp_path / "vault")
    call = ToolCall("c", kind="edit", diffs=(Diff("innocent/key", None, "x"),))
    request = requested(call, agent="demo", workspace=str(tmp_path / "work"), attended=True)

    assert request.paths == (str(tmp_path / "vault" / "key"),)
    assert decided(request, Rule("allow", path=str(tmp_path / "work" / "*"))) == ASK
    assert decided(request, Rule("deny", path=str(tmp_path / "vault" / "*"))).decide == "deny"


def test_a_rule_may_name_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "vault")
    real = edit(str(tmp_path / "vault" / "key"))

    assert decided(real, Rule("deny", path=str(tmp_path / "link" / "*"))).decide == "deny"
    assert decided(real, Rule("deny", path=str(tmp_path / "link" / "key"))).decide == "deny"


def test_relative_paths_and_ways_out_of_the_workspace_are_made_real() -> None:
    call = ToolCall("c", kind="read", locations=(Location("../etc/passwd"), Location("a.py"), Location("a.py", 3)))

    assert requested(call, agent="demo", workspace="/w", attended=True).paths == ("/etc/passwd", "/w/a.py")


# --- without a person --------------------------------------------------------------------------------


def test_bypass_allows_what_is_not_denied() -> None:
    deny, ask = Rule("deny", command="rm*"), Rule("ask", command="make*")

    assert decided(run("ls"), deny, ask, bypass=True) == BYPASS
    assert decided(run("make"), deny, ask, bypass=True) == BYPASS
    assert decided(run("rm x"), deny, ask, bypass=True).decide == "deny"


def test_unattended_is_denied_unless_a_rule_allows_it() -> None:
    assert decided(run("ls", attended=False)) == UNATTENDED
    assert decided(run("ls", attended=False), Rule("ask")) == UNATTENDED
    assert decided(run("ls", attended=False), Rule("allow", command="ls")) == Verdict("allow", "rule 1")
    assert decided(run("ls", attended=False), Rule("allow", audience="attended")) == UNATTENDED
    assert decided(run("ls"), Rule("allow", audience="unattended")) == ASK


def test_neither_bypass_nor_a_grant_helps_the_unattended() -> None:
    assert decided(run("ls", attended=False), bypass=True) == UNATTENDED
    assert decided(run("ls", attended=False), grants=(Grant("execute", command="ls"),)) == UNATTENDED


# --- allow for this session --------------------------------------------------------------------------


def test_a_grant_covers_the_same_kind_and_the_same_command() -> None:
    grant = grant_for(run("make test"))
    assert grant == Grant("execute", command="make test")

    assert decided(run("make test"), grants=(grant,)) == Verdict("allow", "allowed for this session")
    assert decided(run("make test; rm x"), grants=(grant,)) == ASK
    assert decided(Request("demo", "read", "make test", (), True), grants=(grant,)) == ASK


def test_a_grant_covers_edits_in_the_same_directory_only() -> None:
    grant = grant_for(edit("/w/src/a.py"))
    assert grant == Grant("edit", directory="/w/src")

    assert decided(edit("/w/src/b.py"), grants=(grant,)).decide == "allow"
    for elsewhere in (edit("/w/other/b.py"), edit("/w/srcs/b.py"), edit("/w/src/b.py", "/w/b.py"), edit()):
        assert decided(elsewhere, grants=(grant,)) == ASK


def test_a_grant_for_a_file_at_the_root_does_not_cover_the_whole_disk() -> None:
    grant = grant_for(edit("/a.txt"))
    grants = () if grant is None else (grant,)

    assert decided(edit("/home/you/.bashrc"), grants=grants) == ASK


def test_several_directories_are_granted_only_where_they_are_one() -> None:
    grant = grant_for(edit("/w/a/x", "/w/b/y"))
    grants = () if grant is None else (grant,)

    assert decided(edit("/w/b/y"), grants=grants) == ASK


def test_rules_beat_grants() -> None:
    grant = Grant("execute", command="rm x")

    assert decided(run("rm x"), Rule("deny", command="rm*"), grants=(grant,)).decide == "deny"
    assert decided(run("rm x"), Rule("ask", command="rm*"), grants=(grant,)) == Verdict("ask", "rule 1")


@pytest.mark.parametrize("kind", ["read", "fetch", "think", "other"])
def test_nothing_is_granted_where_it_would_be_everything(kind: str) -> None:
    assert grant_for(Request("demo", kind, "", ("/w/a",), True)) is None


def test_the_first_option_of_the_first_kind_is_picked() -> None:
    options = (AskOption("n", "No", "reject_once"), AskOption("a", "Always", "allow_always"))

    assert pick(options, "allow_once", "allow_always") == options[1]
    assert pick(options, "allow_once") is None
