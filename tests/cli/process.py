"""`openacp-bot` as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 30


class Cli:
    """`openacp-bot` as a process with an empty home and an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"HOME": str(folder / "home"), "PATH": str(folder / "bin"), "NO_COLOR": "1"}
        for name in ("home", "bin"):
            (folder / name).mkdir()

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "openacp_bot", *args],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def started(self, *args: str) -> subprocess.Popen[str]:
        """The same, left running."""
        return subprocess.Popen(
            [sys.executable, "-m", "openacp_bot", *args],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def configure(self, text: str) -> None:
        (self.folder / "config.yaml").write_text(text)

    def install(self, name: str) -> None:
        """Put a program on PATH."""
        program = self.folder / "bin" / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
