"""How an agent ends: by itself, by us, and however much it minds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from openacp_bot.agents import marks, processes
from openacp_bot.agents.orphans import sweep
from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import AgentEvent, TextChunk, TurnEnded
from tests.agents.kit import PATIENCE, QUICK, Book, Listener, launched, only, stub, words

pytestmark = pytest.mark.wall_clock
NOBODY = 2**22 + 1  # a number above the highest that Linux gives


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def to_the_end(agent: Listener) -> tuple[list[AgentEvent], AgentGone]:
    events: list[AgentEvent] = []
    with pytest.raises(AgentGone) as gone:
        while True:
            events.append(await agent.next())
    return events, gone.value


async def test_death_in_a_turn_comes_after_its_last_words_and_invents_no_end(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("chunks 300; die 7 out of cheese")
        events, gone = await to_the_end(agent)

    assert words(events).endswith("299 ")
    assert not only(TurnEnded, events)
    assert gone.code == 7
    assert gone.stderr == "out of cheese"
    assert str(gone) == "stub ended by itself (exit code 7). Its last words:\nout of cheese"


async def test_death_between_turns_is_noticed(workspace: Path) -> None:
    async with launched(workspace) as agent:
        await agent.turn("leave 0")
        _, gone = await to_the_end(agent)

    assert gone.code == 0


async def test_death_by_a_signal_names_it(workspace: Path) -> None:
    book = Book()
    async with launched(workspace, book=book) as agent:
        os.kill(book.seen[0], 9)
        _, gone = await to_the_end(agent)

    assert gone.code == -9
    assert "signal 9" in str(gone)


async def test_a_grandchild_that_holds_the_pipe_does_not_hide_the_death(workspace: Path) -> None:
    async with launched(workspace, "--grandchild") as agent:
        agent.agent.prompt("family; die 1 bye")
        events, gone = await to_the_end(agent)

    assert words(events)
    assert gone.code == 1
    assert gone.stderr == "bye"


async def test_a_closed_output_is_an_end_even_if_the_process_lives(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("close stdout")
        _, gone = await to_the_end(agent)

    assert gone.code is None
    assert "closed its output" in str(gone)


async def test_after_its_end_an_agents_doors_do_nothing(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("die 1 bye")
        await to_the_end(agent)
        agent.agent.cancel()
        agent.agent.answer("x", None)
        agent.agent.set_option("mode", "auto")

        assert await agent.agent.side_prompt("hello", 5) is None
        await to_the_end(Listener(agent.agent))


async def test_a_flood_on_stderr_blocks_nobody(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert await agent.said("stderr 2000; echo done") == "done"


async def test_an_agent_that_reads_nothing_is_lost(workspace: Path) -> None:
    deaf = replace(QUICK, send=0.3)
    async with launched(workspace, limits=deaf) as agent:
        [pid] = json.loads(await agent.said("family"))
        os.kill(pid, signal.SIGSTOP)
        agent.agent.prompt("x" * 1024 * 1024)
        _, gone = await to_the_end(agent)

    assert "no longer reads" in str(gone)


async def test_leaving_ends_a_quiet_agent_at_the_end_of_its_input(workspace: Path) -> None:
    book = Book()
    patient = replace(QUICK, after_stdin=PATIENCE)
    async with asyncio.timeout(PATIENCE / 2):
        async with launched(workspace, book=book, limits=patient):
            pass

    assert not is_running(book.seen[0])
    assert not book.noted


@pytest.mark.parametrize("flag", ["--ignore-term", "--ignore-all"])
async def test_leaving_ends_an_agent_that_ignores_it(workspace: Path, flag: str) -> None:
    book = Book()
    async with launched(workspace, flag, book=book) as agent:
        agent.agent.prompt("never")

    assert not is_running(book.seen[0])


async def test_leaving_ends_the_whole_tree(workspace: Path) -> None:
    async with launched(workspace, "--ignore-all", "--grandchild", "--daemon") as agent:
        family = json.loads(await agent.said("family"))
        assert len(family) == 3
        assert all(map(is_running, family))

    assert not any(map(is_running, family))


async def test_children_of_an_agent_that_died_are_ended_too(workspace: Path) -> None:
    async with launched(workspace, "--grandchild") as agent:
        family = json.loads(await agent.said("family"))
        agent.agent.prompt("die 1 bye")
        await to_the_end(agent)

    assert not any(map(is_running, family))


@pytest.mark.parametrize("kind", ["stray", "stray deaf"])
async def test_leaving_ends_what_has_left_the_tree(workspace: Path, kind: str) -> None:
    async with launched(workspace) as agent:
        stray = int(await agent.said(kind))
        assert psutil.Process(stray).ppid() not in psutil.Process(os.getpid()).children()
        assert is_running(stray)

    assert not is_running(stray)


async def test_what_left_the_tree_of_an_agent_that_died_is_ended_too(workspace: Path) -> None:
    async with launched(workspace) as agent:
        stray = int(await agent.said("stray"))
        agent.agent.prompt("die 1 bye")
        await to_the_end(agent)

    assert not is_running(stray)


async def test_leaving_one_agent_leaves_what_another_started(workspace: Path) -> None:
    async with launched(workspace) as agent:
        stray = int(await agent.said("stray"))
        async with launched(workspace):
            pass

        assert is_running(stray)


async def test_an_agent_cannot_be_configured_out_of_its_mark(workspace: Path) -> None:
    async with launched(workspace, spec=stub(env={marks.NAME: "none"})) as agent:
        told = await agent.said(f"env {marks.NAME}")

    mark = marks.parsed(told.partition("=")[2])
    assert mark is not None
    assert mark.daemon == os.getpid()
    assert not mark.is_orphan


async def test_cancelling_whoever_holds_an_agent_ends_it(workspace: Path) -> None:
    book = Book()
    listening = asyncio.Event()

    async def session() -> None:
        async with launched(workspace, "--ignore-all", "--grandchild", book=book):
            listening.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(session())
        await listening.wait()
        task.cancel()

    assert task.cancelled()
    assert not is_running(book.seen[0])
    assert not book.noted


async def test_cancelling_twice_kills_at_once(workspace: Path) -> None:
    book = Book()
    listening = asyncio.Event()
    endless = replace(QUICK, after_stdin=10 * PATIENCE, after_term=10 * PATIENCE)

    async def session() -> None:
        async with launched(workspace, "--ignore-all", book=book, limits=endless):
            listening.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(session())
        await listening.wait()
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()

    assert not is_running(book.seen[0])


async def test_an_agent_that_talks_without_end_can_be_left(workspace: Path) -> None:
    book = Book()
    async with launched(workspace, book=book) as agent:
        agent.agent.prompt("slow 1000000 0; chunks 10000000")
        await agent.until(TextChunk)

    assert not is_running(book.seen[0])


async def test_a_start_is_noted_with_its_time(workspace: Path) -> None:
    book = Book()
    async with launched(workspace, book=book):
        session, started = book.noted[book.seen[0]]
        expected = psutil.Process(book.seen[0]).create_time()

    assert session == "s1"
    assert started == pytest.approx(expected, abs=processes.SAME_START)


async def orphan(*, ignores: bool = False) -> asyncio.subprocess.Process:
    """A leader with a child in its group, as a crash of the daemon leaves them."""
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" if ignores else ""
    script = (
        f"{ignore}import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)']);"
        "print(child.pid, flush=True); time.sleep(120)"
    )
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=pipe, start_new_session=True)


async def child_of(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    return int(await process.stdout.readline())


@pytest.mark.parametrize("ignores", [False, True])
async def test_a_sweep_ends_what_an_earlier_run_left(ignores: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openacp_bot.agents.orphans.PATIENCE", 0.3)
    process = await orphan(ignores=ignores)
    child = await child_of(process)
    book = Book({process.pid: ("s1", processes.started_at(process.pid))})

    assert await sweep(book) == 1
    await process.wait()

    assert not is_running(child)
    assert not book.noted


async def test_a_sweep_ends_a_group_whose_leader_is_gone() -> None:
    process = await orphan()
    child = await child_of(process)
    book = Book({process.pid: ("s1", processes.started_at(process.pid))})
    process.kill()
    async with asyncio.timeout(PATIENCE):
        while is_running(process.pid):  # noqa: ASYNC110 another process's end is no event of ours
            await asyncio.sleep(0.01)

    assert await sweep(book) == 1
    await process.wait()

    assert not is_running(child)


async def test_a_sweep_ends_what_left_the_tree_of_a_noted_launch_once_its_daemon_is_gone(workspace: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    arguments = ("-m", "tests.agents.mayfly", str(workspace))
    root = Path(__file__).parents[2]
    daemon = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=pipe, cwd=root)
    assert daemon.stdout is not None
    async with asyncio.timeout(PATIENCE):
        pid, started, stray = json.loads(await daemon.stdout.readline())

    assert await sweep(Book({NOBODY: ("s1", started)})) == 0
    assert is_running(stray), "its daemon lives"
    daemon.kill()
    await daemon.wait()
    assert await sweep(Book({NOBODY: ("s1", started - 60)})) == 0
    assert is_running(stray), "its launch is not noted"
    assert await sweep(Book({pid: ("s1", started)})) >= 1
    assert not is_running(stray)


AGENT_WITH_A_DAEMON = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
print(child.pid, flush=True)
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
DAEMON_OF_AN_AGENT = """
import asyncio, os
from openacp_bot.agents import processes
from openacp_bot.agents.orphans import sweep
from tests.agents.kit import Book
agent = os.getppid()
print(asyncio.run(sweep(Book({agent: ("s1", processes.started_at(agent))}))), flush=True)
"""


async def test_a_daemon_that_an_agent_started_anew_sweeps_neither_itself_nor_that_agent() -> None:
    arguments = ("-c", AGENT_WITH_A_DAEMON, DAEMON_OF_AN_AGENT)
    root, pipe = Path(__file__).parents[2], asyncio.subprocess.PIPE
    agent = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=pipe, cwd=root, start_new_session=True
    )
    async with asyncio.timeout(PATIENCE):
        told, _ = await agent.communicate()
    child, swept = map(int, told.split())

    assert (swept, agent.returncode) == (1, 0)
    assert not is_running(child)


@pytest.mark.parametrize("told", ["", "x", "1:2:3", "1:2:3:4:5", "a:2:3:w", "1:2:nan-:w"])
def test_what_is_no_mark_is_none(told: str) -> None:
    assert marks.parsed(told) is None


@pytest.mark.parametrize("wrong", [0.0, 1_000.0])
async def test_a_sweep_leaves_alone_whoever_has_the_number_now(wrong: float) -> None:
    process = await orphan()
    child = await child_of(process)
    book = Book({process.pid: ("s1", wrong)})
    try:
        assert await sweep(book) == 0

        assert is_running(child)
        assert not book.noted
    finally:
        os.killpg(process.pid, 9)
        await process.wait()
