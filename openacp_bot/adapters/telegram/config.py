"""What the operator decided about Telegram, and how patient the adapter is; without aiogram, so that app can use it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """`api_base_url` empty: the public service. `general`: all, mention or off."""

    token: str = field(repr=False)
    api_base_url: str = ""
    chats: tuple[int, ...] = ()
    general: str = "mention"
    streaming: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for, in seconds. Pairs: the first pause, and the longest."""

    poll: int = 30  # the service answers an empty poll after this (at most 50)
    silent: float = 120.0  # a poll without an answer for so long is dead
    away: tuple[float, float] = (1.0, 60.0)
    conflict: tuple[float, float] = (5.0, 60.0)
    refused: float = 300.0  # until a refused token is tried again
    store: tuple[float, float] = (1.0, 30.0)
    quiet: float = 86400.0  # after this without updates their ids may begin anew (they do after a week)
    recheck: float = 3600.0  # between two looks at chats, rights and command menus
    press: float = 2.0  # a press is acknowledged by then, whatever becomes of it
    goodbye: float = 10.0  # what is still to be shown when we stop


USUAL = Patience()
