"""Logging to standard error: one line a fact, secrets masked."""

from __future__ import annotations

import json
import logging
import sys
import time

from openacp_bot.config import LoggingConfig
from openacp_bot.core.masking import Mask

# What would move the cursor of whoever reads, or end a line in some programs, is shown instead of done.
CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)}
del CONTROLS[ord("\n")], CONTROLS[ord("\t")]


def set_up(config: LoggingConfig, secrets: tuple[str, ...] = ()) -> None:
    """`auto` leaves the time to the journal where systemd collects what we print. `secrets`: our own, to be masked."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _formatter(config.format)
    formatter.mask = Mask(secrets)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.level.upper())
    # At debug, discord.py tells everything that it hears: interactions' tokens, signed addresses, what people write.
    for name in ("aiogram", "aiohttp.access", "aiosqlite", "asyncio", "discord", "markdown_it"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _formatter(format: str) -> MaskedLines:
    if format == "json":
        return JsonLines()
    with_time = format == "text" or sys.stderr.isatty()
    return MaskedLines(
        "%(asctime)s %(levelname)s %(name)s: %(message)s" if with_time else "%(levelname)s %(name)s: %(message)s"
    )


class MaskedLines(logging.Formatter):
    """Ordinary lines, without secrets. What goes on below one is indented, so that nothing that others wrote can pass
    for a line of ours."""

    mask = Mask()

    def format(self, record: logging.LogRecord) -> str:
        return self.mask(super().format(record)).translate(CONTROLS).replace("\n", "\n  ")


class JsonLines(MaskedLines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.mask(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = self.mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
