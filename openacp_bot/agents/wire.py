"""JSON-RPC 2.0, one object a line, over the pipes of one agent.

1. Messages are handed on in the order in which they came, in the reader's own task; so are answers, through `then`.
2. What is not a JSON object is counted and skipped; a message that makes no sense is logged and skipped.
3. Ids go back as they came. An answer to a call that is not open is ignored.
4. Sending never waits; one task writes. If the agent reads nothing for a while, or has closed its input, it is lost.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from openacp_bot.agents.limits import Limits
from openacp_bot.agents.lines import LineBuffer
from openacp_bot.agents.loose import NONE, Json, obj, short, text, whole
from openacp_bot.agents.pipes import Pipes
from openacp_bot.core.errors import AgentError, AgentGone, Problem

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL = -32603
CANCELLED = -32800
AUTH_REQUIRED = -32000
NOT_FOUND = -32002

ODD_ESCAPES = (b"\\ud", b"\\uD", b"\\u0000")
BACKLOG = 8 * 1024 * 1024  # unsent bytes at which nothing more is read

log = logging.getLogger(__name__)

RequestId: TypeAlias = int | str
Prepare: TypeAlias = Callable[[], Awaitable[Json]]
Frame: TypeAlias = bytes | Callable[[], Awaitable[bytes]]


class Refused(Problem):
    """The agent answered a call with an error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data

    @property
    def words(self) -> str:
        """What it said, with the details that some agents put into `data`."""
        details = self.data
        if isinstance(details, dict):
            details = text(details, "details") or text(details, "message")
        said = str(self) or f"error {self.code}"
        return (
            f"{said.removesuffix('.')}: {details}"
            if isinstance(details, str) and details and details not in said
            else said
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call: a result, or an error."""

    result: Any = None
    error: Refused | None = None

    @property
    def members(self) -> Json:
        """The result, if it is an object."""
        return self.result if isinstance(self.result, dict) else NONE


Then: TypeAlias = Callable[[Answer], None]


class Handler(Protocol):
    """Whoever lives behind the wire. Neither door waits or raises."""

    def notified(self, method: str, params: Json) -> None: ...

    def asked(self, id: RequestId, method: str, params: Json) -> None: ...

    @property
    def is_full(self) -> bool:
        """Whether reading must stop."""

    async def room(self) -> None:
        """Waits until it may go on."""


class Wire:
    """One agent's line. `read` and `write` are its two tasks; `lost` ends both."""

    def __init__(self, pipes: Pipes, name: str, limits: Limits) -> None:
        self.strays = 0  # lines of standard output that were no protocol messages
        self.first_stray = ""
        self.heard_at = asyncio.get_running_loop().time()
        self.is_held = False  # reading waits for our own side
        self._pipes = pipes
        self._name = name
        self._limits = limits
        self._lines = LineBuffer()
        self._open: dict[int, Then] = {}
        self._callers: set[asyncio.Future[Answer]] = set()
        self._last_id = 0
        self._unsent: deque[Frame] = deque()
        self._backlog = 0
        self._to_send = asyncio.Event()
        self._sent = asyncio.Event()
        self._lost: AgentGone | None = None

    # reading

    async def read(self, handler: Handler) -> None:
        """Hands every message to `handler`; returns at the end of the agent's output."""
        while block := await self._pipes.read():
            self.heard_at = asyncio.get_running_loop().time()
            for line in self._lines.feed(block):
                self._receive(line, handler)
                if handler.is_full or self._backlog > BACKLOG:
                    await self._held(handler)
        for line in self._lines.rest():
            self._receive(line, handler)

    async def _held(self, handler: Handler) -> None:
        self.is_held = True
        try:
            await handler.room()
            while self._backlog > BACKLOG:
                self._sent.clear()
                await self._sent.wait()
        finally:
            self.is_held = False
            self.heard_at = asyncio.get_running_loop().time()

    def _receive(self, line: bytes, handler: Handler) -> None:
        message = parsed(line)
        if message is None:
            self._stray(line)
            return
        method = message.get("method")
        id = message.get("id")
        if type(method) is not str:
            self._answered(id, message)
        elif type(id) is int or type(id) is str:
            handler.asked(id, method, obj(message, "params"))
        else:
            handler.notified(method, obj(message, "params"))

    def _stray(self, line: bytes) -> None:
        if not line.strip():
            return
        self.strays += 1
        if self.strays == 1:
            self.first_stray = short(line[:400].decode("utf-8", "replace").replace("\0", "\ufffd"))
            log.warning("%s writes lines to standard output that are no protocol messages", self._name)

    def _answered(self, id: object, message: Json) -> None:
        then = self._open.pop(_own_id(id), None)
        if then is None:
            log.debug("%s answered a call that is not open: %s", self._name, short(id))
            return
        then(
            Answer(error=_refusal(message["error"]))
            if message.get("error") is not None
            else Answer(message.get("result"))
        )

    # sending

    def request(self, method: str, params: Json | Prepare, then: Then) -> None:
        """`then` is called by the reader, in the order of the line; never, if the agent is gone first. Parameters that
        are a function are made when it is their turn to be written."""
        self._last_id += 1
        id = self._last_id
        self._open[id] = then
        self._send_with({"jsonrpc": "2.0", "id": id, "method": method}, params)

    def _send_with(self, head: Json, params: Json | Prepare) -> None:
        if not callable(params):
            self._send(encoded(head | {"params": params}))
            return
        prepare = params

        async def prepared() -> bytes:
            return encoded(head | {"params": await prepare()})

        self._send(prepared)

    async def call(self, method: str, params: Json, *, limit: float, then: Then | None = None) -> Json:
        """The result's members. Raises Refused, TimeoutError or AgentGone; `then` as in `request`."""
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answered(answer: Answer) -> None:
            if then is not None:
                then(answer)
            if not waiting.done():
                waiting.set_result(answer)

        if self._lost:
            raise self._lost
        self.request(method, params, answered)
        self._callers.add(waiting)
        try:
            async with asyncio.timeout(limit):
                answer = await waiting
        finally:
            self._callers.discard(waiting)
        if answer.error:
            raise answer.error
        return answer.members

    def notify(self, method: str, params: Json | Prepare) -> None:
        """Parameters that are a function are made as in `request`."""
        self._send_with({"jsonrpc": "2.0", "method": method}, params)

    def answer(self, id: RequestId, result: Json) -> None:
        self._send(encoded({"jsonrpc": "2.0", "id": id, "result": result}))

    def refuse(self, id: RequestId, code: int, message: str) -> None:
        self._send(encoded({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}))

    def _send(self, frame: Frame) -> None:
        if self._lost:
            return
        self._unsent.append(frame)
        self._backlog += 0 if callable(frame) else len(frame)
        self._to_send.set()

    async def write(self) -> None:
        """Writes what was sent, in order; raises AgentError when the agent no longer reads."""
        while True:
            while self._unsent:
                await self._write(self._unsent.popleft())
                self._sent.set()
            self._to_send.clear()
            await self._to_send.wait()

    async def _write(self, frame: Frame) -> None:
        try:
            if callable(frame):
                frame = await frame()
            else:
                self._backlog -= len(frame)
            async with asyncio.timeout(self._limits.send):
                await self._pipes.write(frame)
        except TimeoutError as error:
            raise AgentError(f"{self._name} no longer reads what it is sent.") from error
        except BrokenPipeError as error:
            raise AgentError(f"{self._name} has closed its input.") from error

    # the end

    def lose(self, error: AgentGone) -> None:
        """Nothing is sent from now on; whoever waits for an answer gets `error`."""
        self._lost = error
        self._unsent.clear()
        self._open.clear()
        for waiting in self._callers:
            if not waiting.done():
                waiting.set_exception(error)


def parsed(line: bytes) -> Json | None:
    """The JSON object in `line`, else None. Its strings can be encoded again, and hold no NUL."""
    try:
        message = json.loads(line.decode("utf-8", "replace"))
        # An escape may spell half of a surrogate pair, which neither SQLite nor a socket takes, or a NUL, which ends a
        # text in SQLite and in paths. Rare, so looked for in the line, which is cheap.
        if any(escape in line for escape in ODD_ESCAPES):
            message = _whole_characters(message)
    except (ValueError, RecursionError):
        return None
    return message if type(message) is dict else None


def encoded(message: Json) -> bytes:
    """One line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        value = value.replace("\0", "\ufffd")
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    return value


def _own_id(id: object) -> int:
    """Our ids are whole numbers; some agents send them back as strings. -1: none of ours."""
    if isinstance(id, str) and id.isascii() and id.isdecimal() and len(id) < 16:
        return int(id)
    return id if type(id) is int else whole(id) or -1


def _refusal(error: object) -> Refused:
    if not isinstance(error, dict):
        return Refused(INTERNAL, short(error, 500))
    code = error.get("code")
    return Refused(code if type(code) is int else INTERNAL, text(error, "message"), error.get("data"))
