"""Long polling that outlives whatever happens: the service away, a refused token, another poller, a dead connection.

aiogram's own polling dies when the service is away at its start, loops for ever on 401 and 409, and confirms an update
before its handler has run. Here an update is confirmed only once it was taken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramNotFound
from aiogram.types import User

from openacp_bot.adapters.telegram.albums import albums
from openacp_bot.adapters.telegram.calls import RawUpdates, open_bot, telegram_now, who_we_are
from openacp_bot.adapters.telegram.config import Patience, TelegramConfig
from openacp_bot.adapters.telegram.delivery import ALLOWED, Delivery, Take, is_late, parsed
from openacp_bot.adapters.telegram.supervision import Supervision
from openacp_bot.chat.pauses import Pauses, until_done
from openacp_bot.core.masking import Mask

log = logging.getLogger(__name__)

Introduce = Callable[[User], Awaitable[None]]


class Poll:
    """`introduced` is called with who we are, whenever a connection was made; `take` with each update. `caught_up` is
    set once nothing was left of what came before."""

    def __init__(
        self, config: TelegramConfig, introduced: Introduce, take: Take, *, patience: Patience, mask: Mask
    ) -> None:
        self._config = config
        self._introduced = introduced
        self._take = take
        self._patience = patience
        self._care = Supervision(patience=patience, mask=mask)
        self.caught_up = asyncio.Event()
        self._has_all = False
        self._offset: int | None = None
        self._heard_at = time.monotonic()
        self._connected_at = 0.0  # by Telegram's clock

    @property
    def trouble(self) -> str:
        """Empty: updates come."""
        return self._care.trouble

    @property
    def is_current(self) -> bool:
        """What happened so far was told and taken."""
        return self._has_all and not self.trouble

    async def run(self) -> None:
        """Until cancelled."""
        await self._care.keep(self._connected)

    async def _connected(self) -> None:
        self._has_all = False
        async with open_bot(self._config) as bot:
            await self._introduce(bot)
            while await self._round(bot, seconds=0):  # whether updates come is known at once
                pass
            self._has_all = True
            self.caught_up.set()
            while True:
                await self._round(bot, seconds=self._patience.poll)

    async def _introduce(self, bot: Bot) -> None:
        async with asyncio.timeout(self._patience.silent):
            me = await who_we_are(bot)
            with suppress(TelegramNotFound):  # an older, or a smaller, Bot API server
                await self._remove_webhook(bot)
        self._connected_at = telegram_now(bot)
        await self._introduced(me)

    async def _remove_webhook(self, bot: Bot) -> None:
        if (await bot.get_webhook_info()).url:
            await bot.delete_webhook()
            log.warning("telegram: a webhook was set for this bot and has been removed, as it keeps updates away")

    async def _round(self, bot: Bot, *, seconds: int) -> bool:
        """Whether anything came."""
        asked = RawUpdates(offset=self._offset, timeout=seconds, allowed_updates=list(ALLOWED))
        async with asyncio.timeout(self._patience.silent):
            found = await bot(asked, request_timeout=int(self._patience.silent) + 1)
        self._care.is_fine()
        updates = [update for raw in found if (update := parsed(raw, bot)) is not None]
        together = albums(updates)
        for update in updates:
            late = is_late(update, self._connected_at)
            await self._take_whole(Delivery(update, together.get(update.update_id, ""), late))
        self._move_on(found)
        return bool(found)

    def _move_on(self, found: Sequence[dict[str, Any]]) -> None:
        """Past those that could not be read, too. After a long silence the next id is random (Bot API, Update), so that
        it may lie below the offset; all before it was confirmed long ago."""
        if found:
            self._offset = max(int(raw.get("update_id", 0)) for raw in found) + 1
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > self._patience.quiet:
            self._offset = None

    async def _take_whole(self, delivery: Delivery) -> None:
        """While the store fails the update waits here, unconfirmed."""
        told = partial(log.error, "telegram: what came cannot be stored, and waits: %s")
        try:
            await until_done(partial(self._take, delivery), Pauses(*self._patience.store), told)
        except Exception:  # one update's root: it would come again for ever
            log.exception("telegram: an update could not be handled and is left out")
