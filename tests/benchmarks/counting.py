"""Agents that count aloud at the same time, and when each said which word."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.counter import FOLDER
from tests.benchmarks.seen import Said
from tests.e2e.house import ROOT, eventually


def request(number: int) -> str:
    """What is asked of the agent with this number."""
    return f"count {number}"


@dataclass(frozen=True, slots=True)
class Counting:
    """`folder` is where they meet."""

    folder: Path

    def sections(self) -> Mapping[str, Any]:
        """Of the configuration."""
        self.folder.mkdir()
        counter = {
            "command": sys.executable,
            "args": ["-m", "tests.benchmarks.counter"],
            "env": {"PYTHONPATH": str(ROOT), FOLDER: str(self.folder)},
        }
        return {"agents": {"counter": counter}, "default_agent": "counter"}

    async def are_asked(self, agents: int) -> None:
        """Returns once so many wait for the word."""
        await eventually(lambda: len(list(self.folder.glob("*.waiting"))) == agents, "every agent")

    def begin(self) -> None:
        (self.folder / "go").touch()

    async def are_done(self, agents: int) -> None:
        await eventually(lambda: len(list(self.folder.glob("*.json"))) == agents, "the last word")

    def said(self, topics: Sequence[int]) -> Said:
        """By topic, in the order in which they were asked."""
        return {topic: json.loads((self.folder / f"{at}.json").read_text()) for at, topic in enumerate(topics)}
