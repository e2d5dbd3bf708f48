"""A home directory, a workspace and a configuration, in which real daemons come and go."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import IO, Any

import aiohttp
import psutil

from tests.e2e.nursery import Child, Nursery
from tests.e2e.visitor import Visitor

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATIENCE = 60.0  # no test waits that long unless it fails
POLL = 0.01


async def eventually(claim: Callable[[], object], what: str = "what was waited for") -> None:
    """Waits for something that tells nobody when it comes true."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not claim():  # noqa: ASYNC110  nobody sets an event in another process or on a disk
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise AssertionError(f"{what} did not come in {PATIENCE:g} s") from None


def is_running(pid: int) -> bool:
    """Zombies, which only wait for somebody to notice their end, are not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class House:
    """What outlives a daemon. The agent `stub` writes down what it is told. With a nursery, its daemons start fast."""

    def __init__(self, folder: Path, nursery: Nursery | None = None) -> None:
        self.folder, self.nursery = folder, nursery
        self.home, self.data, self.workspace = folder / "home", folder / "data", folder / "work"
        self.record = folder / "record.jsonl"
        for path in (self.home, self.workspace):
            path.mkdir(parents=True)
        self.configure()

    def configure(self, *flags: str, agents: Mapping[str, Any] | None = None, **sections: Any) -> None:
        """Write the configuration: the stub with these flags, the demo at full speed, `agents`, and other sections."""
        python = sys.executable
        known = {
            "stub": {"command": python, "args": [str(HERE / "scribe.py"), str(self.record), *flags]},
            "demo": {"command": python, "args": ["-m", "openacp_bot.demo_agent"], "env": {"DEMO_PACE": "0"}},
        }
        written: dict[str, Any] = {
            "agents": known | dict(agents or {}),
            "workspace": {"base_dir": str(self.workspace)},
            **sections,
            "sessions": {"naming": "first_message", "min_free_mb": 0, **sections.get("sessions", {})},
            "web": {"port": 0, **sections.get("web", {})},
        }
        file = self.folder / "config.yaml"
        file.write_text(json.dumps(written))  # JSON is YAML
        file.chmod(0o600)

    def command(self) -> list[str]:
        """What starts a daemon here."""
        return [sys.executable, "-m", "openacp_bot", *self.arguments()]

    def arguments(self) -> list[str]:
        return ["run", "--data-dir", str(self.data)]

    def environment(self) -> dict[str, str]:
        """What a daemon here inherits."""
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def start(self, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Daemon:
        """A daemon that may not be ready yet, or never. `prefix`: a command that becomes it."""
        return Daemon(self, env or {}, prefix)

    @asynccontextmanager
    async def daemon(
        self, env: Mapping[str, str] | None = None, *, prefix: Sequence[str] = ()
    ) -> AsyncIterator[Daemon]:
        """A daemon that is ready; killed at the end unless it has ended."""
        daemon = self.start(env, prefix)
        try:
            await daemon.ready()
            yield daemon
        finally:
            daemon.kill()

    # --- what the stub agents were told

    def pids(self) -> list[int]:
        """Every stub agent that was ever started, oldest first."""
        return [entry["pid"] for entry in self._entries() if "told" not in entry]

    def told(self, method: str) -> list[dict[str, Any]]:
        """The parameters of everything that agents were told by this method, in order."""
        told = [entry["told"] for entry in self._entries() if "told" in entry]
        return [message["params"] for message in told if message.get("method") == method]

    def prompts(self) -> list[str]:
        """Every prompt that reached an agent, in order."""
        return [params["prompt"][0]["text"] for params in self.told("session/prompt")]

    def answers(self) -> list[Any]:
        """What agents were answered to their own requests, in order."""
        told = [entry["told"] for entry in self._entries() if "told" in entry]
        return [message["result"] for message in told if "result" in message]

    def conversations(self) -> list[str]:
        """The agent's own session of each prompt, in order."""
        return [params["sessionId"] for params in self.told("session/prompt")]

    def _entries(self) -> list[dict[str, Any]]:
        text = self.record.read_text() if self.record.exists() else ""
        whole = text[: text.rfind("\n") + 1]  # the last line may be half written
        return [json.loads(line) for line in whole.splitlines()]

    # --- what is stored

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the database, as it is on disk."""
        with closing(sqlite3.connect(f"file:{self.data / 'openacp.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    async def stored(self, words: str) -> None:
        """Waits until the agent has said these words and they are on disk."""
        await eventually(lambda: self.rows(f"SELECT 1 FROM texts WHERE body LIKE '%{words}%'"), f"{words!r} on disk")

    async def stored_item(self, kind: str) -> None:
        """Waits until an item of this kind is on disk."""
        await eventually(lambda: self.rows(f"SELECT 1 FROM items WHERE kind = '{kind}'"), f"a {kind} on disk")

    def clear_out(self) -> None:
        """End agents that outlived their daemon; only a failed test leaves some that do not end by themselves."""
        for pid in self.pids():
            try:
                agent = psutil.Process(pid)
                if str(self.record) in agent.cmdline():
                    agent.kill()
            except psutil.NoSuchProcess:
                pass


class Daemon:
    """One `openacp-bot run`, a process."""

    def __init__(self, house: House, env: Mapping[str, str], prefix: Sequence[str]) -> None:
        number = len(list(house.folder.glob("*.err")))
        self._out, self._err = house.folder / f"{number}.out", house.folder / f"{number}.err"
        self._house = house
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = self._started({**house.environment(), **env}, prefix, out, err)

    def _started(
        self, env: Mapping[str, str], prefix: Sequence[str], out: IO[str], err: IO[str]
    ) -> subprocess.Popen[bytes] | Child:
        house = self._house
        if house.nursery and not prefix:
            return house.nursery.born(house.arguments(), cwd=house.folder, env=env, out=out, err=err)
        command = [*prefix, *house.command()]
        return subprocess.Popen(command, cwd=house.folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    @property
    def printed(self) -> str:
        return self._out.read_text()

    @property
    def log(self) -> str:
        return self._err.read_text()

    @property
    def key(self) -> str:
        """What lets a browser in; under systemd it is not printed."""
        return self.printed.strip().partition("?key=")[2] or (self._house.data / "key").read_text().strip()

    @property
    def url(self) -> str:
        """Where it listens, without the key."""
        return self.printed.split()[1].partition("/?")[0]

    async def ready(self) -> None:
        try:
            await eventually(lambda: self.printed.endswith("\n") or self.process.poll() is not None, "the ready line")
            assert self.printed.startswith("ready"), "the daemon did not get ready"
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.printed}{self.log}") from None

    def kill(self) -> None:
        """SIGKILL, if it runs."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self.process.terminate()

    async def ended(self) -> int:
        """Its exit code, negative for a signal."""
        await eventually(lambda: self.process.poll() is not None, "the daemon's end")
        return self.process.wait()

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client that was let in with the key, and now has the cookie."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        async with aiohttp.ClientSession(self.url, cookie_jar=jar) as client:
            async with client.get("/", params={"key": self.key}) as answer:
                assert answer.status == 200
            yield client

    @asynccontextmanager
    async def tab(self, session: str = "") -> AsyncIterator[Visitor]:
        """An open page; with a session, that one is shown."""
        async with self.browser() as client, client.ws_connect("/ws", max_msg_size=0) as socket:
            visitor = Visitor(socket, lambda: self.log)
            await visitor.hear_op("welcome")
            if session:
                await visitor.show(session)
            yield visitor
