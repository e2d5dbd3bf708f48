"""What is wrong is told all at once: key path, line, value, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.config import ConfigError, load
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import AgentSpec

DEMO = AgentSpec("demo", "python3")


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, env={"HOME": "/home/me"}, cwd=tmp_path, found=(DEMO,))
    assert str(caught.value).startswith(str(path))
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("web:\n  prot: 1", "web.prot (line 2) is not a known key; did you mean port?"),
        ("irc: {}", "irc (line 1) is not a known key; known are data_dir, default_agent, "),
        ("telegram: {streaming: true}", "telegram.token (line 1) is missing; @BotFather gives it"),
        ("telegram: {token: secret}", "telegram.token (line 1) is no bot token; @BotFather gives it"),
        ("telegram: {token: [1, 2]}", "telegram.token (line 1) is “…”; it must be text"),
        ("telegram: {token: '123:abc', token_file: t}", "telegram.token_file (line 1) is given beside telegram.token"),
        ("telegram: {token_file: nowhere}", "nowhere”, which cannot be read: No such file or directory"),
        (
            "telegram: {token: '123:abc', chat_id: 1001234567890}",
            "telegram.chat_id (line 1) is 1001234567890; a group's id is negative",
        ),
        ("telegram: {token: '123:abc', chat_ids: [0]}", "telegram.chat_ids[0] (line 1) is 0; a group's id is negative"),
        ("telegram: {token: '123:abc', allowed_user_ids: [bob]}", "must be numeric ids, not names"),
        ("telegram: {token: '123:abc', general: some}", "telegram.general (line 1) is “some”; use all, mention or off"),
        (
            "telegram: {token: '123:abc', api_base_url: host}",
            "api_base_url (line 1) is “host”; it must begin with http",
        ),
        ("maxConcurentSessions: 3", "max_concurent_sessions (line 1) is not a known key"),
        ("web: {port: http}", "web.port (line 1) is “http”; it must be a whole number"),
        ("web: {port: 70000}", "web.port (line 1) is 70000; it must be at most 65535"),
        ("sessions: {queueLimit: yes}", "sessions.queue_limit (line 1) is true; it must be a whole number"),
        ("sessions: {queue_limit: 0}", "sessions.queue_limit (line 1) is 0; it must be at least 1"),
        ("sessions: {silence_minutes: 0}", "sessions.silence_minutes (line 1) is 0; it must be above 0"),
        ("sessions: {silence_minutes: .inf}", "sessions.silence_minutes (line 1) is inf; it must be at most"),
        ("sessions: {naming: ai}", "sessions.naming (line 1) is “ai”; use agent or first_message"),
        ("sessions: {archive_after_days: soon}", "is “soon”; it must be a number of days above 0, or never"),
        ("web: {enabled: 1}", "web.enabled (line 1) is 1; it must be true or false"),
        ("web: 5", "web (line 1) is 5; it must hold keys and values"),
        ("data_dir: true", "data_dir (line 1) is true; it must be text (put it in quotes)"),
        ("workspace: {roots: /srv}", 'workspace.roots (line 1) is “/srv”; it must be a list: ["/srv"]'),
        ("agents:\n  claude:\n", "agents.claude.command (line 2) is missing, and it is required"),
        ("agents: {c: {command: ''}}", "agents.c.command (line 1) is empty"),
        (
            "agents:\n  c:\n    command: x\n    args: -y 'a b'",
            'agents.c.args (line 4) is “-y \'a b\'”; it must be a list: ["-y", "a b"]',
        ),
        ("agents: {'a b': {command: x}}", "agents.a b (line 1) is not a usable name"),
        ("agents: {c: {command: x, env: [A=secret]}}", "agents.c.env (line 1) is “…”; it must hold keys and values"),
        (
            "agents: {c: {command: x, mcp_servers: [{name: m}]}}",
            "agents.c.mcp_servers[0] (line 1) cannot be: a server of type stdio needs command",
        ),
        (
            "agents: {c: {command: x, mcp_servers: [{name: m, type: sse, url: u}]}}",
            "agents.c.mcp_servers[0].url (line 1) is “u”; it must begin with http",
        ),
        (
            "permissions:\n  rules:\n  - decide: allow\n  - decide: maybe",
            "permissions.rules[1].decide (line 4) is “maybe”; use deny, ask or allow",
        ),
        (
            "permissions: {rules: [{decide: deny, kind: exec}]}",
            "permissions.rules[0].kind (line 1) is “exec”; it is not a kind of tool; use read,",
        ),
        ("timezone: Mars/North", "timezone (line 1) is “Mars/North”; it must be an IANA name"),
        ("timezone: ../../etc", "timezone (line 1) is “../../etc”; it must be an IANA name"),
        ("default_agent: dmo", "default_agent (line 1) is “dmo”; there is no such agent; did you mean demo?"),
        ("default_agent: xyz", "there is no such agent; known are demo"),
        ("data_dir: d\nworkspace: {base_dir: d/w}", "it must not lie in data_dir"),
        (
            "web: {host: 0.0.0.0}",
            "web.host (line 1) is “0.0.0.0”, which others can reach; give web.tls_cert and web.tls_key, or",
        ),
        ("web: {tls_cert: c.pem}", "web.tls_cert (line 1) is given without web.tls_key"),
        ("web: {tls_cert: c.pem}", "c.pem”; there is no such file"),
        ("- a\n- b", "the file must consist of keys and values"),
        ("hello", "the file must consist of keys and values"),
        ("a: b: c", "line 1, column 5: this cannot be read"),
        ("web:\n\tport: 1", "line 2, column 1: this cannot be read"),
        ("a: &x [*x]", "nested too deeply"),
        ("? [a, b]\n: c", "a key must be a word"),
        ("sessions: 5\nmaxConcurrentSessions: 3", "sessions (line 1) is 5; it must hold keys and values"),
        ("agents: {c: {command: x, args: it's}}", "is “it's”; it must be a list: [\"it's\"]"),
        ("agents: {c: {command: x, args: 5}}", "agents.c.args (line 1) is 5; it must be a list"),
        ("agents: {c: {command: x, mcp_servers: [{name: m, type: http, url: u, command: x}]}}", "http has no command"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: 1\n---\nb: 2", "line 2, column 1: this cannot be read"),
    ],
)
def test_a_mistake_gets_its_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    assert any(sentence in problem for problem in problems(tmp_path, text)), problems(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("web: {port: 1}\ntimezone: UTC\nweb: {port: 2}", "web is given twice: line 1 and line 3"),
        ("sessions:\n  queueLimit: 1\n  queue_limit: 2", "sessions.queue_limit is given twice: line 2 and line 3"),
        (
            "sessions: {max_concurrent_sessions: 1}\nmaxConcurrentSessions: 2",
            "sessions.max_concurrent_sessions is given twice: line 1 and line 2",
        ),
        ("agents:\n  a: {command: x}\n  a: {command: y}", "agents.a is given twice: line 2 and line 3"),
    ],
)
def test_a_key_that_is_given_twice_is_an_error(tmp_path: Path, text: str, sentence: str) -> None:
    assert problems(tmp_path, text) == (sentence,)


def test_a_path_is_told_whole_however_long_it_is(tmp_path: Path) -> None:
    folders = "a folder with a long name/" * 8

    (told,) = problems(tmp_path, f"telegram: {{token_file: {folders}token}}")

    assert f"“{tmp_path / folders / 'token'}”, which cannot be read" in told


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "web: {prot: 1}\nsessions: {naming: x, queue_limit: y}\nweb: {port: z}\n"

    found = problems(tmp_path, text)

    assert len(found) == 4
    assert [problem.partition(" ")[0] for problem in found] == [
        "web",
        "sessions.naming",
        "sessions.queue_limit",
        "web.port",
    ]


def test_an_error_is_for_a_person() -> None:
    error = ConfigError(Path("/c.yaml"), ["one", "two"])

    assert isinstance(error, UserError)
    assert str(error) == "/c.yaml has 2 problems:\n  - one\n  - two"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_loopback_needs_no_tls(tmp_path: Path, host: str) -> None:
    (tmp_path / "config.yaml").write_text(f"web: {{host: '{host}'}}")

    assert load(None, env={}, cwd=tmp_path, found=(DEMO,)).web.host == host


def test_another_address_is_allowed_by_the_word_insecure(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("web: {host: example.org, insecure: true}")

    assert load(None, env={}, cwd=tmp_path, found=(DEMO,)).web.insecure


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load(path, env={}, cwd=tmp_path)


def test_a_character_that_yaml_does_not_allow_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"web:\n  port: 1\0\n")

    with pytest.raises(ConfigError, match="not YAML"):
        load(tmp_path / "config.yaml", env={}, cwd=tmp_path)


def test_variables_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    env = {"OPENACP_WEB": "5", "OPENACP_WEB__PORT": "1", "OPENACP_WORKSPACE__ROOTS": "[a"}
    with pytest.raises(ConfigError) as caught:
        load(None, env=env, cwd=tmp_path, found=(DEMO,))

    assert set(caught.value.problems) == {
        "$OPENACP_WEB__PORT contradicts the variable for web",
        "web ($OPENACP_WEB) is 5; it must hold keys and values",
        'workspace.roots ($OPENACP_WORKSPACE__ROOTS) is “[a”; it must be a list: ["[a"]',
    }
