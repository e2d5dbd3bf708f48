"""Long polling that outlives whatever happens: the service away, a refused token, another poller, a dead connection.

aiogram's own polling dies when the service is away at its start, loops for ever on 401 and 409, and confirms an update
before its handler has run. Here an update is confirmed only once it was taken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update, User
from pydantic import ValidationError

from openacp_bot.adapters.telegram.albums import albums
from openacp_bot.adapters.telegram.calls import RawUpdates, open_bot
from openacp_bot.adapters.telegram.config import Patience, TelegramConfig
from openacp_bot.adapters.telegram.pauses import Pauses
from openacp_bot.core.errors import StoreError
from openacp_bot.core.masking import Mask

log = logging.getLogger(__name__)

ALLOWED = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "inline_query",
    "stopped_message_generation",
]
REFUSED = (
    "telegram.token is refused by Telegram (401). Ask @BotFather for the token (/mybots, the bot, API Token) and "
    "correct it; it is tried again every few minutes"
)
CONFLICT = (
    "another program polls with this bot's token (409): stop it, or revoke the token at @BotFather. Until then only "
    "one of the two gets each message"
)
STARTING = "starting"
REPEATED = 600.0  # a conflict is told again after so many quiet seconds

Introduce = Callable[[User], Awaitable[None]]
Take = Callable[[Update, str], Awaitable[None]]


class Poll:
    """`introduced` is called with who we are, whenever a connection was made; `take` with each update and its album."""

    def __init__(
        self, config: TelegramConfig, introduced: Introduce, take: Take, *, patience: Patience, mask: Mask
    ) -> None:
        self._config = config
        self._introduced = introduced
        self._take = take
        self._patience = patience
        self._mask = mask
        self._offset: int | None = None
        self._away = Pauses(*patience.away)
        self._conflict = Pauses(*patience.conflict)
        self._conflict_at = float("-inf")
        self._trouble_since = 0.0
        self._heard_at = time.monotonic()
        self.trouble = STARTING  # empty: updates come

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with open_bot(self._config) as bot:
                    await self._introduce(bot)
                    await self._round(bot, seconds=0)  # whether updates come is known at once
                    while True:
                        await self._round(bot, seconds=self._patience.poll)
            except TelegramUnauthorizedError:
                await self._refused()
            except TelegramConflictError:
                await self._contested()
            except TelegramRetryAfter as error:
                await self._wait_out("Telegram asks for a pause", float(error.retry_after))
            except TimeoutError:
                self._tell(f"Telegram was silent for {self._patience.silent:.0f} s; connecting anew")
            except AiogramError as error:
                await self._wait_out(self._reason(error), self._away.next())
            except Exception:  # the root of the intake: a bug in it must not end it
                log.exception("telegram: polling failed")
                await self._wait_out("an error inside openacp-bot; the log has the details", self._away.next())

    async def _introduce(self, bot: Bot) -> None:
        async with asyncio.timeout(self._patience.silent):
            try:
                me = await bot.get_me()
            except TelegramNotFound as error:  # said of a token that cannot be one
                raise TelegramUnauthorizedError(error.method, error.message) from error
            if (await bot.get_webhook_info()).url:
                await bot.delete_webhook()
                log.warning("telegram: a webhook was set for this bot and has been removed, as it keeps updates away")
        await self._introduced(me)

    async def _round(self, bot: Bot, *, seconds: int) -> None:
        asked = RawUpdates(offset=self._offset, timeout=seconds, allowed_updates=ALLOWED)
        async with asyncio.timeout(self._patience.silent):
            found = await bot(asked, request_timeout=int(self._patience.silent) + 1)
        self._is_fine()
        updates = [update for raw in found if (update := _parsed(raw, bot)) is not None]
        together = albums(updates)
        for update in updates:
            await self._take_whole(update, together)
        self._move_on(found)

    def _move_on(self, found: Sequence[dict[str, Any]]) -> None:
        """Past those that could not be read, too. After a long silence the next id is random (Bot API, Update), so that
        it may lie below the offset; all before it was confirmed long ago."""
        if found:
            self._offset = max(int(raw.get("update_id", 0)) for raw in found) + 1
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > self._patience.quiet:
            self._offset = None

    async def _take_whole(self, update: Update, together: Mapping[int, str]) -> None:
        """While the store fails the update waits here, unconfirmed."""
        pauses = Pauses(*self._patience.store)
        while True:
            try:
                await self._take(update, together.get(update.update_id, ""))
                return
            except StoreError as error:
                log.error("telegram: what came cannot be stored, and waits: %s", error)
                await asyncio.sleep(pauses.next())
            except Exception:  # one update's root: it would come again for ever
                log.exception("telegram: an update could not be handled and is left out")
                return

    # --- trouble ---------------------------------------------------------------------------------

    async def _refused(self) -> None:
        self._tell(REFUSED)
        await asyncio.sleep(self._patience.refused)

    async def _contested(self) -> None:
        """Told once, although polls succeed in between: the two end each other's."""
        if time.monotonic() - self._conflict_at > REPEATED:
            self._conflict = Pauses(*self._patience.conflict)
            self._tell(CONFLICT)
        self.trouble = CONFLICT
        self._conflict_at = time.monotonic()
        await asyncio.sleep(self._conflict.next())

    async def _wait_out(self, reason: str, seconds: float) -> None:
        self._tell(f"Telegram cannot be reached ({reason}); trying again")
        await asyncio.sleep(seconds)

    def _tell(self, sentence: str) -> None:
        if self.trouble in ("", STARTING):
            self._trouble_since = time.monotonic()
        if sentence != self.trouble:
            log.warning("telegram: %s", sentence)
        self.trouble = sentence

    def _is_fine(self) -> None:
        """While two programs poll, each succeeds now and then."""
        if self.trouble == CONFLICT and time.monotonic() - self._conflict_at <= self._patience.conflict[1]:
            return
        if self.trouble not in ("", STARTING):
            log.info("telegram: up again after %.0f s", time.monotonic() - self._trouble_since)
        self.trouble = ""
        self._away.reset()

    def _reason(self, error: AiogramError) -> str:
        """Never with the token, which is part of every address."""
        if isinstance(error, ClientDecodeError):
            return "a proxy answers in its place"
        return self._mask(error.message if isinstance(error, TelegramAPIError) else type(error).__name__)


def _parsed(raw: dict[str, Any], bot: Bot) -> Update | None:
    try:
        return Update.model_validate(raw, context={"bot": bot})
    except ValidationError as error:
        log.error("telegram: update %s is of a kind that we cannot read: %s", raw.get("update_id"), _where(error))
        return None


def _where(error: ValidationError) -> Sequence[str]:
    """Which fields, without what was in them."""
    return [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)[:3]]
