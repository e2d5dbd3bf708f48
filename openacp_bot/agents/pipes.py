"""The three pipes of an agent process, as asyncio's transport hands them over.

asyncio's own streams are not used for two reasons seen in practice: `process.wait()` of Python 3.11 waits until the
pipes are closed, which a grandchild can prevent; and stderr that nobody reads blocks the agent for good.
"""

from __future__ import annotations

import asyncio
from collections import deque

from openacp_bot.core.words import uncoloured

HIGH = 256 * 1024  # unread output at which the pipe is no longer read; one reading keeps the loop for about 10 ms
LAST_WORDS = 16 * 1024  # how much of stderr is kept
DRAIN_BYTES = 16 * 1024 * 1024  # how much may still come out of a dead process's pipe
STDIN, STDOUT, STDERR = 0, 1, 2


class Pipes(asyncio.SubprocessProtocol):
    """Bounded reading, writing with flow control, the tail of stderr, and the exit as soon as it happens."""

    def __init__(self, after_exit: float) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int | None] = loop.create_future()
        self.stdin_lost = False
        self._loop = loop
        self._after_exit = after_exit
        self._transport: asyncio.SubprocessTransport
        self._blocks: deque[bytes] = deque()
        self._unread = 0
        self._drained = 0
        self._ended = False
        self._paused = False
        self._discarding = False
        self._something = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._stderr = b""
        self._stderr_ended = asyncio.Event()

    # reading

    async def read(self) -> bytes:
        """All of standard output that has come since; empty at its end, which is at the latest `after_exit` seconds
        after the process's end, even if a grandchild still holds the pipe."""
        while not self._blocks and not self._ended:
            self._something.clear()
            await self._something.wait()
        block = b"".join(self._blocks)
        self._blocks.clear()
        self._unread = 0
        self._resume()
        return block

    def discard(self) -> None:
        """Read on, so that the agent can finish, but keep nothing."""
        self._discarding = True
        self._blocks.clear()
        self._unread = 0
        self._resume()

    async def last_words(self) -> str:
        """The last lines of stderr; waits a moment for those that a dead process left in the pipe."""
        if self.exited.done() and not self._stderr_ended.is_set():
            try:
                async with asyncio.timeout(0.5):
                    await self._stderr_ended.wait()
            except TimeoutError:
                pass  # a grandchild holds the pipe
        return self.stderr_tail()

    def stderr_tail(self, lines: int = 20) -> str:
        """The last lines of stderr so far, without colours."""
        words = uncoloured(self._stderr.decode("utf-8", "replace")).replace("\0", "\ufffd")
        kept = [line.rstrip()[:500] for line in words.splitlines() if line.strip()]
        return "\n".join(kept[-lines:])

    # writing

    async def write(self, data: bytes) -> None:
        """Returns when the kernel has taken nearly all of it; raises BrokenPipeError if nobody reads any more."""
        stdin = self._stdin()
        if self.stdin_lost or stdin is None or stdin.is_closing():
            raise BrokenPipeError("standard input is closed")
        stdin.write(data)
        await self._writable.wait()
        if self.stdin_lost:
            raise BrokenPipeError("standard input was closed")

    def close_stdin(self) -> None:
        """What is still unwritten is dropped: nobody read it."""
        stdin = self._stdin()
        if stdin is None:
            return
        if stdin.get_write_buffer_size():
            stdin.abort()
        else:
            stdin.close()

    def _stdin(self) -> asyncio.WriteTransport | None:
        transport = self._transport.get_pipe_transport(STDIN)
        return transport if isinstance(transport, asyncio.WriteTransport) else None

    # asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == STDERR:
            self._stderr = (self._stderr + data)[-LAST_WORDS:]
        elif not self._ended and not self._discarding:
            self._keep(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == STDIN:
            self.stdin_lost = True
            self._writable.set()
        elif fd == STDOUT:
            self._end()
        else:
            self._stderr_ended.set()

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(self._transport.get_returncode())
        self._resume()
        self._loop.call_later(self._after_exit, self._end)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _keep(self, data: bytes) -> None:
        self._blocks.append(data)
        self._unread += len(data)
        self._something.set()
        if not self.exited.done():
            if self._unread > HIGH:
                self._pause()
            return
        self._drained += len(data)
        if self._drained > DRAIN_BYTES:
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._something.set()

    def _pause(self) -> None:
        pipe = self._transport.get_pipe_transport(STDOUT)
        if isinstance(pipe, asyncio.ReadTransport) and not self._paused:
            pipe.pause_reading()
            self._paused = True

    def _resume(self) -> None:
        pipe = self._transport.get_pipe_transport(STDOUT)
        if self._paused and isinstance(pipe, asyncio.ReadTransport):
            pipe.resume_reading()
        self._paused = False
