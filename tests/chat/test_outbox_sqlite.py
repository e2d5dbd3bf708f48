"""The outbox over the real store: what it writes is enough for the next one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from openacp_bot.chat.blocks import Line
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger
from openacp_bot.store import open_store
from tests.chat.platform import FakePen, Platform
from tests.chat.stage import Stage

PRIVATE = ThreadRef("chat", "42")


class Replies:
    """Draws replies."""

    async def drawing(self, card: Card) -> Drawing | None:
        assert card.kind is CardKind.REPLY
        return Drawing((Sheet((Line(codec.loads(card.body, Reply).text),)),), Rank.PERSON)


async def _settled(ledger: Ledger) -> None:
    async with asyncio.timeout(10):
        while await ledger.open_cards("chat"):  # noqa: ASYNC110  a ledger tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.wall_clock
async def test_a_reply_stored_before_a_crash_is_shown_after_it_and_redrawn_later(tmp_path: Path) -> None:
    platform = Platform()
    for life in range(2):
        async with open_store(tmp_path) as store:
            outbox = Outbox("chat", Stage(), store.ledger, FakePen(platform), Replies(), now=time.time)
            if not life:
                await outbox.reply(PRIVATE, Reply("Hello"), key="u1")  # and nobody runs it
                continue
            async with outbox.running():
                await _settled(store.ledger)
                message = platform.messages[0].id
                await outbox.reply(PRIVATE, Reply("Bye", replaces=True), key="u2", pressed=message)
                await _settled(store.ledger)

    assert [shown.text for shown in platform.messages] == ["Bye"]
