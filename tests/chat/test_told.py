"""What the log was told already."""

from __future__ import annotations

import logging

import pytest

from openacp_bot.chat.told import MOST, Told


def test_each_reason_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(logging.getLogger("door"))
    for reason in ("a stranger: 1", "100% a stranger: 2", "a stranger: 1"):
        told.log_once(reason)

    assert [(record.name, record.levelname) for record in caplog.records] == [("door", "WARNING")] * 2
    assert caplog.messages == ["a stranger: 1", "100% a stranger: 2"]


def test_it_is_not_told_without_end(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(logging.getLogger("door"))
    for number in range(MOST + 5):
        told.log_once(f"a stranger: {number}")

    assert len(caplog.messages) == MOST
