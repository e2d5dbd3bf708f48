"""What the operator decided about Telegram, and how patient the adapter is; without aiogram, so that app can use it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """`url`: where Telegram brings updates; a proxy hands them to `listen_host`:`listen_port`."""

    url: str
    listen_host: str
    listen_port: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """`api_base_url` empty: the public service. `general`: all, mention or off. `webhook` None: polling."""

    token: str = field(repr=False)
    api_base_url: str = ""
    chats: tuple[int, ...] = ()
    general: str = "mention"
    streaming: bool = True
    rich_messages: bool = False
    ephemeral_answers: bool = False
    webhook: WebhookConfig | None = None


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
    recheck: float = 3600.0  # from one look at chats, rights and command menus to the next
    apart: float = 10.0  # at least so long lies between two looks, whatever happens
    webhook: float = 300.0  # between two looks at whether the webhook still stands
    together: float = 0.3  # by webhook, what belongs to a text comes so soon behind it
    press: float = 2.0  # a press is acknowledged by then, whatever becomes of it
    goodbye: float = 10.0  # what is still to be shown when we stop


USUAL = Patience()
