"""Bringing the file to this program's version, before anything else uses it.

1. What is not ours, newer than us, or damaged is left as it is.
2. Before an existing file is upgraded, a copy of it is made beside it: `openacp.db.v<old>`. A later upgrade from the
   same version replaces that copy by a newer one, so that an upgrade that fails at every start does not fill the disk.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from openacp_bot.core.errors import StoreError
from openacp_bot.store.trouble import not_a_database, store_error
from openacp_bot.store.upgrades import UPGRADES

log = logging.getLogger(__name__)

FILE_NAME = "openacp.db"
APPLICATION_ID = 0x0ACB07  # in the file's header, so that another program's database is not taken for ours
MAGIC = b"SQLite format 3\x00"


def prepare(path: Path, *, patience: float, upgrades: Sequence[str] = UPGRADES) -> None:
    """A database of version `len(upgrades)` stands at `path`, can be read, and can be written. Raises StoreError."""
    try:
        _make_private_file(path)
        with closing(sqlite3.connect(path, isolation_level=None, timeout=patience)) as db:
            version = _version(db, path, newest=len(upgrades))
            _read_a_little(db)
            db.execute("PRAGMA journal_mode = WAL")
            if 0 < version < len(upgrades):
                _copy(db, path.with_name(f"{path.name}.v{version}"))
            for number in range(version, len(upgrades)):
                _upgrade(db, upgrades[number], to=number + 1)
            _ask_to_write(db)
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, path) from error


def _make_private_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head and head != MAGIC:
        raise StoreError(not_a_database(path))


def _version(db: sqlite3.Connection, path: Path, *, newest: int) -> int:
    version = _number(db, "PRAGMA user_version")
    if _number(db, "SELECT count(*) FROM sqlite_master") == 0:
        return 0
    if _number(db, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreError(f"{path} belongs to another program. It was left as it is: choose another data_dir.")
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer openacp_bot (its version is {version}, this one knows {newest}). It was "
            f"left as it is: install that version again, choose another data_dir, or put a copy from before the "
            f"upgrade ({path.name}.v{newest}) in its place."
        )
    return version


def _read_a_little(db: sqlite3.Connection) -> None:
    """The newest row of every table: finds coarse damage for next to nothing, where `quick_check` takes seconds."""
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        db.execute(f'SELECT * FROM "{name}" ORDER BY rowid DESC LIMIT 1').fetchone()


def _copy(db: sqlite3.Connection, target: Path) -> None:
    """A consistent copy, whole or not at all; what is in the WAL is in it."""
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            db.backup(copy)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    log.info("kept a copy of the database from before the upgrade: %s", target)


def _upgrade(db: sqlite3.Connection, script: str, *, to: int) -> None:
    """Whole or not at all: an error leaves the transaction open, and closing the connection takes it back."""
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {to};"
    db.executescript(f"BEGIN IMMEDIATE;\n{script}\n{marks}\nCOMMIT;")


def _ask_to_write(db: sqlite3.Connection) -> None:
    """Fails now, with a sentence, if another program holds the file or it is read-only."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("ROLLBACK")


def _number(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
