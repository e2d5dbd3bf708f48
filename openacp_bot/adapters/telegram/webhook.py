"""Updates that Telegram brings by itself, behind a proxy that speaks TLS.

1. 200 is said once an update was taken; while the store fails it is 503, and Telegram brings it again.
2. One connection, and one task that takes: updates stay in their order.
3. A text waits in the ledger, acknowledged, for what may belong to it (see `held`).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.types import Update, WebhookInfo
from aiohttp import web

from openacp_bot.adapters.telegram.albums import albums, may_lead
from openacp_bot.adapters.telegram.calls import open_bot, telegram_now, who_we_are
from openacp_bot.adapters.telegram.config import Patience, TelegramConfig, WebhookConfig
from openacp_bot.adapters.telegram.delivery import ALLOWED, Delivery, Take, is_late, parsed
from openacp_bot.adapters.telegram.held import Held
from openacp_bot.adapters.telegram.poll import Introduce
from openacp_bot.adapters.telegram.supervision import Supervision, Unable
from openacp_bot.chat.pauses import Pauses
from openacp_bot.core.errors import StoreError
from openacp_bot.core.masking import Mask

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_BODY = 1024 * 1024
MOST_WAITING = 100
COMING_SECONDS = 1.0  # from one look at what is still on its way to the next
TAKE_SECONDS = 30.0  # what is not taken by then comes again
GOODBYE_SECONDS = 1.0
CONNECTIONS = 1


@dataclass(frozen=True, slots=True)
class Brought:
    """An update, and who waits to hear whether it was taken. `album`: what it is known to belong to."""

    raw: dict[str, Any]
    update: Update
    taken: asyncio.Future[bool]
    album: str = ""

    def settle(self, was_taken: bool) -> None:
        if not self.taken.done():
            self.taken.set_result(was_taken)


class Webhook:
    """The same doors as `Poll`. Texts of those who are known wait for what belongs to them."""

    def __init__(
        self,
        config: TelegramConfig,
        hook: WebhookConfig,
        introduced: Introduce,
        take: Take,
        *,
        held: Held,
        is_known: Callable[[Update], bool],
        patience: Patience,
        mask: Mask,
    ) -> None:
        self._config = config
        self._hook = hook
        self._held = held
        self._is_known = is_known
        self._introduced = introduced
        self._take = take
        self._patience = patience
        self._care = Supervision(patience=patience, mask=mask)
        self._path = urlsplit(hook.url).path or "/"
        self.caught_up = asyncio.Event()
        self._is_at_work = False
        self._bot: Bot | None = None  # None: we do not know yet who we are
        self._waiting: asyncio.Queue[Brought] = asyncio.Queue(MOST_WAITING)
        self._next: Brought | None = None  # looked at already
        self._is_ours = False  # set by this process, so that it has our secret
        self._taken_at = 0.0
        self._has_told_stranger = False

    @property
    def trouble(self) -> str:
        """Empty: updates come."""
        return self._care.trouble

    @property
    def is_current(self) -> bool:
        """What happened so far was told, as far as that can be known."""
        return self.caught_up.is_set() and not self.trouble

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_all())
            await self._care.keep(self._open)

    async def _open(self) -> None:
        """The door stays open while Telegram cannot be asked about it."""
        async with self._listening():
            await self._care.keep(self._connected)

    # --- what Telegram knows of us -----------------------------------------------------------------

    async def _connected(self) -> None:
        async with open_bot(self._config) as bot:
            async with asyncio.timeout(self._patience.silent):
                me = await who_we_are(bot)
            await self._introduced(me)
            self._bot = bot
            while True:
                async with asyncio.timeout(self._patience.silent):
                    is_coming = await self._check(bot)
                longest = COMING_SECONDS if is_coming else self._patience.webhook
                await asyncio.sleep(min(longest, self._patience.webhook))

    async def _check(self, bot: Bot) -> bool:
        """Whether what was kept for us is still on its way. Telegram never tells the secret, so each process sets it
        once."""
        known = await bot.get_webhook_info()
        if not self._is_ours or known.url != self._hook.url:
            if self._is_ours:
                log.warning("telegram: another program took the webhook away; it is set again")
            await self._set(bot)
        elif why := self._failing(known):
            self._care.tell(f"Telegram cannot deliver to {self._hook.url} ({why}); check the proxy before it")
            return False
        self._care.is_fine()
        if not (known.pending_update_count or self._is_at_work):
            self.caught_up.set()
        return not self.caught_up.is_set()

    async def _set(self, bot: Bot) -> None:
        await bot.set_webhook(
            self._hook.url,
            secret_token=self._hook.secret,
            allowed_updates=list(ALLOWED),
            max_connections=CONNECTIONS,
        )
        self._is_ours = True
        log.info("telegram: updates come to %s", self._hook.url)

    def _failing(self, known: WebhookInfo) -> str:
        failed_at = known.last_error_date.timestamp() if known.last_error_date else 0.0
        is_stuck = bool(known.pending_update_count) and failed_at > self._taken_at
        return known.last_error_message or "no reason given" if is_stuck else ""

    # --- what it brings ------------------------------------------------------------------------------

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_SECONDS)
        await runner.setup()
        try:
            await self._bind(runner)
            yield
        finally:
            await runner.cleanup()

    async def _bind(self, runner: web.AppRunner) -> None:
        host, port = self._hook.listen_host, self._hook.listen_port
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise Unable(f"cannot listen on telegram.webhook.listen_host:listen_port {host}:{port}: {why}") from error

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method != "POST" or request.path != self._path:
            return web.Response(status=404)
        if not self._knows(request.headers.get(SECRET_HEADER, "")):
            return web.Response(status=403)
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        if not isinstance(raw, dict):
            return web.Response(status=400)
        return web.Response(status=200 if await self._was_taken(raw) else 503)

    def _knows(self, secret: str) -> bool:
        is_right = hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), self._hook.secret.encode())
        if not is_right and not self._has_told_stranger:
            self._has_told_stranger = True
            log.warning("telegram: a request without the webhook's secret was refused")
        return is_right

    async def _was_taken(self, raw: dict[str, Any]) -> bool:
        if self._bot is None:
            return False
        if (update := parsed(raw, self._bot)) is None:
            return True
        brought = Brought(raw, update, asyncio.get_running_loop().create_future())
        try:
            self._waiting.put_nowait(brought)
            return await asyncio.wait_for(brought.taken, TAKE_SECONDS)
        except (asyncio.QueueFull, TimeoutError):
            return False

    # --- one after the other -------------------------------------------------------------------------

    async def _take_all(self) -> None:
        while True:
            self._is_at_work = self._next is not None
            brought, self._next = self._next or await self._waiting.get(), None
            self._is_at_work = True
            if brought.taken.done():  # nobody waits for it any more: it comes again
                continue
            if may_lead(brought.update) and self._is_known(brought.update):
                await self._hold(brought)
            else:
                brought.settle(await self._took(brought.update, brought.album))

    async def _hold(self, brought: Brought) -> None:
        try:
            await self._held.keep(brought.raw)
        except StoreError as error:
            log.error("telegram: what came cannot be stored, and will come again: %s", error)
            brought.settle(False)
            return
        brought.settle(True)
        album = brought.album
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.together):
                behind = self._next = await self._waiting.get()
            found = albums([brought.update, behind.update])
            album = album or found.get(brought.update.update_id, "")
            self._next = replace(behind, album=found.get(behind.update.update_id, ""))
        await self._take_whole(brought.update, album)

    async def _take_whole(self, update: Update, album: str) -> None:
        """What is acknowledged already does not come again."""
        pauses = Pauses(*self._patience.store)
        while True:
            if await self._took(update, album):
                break
            await asyncio.sleep(pauses.next())
        with suppress(StoreError):  # then it is taken once more after a restart, which changes nothing
            await self._held.release()

    async def _took(self, update: Update, album: str) -> bool:
        """False: it is to be tried again."""
        known = album or albums([update]).get(update.update_id, "")
        try:
            await self._take(Delivery(update, known, is_late(update, telegram_now(self._known_bot))))
        except StoreError as error:
            log.error("telegram: what came cannot be stored yet: %s", error)
            return False
        except Exception:  # one update's root: it would come again for ever
            log.exception("telegram: an update could not be handled and is left out")
        self._taken_at = time.time()
        return True

    @property
    def _known_bot(self) -> Bot:
        assert self._bot is not None, "nothing is taken before we know who we are"
        return self._bot
