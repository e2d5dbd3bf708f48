"""The skill that runs a command, in the session's directory and with a time limit."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field

from openacp_bot.demo_agent.turn import Tool, Turn, text_content
from openacp_bot.demo_agent.words import Wish

LONGEST_RUN = 30.0
MOST_OUTPUT = 32 * 1024
SHOW_EVERY = 0.2  # seconds between two looks at a running command's output


@dataclass
class Output:
    """What a command printed: its beginning, and how much there was."""

    kept: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.kept += data[: MOST_OUTPUT - len(self.kept)]
        self.total += len(data)

    @property
    def text(self) -> str:
        text = self.kept.decode("utf-8", "replace")
        dropped = self.total - len(self.kept)
        return f"{text}\n… {dropped:,} more bytes" if dropped else text


async def run_command(turn: Turn, wish: Wish) -> None:
    command = wish.text
    raw_input = {"command": command, "cwd": str(turn.folder)}
    async with turn.tool(f"`{command}`", "execute", rawInput=raw_input) as tool:
        if not await turn.may(tool, rawInput=raw_input):
            await tool.failed("You rejected this command.")
            await turn.say("All right, I did not run it, and nothing was changed.\n")
            return
        await tool.news(status="in_progress")
        output = Output()
        code = await _run(turn, tool, command, output)
        await _show_end(tool, output, code)
    await turn.say(_told(code))


async def _show_end(tool: Tool, output: Output, code: int | None) -> None:
    ended = f"stopped after {LONGEST_RUN:.0f} seconds" if code is None else f"exit code {code}"
    text = output.text.rstrip("\n")
    fields = {
        "content": [text_content(f"{text}\n{ended}".lstrip("\n"))],
        "rawOutput": {"exitCode": code, "output": output.text},
    }
    if code == 0:
        await tool.done(**fields)
    else:
        await tool.failed(ended, **fields)


def _told(code: int | None) -> str:
    if code is None:
        return f"It did not end within {LONGEST_RUN:.0f} seconds, so I stopped it.\n"
    return "Done: it ended well.\n" if code == 0 else f"It ended with exit code {code}.\n"


async def _run(turn: Turn, tool: Tool, command: str, output: Output) -> int | None:
    """Its exit code; None if it had to be stopped. Whatever happens, its process group is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command,
        cwd=turn.folder,
        stdin=asyncio.subprocess.DEVNULL,  # ours is the protocol
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LONGEST_RUN):
            await _follow(process, tool, output)
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nobody is left
        await process.wait()


async def _follow(process: asyncio.subprocess.Process, tool: Tool, output: Output) -> None:
    assert process.stdout is not None
    clock = asyncio.get_running_loop()
    shown = clock.time()
    while data := await process.stdout.read(8192):
        output.add(data)
        if clock.time() - shown >= SHOW_EVERY:
            await tool.news(content=[text_content(output.text)])
            shown = clock.time()
