"""Files that persons send: fetched into the session's workspace before their prompt is sent."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef, Prompt
from openacp_bot.core.words import one_line

FETCH_SECONDS = 60.0
MOST_BYTES = 100 * 1024 * 1024
LONGEST_NAME = 80
UNSAFE = re.compile(r"[^\w.+-]+")


Fetch: TypeAlias = Callable[[FileRef, Path, int], Awaitable[Path]]  # ChatAdapter.fetch of the file's surface


async def no_files(file: FileRef, into: Path, limit: int) -> Path:
    """Where no surface has files."""
    raise UserError(f"“{file.name}” was left out: files cannot be taken here.")


@dataclass(frozen=True, slots=True)
class Luggage:
    """What became of a prompt's files: those on disk (as they were sent: `files`), and sentences on those that are
    not."""

    paths: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()


async def fetched(prompt: Prompt, workspace: Path, fetch: Fetch) -> Luggage:
    """All files of a prompt, one after another; what cannot be fetched is told, and keeps nothing up."""
    paths: list[Path] = []
    missing: list[str] = []
    files: list[FileRef] = []
    for file in prompt.files:
        try:
            folder = prepared(workspace)
            paths.append(await _fetched(file, folder, _free(folder, f"{prompt.id[:6]}-{safe_name(file.name)}"), fetch))
            files.append(file)
        except (UserError, OSError, TimeoutError) as error:
            missing.append(_sentence(file, error))
    return Luggage(tuple(paths), tuple(missing), tuple(files))


async def _fetched(file: FileRef, folder: Path, path: Path, fetch: Fetch) -> Path:
    """It comes into a folder of its own, so that a name of the sender's can meet nothing."""
    if file.size > MOST_BYTES:
        raise UserError(f"“{file.name}” was left out: it is larger than {MOST_BYTES // 1024**2} MB.")
    coming = folder / f".coming-{secrets.token_hex(4)}"
    coming.mkdir(mode=0o700)
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            os.replace(await fetch(file, coming, MOST_BYTES), path)
    finally:
        _removed(coming)
    return path


def prepared(workspace: Path) -> Path:
    """The folder for uploads, which git does not see. Raises UserError if it leads out of the workspace."""
    root = Path(os.path.realpath(workspace))
    folder = root / ".openacp" / "uploads"
    if Path(os.path.realpath(folder)) != folder:  # an agent may have put a link there
        raise UserError(f"Files cannot be stored, as {folder} leads elsewhere. Remove it.")
    for one in (folder.parent, folder):
        one.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileExistsError), (folder / ".gitignore").open("x") as ignore:
        ignore.write("*\n")
    return folder


def safe_name(name: str) -> str:
    """The sender's name for a file without path, blanks and anything that a shell or a reader could take amiss."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = UNSAFE.sub("_", last).lstrip(".-")
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > 10:
        return clean[:LONGEST_NAME] or "file"
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _free(folder: Path, name: str) -> Path:
    """A path where nothing is yet: an album may bring the same name twice."""
    path, number = folder / name, 2
    while path.exists() or path.is_symlink():
        path, number = folder / f"{Path(name).stem}-{number}{Path(name).suffix}", number + 1
    return path


def _removed(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink(missing_ok=True)
    folder.rmdir()


def _sentence(file: FileRef, error: UserError | OSError | TimeoutError) -> str:
    """What a surface says is a whole sentence already; the name in it is the sender's."""
    if isinstance(error, UserError):
        return one_line(str(error))
    named = f"“{one_line(file.name)}” could not be"
    if isinstance(error, TimeoutError):  # it is an OSError too
        return f"{named} fetched: it took longer than {FETCH_SECONDS:.0f} s."
    return f"{named} stored: {error.strerror or 'it could not be written'}."
