"""Cards as they should stand now: what they are about is looked up, and drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, assert_never

from openacp_bot.chat.notices import drawn_notice
from openacp_bot.chat.questions import drawn_question
from openacp_bot.chat.replies import Spoken, drawn_reply
from openacp_bot.chat.sheet import Drawing
from openacp_bot.chat.turns import drawn_turn
from openacp_bot.chat.words import zone_named
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Reply
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import PromptState, UserRef
from openacp_bot.core.ports import Hub
from openacp_bot.core.views import Conversation, OneQuestion, OneSession, OneTurn, Query
from openacp_bot.core.words import worded

log = logging.getLogger(__name__)

V = TypeVar("V")

WAITS = (PromptState.GATHERING, PromptState.QUEUED)


class Drawer:
    """Draws for one surface; looks as the surface itself. `approvers` tells who may answer questions; `zone` names the
    time zone of its people; `has_menus`: it has menus to pick from; `noun`: what its people call what core calls a
    topic."""

    def __init__(
        self,
        hub: Hub,
        surface: UserRef,
        mask: Mask,
        *,
        now: Callable[[], float],
        approvers: Callable[[], str] = lambda: "allowed",
        zone: Callable[[], str] = lambda: "UTC",
        has_menus: bool = False,
        noun: str = "topic",
    ) -> None:
        self._hub = hub
        self._surface = surface
        self._mask = mask
        self._now = now
        self._approvers = approvers
        self._zone = zone
        self._has_menus = has_menus
        self._noun = noun

    async def drawing(self, card: Card) -> Drawing | None:
        """None: there is nothing to show any more. Raises StoreError."""
        match card.kind:
            case CardKind.TURN:
                return await self._turn(card)
            case CardKind.QUESTION:
                return await self._question(card)
            case CardKind.NOTICE:
                notice = self._body(card, Notice)
                return drawn_notice(notice, self._mask) if notice else None
            case CardKind.REPLY:
                reply = self._body(card, Reply)
                return await self._reply(reply, card) if reply else None
            case _:
                assert_never(card.kind)

    def _body(self, card: Card, into: type[V]) -> V | None:
        """In the words of this platform."""
        try:
            return codec.loads(worded(card.body, topic=self._noun), into)
        except (KeyError, TypeError, ValueError):
            log.exception("card %s cannot be read", card.id)
            return None

    async def _turn(self, card: Card) -> Drawing | None:
        view = await self._seen(OneTurn(card.ref))
        return drawn_turn(view, self._surface, self._mask, self._now()) if view else None

    async def _question(self, card: Card) -> Drawing | None:
        view = await self._seen(OneQuestion(card.ref))
        if view is None:
            return None
        zone = zone_named(self._zone())
        return drawn_question(view, self._surface, self._mask, approvers=self._approvers(), zone=zone)

    async def _reply(self, reply: Reply, card: Card) -> Drawing:
        spoken = Spoken(reply)
        if reply.session and (session := await self._seen(OneSession(reply.session))):
            spoken = replace(spoken, record=session.row.record, place=session.row.place)
        if reply.prompt:
            waiting = await self._seen(OneTurn(reply.prompt))
            if waiting is not None:
                spoken = replace(spoken, queued=waiting.prompt.state in WAITS, ahead=waiting.ahead, kept=waiting.kept)
        if reply.history:
            history = await self._seen(Conversation(reply.history))
            spoken = replace(spoken, history=history)
        return drawn_reply(spoken, card, self._mask, has_menus=self._has_menus)

    async def _seen(self, query: Query[V]) -> V | None:
        try:
            return await self._hub.look(query, self._surface)
        except UserError:
            return None
