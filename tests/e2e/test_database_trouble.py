"""A database that cannot be used: a sentence that says what to do, exit code 1, and the file as it was."""

from __future__ import annotations

import sqlite3
import subprocess
import uuid
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.e2e.house import Daemon, House, eventually

pytestmark = pytest.mark.wall_clock


async def settled(house: House) -> Path:
    """A database with a conversation in it, closed."""
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("hello")
        await tab.until(lambda: tab.is_idle(1))
        daemon.ask_to_stop()
        assert await daemon.ended() == 0
    return house.data / "openacp.db"


async def refused(house: House) -> str:
    """What a daemon that does not start says."""
    daemon = house.start()
    assert await daemon.ended() == 1
    assert daemon.printed == ""
    assert "Traceback" not in daemon.log
    return daemon.log


async def test_one_of_a_newer_version(house: House) -> None:
    path = await settled(house)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    assert "was written by a newer openacp_bot (its version is 99" in await refused(house)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("at", "says"), [(0, "is not a database"), (4096, "is damaged")])
async def test_one_that_is_damaged(house: House, at: int, says: str) -> None:
    path = await settled(house)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xde\xad\xbe\xef" * (1024 if not at else 16 * 1024))
    before = path.read_bytes()

    told = await refused(house)

    assert says in told and str(path) in told and "was left as it" in told
    assert path.read_bytes() == before


async def test_one_of_another_program(house: House) -> None:
    house.data.mkdir()
    path = house.data / "openacp.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE cookies (name)")
    before = path.read_bytes()

    assert "belongs to another program" in await refused(house)
    assert path.read_bytes() == before


async def test_one_that_another_program_locks(house: House) -> None:
    path = await settled(house)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert "Another program locks" in await refused(house)
        db.execute("ROLLBACK")

    async with house.daemon() as daemon, daemon.tab() as tab:
        assert len(await tab.sidebar()) == 1


async def test_one_that_is_locked_for_a_while_while_it_is_used(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        await tab.until(lambda: tab.head["phase"] == "idle")
        with closing(sqlite3.connect(house.data / "openacp.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            id = str(uuid.uuid4())
            await tab.say(op="send", id=id, session=session, text="echo stored at last")
            trouble = await tab.hear_op("trouble")
            db.execute("ROLLBACK")
        await tab.do("send", id=id, text="echo stored at last")
        await tab.until(lambda: tab.is_idle(1))

        assert "Another program locks" in trouble["text"]
        assert tab.answers == ["stored at last"]
    assert house.prompts() == ["echo stored at last"]


# --- a full disk: a small one of its own, seen by the daemon alone -------------------------------

OWN_DISK = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mkdir -p "$0" && mount -t tmpfs -o size=4m none "$0"'


def can_mount() -> bool:
    with suppress(OSError):
        tried = subprocess.run([*OWN_DISK, "mount -t tmpfs none /mnt"], capture_output=True, check=False)
        return tried.returncode == 0
    return False


needs_own_disk = pytest.mark.skipif(not can_mount(), reason="needs user namespaces to mount a small disk")


class Disk:
    """The daemon's own, seen from outside."""

    def __init__(self, house: House, daemon: Daemon) -> None:
        self._filler = Path(f"/proc/{daemon.process.pid}/root") / str(house.data).lstrip("/") / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            for size in (65536, 512, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def free(self) -> None:
        self._filler.unlink()


@needs_own_disk
async def test_a_disk_that_is_full_at_the_start(house: House) -> None:
    full = f'{MOUNT} && {{ cat /dev/zero > "$0/filler" 2>&-; exec "$@"; }}'
    daemon = house.start(prefix=(*OWN_DISK, full, str(house.data)))

    assert await daemon.ended() == 1
    assert "full" in daemon.log and "ree some space" in daemon.log
    assert "Traceback" not in daemon.log


@needs_own_disk
async def test_a_disk_that_fills_up_refuses_messages_and_takes_them_once_there_is_room(house: House) -> None:
    prefix = (*OWN_DISK, f'{MOUNT} && exec "$@"', str(house.data))
    async with house.daemon(prefix=prefix) as daemon, daemon.tab() as tab:
        disk = Disk(house, daemon)
        session = await tab.new_chat()
        await tab.until(lambda: tab.head["phase"] == "idle")
        disk.fill()
        asked = {"id": str(uuid.uuid4()), "session": session, "text": "echo once " + "x" * 100_000}
        await tab.say(op="send", **asked)
        trouble = await tab.hear_op("trouble")
        async with daemon.browser() as client, client.get("/readyz") as unready:
            assert unready.status == 503
        assert "is full" in trouble["text"] and "Free some space" in trouble["text"]
        assert house.prompts() == []

        disk.free()
        await tab.do("send", **asked)
        await tab.until(lambda: tab.is_idle(1))
        async with daemon.browser() as client, client.get("/readyz") as ready:
            assert ready.status == 200
    assert len(house.prompts()) == 1


@needs_own_disk
async def test_what_is_said_while_the_disk_is_full_is_stored_once_there_is_room(house: House) -> None:
    prefix = (*OWN_DISK, f'{MOUNT} && exec "$@"', str(house.data))
    async with house.daemon(prefix=prefix) as daemon, daemon.tab() as tab:
        disk = Disk(house, daemon)
        session = await tab.new_chat()
        await tab.send("slow 150 0.02; permission; echo the end")
        await tab.until(lambda: tab.answers)
        disk.fill()
        await eventually(lambda: "is full" in daemon.log, "the trouble")
        disk.free()
        await tab.until(lambda: tab.questions)
        await tab.press("Allow")
        await tab.until(lambda: tab.is_idle(1))

        async with daemon.tab(session) as fresh:
            numbers = " ".join(str(number) for number in range(150))
            assert " ".join(fresh.answers).startswith(numbers)
            assert fresh.answers[-1].endswith("the end")
