"""The calls that an interaction's own token opens: its first answer, and what follows for 15 minutes.

1. They have a connection of their own: Discord counts them to no global limit ("Rate Limits": interaction endpoints are
not bound to it), so a flood elsewhere, for which the library holds everything, must not hold them. 2. What does no harm
when it is done twice is tried until its time is over; Discord takes a first answer once. 3. Addresses hold the token:
no error of the HTTP library is passed on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord.http import json_or_text

from openacp_bot import __version__
from openacp_bot.adapters.discord.errors import FAILURES, answer_of, no_page, refusal, translated
from openacp_bot.adapters.discord.rest import Json, Upload
from openacp_bot.chat.pauses import Pauses
from openacp_bot.chat.pen import NotDone, PenError, RetryAfter

# discord-api-docs, "Reference", User Agent: an address and a version have to stand in it; the library's, as in its own
USER_AGENT = f"DiscordBot (https://github.com/Rapptz/discord.py, {discord.__version__}) openacp-bot/{__version__}"
FOLLOW_UP_SECONDS = 30.0
UPLOAD_SECONDS = 150.0  # 10 MiB over a slow line
PAUSES = (0.1, 2.0)
KEPT_SECONDS = 60.0  # a connection that stands already saves a fifth of a second of the three


class Callbacks:
    """Raises `chat.pen.PenError`; NotDone while it is not open."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS)
        async with aiohttp.ClientSession(connector=connector, headers={"User-Agent": USER_AGENT}) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def respond(self, interaction: str, token: str, answer: Json, *, until: float) -> Json:
        """The first answer, by the loop's time `until`. With `with_response` Discord tells the message it became."""
        path = f"/interactions/{interaction}/{token}/callback?with_response=true"
        return await self._call("POST", path, answer, again=True, until=until)

    async def complete(self, application: str, token: str, message: Json) -> Json:
        """The first answer says this now; what was acknowledged without words is filled in."""
        return await self._call("PATCH", _original(application, token), message, again=True)

    async def original(self, application: str, token: str) -> Json:
        """The message that the first answer became."""
        return await self._call("GET", _original(application, token), again=True)

    async def take_back(self, application: str, token: str) -> None:
        """The first answer goes."""
        await self._call("DELETE", _original(application, token), again=True)

    async def follow_up(self, application: str, token: str, message: Json, files: Sequence[Upload] = ()) -> Json:
        return await self._call("POST", f"/webhooks/{application}/{token}", message, files)

    # --- one call, and its tries -----------------------------------------------------------------

    async def _call(
        self,
        method: str,
        path: str,
        content: Json | None = None,
        files: Sequence[Upload] = (),
        *,
        again: bool = False,
        until: float | None = None,
    ) -> Json:
        """`again`: carrying it out twice does no harm."""
        loop, pauses = asyncio.get_running_loop(), Pauses(*PAUSES)
        end = until or loop.time() + (UPLOAD_SECONDS if files else FOLLOW_UP_SECONDS)
        while True:
            try:
                return await self._tried(method, path, _body(content, files), again=again, end=end)
            except RetryAfter as error:
                failure: PenError = error
                pause = error.seconds
            except NotDone as error:
                failure = error
                pause = pauses.next()
            if loop.time() + pause >= end:
                raise failure
            await asyncio.sleep(pause)

    async def _tried(self, method: str, path: str, body: dict[str, Any], *, again: bool, end: float) -> Json:
        if self._session is None:
            raise NotDone("not connected to Discord")
        try:
            async with (
                asyncio.timeout_at(end),
                self._session.request(method, f"{self._base}{path}", **body) as response,
            ):
                if response.status >= 300:
                    raise refusal(response, await answer_of(response), again=again)
                answer = no_page(await json_or_text(response))
        except FAILURES as error:
            raise translated(error, again=again) from None  # see 3
        return answer if isinstance(answer, dict) else {}


def _original(application: str, token: str) -> str:
    return f"/webhooks/{application}/{token}/messages/@original"


def _body(content: Json | None, files: Sequence[Upload]) -> dict[str, Any]:
    """Made for each try: a form can be sent once."""
    if not files:
        return {} if content is None else {"json": content}
    attachments = [{"id": at, "filename": file.name} for at, file in enumerate(files)]
    form = aiohttp.FormData(quote_fields=False)  # Discord does not know `files%5B0%5D`
    form.add_field("payload_json", json.dumps({**(content or {}), "attachments": attachments}))
    for at, file in enumerate(files):
        form.add_field(f"files[{at}]", file.content, filename=file.name, content_type=file.mime)
    return {"data": form}
