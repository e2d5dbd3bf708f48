"""`run`: the real daemon, from ready to its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.cli.process import LIMIT, Cli

pytestmark = pytest.mark.wall_clock


@contextmanager
def daemon(cli: Cli, *args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The daemon once it said `ready`, and its address; killed if the test leaves it running."""
    process = cli.started(*args)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+/\?key=\S+)\n", line)
        assert found, (line, process.stderr.read() if process.stderr and process.poll() is not None else "")
        yield process, found[1]
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def test_run_serves_the_page_that_open_names_until_it_is_told_to_stop(cli: Cli) -> None:
    with daemon(cli, "run", "--port", "0", "--data-dir", "data") as (process, url):
        assert cli("open", "--data-dir", "data").stdout == f"{url}\n"
        with build_opener(HTTPCookieProcessor()).open(url, timeout=LIMIT) as page:
            assert page.status == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(LIMIT) == 0
    assert cli("open", "--data-dir", "data").returncode == 1


def test_no_command_at_all_means_run(cli: Cli) -> None:
    cli.configure("web: {port: 0}")
    with daemon(cli) as (process, _):
        process.send_signal(signal.SIGINT)

        assert process.wait(LIMIT) == 0


def test_a_second_daemon_is_refused_with_a_sentence(cli: Cli) -> None:
    with daemon(cli, "run", "--port", "0", "--data-dir", "data") as (process, _):
        second = cli("run", "--port", "0", "--data-dir", "data")

        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.startswith(f"openacp-bot: Another openacp-bot (process {process.pid}) already uses ")


def test_a_port_that_is_taken_is_told_with_a_sentence(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = cli("run", "--port", str(port))

    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("openacp-bot: ") and str(port) in last
    assert "Traceback" not in done.stderr


def test_warnings_of_the_configuration_are_told_at_start(cli: Cli) -> None:
    cli.env["OPENACP_NOPE"] = "1"
    with daemon(cli, "run", "--port", "0") as (process, _):
        process.send_signal(signal.SIGTERM)

        _, errors = process.communicate(timeout=LIMIT)

    assert "openacp-bot: $OPENACP_NOPE is ignored" in errors
