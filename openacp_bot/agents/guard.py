"""Which files an agent may reach through us, and opening them without being led astray.

1. A path is judged by its real path: links are followed first, as far as it exists.
2. It lies in the workspace or below a root, and never in our data directory.
3. Nothing below /proc, /sys and /dev is a file of anybody's, wherever the roots lie.
4. `.env*`, private keys and folders that hold them are refused by name, asked-for name and real name alike.
5. Opening walks down from the root and follows no link on the way, so nothing can be swapped after the judgement.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

SECRET = (
    ".env*",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.ppk",
    "*.kdbx",
    ".netrc",
    ".git-credentials",
    ".ssh",
    ".gnupg",
    ".aws",
)


SYSTEM = ("/proc", "/sys", "/dev")


class Forbidden(Exception):
    """The path may not be reached; the text says why."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place below a root: real, and allowed when it was looked at."""

    root: str
    parts: tuple[str, ...]


class FileGuard:
    """What one session may reach."""

    def __init__(self, workspace: Path, roots: Sequence[Path], data_dir: Path) -> None:
        self._workspace = workspace
        self._roots = tuple(os.path.realpath(root) for root in (workspace, *roots))
        self._data_dir = os.path.realpath(data_dir)

    def allows(self, path: str) -> bool:
        """Whether the file may be handed out; one that does not exist may."""
        try:
            spot = self.spot(path)
            # What has another name (a hard link) may lie outside too.
            return os.lstat(os.path.join(spot.root, *spot.parts)).st_nlink == 1
        except Forbidden:
            return False
        except OSError:
            return True

    def spot(self, path: str) -> Spot:
        """Where the path really leads; raises Forbidden."""
        if not path or "\0" in path:
            raise Forbidden("that is no path")
        asked = os.path.join(self._workspace, path)
        try:
            real = os.path.realpath(asked)
        except OSError as error:
            raise Forbidden(f"{path} cannot be looked up: {error.strerror}") from error
        if any(_is_below(one, folder) for one in (os.path.normpath(asked), real) for folder in SYSTEM):
            raise Forbidden(f"{path} belongs to the system and is no file to work on")
        root = next((root for root in self._roots if _is_below(real, root)), None)
        if root is None:
            raise Forbidden(f"{path} lies outside the workspace")
        if _is_below(real, self._data_dir):
            raise Forbidden(f"{path} lies in openacp-bot's own data directory")
        parts = tuple(part for part in real[len(root) :].split("/") if part)
        if any(_is_secret(part) for part in (*parts, os.path.basename(asked))):
            raise Forbidden(f"{path} may hold secrets and is not handed out")
        return Spot(root, parts)


def open_beneath(spot: Spot, flags: int, *, make_parents: bool = False) -> int:
    """A file descriptor; raises OSError. A link anywhere below the root is an error (ELOOP or ENOTDIR)."""
    if not spot.parts:
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    folder = os.open(spot.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in spot.parts[:-1]:
            folder = _step(folder, part, make=make_parents)
        # O_NONBLOCK: opening a fifo must not wait for its other end.
        return os.open(spot.parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o666, dir_fd=folder)
    finally:
        os.close(folder)


def _step(folder: int, part: str, *, make: bool) -> int:
    """One folder down; closes the one above."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        below = os.open(part, flags, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        try:
            os.mkdir(part, dir_fd=folder)
        except FileExistsError:
            pass  # another write made it meanwhile
        below = os.open(part, flags, dir_fd=folder)
    os.close(folder)
    return below


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _is_secret(name: str) -> bool:
    folded = name.casefold()
    return any(fnmatchcase(folded, pattern) for pattern in SECRET)
