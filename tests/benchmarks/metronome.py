"""The stub agent with two words more: `now` says what time it is, `pause SECONDS` thinks before it goes on."""

from __future__ import annotations

import os
import time

from tests import stub_agent


def now(self: stub_agent.Conversation) -> None:
    """CLOCK_MONOTONIC is the same clock in every process of a machine."""
    self.say(f"@{time.monotonic_ns()}@")


def pause(self: stub_agent.Conversation, seconds: str) -> None:
    time.sleep(float(seconds))


if __name__ == "__main__":
    setattr(stub_agent.Conversation, "do_now", now)  # noqa: B010  mypy knows that it has none
    setattr(stub_agent.Conversation, "do_pause", pause)  # noqa: B010
    agent = stub_agent.Agent(stub_agent.flags())
    agent.begin()
    agent.serve()
    os._exit(0)
