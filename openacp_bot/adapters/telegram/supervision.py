"""What keeps a connection up whatever happens, and says what is wrong: once, and never with the token."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)

from openacp_bot.adapters.telegram.config import Patience
from openacp_bot.chat.pauses import Pauses
from openacp_bot.core.masking import Mask

log = logging.getLogger(__name__)

REFUSED = (
    "telegram.token is refused by Telegram (401). Ask @BotFather for the token (/mybots, the bot, API Token) and "
    "correct it and restart; until then this one is tried again every few minutes"
)
CONFLICT = (
    "another program polls with this bot's token (409): stop it, or revoke the token at @BotFather. Until then only "
    "one of the two gets each message"
)
STARTING = "starting"
REPEATED = 600.0  # a conflict is told again after so many quiet seconds


class Unable(Exception):
    """What keeps us from connecting lies here; the text says it, for the operator."""


class Supervision:
    """`trouble` is empty once `is_fine` was called, until something goes wrong."""

    def __init__(self, *, patience: Patience, mask: Mask) -> None:
        self._patience = patience
        self._mask = mask
        self._away = Pauses(*patience.away)
        self._conflict = Pauses(*patience.conflict)
        self._conflict_at = float("-inf")
        self._trouble_since = 0.0
        self.trouble = STARTING

    async def keep(self, connected: Callable[[], Awaitable[None]]) -> NoReturn:
        """Connects anew whenever the connection broke, until cancelled."""
        while True:
            try:
                await connected()
            except TelegramUnauthorizedError:
                await self._refused()
            except TelegramConflictError:
                await self._contested()
            except TelegramRetryAfter as error:
                await self._wait_out("Telegram asks for a pause", float(error.retry_after))
            except TimeoutError:
                self.tell(f"Telegram was silent for {self._patience.silent:.0f} s; connecting anew")
            except AiogramError as error:
                await self._wait_out(self._reason(error), self._away.next())
            except Unable as error:
                self.tell(str(error))
                await asyncio.sleep(self._away.next())
            except Exception:  # the root of the intake: a bug in it must not end it
                log.exception("telegram: the connection failed")
                await self._wait_out("an error inside openacp-bot; the log has the details", self._away.next())

    def is_fine(self) -> None:
        """While two programs poll, each succeeds now and then."""
        if self.trouble == CONFLICT and time.monotonic() - self._conflict_at <= self._patience.conflict[1]:
            return
        if self.trouble not in ("", STARTING):
            log.info("telegram: up again after %.0f s", time.monotonic() - self._trouble_since)
        self.trouble = ""
        self._away.reset()

    def tell(self, sentence: str) -> None:
        if self.trouble in ("", STARTING):
            self._trouble_since = time.monotonic()
        if sentence != self.trouble:
            log.warning("telegram: %s", sentence)
        self.trouble = sentence

    async def _refused(self) -> None:
        self.tell(REFUSED)
        await asyncio.sleep(self._patience.refused)

    async def _contested(self) -> None:
        """Told once, although polls succeed in between: the two end each other's."""
        if time.monotonic() - self._conflict_at > REPEATED:
            self._conflict = Pauses(*self._patience.conflict)
            self.tell(CONFLICT)
        self.trouble = CONFLICT
        self._conflict_at = time.monotonic()
        await asyncio.sleep(self._conflict.next())

    async def _wait_out(self, reason: str, seconds: float) -> None:
        self.tell(f"Telegram cannot be reached ({reason}); trying again")
        await asyncio.sleep(seconds)

    def _reason(self, error: AiogramError) -> str:
        """Never with the token, which is part of every address."""
        if isinstance(error, ClientDecodeError):
            return "a proxy answers in its place"
        return self._mask(error.message if isinstance(error, TelegramAPIError) else type(error).__name__)
