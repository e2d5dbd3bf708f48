"""What the log was told already."""

from __future__ import annotations

import logging

import pytest

from openacp_bot.chat.told import REMEMBERED, Told


def test_each_reason_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(logging.getLogger("door"))
    for reason in ("a stranger: 1", "100% a stranger: 2", "a stranger: 1"):
        told.log_once(reason)

    assert [(record.name, record.levelname) for record in caplog.records] == [("door", "WARNING")] * 2
    assert caplog.messages == ["a stranger: 1", "100% a stranger: 2"]


def test_after_many_reasons_a_new_one_is_still_told(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(logging.getLogger("door"))
    for number in range(REMEMBERED + 1):
        told.log_once(f"a stranger: {number}")
    told.log_once(f"a stranger: {REMEMBERED}")

    assert caplog.messages[REMEMBERED:] == [f"a stranger: {REMEMBERED}"]
