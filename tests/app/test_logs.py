"""Lines of the log that nobody else can write."""

from __future__ import annotations

import logging
import sys

import pytest

from openacp_bot.app.logs import MaskedLines


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("door", logging.WARNING, "x.py", 1, message, args, None)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_what_others_wrote_never_begins_a_line(ending: str) -> None:
    lines = MaskedLines("%(levelname)s %(message)s").format(
        record("the group “%s” was ignored", f"x{ending}ERROR openacp_bot: stopped")
    )

    assert lines.startswith("WARNING the group “x")
    assert not [line for line in lines.splitlines()[1:] if not line.startswith("  ")]
    assert "\x1b" not in MaskedLines().format(record("%s", "\x1b[2Jgone"))


def test_a_traceback_stays_readable_below_its_line() -> None:
    try:
        raise ValueError("one\nERROR two")
    except ValueError:
        failed = record("it failed")
        failed.exc_info = sys.exc_info()
    first, *more = MaskedLines("%(levelname)s %(message)s").format(failed).split("\n")

    assert first == "WARNING it failed"
    assert len(more) >= 4 and all(line.startswith("  ") for line in more)
