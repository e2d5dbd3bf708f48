"""A file and the environment become frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from openacp_bot.config import Config, ConfigError, LoggingConfig, WebConfig, load
from openacp_bot.core.model import AgentSpec, McpServer, Verbosity
from openacp_bot.core.settings import PermissionPolicy, Rule, SessionLimits

DEMO = AgentSpec("demo", "python3")
FOUND = AgentSpec("gemini", "gemini", found=True)

Load = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Writes the text to a file and loads it."""

    def load_text(text: str, env: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return load(path, env={"HOME": "/home/me", **(env or {})}, cwd=tmp_path / "cwd", found=(FOUND, DEMO))

    return load_text


def test_without_any_configuration_everything_has_its_default(tmp_path: Path) -> None:
    config = load(None, env={"HOME": "/home/me"}, cwd=tmp_path, found=(FOUND, DEMO))

    settings = config.settings
    assert settings.data_dir == Path("/home/me/.local/share/openacp-bot")
    assert settings.base_dir == Path("/home/me/openacp-workspace")
    assert settings.sessions == SessionLimits()
    assert settings.permissions == PermissionPolicy()
    assert (settings.roots, settings.timezone, settings.verbosity) == ((), "UTC", Verbosity.MEDIUM)
    assert settings.drain == timedelta(seconds=120)
    assert (config.web, config.logging) == (WebConfig(), LoggingConfig())
    assert (config.source, config.warnings) == (None, ())


def test_without_agents_those_found_are_offered_and_the_first_is_the_default(tmp_path: Path) -> None:
    both = load(None, env={}, cwd=tmp_path, found=(FOUND, DEMO)).settings
    demo = load(None, env={}, cwd=tmp_path, found=(DEMO,)).settings

    assert (list(both.agents), both.default_agent) == (["gemini", "demo"], "gemini")
    assert (list(demo.agents), demo.default_agent) == (["demo"], "demo")


def test_configured_agents_are_the_only_ones(loaded: Load) -> None:
    settings = loaded("agents:\n  zed: {command: z}\n  abc: {command: a}\n").settings

    assert list(settings.agents) == ["zed", "abc"]
    assert settings.default_agent == "zed"


def test_every_key_of_an_agent_arrives(loaded: Load, tmp_path: Path) -> None:
    settings = loaded(
        """
        agents:
          claude:
            command: ./bin/claude
            args: [--port, 8080]
            env: {API_KEY: abc, camelCase: "1", RETRIES: 3}
            provider: anthropic
            model: opus
            models: [opus, sonnet]
            clientFiles: true
            launcher: [~/bin/jail, --strict]
            mcpServers:
              - {name: docs, type: http, url: "https://example.org", headers: {X-Api-Key: k}}
              - {name: local, command: ./mcp, args: [-v], env: {Foo: bar}}
        """
    ).settings

    assert settings.agents["claude"] == AgentSpec(
        "claude",
        str(tmp_path / "bin" / "claude"),
        ("--port", "8080"),
        env={"API_KEY": "abc", "camelCase": "1", "RETRIES": "3"},
        provider="anthropic",
        model="opus",
        models=("opus", "sonnet"),
        client_files=True,
        launcher=("/home/me/bin/jail", "--strict"),
        mcp_servers=(
            McpServer("docs", "http", url="https://example.org", headers={"X-Api-Key": "k"}),
            McpServer("local", command=str(tmp_path / "mcp"), args=("-v",), env={"Foo": "bar"}),
        ),
    )


def test_a_command_without_a_slash_is_left_to_path(loaded: Load) -> None:
    assert loaded("agents: {x: {command: npx}}").settings.agents["x"].command == "npx"


def test_every_other_key_arrives(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    (tmp_path / "key.pem").touch()
    config = loaded(
        """
        data_dir: data
        default_agent: two
        timezone: Europe/Berlin
        agents: {one: {command: x}, two: {command: y}}
        workspace: {base_dir: ../work, roots: [/srv, ~/src]}
        sessions:
          max_concurrent_sessions: 3
          idle_timeout_minutes: 1.5
          silence_minutes: 2
          naming: first_message
          queue_limit: 4
          archive_after_days: 30
          min_free_mb: 0
          context_tokens: 5
        permissions:
          approvers: admins
          timeout_minutes: 7
          rules:
            - {decide: deny, path: "~/.ssh/*"}
            - {decide: allow, for: attended, kind: execute, command: "git *", agent: one}
        display: {verbosity: high}
        web: {enabled: false, host: 0.0.0.0, port: 0, tls_cert: cert.pem, tls_key: key.pem, insecure: false}
        shutdown: {drain_seconds: 0}
        logging: {level: DEBUG, format: json}
        """
    )

    settings = config.settings
    assert settings.data_dir == tmp_path / "data"
    assert settings.base_dir == tmp_path.parent / "work"
    assert settings.roots == (Path("/srv"), Path("/home/me/src"))
    assert (settings.default_agent, settings.timezone, settings.verbosity) == ("two", "Europe/Berlin", Verbosity.HIGH)
    minutes, days = timedelta(minutes=1), timedelta(days=1)
    assert settings.sessions == SessionLimits(3, 1.5 * minutes, 2 * minutes, "first_message", 4, 30 * days, 0, 5)
    rules = (
        Rule("deny", path="~/.ssh/*"),
        Rule("allow", "attended", kind="execute", command="git *", agent="one"),
    )
    assert settings.permissions == PermissionPolicy("admins", 7 * minutes, rules)
    assert settings.drain == timedelta(0)
    assert config.web == WebConfig(False, "0.0.0.0", 0, tmp_path / "cert.pem", tmp_path / "key.pem", False)
    assert config.logging == LoggingConfig("debug", "json")
    assert config.source == tmp_path / "config.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "maxConcurrentSessions: 3",
        "max_concurrent_sessions: 3",
        "sessions: {maxConcurrentSessions: 3}",
        "sessions: {max_concurrent_sessions: 3}",
    ],
)
def test_the_cap_may_be_written_in_four_ways(loaded: Load, text: str) -> None:
    assert loaded(text).settings.sessions.max_concurrent == 3


