"""What the configuration comes to: frozen, handed down by cli and app."""

from __future__ import annotations

from dataclasses import dataclass
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
class LoggingConfig:
    """The `logging.` section. `format`: auto, text or json."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was decided. `source`: the file it came from, if there was one."""

    settings: Settings
    web: WebConfig
    logging: LoggingConfig
    source: Path | None = None
    warnings: tuple[str, ...] = ()
