"""A daemon to be killed: `python -m tests.agents.mayfly WORKSPACE` launches the stub, which leaves a process behind.

Prints the agent's pid, its noted start and the pid of what it left, and then waits.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.agents.kit import Book, launched


async def live(workspace: Path) -> None:
    book = Book()
    async with launched(workspace, book=book) as agent:
        stray = int(await agent.said("stray"))
        pid = book.seen[0]
        print(json.dumps([pid, book.noted[pid][1], stray]), flush=True)
        await asyncio.Event().wait()


asyncio.run(live(Path(sys.argv[1])))