def test_names_are_taken_as_they_are(loaded: Load) -> None:
    assert list(loaded("agents: {myAgent: {command: x}}").settings.agents) == ["myAgent"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "sessions:\nagents:\nweb:\n  port:\n"])
def test_an_empty_file_or_section_is_all_defaults(loaded: Load, text: str) -> None:
    config = loaded(text)

    assert config.settings.sessions == SessionLimits()
    assert config.web == WebConfig()


def test_merge_keys_and_anchors_work(loaded: Load) -> None:
    agents = loaded(
        """
        agents:
          one: &one {command: x, provider: p}
          two: {<<: *one, command: y}
        """
    ).settings.agents

    assert (agents["two"].command, agents["two"].provider) == ("y", "p")


# --- the environment -----------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(loaded: Load) -> None:
    env = {
        "OPENACP_WEB__PORT": "9001",
        "OPENACP_SESSIONS__NAMING": "first_message",
        "OPENACP_WORKSPACE__ROOTS": '["/a", "/b"]',
        "OPENACP_MAX_CONCURRENT_SESSIONS": "2",
        "OPENACP_TIMEZONE": "Europe/Paris",
    }

    config = loaded("web: {port: 1, enabled: false}\nsessions: {naming: agent, queue_limit: 9}\n", env)

    assert (config.web.port, config.web.enabled) == (9001, False)
    assert (config.settings.sessions.naming, config.settings.sessions.queue_limit) == ("first_message", 9)
    assert config.settings.sessions.max_concurrent == 2
    assert config.settings.roots == (Path("/a"), Path("/b"))
    assert config.settings.timezone == "Europe/Paris"


def test_agents_in_the_environment_are_matched_whatever_their_case_and_dashes(loaded: Load) -> None:
    env = {
        "OPENACP_AGENTS__MY_AGENT__MODEL": "5.10",
        "OPENACP_AGENTS__MY_AGENT__ENV__API__Key": "007",
        "OPENACP_AGENTS__MY_AGENT__ARGS": "[--acp]",
    }

    agent = loaded("agents: {My-Agent: {command: x, env: {OTHER: y}}}", env).settings.agents["My-Agent"]

    assert (agent.model, agent.args) == ("5.10", ("--acp",))
    assert agent.env == {"OTHER": "y", "API__Key": "007"}


def test_an_agent_may_come_from_the_environment_alone(tmp_path: Path) -> None:
    settings = load(None, env={"OPENACP_AGENTS__MINE__COMMAND": "./run"}, cwd=tmp_path).settings

    assert settings.agents["mine"].command == str(tmp_path / "run")  # relative to where we were started


def test_a_stranger_in_the_environment_is_a_warning(tmp_path: Path) -> None:
    env = {"OPENACP_WEB__PRT": "1", "OPENACP_WEB__PORT__X": "1", "OPENACP_CONFIG": "", "OTHER": "1"}

    config = load(None, env=env, cwd=tmp_path, found=(DEMO,))

    assert config.warnings == (
        "$OPENACP_WEB__PORT__X is ignored: web.port has no keys of its own",
        "$OPENACP_WEB__PRT is ignored: there is no key web.prt; did you mean port?",
    )
    assert config.web == WebConfig()


def test_an_error_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, env={"OPENACP_WEB__PORT": "many"}, cwd=tmp_path, found=(DEMO,))

    assert caught.value.problems == ("web.port ($OPENACP_WEB__PORT) is “many”; it must be a whole number",)


# --- where the file is ---------------------------------------------------------------------------


def test_the_file_is_looked_for_in_order(tmp_path: Path) -> None:
    places = [
        tmp_path / name for name in ("named.yaml", "variable.yaml", "cwd/config.yaml", "xdg/openacp-bot/config.yaml")
    ]
    for number, place in enumerate(places, start=1):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"web: {{port: {number}}}")
    named, variable, in_cwd, _ = places
    env = {"OPENACP_CONFIG": str(variable), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    without = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}

    def port(path: Path | None, env: Mapping[str, str]) -> int:
        return load(path, env=env, cwd=in_cwd.parent, found=(DEMO,)).web.port

    assert port(named, env) == 1
    assert port(None, env) == 2
    assert port(None, without) == 3
    in_cwd.unlink()
    assert port(None, without) == 4


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    for path, env in ((Path("nope.yaml"), {}), (None, {"OPENACP_CONFIG": "nope.yaml"})):
        with pytest.raises(ConfigError, match=r"nope\.yaml: there is no such file"):
            load(path, env=env, cwd=tmp_path)


def test_the_data_directory_follows_xdg(tmp_path: Path) -> None:
    settings = load(None, env={"HOME": "/h", "XDG_DATA_HOME": "/data"}, cwd=tmp_path, found=(DEMO,)).settings

    assert settings.data_dir == Path("/data/openacp-bot")


def test_keys_that_others_can_read_are_a_warning(loaded: Load, tmp_path: Path) -> None:
    text = "agents: {x: {command: y, env: {KEY: secret}}}"
    path = tmp_path / "config.yaml"
    path.touch(mode=0o644)

    (warning,) = loaded(text).warnings
    assert warning.endswith(f"chmod 600 {path}")

    path.chmod(0o600)
    assert loaded(text).warnings == ()
