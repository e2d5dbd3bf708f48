"""What a database may suffer from, as sentences for a person: what happened, and what to do now."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from openacp_bot.core.errors import StoreError

LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
FAULTS = LOCKED | DAMAGED | FORBIDDEN | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}


def is_fault(error: BaseException) -> bool:
    """Whether storing as such failed, and not this one statement."""
    return isinstance(error, OSError) or _code(error) in FAULTS


def is_locked(error: BaseException) -> bool:
    return _code(error) in LOCKED


def store_error(error: BaseException, path: Path) -> StoreError:
    """The error to raise `from` this one."""
    return StoreError(sentence(error, path))


def sentence(error: BaseException, path: Path) -> str:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {path} is full: nothing more can be stored. Free some space; storing then goes on by itself."
        )
    if code in LOCKED:
        return f"Another program locks {path}. End it (a second daemon, a database browser, a backup) and try again."
    if code == sqlite3.SQLITE_NOTADB:
        return not_a_database(path)
    if code == sqlite3.SQLITE_CORRUPT:
        return (
            f"The database {path} is damaged. It was left as it is: stop the daemon, keep a copy of the file, then put "
            f"a backup in its place, or rescue what can be read with `sqlite3 {path} .recover`."
        )
    if code in FORBIDDEN or isinstance(error, PermissionError):
        return (
            f"The database {path} cannot be written. Make the file and its directory writable for the user that runs "
            f"the daemon, or choose another data_dir. ({error})"
        )
    if isinstance(error, OSError) or code == sqlite3.SQLITE_IOERR:
        return f"{path} cannot be read or written: {error}. Check the disk; storing is tried again by itself."
    return f"This contradicts what is stored in {path}, or is a fault of this program: {error}."


def not_a_database(path: Path) -> str:
    return f"The file {path} is not a database. It was left as it is: move it away, or choose another data_dir."


def _code(error: BaseException) -> int | None:
    """The primary result code (https://www.sqlite.org/rescode.html); None: not from SQLite itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
