"""A bot's token, from the file or from where else it is kept."""

from __future__ import annotations

from openacp_bot.config.freeze import Ground
from openacp_bot.config.problems import shown_path


def token(section: str, given: str, file: str, ground: Ground, *, ask: str) -> tuple[str, str]:
    """The token and the key that it came by; what is wrong is in `ground.problems`. `ask`: who gives one."""
    if given and file:
        ground.complain((section, "token_file"), f"is given beside {section}.token; give one of them")
    if not given and not file:
        ground.complain((section, "token"), f"is missing; {ask}. Or name a file that holds it in token_file")
        return "", "token"
    return (_read(section, file, ground), "token_file") if file else (given.strip(), "token")


def _read(section: str, name: str, ground: Ground) -> str:
    path = ground.absolute(name, (section, "token_file"))
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        ground.complain((section, "token_file"), f"is {shown_path(path)}, which cannot be read: {why}")
        return ""
