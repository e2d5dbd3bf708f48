"""The process of a `Nursery`: has the daemon's modules imported, and is copied to become daemons.

Run as a script: `python -P cradle.py FD`, so that a daemon's search path is that of an installed `openacp-bot`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import runpy
import signal
import socket
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

MODULES = (
    "openacp_bot.app.daemon",
    "openacp_bot.config",
    "openacp_bot.adapters.telegram.adapter",
    "openacp_bot.adapters.discord.adapter",
)
ORDER_BYTES = 1 << 17


@dataclass(frozen=True)
class Order:
    """One daemon that is wanted: how it begins, where it writes, and where its keeper tells of it."""

    begins: dict[str, Any]
    told: socket.socket
    out: int
    err: int


def serve(line: socket.socket) -> None:
    """Returns in each daemon; ends with the line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a keeper
    while order := heard(line):
        if not os.fork():
            line.close()
            return keep(order)
        order.told.close()
        os.close(order.out)
        os.close(order.err)
    sys.exit()


def heard(line: socket.socket) -> Order | None:
    text, fds, _, _ = socket.recv_fds(line, ORDER_BYTES, 3)
    if not text:
        return None
    told, out, err = fds
    return Order(json.loads(text), socket.socket(fileno=told), out, err)


def keep(order: Order) -> None:
    """Returns in the daemon. Its parent tells the pid and, when it has ended, its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        tell(order.told, pid)
    order.told.close()
    become(order)


def tell(told: socket.socket, pid: int) -> NoReturn:
    told.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    told.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def become(order: Order) -> None:
    """What `exec` would have set."""
    for fd, opened in enumerate((os.open(os.devnull, os.O_RDONLY), order.out, order.err)):
        os.dup2(opened, fd)
        os.close(opened)
    os.chdir(order.begins["cwd"])
    os.environ.clear()
    os.environ.update(order.begins["env"])
    sys.argv[1:] = order.begins["args"]
    random.seed()


if __name__ == "__main__":
    for module in MODULES:
        import_module(module)
    gc.freeze()  # what is shared stays shared: a daemon need not look through all of aiogram
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("openacp_bot", run_name="__main__", alter_sys=True)
