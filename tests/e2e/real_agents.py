"""One turn with every agent that is installed on this machine: `python -m tests.e2e.real_agents`.

An agent that wants a login has passed if that is what the page says. Nothing is installed, and no key is looked for.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from openacp_bot.agents.catalogue import found
from openacp_bot.core.model import AgentSpec
from tests.e2e.house import House
from tests.e2e.visitor import Visitor

TURN_SECONDS = 180.0
PROMPT = "Reply with the single word pong. Use no tools."


async def visit(agents: Sequence[AgentSpec], folder: Path) -> bool:
    """True if every agent answered, or said what it lacks."""
    house = House(folder)
    house.configure(agents={one.name: {"command": one.command, "args": list(one.args)} for one in agents})
    passed = True
    # Logins are kept in the home directory.
    async with house.daemon({"HOME": os.environ["HOME"]}) as daemon:
        for agent in agents:
            async with daemon.tab() as tab:
                told = await _one_turn(tab, agent.name)
            print(f"{agent.name}: {told}")
            passed = passed and not told.startswith("FAILED")
    return passed


async def _one_turn(tab: Visitor, agent: str) -> str:
    try:
        async with asyncio.timeout(TURN_SECONDS):
            await tab.new_chat(agent)
            await tab.say(op="send", id=str(uuid.uuid4()), session=tab.session, text=PROMPT)
            await tab.hear(lambda frame: bool(tab.ends) or tab.head.get("state") == "error", TURN_SECONDS)
    except TimeoutError:
        return f"FAILED: no end within {TURN_SECONDS:g} s\n{tab.seen()}"
    if not tab.ends:
        return f"not used: {tab.head['reason']}"
    return f"{tab.answer!r} {tab.ends[0]}" if tab.answer or not tab.ends[0].startswith("✓") else "FAILED: no answer"


def main() -> int:
    agents = found()
    if not agents:
        print("no agent is installed here: skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(visit(agents, Path(folder) / "real")) else 1


if __name__ == "__main__":
    sys.exit(main())
