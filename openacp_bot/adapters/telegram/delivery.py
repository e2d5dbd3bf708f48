"""An update as it was delivered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

log = logging.getLogger(__name__)

LATE_SECONDS = 120.0
ALLOWED = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "inline_query",
    "stopped_message_generation",
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`album`: what it belongs to. `late`: it waited at Telegram while we were away."""

    update: Update
    album: str = ""
    late: bool = False


Take: TypeAlias = Callable[[Delivery], Awaitable[None]]


def parsed(raw: dict[str, Any], bot: Bot) -> Update | None:
    """None, and a line in the log, if it is of no kind that we know."""
    try:
        return Update.model_validate(raw, context={"bot": bot})
    except ValidationError as error:
        log.error("telegram: update %s is of a kind that we cannot read: %s", raw.get("update_id"), _where(error))
        return None


def is_late(update: Update, now: float) -> bool:
    """`now` by Telegram's own clock. Presses have no date."""
    if update.message is not None:
        return now - update.message.date.timestamp() > LATE_SECONDS
    if (edited := update.edited_message) is not None:
        return now - float(edited.edit_date or edited.date.timestamp()) > LATE_SECONDS
    return False


def _where(error: ValidationError) -> Sequence[str]:
    """Which fields, without what was in them."""
    return [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)[:3]]
