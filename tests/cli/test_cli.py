"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from openacp_bot import __version__
from tests.cli.process import Cli


def test_the_version_is_printed(cli: Cli) -> None:
    done = cli("--version")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"openacp-bot {__version__}\n", "")


def test_version_and_help_import_nothing_heavy() -> None:
    program = (
        "import sys, openacp_bot.cli\n"
        "heavy = {'pydantic', 'aiohttp', 'yaml', 'asyncio', 'aiosqlite', 'markdown_it', 'rich'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_help_names_the_commands(cli: Cli) -> None:
    done = cli("--help")

    assert done.returncode == 0
    for command in ("run", "check-config", "agents", "open"):
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("args", [("nonsense",), ("run", "--port", "99999"), ("--nope",)])
def test_a_wrong_usage_is_exit_code_2(cli: Cli, args: tuple[str, ...]) -> None:
    done = cli(*args)

    assert done.returncode == 2
    assert "Usage:" in done.stderr


@pytest.mark.parametrize("command", [(), ("run",), ("check-config",), ("agents",), ("open",)])
def test_a_wrong_configuration_is_told_on_stderr_with_exit_code_1(cli: Cli, command: tuple[str, ...]) -> None:
    cli.configure("web: {prot: 1}\nsessions: {queue_limit: x}\n")

    done = cli(*command)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"openacp-bot: {cli.folder / 'config.yaml'} has 2 problems:\n"
        "  - sessions.queue_limit (line 2) is “x”; it must be a whole number\n"
        "  - web.prot (line 1) is not a known key; did you mean port?\n"
    )


def test_check_config_prints_what_would_be_used_but_no_values_of_variables(cli: Cli) -> None:
    cli.configure("agents: {x: {command: y, env: {KEY: hush}}}\nweb: {port: 9000}\n")
    cli.env["OPENACP_SESSIONS__QUEUE_LIMIT"] = "3"
    cli.env["OPENACP_NOPE"] = "1"

    done = cli("check-config")

    lines = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert lines["configuration"] == str(cli.folder / "config.yaml")
    assert lines["agents.x"] == "y; variables: KEY"
    assert lines["web.port"] == "9000"
    assert lines["sessions.queue_limit"] == "3"
    assert "hush" not in done.stdout + done.stderr
    assert "warning: $OPENACP_NOPE is ignored" in done.stderr


@pytest.mark.parametrize(
    "args", [("--config", "other.yaml", "check-config"), ("check-config", "--config", "other.yaml")]
)
def test_the_file_may_be_named_before_or_after_the_command(cli: Cli, args: tuple[str, ...]) -> None:
    (cli.folder / "other.yaml").write_text("web: {port: 9000}")

    done = cli(*args)

    assert done.returncode == 0
    assert re.search(r"^web\.port +9000$", done.stdout, re.MULTILINE)


def test_without_configuration_the_found_agents_and_the_demo_are_listed(cli: Cli) -> None:
    cli.install("gemini")

    done = cli("agents")

    head, gemini, demo = done.stdout.splitlines()
    assert head.split() == ["NAME", "FROM", "STATE", "PROVIDER", "MODELS", "COMMAND"]
    assert re.split(r"\s{2,}", gemini) == ["gemini (default)", "found", "installed", "google", "-", "gemini --acp"]
    assert re.split(r"\s{2,}", demo)[:4] == ["demo", "built in", "installed", "openacp"]
    assert demo.endswith("-m openacp_bot.demo_agent")


def test_an_agent_that_is_not_installed_gets_its_remedy(cli: Cli) -> None:
    cli.configure(
        "agents:\n"
        "  claude: {command: npx, args: [-y, some-agent], models: [opus, sonnet]}\n"
        "  mine: {command: ./mine}\n"
        "  jailed: {command: nowhere, launcher: [jail]}\n"
    )
    cli.install("jail")

    done = cli("agents")

    assert re.search(
        r"^claude \(default\) +configured +not installed +- +opus, sonnet +npx -y some-agent$", done.stdout, re.M
    )
    assert "claude: npx is not installed; install Node.js 22 or newer" in done.stdout
    assert f"mine: {cli.folder / 'mine'} is not installed; install it, or give the full path" in done.stdout
    assert re.search(r"^jailed +configured +installed", done.stdout, re.M)


# --- open ----------------------------------------------------------------------------------------


def announce(folder: Path, pid: int) -> None:
    """What a daemon leaves in its data directory while it runs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "daemon.json").write_text(json.dumps({"pid": pid, "url": "http://127.0.0.1:8765"}))


def test_open_prints_the_address_with_the_key(cli: Cli) -> None:
    data = cli.folder / "data"
    announce(data, os.getpid())
    (data / "key").write_text("hush\n")

    done = cli("open", "--data-dir", "data")

    assert (done.returncode, done.stdout, done.stderr) == (0, "http://127.0.0.1:8765/?key=hush\n", "")


def test_open_says_what_to_do_if_no_daemon_runs(cli: Cli) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    data = cli.folder / "data"

    never = cli("open", "--data-dir", "data")
    announce(data, ended.pid)
    killed = cli("open", "--data-dir", "data")

    for done in (never, killed):
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"openacp-bot: No daemon runs with the data directory {data}. Start it with `openacp-bot run`.\n"
        )


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"pid": "x", "url": 1}', '{"pid": -1, "url": ""}', '{"pid": 1e99, "url": ""}']
)
def test_open_survives_a_damaged_announcement(cli: Cli, text: str) -> None:
    data = cli.folder / "data"
    data.mkdir()
    (data / "daemon.json").write_text(text)

    done = cli("open", "--data-dir", "data")

    assert done.returncode == 1
    assert done.stderr.startswith("openacp-bot: ")
    assert "Traceback" not in done.stderr


def test_open_says_that_the_key_cannot_be_read(cli: Cli) -> None:
    announce(cli.folder / "data", os.getpid())

    done = cli("open", "--data-dir", "data")

    assert done.returncode == 1
    assert done.stderr.startswith(f"openacp-bot: The page's key in {cli.folder / 'data' / 'key'} cannot be read: ")
