"""`python -m openacp_bot.demo_agent`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from openacp_bot.demo_agent.agent import DemoAgent
from openacp_bot.demo_agent.history import Archive
from openacp_bot.demo_agent.wire import on_stdio


async def serve() -> None:
    if sys.stdin.isatty():
        print("This is an ACP agent: a client talks to it in JSON over standard input.", file=sys.stderr)
    wire = await on_stdio()
    await DemoAgent(wire, Archive(state_folder(os.environ)), pace=pace(os.environ)).serve()


def state_folder(env: Mapping[str, str]) -> Path:
    """Where conversations are kept: $XDG_STATE_HOME/openacp-demo, else below ~/.local/state."""
    state = env.get("XDG_STATE_HOME", "")
    # XDG base directory specification: a relative path here is to be ignored.
    home = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return home / "openacp-demo"


def pace(env: Mapping[str, str]) -> float:
    """How slowly it speaks: DEMO_PACE, 1 unless told, 0 is at once."""
    try:
        return max(0.0, float(env.get("DEMO_PACE", "1")))
    except ValueError:
        return 1.0


def main() -> int:
    try:
        _run()
    except KeyboardInterrupt:
        return 130
    return 0


def _run() -> None:
    try:
        asyncio.run(serve())
    except* ConnectionError:
        pass  # the client left while we were speaking


if __name__ == "__main__":
    sys.exit(main())
