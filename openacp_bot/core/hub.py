"""The front door: who it is, whether it was here before, what is asked, and what is said at once.

1. Memory and SQLite only; what takes longer runs in a session's task and comes out as an event.
2. The same key twice is handled once: while the first is under way the second waits for its answer; after a crash it
   gets the one that was stored.
3. Strangers get silence.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import replace
from typing import cast

from openacp_bot.core import access
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.deeds import Deeds
from openacp_bot.core.errors import CapReached, NotAllowed, StoreError, UserError
from openacp_bot.core.forms import Forms
from openacp_bot.core.gathering import Gathering
from openacp_bot.core.inbound import Command, Edited, Inbound, Message, PlaceReported, Pressed, Reply
from openacp_bot.core.messages import Messages
from openacp_bot.core.model import UserRef
from openacp_bot.core.places import Places
from openacp_bot.core.ports import V
from openacp_bot.core.sights import Sights
from openacp_bot.core.views import Query

log = logging.getLogger(__name__)

REMEMBERED = 1000  # answers kept for inbounds that are sent again


class FrontDoor:
    """Implements core.ports.Hub."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sights = Sights(house)
        self._places = Places(house)
        self._gathering = Gathering(house)
        forms = Forms(house)
        self._deeds = Deeds(house, forms)
        self._messages = Messages(house, self._deeds, forms, self._gathering)
        self._answers: OrderedDict[str, asyncio.Future[Reply | None]] = OrderedDict()

    async def look(self, query: Query[V], who: UserRef) -> V:
        """Raises UserError if there is nothing to see for `who`."""
        settings = self._house.settings
        if not access.may_enter(settings, who) and not access.is_surface(settings, who):
            raise NotAllowed("You are not allowed to use this.")
        return cast(V, await self._sights.see(query, who))

    async def handle(self, inbound: Inbound) -> Reply | None:
        """Raises StoreError if it could not be stored: do not acknowledge."""
        origin = inbound.origin
        if not access.may_enter(self._house.settings, origin.who) and not _is_of_the_surface(inbound):
            log.info("a stranger was ignored: %s", origin.who.key)
            return None
        if (earlier := self._answers.get(origin.key)) is not None:
            return await asyncio.shield(earlier)
        answer = self._remember(origin.key)
        try:
            reply = await self._first_time(inbound)
        except BaseException as error:
            self._answers.pop(origin.key, None)
            cut_short = StoreError("This was interrupted; send it again.")
            answer.set_exception(error if isinstance(error, Exception) else cut_short)
            answer.exception()  # marks it as seen, as perhaps nobody waits for it
            raise
        answer.set_result(reply)
        return reply

    def _remember(self, key: str) -> asyncio.Future[Reply | None]:
        answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    async def _first_time(self, inbound: Inbound) -> Reply | None:
        if await self._house.records.seen(inbound.origin.key):
            return await self._house.records.answer_to(inbound.origin.key)
        try:
            reply = await self._dispatched(inbound)
        except CapReached as error:
            reply = await self._house.cap_refusal(Call(inbound.origin), str(error))
        except UserError as error:
            reply = refusal(str(error))
        except StoreError:
            raise
        except Exception:  # a bug: recorded, answered and acknowledged, or it would come again for ever
            log.exception("an inbound could not be handled")
            await self._house.records.admit(inbound.origin.key, "failed")
            reply = refusal("An error inside openacp-bot kept this from being done. The log has the details.")
        if reply is not None and reply.refused and _is_for_an_agent(inbound):
            reply = replace(reply, not_taken=1)
        if reply is None:
            await self._house.records.admit(inbound.origin.key)
        else:
            await self._house.records.answered(inbound.origin.key, reply)
        return reply

    async def _dispatched(self, inbound: Inbound) -> Reply | None:
        match inbound:
            case Message():
                await self._gathering.settle(inbound.origin, but=inbound.album)
                return await self._messages.take(inbound)
            case Edited():
                await self._gathering.settle(inbound.origin)
                return await self._messages.edited(inbound)
            case Command():
                await self._gathering.settle(inbound.origin)
                return await self._messages.command(inbound)
            case Pressed():
                return await self._deeds.press(inbound)
            case PlaceReported():
                await self._places.reported(inbound)
                return None


def _is_for_an_agent(inbound: Inbound) -> bool:
    """Not a command that was typed, nor an answer to a form."""
    return isinstance(inbound, Message) and not inbound.text.lstrip().startswith("/")


def _is_of_the_surface(inbound: Inbound) -> bool:
    """What became of a place, and that a message was deleted, is told by an adapter itself, which is no person and has
    no id: platforms do not say who deletes."""
    is_fact = isinstance(inbound, PlaceReported) or (isinstance(inbound, Edited) and inbound.text is None)
    return is_fact and not inbound.origin.who.id
