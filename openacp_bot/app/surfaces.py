"""The chat platforms that are configured. A platform's library is imported only here, only then, and beside everything
else: aiogram alone costs seconds of start-up and much memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from openacp_bot.app.arriving import Arriving
from openacp_bot.config import Config, DiscordConfig, TelegramConfig
from openacp_bot.core.errors import UserError
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import FileRef
from openacp_bot.core.ports import ChatAdapter, Hub, Ledger
from openacp_bot.core.settings import AccessList, Settings

NOBODY = "off: nobody may use it; add your numeric id to {}.allowed_user_ids, then restart"


class Surfaces:
    """Everything that people look at, by name; filled once the hub stands that they speak to."""

    def __init__(self) -> None:
        self._adapters: dict[str, ChatAdapter] = {}
        self._off: dict[str, str] = {}

    def add(self, adapter: ChatAdapter) -> None:
        self._adapters[adapter.name] = adapter

    def add_configured(self, config: Config, hub: Hub, ledger: Ledger, current: Callable[[], Settings]) -> None:
        """The chat platforms of the configuration; one that nobody may use is not started."""
        if config.telegram is not None:
            self._add("telegram", config, partial(_telegram, config.telegram, hub, ledger, current))
        if config.discord is not None:
            self._add("discord", config, partial(_discord, config.discord, hub, ledger, current))

    def kept_off(self, config: Config) -> Sequence[str]:
        """The platforms that people may use as it is configured now, and that only a restart switches on."""
        sections = {"telegram": config.telegram, "discord": config.discord}
        wanted = [name for name, section in sections.items() if section is not None]
        return [name for name in wanted if name not in self._adapters and not _is_closed(config.settings.access[name])]

    def _add(self, name: str, config: Config, make: Callable[[], ChatAdapter]) -> None:
        if _is_closed(config.settings.access[name]):
            self._off[name] = NOBODY.format(name)
        else:
            self.add(Arriving(name, f"openacp_bot.adapters.{name}.adapter", make))

    @property
    def all(self) -> Sequence[ChatAdapter]:
        return tuple(self._adapters.values())

    def status(self) -> Mapping[str, str]:
        """Each surface's name, and how it is."""
        return {name: adapter.status for name, adapter in self._adapters.items()} | self._off

    async def caught_up(self, name: str) -> None:
        """Returns once it is; one that is not on is not to be waited for."""
        adapter = self._adapters.get(name)
        if adapter is not None:
            await adapter.caught_up()

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        """From the platform that holds it; raises UserError with a sentence."""
        adapter = self._adapters.get(file.adapter)
        if adapter is None:
            raise UserError(f"{file.adapter} is not on any more, so its file cannot be fetched.")
        return await adapter.fetch(file, into, limit)


def _is_closed(listed: AccessList) -> bool:
    return not (listed.users or listed.roles or listed.everyone)


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
        rich_messages=config.rich_messages,
        ephemeral_answers=config.ephemeral_answers,
        webhook=WebhookConfig(hook.url, hook.listen_host, hook.listen_port, hook.secret) if hook else None,
    )
    return TelegramAdapter(
        given,
        hub,
        ledger,
        lambda: current().access["telegram"],
        Mask(current().secrets),
        approvers=lambda: current().permissions.approvers,
        zone=lambda: current().timezone,
    )


def _discord(config: DiscordConfig, hub: Hub, ledger: Ledger, current: Callable[[], Settings]) -> ChatAdapter:
    from openacp_bot.adapters.discord.adapter import DiscordAdapter
    from openacp_bot.adapters.discord.config import DiscordConfig as AdapterConfig

    given = AdapterConfig(
        token=config.token,
        api_base_url=config.api_base_url,
        guild=config.guild,
        channel=config.channel,
        mention_anywhere=config.mention_anywhere,
        streaming=config.streaming,
    )
    return DiscordAdapter(
        given,
        hub,
        ledger,
        lambda: current().access["discord"],
        Mask(current().secrets),
        approvers=lambda: current().permissions.approvers,
        zone=lambda: current().timezone,
    )
