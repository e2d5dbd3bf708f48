"""Albums and quick forwards: messages of one person in one place that are one prompt.

1. Every message is stored as it comes, with its key; what a crash leaves gathering is queued at the next boot.
2. After a second of quiet (five in all, twenty messages) the prompt is queued and handed to its session.
3. What else this person does in that place comes after it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from openacp_bot.core.commands.house import House
from openacp_bot.core.errors import Problem, StoreError
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Message, Origin
from openacp_bot.core.model import Part, Prompt, PromptState, ThreadRef

log = logging.getLogger(__name__)

QUIET_SECONDS = 1.0
LONGEST_SECONDS = 5.0
MOST_MESSAGES = 20
RETRY_SECONDS = 10.0


@dataclass(slots=True)
class Album:
    """One prompt that is still coming. Times are the loop's."""

    until: float
    longest: float
    prompt: Prompt | None = None
    messages: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)  # one message after another, the first one first

    def came(self, now: float) -> None:
        self.messages += 1
        self.until = min(now + QUIET_SECONDS, self.longest)
        if self.messages >= MOST_MESSAGES:
            self.full.set()


class Gathering:
    """The albums that are coming."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._albums: dict[tuple[ThreadRef, str, str], Album] = {}

    @asynccontextmanager
    async def taking(self, message: Message) -> AsyncIterator[Album]:
        """The album of a message, alone. Whoever finds it without a prompt stores the first and calls `begin`."""
        where = _key(message)
        now = asyncio.get_running_loop().time()
        album = self._albums.get(where)
        if album is None or album.full.is_set():
            album = self._albums[where] = Album(now + QUIET_SECONDS, now + LONGEST_SECONDS)
        async with album.storing:
            try:
                yield album
            finally:
                if album.prompt is None and self._albums.get(where) is album:
                    del self._albums[where]

    def begin(self, album: Album, message: Message, prompt: Prompt) -> None:
        """The first message is stored."""
        album.prompt = prompt
        album.came(asyncio.get_running_loop().time())
        self._house.manager.errand(self._gathered(_key(message), album))

    async def join(self, album: Album, part: Part, message: Message) -> bool:
        """One more message; False if its prompt is no longer gathering."""
        assert album.prompt is not None
        joined = await self._house.records.join_prompt(album.prompt.id, part, message.files, key=message.origin.key)
        if joined is None:
            album.full.set()
            return False
        album.came(asyncio.get_running_loop().time())
        return True

    async def settle(self, origin: Origin, *, but: str = "") -> None:
        """This person does something else here: what they sent before is queued first."""
        mine = [
            album
            for (where, who, name), album in self._albums.items()
            if (where, who) == (origin.where, origin.who.key) and name != but
        ]
        for album in mine:
            album.full.set()
        for album in mine:
            if album.prompt is not None:
                await album.over.wait()

    async def _gathered(self, where: tuple[ThreadRef, str, str], album: Album) -> None:
        try:
            await self._complete(album)
            while not await self._handed_in(where, album):
                album.over.set()  # nobody has to wait until the store works again
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            album.over.set()

    async def _handed_in(self, where: tuple[ThreadRef, str, str], album: Album) -> bool:
        """The root of an album's task; False if the store could not be used, and it is to be tried again."""
        prompt = album.prompt
        assert prompt is not None
        try:
            async with album.storing:
                if self._albums.get(where) is album:
                    del self._albums[where]
                await self._house.records.change_prompts([prompt.id], state=PromptState.QUEUED)
            await self._hand_in(prompt)
        except StoreError as error:
            log.warning("an album could not be handed in yet: %s", error)
            return False
        except Problem as error:
            self._house.manager.say(prompt.session, Notice(f"album:{secrets.token_hex(3)}", f"❌ {error}", ring=True))
        except Exception:  # the root of an errand: its bug must not end the sessions
            log.exception("an album could not be handed in")
        return True

    async def _complete(self, album: Album) -> None:
        time = asyncio.get_running_loop().time
        while not album.full.is_set() and time() < album.until:
            try:
                async with asyncio.timeout_at(album.until):
                    await album.full.wait()
            except TimeoutError:
                continue  # another message may have moved the moment

    async def _hand_in(self, prompt: Prompt) -> None:
        stored = await self._house.records.prompt(prompt.id)
        if stored is None or stored.state is not PromptState.QUEUED:  # its session was deleted meanwhile
            return
        if self._house.manager.stopping and self._house.manager.live(stored.session) is None:
            return  # it runs after the restart
        session = await self._house.manager.wake(stored.session)
        await self._house.hand_in(session, stored)


def _key(message: Message) -> tuple[ThreadRef, str, str]:
    return message.origin.where, message.origin.who.key, message.album
