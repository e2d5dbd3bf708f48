"""Answers that people give by replying to a question's message."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from openacp_bot.chat.outbox import Outbox
from openacp_bot.core.cards import CardKind
from openacp_bot.core.inbound import Inbound, Message
from openacp_bot.core.ports import Ledger

W = TypeVar("W")


async def answering(ledger: Ledger, outbox: Outbox[W], inbound: Inbound, replies_to: str) -> Inbound:
    """With the question that a message answers, if it replies to one; then it need not quote it.

    Waits a second at most while something is being sent there: people may reply to it before we know its id."""
    if not isinstance(inbound, Message) or not replies_to:
        return inbound
    where = inbound.origin.where
    card = await ledger.card_at(where, replies_to)
    if card is None:
        await outbox.no_sending(where)
        card = await ledger.card_at(where, replies_to)
    if card is None or card.kind is not CardKind.QUESTION:
        return inbound
    return replace(inbound, answers=card.ref, quote="")
