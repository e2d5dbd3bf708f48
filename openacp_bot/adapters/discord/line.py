"""The connection to Discord's gateway, kept up whatever happens, and what is wrong with it in one sentence.

discord.py dies when REST or the gateway is away at its first connection, and with closings such as 4014; later losses
it heals, with a resume.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from openacp_bot.adapters.discord.buckets import Buckets
from openacp_bot.adapters.discord.config import DiscordConfig, Patience
from openacp_bot.adapters.discord.errors import FAILURES, words
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pauses import Pauses
from openacp_bot.chat.pen import NotDone, PenError
from openacp_bot.core.masking import Mask

log = logging.getLogger(__name__)

PUBLIC = Route.BASE
REFUSED = (
    "discord.token is refused by Discord. In the developer portal (discord.com/developers/applications) open "
    "your application, Bot, press Reset Token, and correct it; it is tried again every few minutes"
)
INTENTS = (
    "Discord does not let the bot read messages (4014). In the developer portal open your application, Bot, and switch "
    "on “Message Content Intent”; it is tried again every few minutes"
)
OTHERWISE = (
    "Discord closed the connection for good ({}: {}). Update openacp-bot, and if that does not help, report it; it is "
    "tried again every few minutes"
)
LOST = "the connection to Discord was lost; connecting anew"
STARTING = "starting"
HEARD = frozenset(
    {
        "message",
        "raw_message_edit",
        "raw_message_delete",
        "raw_bulk_message_delete",
        "interaction",
        "thread_create",
        "raw_thread_update",
        "raw_thread_delete",
        "guild_channel_delete",
        "guild_channel_update",
        "guild_join",
        "guild_available",
        "guild_unavailable",
        "guild_remove",
        "guild_role_update",
        "member_update",
        "connect",
        "ready",
        "resumed",
        "disconnect",
    }
)
READY_SECONDS = 0.5  # without another guild; for one that comes later, see Homecoming
HASTE = 5.0  # seconds
MOST_IN_HASTE, MOST_WITHOUT_SESSION = 5, 2  # losses in a row; Discord may refuse to resume, which is one more
# Gateway close codes (discord-api-docs, "Opcodes and Status Codes") that mending takes an operator.
FATAL = {
    4004: REFUSED,
    4010: OTHERWISE.format(4010, "invalid shard"),
    4011: (
        "Discord does not let the bot connect (4011), as it is in too many servers for one connection. Make an "
        "application for openacp-bot alone, and set discord.token to its token; it is tried again every few minutes"
    ),
    4012: OTHERWISE.format(4012, "invalid API version"),
    4013: OTHERWISE.format(4013, "invalid intents"),
    4014: INTENTS,
}

Hear = Callable[[str, Any], None]


class Ears(discord.Client):
    """The library's client; what it hears goes to `hear` at once, in order, and nowhere else."""

    def __init__(self, hear: Hear) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=READY_SECONDS,
            max_ratelimit_timeout=30.0,
        )
        self.http._buckets = Buckets()
        self._hear = hear

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Instead of a task for each event; a bug in what hears would end the library's connection."""
        if event not in HEARD:
            return
        try:
            self._hear(event, args[-1] if args else None)
        except Exception:  # what is called by a library's loop is a root
            log.exception("discord: %s could not be heard", event)


