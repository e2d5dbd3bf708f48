"""OpenACP's way to show answers (0.5.1), to be measured beside ours. As reference/openacp.md §4.1 and §4.2 have it:

1. One queue for the whole bot, 3,000 ms from the end of a call to the next; no priorities.
2. A draft is flushed 5,000 ms after the first words that are not shown; flushes of one draft follow one another, and
   what they show is rendered before they queue.
3. Queued edits of the same session replace each other.
4. A 429 drops all queued edits and is slept out in the queue's head, retry_after + 1 s, up to 3 retries.
5. The final edit queues like all else, but is neither replaced nor dropped.

Kinder than the original, whose typing actions, usage messages and session cards are left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.benchmarks.talk import PAUSE, WORDS, spoken

Json = dict[str, Any]
BETWEEN_CALLS = 3.0
FLUSH_SECONDS = 5.0
RETRIES = 3
RETRY_AFTER = 5
SHOWN = 4096


@dataclass(eq=False, slots=True)
class Queued:
    """`draft`: the session whose edit this is; empty if it may not be dropped."""

    call: Callable[[], Awaitable[Json]]
    draft: str
    done: asyncio.Future[Json | None]  # None: dropped or replaced


class SendQueue:
    """Rules 1, 3 and 4."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._items: list[Queued] = []
        self._filled = asyncio.Event()

    async def send(self, method: str, params: Json, *, draft: str = "") -> Json | None:
        """The answer once it was this call's turn."""
        item = Queued(lambda: self._call(method, params), draft, asyncio.get_running_loop().create_future())
        for at, other in enumerate(self._items):
            if draft and other.draft == draft:
                other.done.set_result(None)
                self._items[at] = item
                break
        else:
            self._items.append(item)
        self._filled.set()
        return await item.done

    async def run(self) -> None:
        while True:
            await self._filled.wait()
            item = self._items.pop(0)
            item.done.set_result(await item.call())
            await asyncio.sleep(BETWEEN_CALLS)
            if not self._items:
                self._filled.clear()

    async def _call(self, method: str, params: Json) -> Json:
        for _ in range(RETRIES):
            answer = await self._post(method, params)
            if answer.get("error_code") != 429:
                return answer
            self._drop_edits()
            await asyncio.sleep(answer["parameters"].get("retry_after", RETRY_AFTER) + 1)
        return await self._post(method, params)

    async def _post(self, method: str, params: Json) -> Json:
        async with self._http.post(f"{self._url}/{method}", json=params) as response:
            answer: Json = await response.json()
            return answer

    def _drop_edits(self) -> None:
        for item in self._items:
            if item.draft:
                item.done.set_result(None)
        self._items = [item for item in self._items if not item.draft]


class Draft:
    """Rules 2 and 5: one answer that is being written."""

    def __init__(self, queue: SendQueue, name: str, address: Json) -> None:
        self._queue, self._name, self._address = queue, name, address
        self._text = self._shown = ""
        self._message = 0
        self._due: list[float] = []  # when flushes begin; past ones wait until the one before has left the queue
        self._ended = asyncio.Event()

    def append(self, chunk: str) -> None:
        self._text += chunk
        now = time.monotonic()
        if not self._due or self._due[-1] <= now:
            self._due.append(now + FLUSH_SECONDS)

    def end(self) -> None:
        """The timer that runs is cleared; flushes that wait for their turn stay."""
        now = time.monotonic()
        self._due = [due for due in self._due if due <= now]
        self._ended.set()

    async def write(self) -> None:
        """Flushes until the answer has ended, then shows all of it."""
        while await self._next_flush():
            await self._flush(draft=self._name)
        await self._flush(draft="")

    async def _next_flush(self) -> bool:
        """False if none comes any more."""
        while self._due or not self._ended.is_set():
            wait = self._due[0] - time.monotonic() if self._due else PAUSE
            if wait <= 0:
                self._due.pop(0)
                return True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), wait)
        return False

    async def _flush(self, *, draft: str) -> None:
        text = self._text
        if text == self._shown:
            return
        if self._message:
            edit = {"chat_id": self._address["chat_id"], "message_id": self._message, "text": text[:SHOWN]}
            answer = await self._queue.send("editMessageText", edit, draft=draft)
        else:
            answer = await self._queue.send("sendMessage", {**self._address, "text": text[:SHOWN]})
        if answer is not None and answer["ok"]:
            self._message, self._shown = answer["result"]["message_id"], text


async def answer(queue: SendQueue, name: str, address: Json) -> list[float]:
    """One session's turn: when it said each word."""
    draft, said = Draft(queue, name, address), []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(draft.write())
        began = time.time()
        for number in range(1, WORDS + 1):
            await asyncio.sleep(began + (number - 1) * PAUSE - time.time())
            said.append(time.time())
            draft.append(spoken(number))
        draft.end()
    return said


@asynccontextmanager
async def send_queue(url: str) -> AsyncIterator[SendQueue]:
    """`url`: of the bot's methods."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        queue = SendQueue(http, url)
        running = tasks.create_task(queue.run())
        yield queue
        running.cancel()
