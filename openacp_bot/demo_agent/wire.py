"""JSON-RPC over stdin and stdout, one object a line: reading, writing, and matching answers to our questions."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

Json = dict[str, Any]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_FOUND = -32002

LONGEST_LINE = 128 * 1024 * 1024  # a prompt may carry several photographs


class RpcError(Exception):
    """An error as JSON-RPC knows it."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    @property
    def body(self) -> Json:
        error: Json = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": self.data}


class Wire:
    """One client at the other end of two pipes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}

    async def incoming(self) -> AsyncIterator[Json]:
        """Requests and notifications, until the client closes our stdin; answers go to whoever asked."""
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:  # longer than the limit; the reader has dropped it
                await self.refuse(None, RpcError(PARSE_ERROR, "that line is too long"))
                continue
            if not line:
                return
            message = await self._parsed(line)
            if message is None:
                continue
            if "method" in message:
                yield message
            else:
                self._settle(message)

    async def _parsed(self, line: bytes) -> Json | None:
        if not line.strip():
            return None
        try:
            message = json.loads(line)
        except ValueError:
            await self.refuse(None, RpcError(PARSE_ERROR, "that line is not JSON"))
            return None
        if not isinstance(message, dict):
            await self.refuse(None, RpcError(INVALID_REQUEST, "a message is one JSON object"))
            return None
        return message

    def _settle(self, answer: Json) -> None:
        key = answer.get("id")
        future = self._asked.pop(key, None) if isinstance(key, int) else None
        if future is None or future.done():
            return
        error = answer.get("error")
        if error is None:
            future.set_result(answer.get("result"))
            return
        known = error if isinstance(error, dict) else {}
        message = str(known.get("message", "the client refused"))
        future.set_exception(RpcError(known.get("code", INTERNAL_ERROR), message))

    async def ask(self, method: str, params: Json) -> Any:
        """The client's answer to a request of ours; raises RpcError if it refuses.

        Not bounded: a person may think for as long as they like, and session/cancel ends the wait."""
        key = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[key] = future
        try:
            await self._send({"id": key, "method": method, "params": params})
            return await future
        finally:
            self._asked.pop(key, None)

    async def notify(self, method: str, params: Json) -> None:
        await self._send({"method": method, "params": params})

    async def answer(self, key: Any, result: Json) -> None:
        await self._send({"id": key, "result": result})

    async def refuse(self, key: Any, error: RpcError) -> None:
        await self._send({"id": key, "error": error.body})

    def hang_up(self) -> None:
        """The client is gone: whoever still waits to be heard gets a ConnectionError."""
        self._writer.transport.abort()

    async def _send(self, message: Json) -> None:
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        # A lone surrogate (from a file name, say) has no UTF-8 form; it must not end the conversation.
        self._writer.write(text.encode("utf-8", "replace") + b"\n")
        await self._writer.drain()


async def on_stdio() -> Wire:
    """A wire over our own stdin and stdout. From here on a stray `print` goes to stderr."""
    protocol_out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), protocol_out
    )
    transport.set_write_buffer_limits(high=0)  # drain then means: it is in the pipe
    return Wire(reader, asyncio.StreamWriter(transport, protocol, None, loop))
