"""What the configuration comes to: frozen, handed down by cli and app."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from openacp_bot.core.settings import Settings


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The `web.` section. `port` 0: any free one."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8765
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class TelegramWebhook:
    """The `telegram.webhook.` section: where Telegram brings updates, and where a proxy hands them to."""

    url: str
    listen_host: str
    listen_port: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """The `telegram.` section. `api_base_url` empty: the public one; `general`: all, mention or off; `webhook` None:
    polling."""

    token: str = field(repr=False)
    api_base_url: str = ""
    chats: tuple[int, ...] = ()
    general: str = "mention"
    streaming: bool = True
    rich_messages: bool = False
    ephemeral_answers: bool = False
    webhook: TelegramWebhook | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token, self.webhook.secret) if self.webhook else (self.token,)


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """The `discord.` section. `api_base_url` empty: the public one; `guild` 0: the only one that the bot is in;
    `channel` 0: one that is made."""

    token: str = field(repr=False)
    api_base_url: str = ""
    guild: int = 0
    channel: int = 0
    mention_anywhere: bool = False
    streaming: bool = True

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)


@dataclass(frozen=True, slots=True)
class LoggingConfig:
    """The `logging.` section. `format`: auto, text or json."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was decided. `source`: the file it came from, if there was one."""

    settings: Settings
    web: WebConfig
    telegram: TelegramConfig | None  # None: not configured
    discord: DiscordConfig | None
    logging: LoggingConfig
    source: Path | None = None
    warnings: tuple[str, ...] = ()
