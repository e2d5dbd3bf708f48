"""The conversation of a place as a file: posted before a closing deletes it, and first in one that is opened anew."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind, PageState
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Place, ThreadRef
from openacp_bot.core.ports import Ledger

FIRST = "restored"  # how the ref of a card begins that stands first in its place


class Keepsakes:
    """`post` opens a card."""

    def __init__(self, name: str, ledger: Ledger, post: Callable[[Card], Awaitable[None]]) -> None:
        self._name = name
        self._ledger = ledger
        self._post = post

    async def stands(self, place: Place) -> bool:
        """Whether it stands beside the place; posted if not."""
        ref = _ref(place)
        card = await self._ledger.card(CardKind.REPLY, ref)
        if card is not None and is_posted(card):
            return True
        where = ThreadRef(self._name, place.space)
        kept = _history(place, ref, f"📦 “{place.title}” was archived.")
        await self._post(replace(kept, place="", where=where))
        return False

    async def begin_with(self, place: Place) -> None:
        """A place that went and is opened anew begins with what was said (product.md §1)."""
        await self._post(_history(place, f"{FIRST}:{place.id}:{secrets.token_hex(4)}", "📦 The conversation so far."))

    def is_of(self, card: Card, place: Place) -> bool:
        """Whether it is the file that the closing of this place waits for."""
        return card.kind is CardKind.REPLY and card.ref == _ref(place)


def stands_first(card: Card) -> bool:
    """Whatever else waits to be shown in its place."""
    return card.ref.startswith(f"{FIRST}:")


def is_posted(card: Card) -> bool:
    """Whether the file stands: its page is the first; that it was refused is said in another."""
    return any(page.number == 0 and page.state is PageState.SHOWN for page in card.pages)


def _history(place: Place, ref: str, text: str) -> Card:
    session = place.session or ""
    body = codec.dumps(Reply(text, history=session))
    return Card(secrets.token_hex(8), CardKind.REPLY, ref, place=place.id, session=session, body=body)


def _ref(place: Place) -> str:
    return f"archived:{place.id}:{place.ref.topic if place.ref else ''}"
