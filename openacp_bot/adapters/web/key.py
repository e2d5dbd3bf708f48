"""The page's key: made once, kept in the data directory, readable by its owner only."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from openacp_bot.core.errors import UserError

KEY = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, urlsafe


def load_or_create(data_dir: Path) -> str:
    """The same key across restarts. Raises UserError if it can be neither read nor written."""
    path = data_dir / "key"
    try:
        return _load(path) or _create(path)
    except OSError as error:
        raise UserError(f"The page's key in {path} cannot be used: {error.strerror or error}.") from error


def _load(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""
    if not KEY.fullmatch(text):  # damaged: a new one is as good
        return ""
    path.chmod(0o600)
    return text


def _create(path: Path) -> str:
    key = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name("key.new")
    fresh.unlink(missing_ok=True)
    # Never readable by others, not even for a moment; renamed, so that a crash leaves no half of a key.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key
