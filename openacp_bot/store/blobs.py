"""Results too large for a row, as private files: `<data_dir>/blobs/<session>/<rev>.json`."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

LIMIT = 256 * 1024  # characters of JSON that stay in a row


class Blobs:
    """A file is written before the row that names it is committed, and removed after the row that named it is gone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def write(self, session: str, name: str, text: str) -> None:
        await asyncio.to_thread(self._write, session, name, text)

    async def read(self, session: str, name: str) -> str | None:
        """None: somebody took it away."""
        return await asyncio.to_thread(self._read, session, name)

    async def remove(self, session: str, name: str = "") -> None:
        """One of a session's files, or all of them."""
        await asyncio.to_thread(self._remove, session, name)

    def _write(self, session: str, name: str, text: str) -> None:
        folder = self._root / session
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = folder / f"{name}.part"
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / name)

    def _read(self, session: str, name: str) -> str | None:
        try:
            return (self._root / session / name).read_text("utf-8")
        except FileNotFoundError:
            return None

    def _remove(self, session: str, name: str) -> None:
        folder = self._root / session
        try:
            if name:
                (folder / name).unlink(missing_ok=True)
            elif folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            log.warning("a file that nothing names any more stays: %s", error)
