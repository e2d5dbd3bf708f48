"""A whole adapter between the simulator and a scripted hub, with a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openacp_bot.adapters.discord.adapter import DiscordAdapter
from openacp_bot.adapters.discord.config import DiscordConfig, Patience
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger, Records
from openacp_bot.core.settings import AccessList
from openacp_bot.store import open_store
from tests.fakes import ScriptedHub
from tests.sims.discord import Channel, Discord, Guild, Message, Person

QUICK = Patience(
    away=(0.02, 0.2), refused=0.2, acknowledge=0.3, store=(0.02, 0.2), apart=0.0, goodbye=3.0, titles=0.1,
    read=1.0, behind=3.0,
)  # fmt: skip


@dataclass
class House:
    """What a test looks at."""

    adapter: DiscordAdapter
    hub: ScriptedHub
    ledger: Ledger
    records: Records
    discord: Discord

    async def until(self, condition: Callable[[], object]) -> None:
        """For what tells nobody when it changes."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - plain attributes
                await asyncio.sleep(0.01)

    async def up(self) -> None:
        await self.until(lambda: self.adapter.status.startswith("up") and self.discord.commands)

    async def until_stored(self, message: Message) -> None:
        """The ledger knows that this message stands."""
        async with asyncio.timeout(10):
            while await self.ledger.card_at(where(message.channel), str(message.id)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def until_settled(self) -> None:
        """Everything stands as it should."""
        async with asyncio.timeout(10):
            while await self.ledger.open_cards("discord"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def until_noted(self, key: str, value: object) -> None:
        """The ledger's notes say so."""
        async with asyncio.timeout(10):
            while (await self.ledger.notes("discord")).get(key) != str(value):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def guild_of(channel: Channel) -> Guild:
    assert channel.guild is not None
    return channel.guild


def where(channel: Channel) -> ThreadRef:
    """As the adapter calls it."""
    if channel.parent is not None and channel.thread is not None:
        return ThreadRef("discord", str(channel.parent.id), str(channel.id))
    return ThreadRef("discord", str(channel.id))


async def shown(discord: Discord, channel: Channel, text: str) -> Message:
    found = await discord.until(lambda: next((one for one in discord.sent(channel) if text in one.text), None))
    assert found is not None
    return found


@asynccontextmanager
async def house(
    discord: Discord,
    folder: Path,
    hub: ScriptedHub,
    channel: Channel,
    *users: Person,
    patience: Patience = QUICK,
    roles: frozenset[str] = frozenset(),
    access: Callable[[], AccessList] | None = None,
    **config: Any,
) -> AsyncIterator[House]:
    """An adapter that listens; the users are let in, and who has one of the roles; or whom `access` lets in."""
    known = AccessList(users=frozenset(str(user.id) for user in users), roles=roles)
    assert channel.guild is not None
    given = DiscordConfig(discord.token, discord.url, **{"guild": channel.guild.id, "channel": channel.id, **config})
    async with open_store(folder) as store:
        adapter = DiscordAdapter(
            given, hub, store.ledger, access or (lambda: known), Mask((discord.token,)), patience=patience
        )
        async with adapter.screen(), asyncio.TaskGroup() as sources:
            listening = sources.create_task(adapter.listen(hub))
            yield House(adapter, hub, store.ledger, store.records, discord)
            listening.cancel()