class Line:
    """`heard` is called with each event of the gateway, and `introduced` once we know who we are."""

    def __init__(
        self,
        config: DiscordConfig,
        heard: Hear,
        introduced: Callable[[Ears], None],
        *,
        patience: Patience,
        mask: Mask,
    ) -> None:
        self._config = config
        self._heard = heard
        self._introduced = introduced
        self._patience = patience
        self._mask = mask
        self._pauses = Pauses(*patience.away)
        self._since = 0.0
        self._ears: Ears | None = None
        self._rest: Rest | None = None
        self._ready_by: asyncio.Timeout | None = None
        self._losses: list[float] = []  # since a connection began
        self.trouble = STARTING
        logging.getLogger("discord.client").setLevel(logging.CRITICAL)  # it tells every new try with its traceback
        logging.getLogger("discord.http").setLevel(logging.ERROR)  # its warnings hold addresses, and those hold tokens
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we are silent on purpose
        Route.BASE = config.api_base_url or PUBLIC

    @property
    def rest(self) -> Rest:
        """Raises NotDone before the first login, and after the library has closed its session for good."""
        if self._rest is None or self._ears is None or self._ears.is_closed():
            raise NotDone("not connected to Discord")
        return self._rest

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            ears = Ears(self._hear)
            try:
                await self._log_in(ears)
                await self._stay(ears)
            except Exception as error:  # noqa: BLE001  the root of the intake: nothing that the library does may end it
                await self._recover(error)
            finally:
                await self._leave(ears)

    async def close(self) -> None:
        """For REST calls until the very end the session outlives `run`."""
        if self._ears is not None:
            ears, self._ears, self._rest = self._ears, None, None
            await _closed(ears)

    async def _log_in(self, ears: Ears) -> None:
        async with asyncio.timeout(self._patience.connect):
            await ears.login(self._config.token)
            rest = Rest(ears.http)
            DiscordWebSocket.DEFAULT_GATEWAY = URL(await rest.gateway())
        before, self._ears, self._rest = self._ears, ears, rest
        if before is not None:
            await _closed(before)
        self._introduced(ears)

    async def _stay(self, ears: Ears) -> None:
        """Connected, as long as the library finds its way back by itself."""
        while not ears.is_closed():
            try:
                await self._connected(ears)
            except AttributeError as error:
                if ears.ws:
                    raise
                # The first connection failed: the library trips over what it does not have yet.
                self.tell(f"Discord's gateway cannot be reached ({type(error.__context__).__name__}); trying again")
                await asyncio.sleep(self._pauses.next())

    async def _connected(self, ears: Ears) -> None:
        """The library waits for ever for a gateway that greets, answers heartbeats, and does not begin."""
        self._losses.clear()
        try:
            async with asyncio.timeout(self._patience.connect) as self._ready_by:
                await ears.connect()
        except TimeoutError as error:
            await _hung_up(ears)
            raise NotDone("its gateway was not ready in time") from error
        finally:
            self._ready_by = None

    async def _leave(self, ears: Ears) -> None:
        """The one that is logged in stays for its REST calls."""
        if ears is not self._ears:
            await _closed(ears)

    async def _recover(self, error: Exception) -> None:
        match error:
            case discord.LoginFailure():
                await self._rest_on(REFUSED)
            case discord.PrivilegedIntentsRequired():
                await self._rest_on(INTENTS)
            case discord.ConnectionClosed() if error.code in FATAL:
                await self._rest_on(FATAL[error.code])
            case _:
                self.tell(f"Discord cannot be reached ({self._reason(error)}); trying again")
                await asyncio.sleep(self._pauses.next())

    async def _rest_on(self, sentence: str) -> None:
        self.tell(sentence)
        await asyncio.sleep(self._patience.refused)

    def _reason(self, error: Exception) -> str:
        """Never with the token."""
        if isinstance(error, discord.HTTPException):
            return self._mask(words(error)[:200])
        if isinstance(error, PenError | discord.ConnectionClosed):
            return self._mask(str(error)[:200])
        if not isinstance(error, FAILURES):
            log.error("discord: the connection failed", exc_info=error)
        return type(error).__name__

    # --- what is heard ---------------------------------------------------------------------------

    def _hear(self, event: str, thing: Any) -> None:
        match event:
            case "connect":  # the library's word for Discord's READY
                self._begun()
            case "resumed":
                self._begun()
                self._is_fine()
            case "ready":
                self._is_fine()
            case "disconnect":
                self._expect_ready()
                if self._closed_with() not in FATAL:
                    self.tell(LOST)
        self._heard(event, thing)

    def _begun(self) -> None:
        self._losses.clear()
        if self._ready_by is not None:
            self._ready_by.reschedule(None)

    def _expect_ready(self) -> None:
        """In so many seconds from the first loss on; at once, if the library's way back leads nowhere."""
        now = asyncio.get_running_loop().time()
        self._losses.append(now)
        if self._ready_by is not None:
            if self._leads_nowhere():
                self._ready_by.reschedule(now)
            elif self._ready_by.when() is None:
                self._ready_by.reschedule(now + self._patience.connect)

    def _leads_nowhere(self) -> bool:
        """The library makes no pause before it resumes, nor does it look whether there is anything to resume."""
        has_session = bool(self._ears and self._ears.ws and self._ears.ws.session_id)
        most = MOST_IN_HASTE if has_session else MOST_WITHOUT_SESSION
        return len(self._losses) > most and self._losses[-1] - self._losses[-1 - most] < HASTE

    def _closed_with(self) -> int | None:
        """The code by which the gateway closed the connection, if it did."""
        return self._ears.ws.socket.close_code if self._ears and self._ears.ws else None

    def _is_fine(self) -> None:
        if self.trouble not in ("", STARTING):
            log.info("discord: up again after %.0f s", time.monotonic() - self._since)
        self.trouble = ""
        self._pauses.reset()

    def tell(self, sentence: str) -> None:
        if self.trouble in ("", STARTING):
            self._since = time.monotonic()
        if sentence != self.trouble:
            log.warning("discord: %s", sentence)
        self.trouble = sentence


async def _hung_up(ears: Ears) -> None:
    """Its session stays for REST calls. The library forgets a connection that did not begin, and the thread that keeps
    it alive."""
    beating = [beat.ws for beat in threading.enumerate() if isinstance(beat, KeepAliveHandler)]
    left = [ws for ws in beating if ws is not None and ws._connection is ears._connection]
    for ws in [*left, *([ears.ws] if ears.ws else [])]:
        await _ended(ws.close())


async def _closed(ears: Ears) -> None:
    await _hung_up(ears)
    await _ended(ears.close())


async def _ended(closing: Awaitable[None]) -> None:
    """In at most some seconds; the socket goes with the process anyway."""
    try:
        async with asyncio.timeout(5):
            await closing
    except Exception as error:  # noqa: BLE001  whatever the library trips over on its way out
        log.debug("discord: not closed cleanly: %s", type(error).__name__)
