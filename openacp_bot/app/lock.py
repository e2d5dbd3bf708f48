"""One daemon per data directory: an advisory lock, which ends with its holder however that ended."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from openacp_bot.core.errors import UserError


@contextmanager
def held(data_dir: Path) -> Iterator[Callable[[], bool]]:
    """Raises UserError naming the holder if another daemon has the directory. Gives what tells whether it is still
    ours: a directory that was removed or replaced is not."""
    _prepare(data_dir)
    with _writing_to(data_dir):
        descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another openacp-bot {_holder(descriptor)}already uses {data_dir}. Stop it first, "
                "or give this one a data_dir of its own."
            ) from error
        with _writing_to(data_dir):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield lambda: _is_ours(descriptor, data_dir / "lock")
    finally:
        os.close(descriptor)


@contextmanager
def announced(data_dir: Path, url: str) -> Iterator[None]:
    """While the daemon is up, `daemon.json` tells the CLI where."""
    path = data_dir / "daemon.json"
    fresh = path.with_suffix(".new")
    with _writing_to(data_dir):
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({"pid": os.getpid(), "url": url}))
        fresh.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _prepare(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(
            f"The data directory {data_dir} cannot be made: {error.strerror}. Set data_dir to another."
        ) from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise UserError(f"The data directory {data_dir} cannot be written by this user. Set data_dir to another.")
    if data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(0o700)  # who could write here could put a key of their own


@contextmanager
def _writing_to(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"Nothing can be written to {data_dir}: {error.strerror or error}. If its disk is full, free some space; "
            "or set data_dir to another directory."
        ) from error


def _is_ours(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return f"(process {text}) " if text.isdigit() else ""
