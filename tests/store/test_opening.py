"""What stands at the database's path is understood before anything is written to it."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import Wanted
from openacp_bot.store import FILE_NAME, open_store
from openacp_bot.store.opening import prepare
from openacp_bot.store.sql import fetch
from openacp_bot.store.upgrades import FIRST, UPGRADES
from tests.contracts.values import place, prompt, session

NOBODY = 65534
SECOND = "ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine';"
AS_IN_VERSION_1 = """
INSERT INTO sessions VALUES ('s1', 'demo', 'ours', '', '/srv', 'manual', 'telegram:17', 1.0, 1.0, 'finished', '', '',
    '', 'Fix', 1, 'fix', '', '', 0, 0, 0, NULL, '{}', '[]', 1, 1, NULL, 1, NULL);
INSERT INTO places VALUES ('open', 's1', 'telegram', '-100', '5', 'Fix', 'open', '', 1.0, 1.0);
INSERT INTO places VALUES ('unopened', 's1', 'telegram', '-100', NULL, 'Fix', 'open', '', NULL, 1.0);
INSERT INTO prompts VALUES ('p1', 's1', '{"type":"UserRef","adapter":"telegram","id":"17"}', 'Hi', 1.0, 'person',
    'open', '', '[]', 1.0, 'ended', 'end_turn', 1.0, 1.0);
INSERT INTO items (session, key, first, rev, turn, at, kind, body) VALUES ('s1', 'p1:end', 1, 1, 'p1', 1.0, 'TurnEnded',
    '{"type":"TurnEnded","outcome":"end_turn"}');
