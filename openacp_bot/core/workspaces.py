"""Which directories a session may work in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.settings import Settings

LONGEST_SHORT = 40
MOST_LOOKED_AT = 10_000  # entries of a directory


def resolved(text: str, settings: Settings, *, admin: bool) -> Path:
    """The real directory that was meant; it may not exist yet. `~` expands, a relative name lies under the base
    directory. Raises UserError if it is a file, NotAllowed if sessions of this person may not work there."""
    named = text.strip()
    if not named or "\0" in named:
        raise UserError("Name a directory for the agent to work in.")
    try:
        path = Path(os.path.realpath(settings.base_dir / Path(named).expanduser()))
        is_file = path.exists() and not path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # too long, closed, a home of nobody, no text for a path
        raise UserError("This directory cannot be looked at. Name another one.") from error
    if is_file:
        raise UserError(f"{path} is a file. A workspace must be a directory.")
    _check_allowed(path, settings, admin=admin)
    return path


def created(path: Path) -> None:
    """Make a missing workspace; raises UserError if the system refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The directory {path} could not be created: {error.strerror}.") from error


def offered(recent: Sequence[str], settings: Settings, *, admin: bool) -> list[str]:
    """The real directories that sessions had, and the base directory last; none in which sessions of this person may
    not work."""
    base = os.path.realpath(settings.base_dir)
    return list(_usable((*(path for path in recent if path != base), base), settings, admin=admin))


def below_base(typed: str, settings: Settings, *, admin: bool, most: int) -> list[str]:
    """The real directories below the base directory that may be meant by what was typed so far, those of one level: no
    hidden ones, no links, which may lead out of it, and none in which sessions of this person may not work."""
    above, begun = os.path.split(os.path.expanduser(typed.strip()))
    try:
        base = Path(os.path.realpath(settings.base_dir))
        directory = Path(os.path.realpath(base / above))
        if not directory.is_relative_to(base) or any(map(_is_hidden, directory.relative_to(base).parts)):
            return []
        names = _directories(directory)
    except (OSError, ValueError):  # not there, closed, no text for a path
        return []
    meant = sorted(name for name in names if begun.casefold() in name.casefold())
    meant.sort(key=lambda name: not name.casefold().startswith(begun.casefold()))
    return list(islice(_usable((str(directory / name) for name in meant), settings, admin=admin), most))


def _directories(directory: Path) -> list[str]:
    """Names that can be shown, of the first that the system names."""
    with os.scandir(directory) as entries:
        return [
            entry.name
            for entry in islice(entries, MOST_LOOKED_AT)
            if not _is_hidden(entry.name) and entry.name.isprintable() and entry.is_dir(follow_symlinks=False)
        ]


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def _usable(paths: Iterable[str], settings: Settings, *, admin: bool) -> Iterator[str]:
    return (path for path in paths if _is_allowed(Path(path), settings, admin=admin))


def _is_allowed(path: Path, settings: Settings, *, admin: bool) -> bool:
    try:
        _check_allowed(path, settings, admin=admin)
    except NotAllowed:
        return False
    return True


def tilde(path: str) -> str:
    """As a person writes it: with `~` for the home directory."""
    home = str(Path.home())
    return f"~{path[len(home) :]}" if path == home or path.startswith(f"{home}/") else path


def short(path: str) -> str:
    """A path that fits on a button: its end says more than its start."""
    shown = tilde(path)
    return shown if len(shown) <= LONGEST_SHORT else f"…{shown[1 - LONGEST_SHORT :]}"


def _check_allowed(path: Path, settings: Settings, *, admin: bool) -> None:
    data = Path(os.path.realpath(settings.data_dir))
    if path == data or path.is_relative_to(data) or data.is_relative_to(path):
        raise NotAllowed(f"{path} holds the daemon's own data, so no session may work there. Choose another directory.")
    base = Path(os.path.realpath(settings.base_dir))
    if settings.roots:
        allowed = (base, *(Path(os.path.realpath(root)) for root in settings.roots))
        if not any(path.is_relative_to(one) for one in allowed):
            listed = ", ".join(map(str, allowed))
            raise NotAllowed(f"{path} lies outside the allowed directories ({listed}); see workspace.roots.")
    elif not admin and not path.is_relative_to(base):
        raise NotAllowed(f"{path} lies outside {base}. Only admins may work elsewhere.")
