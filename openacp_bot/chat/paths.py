"""Paths as a phone shows them: short, but never so that a file seems to lie where it does not."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*:)//")  # of an address, which is no path
BEGIN, END = r"(?<![\w./~-])", r"(?![\w.-])"  # where a path in a text may begin, and end or go on below it


def as_seen(path: str, workspace: str) -> str:
    """From the workspace, where the file really lies in it; else where it really is."""
    if _is_address(path, workspace):
        return path
    named = os.path.join(workspace, path)
    real, root = os.path.realpath(named), os.path.realpath(workspace)
    if real == root or real.startswith(f"{root.rstrip('/')}/"):
        return os.path.relpath(real, root)
    return real if real == os.path.normpath(named) else f"{path} → {real}"


def _is_address(path: str, workspace: str) -> bool:
    # A folder may be named `https:`, and then a file is meant, wherever that folder leads.
    scheme = SCHEME.match(path)
    return scheme is not None and not os.path.lexists(os.path.join(workspace, scheme[1]))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with other names for the paths in it; what only begins or ends like one of them is another path."""
    paths = "|".join(re.escape(path) for path in sorted(names, key=len, reverse=True))
    return re.sub(f"{BEGIN}(?:{paths}){END}", lambda found: names[found[0]], text) if paths else text


def from_folder(text: str, folder: str) -> str:
    """Paths below the folder as seen from it."""
    root = folder.rstrip("/")
    return re.sub(rf"{BEGIN}{re.escape(root)}/(?=[\w.-])", "", text) if root else text


def from_home(text: str) -> str:
    """Our home as `~`, wherever a path in the text begins with it."""
    home = os.path.expanduser("~").rstrip("/")
    return renamed(text, {home: "~"} if home else {})
