"""Which directories a session may work in."""

from __future__ import annotations

import os
from pathlib import Path

from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.settings import Settings

LONGEST_SHORT = 40


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
