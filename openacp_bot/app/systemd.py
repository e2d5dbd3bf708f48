"""What systemd is told: ready, still alive, stopping (sd_notify's protocol, a datagram to $NOTIFY_SOCKET)."""

from __future__ import annotations

import asyncio
import logging
import os
import socket

log = logging.getLogger(__name__)


def is_service() -> bool:
    """Whether systemd started us, so that what we print goes to its journal."""
    return "NOTIFY_SOCKET" in os.environ or "INVOCATION_ID" in os.environ


def notify(state: str) -> None:
    """Send one state, such as READY=1; nothing happens outside systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(state.encode(), address)
    except OSError as error:
        log.warning("systemd could not be told %s: %s", state, error)


async def stay_alive() -> None:
    """Feed the watchdog at half its time, for as long as the loop turns; returns at once where there is none."""
    time = os.environ.get("WATCHDOG_USEC", "")
    if not time.isdigit() or int(time) == 0 or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(int(time) / 2_000_000)
