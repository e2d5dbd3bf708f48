"""The stub agent with one word more: `count NAME` waits for the file `go`, counts aloud, and writes NAME.json: when it
said which word."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from tests import stub_agent
from tests.benchmarks.talk import PAUSE, WORDS, spoken

FOLDER = "COUNTER_FOLDER"  # of the environment
LOOK_SECONDS = 0.01


def count(self: stub_agent.Conversation, name: str) -> None:
    """The clock is time.time(), which is the simulator's."""
    folder = Path(os.environ[FOLDER])
    (folder / f"{name}.waiting").touch()
    while not (folder / "go").exists():
        time.sleep(LOOK_SECONDS)
    began, said = time.time(), []
    for number in range(1, WORDS + 1):
        time.sleep(max(0.0, began + (number - 1) * PAUSE - time.time()))
        said.append(time.time())
        self.say(spoken(number))
    written = folder / f"{name}.part"
    written.write_text(json.dumps(said))
    written.rename(folder / f"{name}.json")


if __name__ == "__main__":
    setattr(stub_agent.Conversation, "do_count", count)  # noqa: B010  mypy knows that it has none
    agent = stub_agent.Agent(stub_agent.flags())
    agent.begin()
    agent.serve()
    os._exit(0)
