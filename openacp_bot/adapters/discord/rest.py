"""The REST calls that we make through discord.py's HTTP client: its buckets, its session and, but for `Rest.paced`, its
tries. What an interaction's token opens is in `callbacks`.

What we say is written as Discord documents it, and not through the library's caches: most threads are not in them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from discord.http import HTTPClient, Route

from openacp_bot.adapters.discord.errors import FAILURES, TOO_OLD, answer_of, no_page, refusal, translated

Json: TypeAlias = dict[str, Any]

PUBLIC_THREAD = 11
LONGEST_REST = 20.0  # seconds that the library may wait by itself after a 429; more is for the gate to know


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way out."""

    name: str
    content: bytes
    mime: str


class Rest:
    """Raises `chat.pen.PenError`. `again` of a call: carrying it out twice does no harm."""

    def __init__(self, http: HTTPClient, *, is_paced: bool = False) -> None:
        http.max_ratelimit_timeout = LONGEST_REST  # its constructor takes 30 s and more only
        self._http = http
        self._is_paced = is_paced

    @property
    def paced(self) -> Rest:
        """For a caller that tries again by itself: each call is one try, where the library makes five in 25 s."""
        return Rest(self._http, is_paced=True)

    async def gateway(self) -> str:
        """Where the gateway is."""
        return str((await self._json(Route("GET", "/gateway/bot"), again=True))["url"])

    # --- messages --------------------------------------------------------------------------------

    async def send(self, channel: str, message: Json, files: Sequence[Upload] = ()) -> Json:
        """With its nonce, which Discord takes once (`enforce_nonce`)."""
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        return await self._json(route, message, files, again="nonce" in message)

    async def edit(self, channel: str, message: str, content: Json) -> None:
        route = Route("PATCH", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message)
        await self._json(route, content, again=True)

    async def delete(self, channel: str, message: str) -> None:
        route = Route("DELETE", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message)
        await self._json(route, again=True)

    async def message(self, channel: str, message: str) -> Json:
        route = Route("GET", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message)
        return await self._json(route, again=True)

    async def messages(self, channel: str, before: str, limit: int) -> list[Json]:
        """Newest first; `before` empty: from the last one on."""
        path = "/channels/{channel_id}/messages?limit={limit}" + ("&before={before}" if before else "")
        answer: Any = await self._json(Route("GET", path, channel_id=channel, limit=limit, before=before), again=True)
        return list(answer)

    async def typing(self, channel: str) -> None:
        await self._json(Route("POST", "/channels/{channel_id}/typing", channel_id=channel), again=True)

    # --- channels and threads --------------------------------------------------------------------

    async def channel(self, channel: str) -> Json:
        return await self._json(Route("GET", "/channels/{channel_id}", channel_id=channel), again=True)

    async def make_channel(self, guild: str, channel: Json) -> Json:
        return await self._json(Route("POST", "/guilds/{guild_id}/channels", guild_id=guild), channel)

    async def open_thread(self, channel: str, thread: Json) -> Json:
        """A forum's thread comes with its first message."""
        return await self._json(Route("POST", "/channels/{channel_id}/threads", channel_id=channel), thread)

    async def archived_threads(self, channel: str, before: str) -> Json:
        """Public ones, the last archived first; `before` empty: from the last one on."""
        path = "/channels/{channel_id}/threads/archived/public?limit=100" + ("&before={before}" if before else "")
        return await self._json(Route("GET", path, channel_id=channel, before=before), again=True)

    async def change_channel(self, channel: str, changes: Json) -> Json:
        return await self._json(Route("PATCH", "/channels/{channel_id}", channel_id=channel), changes, again=True)

    async def delete_channel(self, channel: str) -> None:
        await self._json(Route("DELETE", "/channels/{channel_id}", channel_id=channel), again=True)

    async def join(self, thread: str, user: str) -> None:
        """Add somebody to a thread, so that they hear of it."""
        route = Route("PUT", "/channels/{channel_id}/thread-members/{user_id}", channel_id=thread, user_id=user)
        await self._json(route, again=True)

    async def member(self, guild: str, user: str) -> Json:
        route = Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=user)
        return await self._json(route, again=True)

    # --- commands --------------------------------------------------------------------------------

    async def set_commands(self, application: str, guild: str, commands: Sequence[Json]) -> None:
        """All of a guild's."""
        route = Route(
            "PUT",
            "/applications/{application_id}/guilds/{guild_id}/commands",
            application_id=application,
            guild_id=guild,
        )
        await self._json(route, list(commands), again=True)

    # --- calls -----------------------------------------------------------------------------------

    async def _json(
        self,
        route: Route,
        content: Json | list[Json] | None = None,
        files: Sequence[Upload] = (),
        *,
        again: bool = False,
    ) -> Json:
        """Discord's answer; a few calls are answered by a list, or by nothing."""
        given: dict[str, Any] = {"middlewares": (_one_try(again=again),)} if self._is_paced else {}
        if files:
            given |= _multipart(content, files)
        elif content is not None:
            given["json"] = content
        try:
            answer: Json = no_page(await self._http.request(route, **given))
        except FAILURES as error:
            raise translated(error, again=again) from error
        return answer


def _one_try(*, again: bool) -> Callable[[ClientRequest, ClientHandlerType], Awaitable[ClientResponse]]:
    """A middleware of aiohttp's, which stands below the library's loop: it raises where that would wait and repeat,
    where that could not read what is said, and where that would take the limit of old messages for the bucket's."""

    async def asked(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if response.status < 400:
            return response
        answer = await answer_of(response)  # read once more by the library, from memory
        if response.status >= 500 or not isinstance(answer, dict) or answer.get("code") == TOO_OLD:
            raise refusal(response, answer, again=again)
        return response

    return asked


def _multipart(content: object, files: Sequence[Upload]) -> dict[str, Any]:
    attachments = [{"id": at, "filename": file.name} for at, file in enumerate(files)]
    payload = {**(content if isinstance(content, dict) else {}), "attachments": attachments}
    form: list[dict[str, Any]] = [{"name": "payload_json", "value": json.dumps(payload)}]
    opened = [discord.File(io.BytesIO(file.content), filename=file.name) for file in files]
    form += [
        {"name": f"files[{at}]", "value": one.fp, "filename": one.filename, "content_type": files[at].mime}
        for at, one in enumerate(opened)
    ]
    return {"form": form, "files": opened}
