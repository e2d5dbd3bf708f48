"""Daemons that begin with their modules imported: aiogram alone takes three seconds of the processor, in each test.

They are processes like those that `exec` makes (`tests/app/test_surfaces.py`, `tests/cli/test_run.py` and
`test_starting.py` start those), and differ in nothing but what is imported already.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

CRADLE = Path(__file__).with_name("cradle.py")
IMPORT_SECONDS = 180.0  # on a machine that is busy with other tests


class Nursery:
    """Open while daemons are born."""

    def __enter__(self) -> Self:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._cradle = subprocess.Popen(
                [sys.executable, "-P", str(CRADLE), str(theirs.fileno())],
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        self._cradle.wait()

    def born(self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: IO[str], err: IO[str]) -> Child:
        """`openacp-bot` with these arguments."""
        told, theirs = socket.socketpair()
        order = json.dumps({"args": list(args), "cwd": str(cwd), "env": dict(env)}).encode()
        with theirs:
            socket.send_fds(self._line, [order], [theirs.fileno(), out.fileno(), err.fileno()])
        told.settimeout(IMPORT_SECONDS)
        return Child(told)


class Child:
    """As much of `subprocess.Popen` as tests need."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told.makefile("r")
        told.close()
        self.pid = int(self._told.readline())
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._code if self._code is not None or not self._is_told(0.0) else self._ended()

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None and not self._is_told(timeout):
            raise TimeoutError(f"process {self.pid} has not ended in {timeout} s")
        return self._ended()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _is_told(self, seconds: float | None) -> bool:
        return bool(select.select([self._told], [], [], seconds)[0])

    def _ended(self) -> int:
        if self._code is None:
            self._code = int(self._told.readline())
            self._told.close()
        return self._code
