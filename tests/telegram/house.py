"""A whole adapter between the simulator and a scripted hub, with a real database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openacp_bot.adapters.telegram.adapter import TelegramAdapter
from openacp_bot.adapters.telegram.config import Patience, TelegramConfig
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger
from openacp_bot.core.settings import AccessList
from openacp_bot.store import open_store
from tests.fakes import ScriptedHub
from tests.sims.telegram import Chat, Message, Telegram

QUICK = Patience(
    poll=20,
    silent=30.0,
    away=(0.02, 0.2),
    conflict=(0.02, 0.2),
    refused=0.1,
    store=(0.02, 0.2),
    press=0.3,
    goodbye=3.0,
    apart=0.0,
)


@dataclass
class House:
    """What a test looks at."""

    adapter: TelegramAdapter
    hub: ScriptedHub
    ledger: Ledger

    async def until(self, condition: Callable[[], bool]) -> None:
        """For what tells nobody when it changes."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - plain attributes
                await asyncio.sleep(0.01)

    async def up(self) -> None:
        await self.until(lambda: self.adapter.status.startswith("up"))

    async def until_stored(self, chat: int, message: int | str) -> None:
        """The ledger knows that this message stands."""
        async with asyncio.timeout(10):
            while await self.ledger.card_at(ThreadRef("telegram", str(chat)), str(message)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def shown(telegram: Telegram, chat: Chat, text: str) -> Message:
    def found() -> Message | None:
        return next((message for message in telegram.sent(chat) if text in message.text), None)

    message = await telegram.wait_for(found)
    assert message is not None
    return message


@asynccontextmanager
async def house(
    telegram: Telegram,
    folder: Path,
    hub: ScriptedHub,
    *users: int,
    chats: tuple[int, ...] = (),
    patience: Patience = QUICK,
    **config: Any,
) -> AsyncIterator[House]:
    """An adapter that listens; the users are let in."""
    access = AccessList(users=frozenset(map(str, users)))
    given = TelegramConfig(telegram.token, telegram.url, chats, **config)
    async with open_store(folder) as store:
        adapter = TelegramAdapter(given, hub, store.ledger, lambda: access, Mask((telegram.token,)), patience=patience)
        async with adapter.screen(), asyncio.TaskGroup() as sources:
            listening = sources.create_task(adapter.listen(hub))
            yield House(adapter, hub, store.ledger)
            listening.cancel()
