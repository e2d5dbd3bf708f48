"""How a daemon ends when it is asked to, and what others are told of its life."""

from __future__ import annotations

import asyncio
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.e2e.house import PATIENCE, Daemon, House, eventually, is_running
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.wall_clock

LONG = 2 * PATIENCE  # a drain that a test never waits for


@asynccontextmanager
async def busy(house: House, prompt: str, *, drain: float) -> AsyncIterator[tuple[Daemon, Visitor]]:
    """A daemon with one session whose turn runs."""
    house.configure("--resume", shutdown={"drain_seconds": drain})
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send(prompt)
        await eventually(house.prompts, "the prompt")
        yield daemon, tab


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_idle_sessions_end_at_once_and_nothing_is_left(house: House, number: signal.Signals) -> None:
    house.configure(shutdown={"drain_seconds": LONG})
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("hello")
        await tab.until(lambda: tab.is_idle(1))
        daemon.process.send_signal(number)

        assert await daemon.ended() == 0
    assert not any(is_running(pid) for pid in house.pids())
    assert not (house.data / "daemon.json").exists()
    assert house.rows("SELECT state FROM sessions") == [("finished",)]
    assert house.rows("SELECT count(*) FROM items WHERE kind = 'TurnEnded'") == [(1,)]
    assert "Traceback" not in daemon.log


async def test_a_running_turn_is_left_to_end_and_its_question_can_still_be_answered(house: House) -> None:
    async with busy(house, "permission; echo done", drain=LONG) as (daemon, tab):
        await tab.until(lambda: tab.questions)
        daemon.ask_to_stop()
        await eventually(lambda: "stopping" in daemon.log)
        await tab.say(op="press", id=str(uuid.uuid4()), session=tab.session, token=tab.token("Allow"))

        assert await daemon.ended() == 0
    assert house.rows("SELECT state FROM prompts") == [("ended",)]

    async with house.daemon() as daemon, daemon.tab(tab.session) as tab:
        assert tab.answers == ["[Write file: yes]done"]
        assert tab.of("question")[0]["settled"]["line"] == "Allowed by you: Allow"
        assert len(tab.ends) == 1 and tab.ends[0].startswith("✓")


async def test_what_is_written_during_the_drain_runs_after_the_restart(house: House) -> None:
    async with busy(house, "permission", drain=LONG) as (daemon, tab):
        await tab.until(lambda: tab.questions)
        daemon.ask_to_stop()
        await eventually(lambda: "stopping" in daemon.log)
        kept = await tab.send("echo later")
        refused = await tab.do("command", session="", name="new", values={"agent": "stub", "workspace": "."})
        await tab.say(op="press", id=str(uuid.uuid4()), session=tab.session, token=tab.token("Allow"))
        assert await daemon.ended() == 0
    assert "waits for the restart" in kept["text"]
    assert refused["refused"] and "stopping" in refused["text"]
    assert house.prompts() == ["permission"]

    async with house.daemon() as daemon, daemon.tab(tab.session) as tab:
        await tab.until(lambda: tab.is_idle(2))
        assert tab.answers == ["[Write file: yes]", "later"]
    assert house.prompts() == ["permission", "echo later"]


async def test_a_turn_that_outlasts_the_drain_is_interrupted_and_can_be_continued(house: House) -> None:
    async with busy(house, "echo begun; wait", drain=0.2) as (daemon, tab):
        daemon.ask_to_stop()
        assert await daemon.ended() == 0
    assert house.rows("SELECT state, outcome FROM prompts") == [("interrupted", "interrupted")]

    async with house.daemon() as daemon, daemon.tab(tab.session) as tab:
        assert tab.answers == ["begun"]
        assert tab.head["state"] == "error"
        await tab.press("Continue")
        await tab.until(lambda: tab.is_idle(2))
    assert len(set(house.conversations())) == 1


@pytest.mark.parametrize("prompt", ["wait", "deaf 600"])
async def test_a_second_sigterm_hurries(house: House, prompt: str) -> None:
    async with busy(house, prompt, drain=LONG) as (daemon, _):
        daemon.ask_to_stop()
        await eventually(lambda: "stopping" in daemon.log)
        daemon.ask_to_stop()

        assert await daemon.ended() == 0
    assert not any(is_running(pid) for pid in house.pids())
    assert house.rows("SELECT state FROM prompts") == [("interrupted",)]


async def test_a_stop_during_a_launch_does_not_wait_for_it(house: House) -> None:
    house.configure("--silent", shutdown={"drain_seconds": LONG})
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await eventually(house.pids)
        daemon.ask_to_stop()

        assert await daemon.ended() == 0
    assert not any(is_running(pid) for pid in house.pids())


async def test_a_second_daemon_on_the_same_data_directory_names_the_holder(house: House) -> None:
    async with house.daemon() as daemon:
        second = house.start()

        assert await second.ended() == 1
        assert second.printed == ""
        assert f"(process {daemon.process.pid}) already uses {house.data}" in second.log
        async with daemon.browser() as client, client.get("/readyz") as answer:
            assert answer.status == 200


async def test_a_wrong_configuration_at_sighup_changes_nothing_and_a_right_one_counts(house: House) -> None:
    house.configure(agents={"other": {"command": "no-such-agent"}})
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat("other")
        await tab.send("echo at last")
        await tab.until(lambda: tab.head["state"] == "error")
        house.configure(sessions={"queue_limit": "many"})
        daemon.process.send_signal(signal.SIGHUP)
        await eventually(lambda: "was not reloaded" in daemon.log)
        house.configure()
        config = (house.folder / "config.yaml").read_text()
        (house.folder / "config.yaml").write_text(config.replace('"stub"', '"other"'))
        daemon.process.send_signal(signal.SIGHUP)
        await eventually(lambda: "was reloaded" in daemon.log)
        await tab.press("Try again")
        await tab.until(lambda: tab.is_idle(1))

        assert tab.answers == ["at last"]


# --- systemd -------------------------------------------------------------------------------------


class Manager:
    """What systemd does at its end of $NOTIFY_SOCKET."""

    def __init__(self, listening: socket.socket, path: Path) -> None:
        self.env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "100000"}
        self._listening = listening

    async def told(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return (await asyncio.get_running_loop().sock_recv(self._listening, 4096)).decode()

    async def told_of(self, state: str) -> list[str]:
        """What was told before this state."""
        before = []
        while state not in (told := await self.told()).split("\n"):
            before.append(told)
        return before


@contextmanager
def systemd(folder: Path) -> Iterator[Manager]:
    path = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.setblocking(False)
        yield Manager(listening, path)


async def test_systemd_is_told_of_readiness_life_and_end(house: House, tmp_path: Path) -> None:
    with systemd(tmp_path) as manager:
        async with house.daemon(manager.env) as daemon:
            before = await manager.told_of("READY=1")
            async with daemon.browser() as client, client.get("/readyz") as answer:
                assert answer.status == 200  # the page answered too, or there would be no browser
            for _ in range(3):
                await manager.told_of("WATCHDOG=1")
            daemon.ask_to_stop()
            await manager.told_of("STOPPING=1")
            assert await daemon.ended() == 0

    assert set(before) <= {"WATCHDOG=1"}
    assert "key" not in daemon.printed and daemon.key not in daemon.printed + daemon.log


async def test_without_a_page_only_ready_is_printed(house: House) -> None:
    house.configure(web={"enabled": False})
    async with house.daemon() as daemon:
        assert daemon.printed == "ready\n"
        daemon.ask_to_stop()
        assert await daemon.ended() == 0
