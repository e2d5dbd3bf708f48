"""How bots usually stream into Discord, to be measured beside ours:

1. Every session for itself: no gate, no ranks. The first words are sent at once, then the message is edited at most
   every 1.5 s, as long as there is something new, and once more at the end.
2. Past 2,000 characters the text goes on in a new message.
3. A 429 is slept out, and the call is made again.
4. The last message rings like all the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.benchmarks.talk import PAUSE, WORDS, spoken

Json = dict[str, Any]
Caller = Callable[[str, str, Json], Awaitable[Json]]
APART = 1.5
LONGEST = 2000


@asynccontextmanager
async def caller(url: str, token: str) -> AsyncIterator[Caller]:
    """Rule 3."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {token}"}) as http:

        async def call(method: str, path: str, body: Json) -> Json:
            while True:
                async with http.request(method, url + path, json=body) as response:
                    answer: Json = await response.json()
                if response.status != 429:
                    assert response.status < 400, answer
                    return answer
                await asyncio.sleep(answer["retry_after"])

        yield call


class Draft:
    """Rules 1 and 2: one answer that is being written."""

    def __init__(self, call: Caller, thread: int) -> None:
        self._call = call
        self._path = f"/channels/{thread}/messages"
        self._text = self._shown = ""  # of the message that grows
        self._message = ""
        self._more = asyncio.Event()
        self._has_ended = False

    def append(self, chunk: str) -> None:
        self._text += chunk
        self._more.set()

    def end(self) -> None:
        self._has_ended = True
        self._more.set()

    async def write(self) -> None:
        while not self._has_ended:
            await self._more.wait()
            self._more.clear()
            await self._flush()
            if not self._has_ended:
                await asyncio.sleep(APART)
        await self._flush()

    async def _flush(self) -> None:
        while len(self._text) > LONGEST:
            cut = self._text.rindex(" ", 0, LONGEST)
            await self._show(self._text[:cut])
            self._message, self._shown, self._text = "", "", self._text[cut:]
        await self._show(self._text)

    async def _show(self, text: str) -> None:
        if not text.strip() or text == self._shown:
            return
        if self._message:
            await self._call("PATCH", f"{self._path}/{self._message}", {"content": text})
        else:
            self._message = str((await self._call("POST", self._path, {"content": text}))["id"])
        self._shown = text


async def answer(call: Caller, thread: int) -> list[float]:
    """One session's turn: when it said each word."""
    draft, said = Draft(call, thread), []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(draft.write())
        began = time.time()
        for number in range(1, WORDS + 1):
            await asyncio.sleep(began + (number - 1) * PAUSE - time.time())
            said.append(time.time())
            draft.append(spoken(number))
        draft.end()
    return said