INSERT INTO cards VALUES ('c1', 'open', 'turn', 'p1', 1, 0, '', 0, 0.0, 0, '', 1.0);
INSERT INTO pages VALUES ('c1', 0, '7', 'shown', 1);
"""
BROKEN = "CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


async def filled(data_dir: Path, sessions: int = 1) -> Path:
    async with open_store(data_dir) as store:
        for number in range(sessions):
            await store.records.create_session(session(f"s{number}"), prompt=prompt(f"p{number}", f"s{number}"))
    return data_dir / FILE_NAME


async def sentence(data_dir: Path, *, patience: float = 0.05) -> str:
    """Why the store does not open."""
    with pytest.raises(StoreError) as caught:
        async with open_store(data_dir, patience=patience):
            pass
    return str(caught.value)


# --- a good start


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    async with open_store(tmp_path / "new" / "data") as store:
        await store.records.create_session(session())
        files = list((tmp_path / "new" / "data").iterdir())

        assert {file.name for file in files} >= {FILE_NAME, f"{FILE_NAME}-wal"}
        assert {mode(file) for file in files} == {0o600}
        assert mode(tmp_path / "new" / "data") == 0o700


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    path.chmod(0o644)
    async with open_store(tmp_path):
        assert mode(path) == 0o600


async def test_what_was_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    async with open_store(tmp_path) as store:
        assert len(await store.records.sessions_like("s")) == 3
        assert len(await store.records.queued("s1")) == 1


async def test_leaving_puts_everything_into_one_file(tmp_path: Path) -> None:
    await filled(tmp_path)

    assert names(tmp_path) == [FILE_NAME]


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    path = await filled(tmp_path)

    assert query(path, "PRAGMA user_version") == [(len(UPGRADES),)]


async def test_the_connections_keep_their_promises(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        assert [tuple(row) for row in await store.writer.look(_settings)] == [("wal", 2, 1)]


async def _settings(db: aiosqlite.Connection) -> list[sqlite3.Row]:
    return await fetch(db, "SELECT * FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys")


# --- files that are not ours to change


async def test_another_kind_of_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("dear diary, this is not a database " * 100)
    before = path.read_bytes()

    assert "is not a database" in await sentence(tmp_path)
    assert path.read_bytes() == before


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()

    assert "another program" in await sentence(tmp_path)
    assert path.read_bytes() == before


async def test_a_newer_versions_file_is_left_alone(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(UPGRADES) + 1}")
    before = path.read_bytes()

    text = await sentence(tmp_path)

    assert "newer" in text and f"{FILE_NAME}.v{len(UPGRADES)}" in text
    assert path.read_bytes() == before


async def test_a_file_that_was_cut_is_noticed_at_once(tmp_path: Path) -> None:
    path = await filled(tmp_path, 200)
    os.truncate(path, path.stat().st_size // 2)
    before = path.read_bytes()

    assert "damaged" in await sentence(tmp_path)
    assert path.read_bytes() == before


async def test_a_damaged_header_is_noticed(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with path.open("r+b") as file:
        file.seek(16)
        file.write(b"\xff" * 84)

    assert "not a database" in await sentence(tmp_path)


@pytest.mark.parametrize("table", ["sessions", "prompts", "inbox"])
async def test_a_table_that_was_overwritten_is_noticed_at_once(tmp_path: Path, table: str) -> None:
    path = await filled(tmp_path)
    overwrite(path, table)
    before = path.read_bytes()

    assert "damaged" in await sentence(tmp_path)
    assert path.read_bytes() == before


def overwrite(path: Path, table: str) -> None:
    """Garbage in the first page of a table or an index."""
    ((root,),) = query(path, f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")
    with path.open("r+b") as file:
        file.seek((int(str(root)) - 1) * 4096)
        file.write(b"\xaa" * 4096)


async def test_damage_that_shows_later_is_told_then(tmp_path: Path) -> None:
    path = await filled(tmp_path, 400)
    overwrite(path, "prompts_started")

    async with open_store(tmp_path) as store:
        with pytest.raises(StoreError, match="damaged"):
            await store.records.last_prompts("s1")
        with pytest.raises(StoreError, match="damaged"):
            await store.records.queue_prompt(prompt("new", "s1"))
        assert "damaged" in store.trouble
        assert await store.records.session("s1") is not None


# --- places where nothing can be written


async def test_a_locked_file_is_told(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        text = await sentence(tmp_path)
        other.execute("ROLLBACK")

    assert "Another program" in text
    async with open_store(tmp_path) as store:
        assert await store.records.session("s0") is not None


async def test_a_file_that_another_program_keeps_to_itself_is_told(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")

        assert "Another program" in await sentence(tmp_path)


async def test_a_file_in_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")

    assert str(tmp_path / "data") in await sentence(tmp_path / "data")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory of ours, which we then may not write to: root may write everywhere, so root becomes nobody."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        is_root = os.geteuid() == 0
        yield path
        if is_root:
            os.seteuid(0)
        path.chmod(0o755)


def give_up_rights(path: Path) -> None:
    path.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def test_a_directory_that_cannot_be_written_is_told(unprivileged: Path) -> None:
    give_up_rights(unprivileged)

    with pytest.raises(StoreError, match="cannot be written"):
        prepare(unprivileged / FILE_NAME, patience=0.05)


def test_a_database_in_a_directory_that_cannot_be_written_is_told(unprivileged: Path) -> None:
    path = unprivileged / FILE_NAME
    prepare(path, patience=0.05)
    path.chmod(0o444)
    give_up_rights(unprivileged)

    with pytest.raises(StoreError, match="cannot be written"):
        prepare(path, patience=0.05)


# --- upgrades


async def test_an_upgrade_keeps_a_copy_of_what_was(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1, upgrades=[FIRST])
    with closing(sqlite3.connect(path)) as holds_the_log:  # so that the last changes stand in the WAL alone
        holds_the_log.execute("SELECT 1 FROM sessions").fetchall()
        with closing(sqlite3.connect(path)) as db:
            db.execute("INSERT INTO inbox VALUES ('u1', 1.0, '')")
            db.commit()
        prepare(path, patience=1, upgrades=[FIRST, SECOND])

    copy = tmp_path / f"{FILE_NAME}.v1"
    assert query(path, "PRAGMA user_version") == [(2,)]
    assert query(path, "SELECT mood FROM sessions") == []
    assert query(path, "SELECT key FROM inbox") == [("u1",)]
    assert query(copy, "PRAGMA user_version") == [(1,)]
    assert query(copy, "SELECT key FROM inbox") == [("u1",)]
    assert mode(copy) == 0o600
    assert names(tmp_path) == [FILE_NAME, copy.name]


async def test_without_an_upgrade_there_is_no_copy(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1, upgrades=[FIRST, SECOND])
    prepare(path, patience=1, upgrades=[FIRST, SECOND])

    assert names(tmp_path) == [FILE_NAME]


async def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1, upgrades=[FIRST])
    for _ in range(2):
        with pytest.raises(StoreError):
            prepare(path, patience=1, upgrades=[FIRST, BROKEN])

    assert query(path, "PRAGMA user_version") == [(1,)]
    assert query(path, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
    assert names(tmp_path) == [FILE_NAME, f"{FILE_NAME}.v1"]


async def test_an_upgrade_goes_on_where_an_earlier_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1, upgrades=[FIRST])
    with pytest.raises(StoreError):
        prepare(path, patience=1, upgrades=[FIRST, SECOND, BROKEN])
    prepare(path, patience=1, upgrades=[FIRST, SECOND, "CREATE TABLE more (id INTEGER) STRICT;"])

    assert query(path, "PRAGMA user_version") == [(3,)]


async def test_a_file_of_version_1_goes_on_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1, upgrades=[FIRST])
    with closing(sqlite3.connect(path)) as db:
        db.executescript(AS_IN_VERSION_1)

    async with open_store(tmp_path) as store:
        records = store.records
        assert await records.place("open") == place("open", "s1", title="Fix", shown=Wanted.OPEN, named="Fix")
        assert await records.place("unopened") == place("unopened", "s1", None, title="Fix")
        assert [found.id for found in await store.ledger.unmade_places("telegram")] == ["unopened"]
        assert [item.event for item in await store.transcript.turn("p1")] == [TurnEnded(Outcome.DONE)]
        assert await store.ledger.open_cards("telegram") == []
        await records.queue_prompt(prompt("p2"))
        assert await records.start_turn("p2", 2.0)
        assert [card.place for card in await store.ledger.open_cards("telegram")] == ["unopened"]
        assert await records.delete_session("s1")
        await records.erase_session("s1")
    assert query(path, "PRAGMA foreign_key_check") == []
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_every_table_is_strict(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    prepare(path, patience=1)

    lax = query(path, "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0")
    assert {name for (name,) in lax} <= {"sqlite_schema", "sqlite_temp_schema", "sqlite_sequence"}
