"""The chat platforms that are configured. A platform's library is imported only here, only then, and beside everything
else: aiogram alone costs seconds of start-up and much memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from openacp_bot.app.arriving import Arriving
from openacp_bot.config import Config, TelegramConfig
from openacp_bot.core.errors import UserError
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import FileRef
from openacp_bot.core.ports import ChatAdapter, Hub, Ledger
from openacp_bot.core.settings import AccessList, Settings

NOBODY = "off: telegram.allowed_user_ids is empty, so nobody may use it; add your numeric id, then restart"


class Surfaces:
    """Everything that people look at, by name; filled once the hub stands that they speak to."""

    def __init__(self) -> None:
        self._adapters: dict[str, ChatAdapter] = {}
        self._off: dict[str, str] = {}

    def add(self, adapter: ChatAdapter) -> None:
        self._adapters[adapter.name] = adapter

    def add_configured(self, config: Config, hub: Hub, ledger: Ledger, current: Callable[[], Settings]) -> None:
        """The chat platforms of the configuration; one that nobody may use is not started."""
        bot = config.telegram
        if bot is None:
            return
        if _is_closed(config.settings.access["telegram"]):
            self._off["telegram"] = NOBODY
        else:
            make = partial(_telegram, bot, hub, ledger, current)
            self.add(Arriving("telegram", "openacp_bot.adapters.telegram.adapter", make))

    @property
    def all(self) -> Sequence[ChatAdapter]:
        return tuple(self._adapters.values())

    def status(self) -> Mapping[str, str]:
        """Each surface's name, and how it is."""
        return {name: adapter.status for name, adapter in self._adapters.items()} | self._off

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        """From the platform that holds it; raises UserError with a sentence."""
        adapter = self._adapters.get(file.adapter)
        if adapter is None:
            raise UserError(f"{file.adapter} is not on any more, so its file cannot be fetched.")
        return await adapter.fetch(file, into, limit)


def _is_closed(listed: AccessList) -> bool:
    return not (listed.users or listed.everyone)


def _telegram(config: TelegramConfig, hub: Hub, ledger: Ledger, current: Callable[[], Settings]) -> ChatAdapter:
    from openacp_bot.adapters.telegram.adapter import TelegramAdapter
    from openacp_bot.adapters.telegram.config import TelegramConfig as AdapterConfig
    from openacp_bot.adapters.telegram.config import WebhookConfig

    hook = config.webhook
    given = AdapterConfig(
        token=config.token,
        api_base_url=config.api_base_url,
        chats=config.chats,
        general=config.general,
        streaming=config.streaming,
        webhook=WebhookConfig(hook.url, hook.listen_host, hook.listen_port, hook.secret) if hook else None,
    )
    return TelegramAdapter(
        given,
        hub,
        ledger,
        lambda: current().access["telegram"],
        Mask(current().secrets),
        approvers=lambda: current().permissions.approvers,
    )
