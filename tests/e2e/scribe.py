"""The stub agent with a record of all that it was told: `python tests/e2e/scribe.py RECORD [flags of the stub]`.

Each line of RECORD is one JSON object: `pid`, and `told` (a message of the client; none in the first line).
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

STUB = Path(__file__).parents[1] / "stub_agent.py"


class Overheard:
    """Stands in for sys.stdin: what is read from it is written down first."""

    def __init__(self, stdin: BinaryIO, record: Path) -> None:
        self._record = record.open("a")
        self.buffer = self._lines(stdin)
        self._write({})

    def _lines(self, stdin: BinaryIO) -> Iterator[bytes]:
        for line in stdin:
            self._write({"told": json.loads(line)})
            yield line

    def _write(self, entry: dict[str, object]) -> None:
        self._record.write(json.dumps({"pid": os.getpid(), **entry}) + "\n")
        self._record.flush()


if __name__ == "__main__":
    record = Path(sys.argv.pop(1))
    sys.stdin = Overheard(sys.stdin.buffer, record)  # the stub reads only its buffer
    runpy.run_path(str(STUB), run_name="__main__")
