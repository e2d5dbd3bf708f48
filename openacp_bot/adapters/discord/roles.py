"""Roles of people whose messages came without: asked for where they matter, once for each in a catch-up; and no more
in that one, once Discord does not tell them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from openacp_bot.adapters.discord.errors import in_words
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pen import NotDone, PenError, PerhapsDone, RetryAfter

log = logging.getLogger(__name__)


class NotKnown(Exception):
    """Whether somebody may be heard cannot be known at the moment; what they wrote must come again."""


class Roles:
    """What is fetched after a gap comes without them. `seconds`: how long Discord may take to tell."""

    def __init__(self, rest: Callable[[], Rest], seconds: float) -> None:
        self._rest = rest
        self._seconds = seconds
        self._known: dict[str, tuple[str, ...]] = {}
        self._trouble = ""

    def forget(self) -> None:
        """They may change from now on."""
        self._known.clear()
        self._trouble = ""

    async def of(self, user: str, facts: Facts) -> tuple[str, ...]:
        """Raises NotKnown."""
        if not facts.access.roles or not facts.guild or facts.knows(user, (), direct=False):
            return ()
        if user not in self._known:
            self._known[user] = await self._asked(user, facts)
        return self._known[user]

    async def _asked(self, user: str, facts: Facts) -> tuple[str, ...]:
        if self._trouble:
            raise NotKnown(self._trouble)
        try:
            async with asyncio.timeout(self._seconds):
                member = await self._rest().paced.member(facts.guild, user)
        except (NotDone, PerhapsDone, RetryAfter, TimeoutError) as error:
            self._trouble = f"the roles of a member cannot be read: {in_words(error)}"
            raise NotKnown(self._trouble) from error
        except PenError as error:
            log.warning("discord: the roles of a member cannot be read: %s", error)
            return ()
        return tuple(map(str, member.get("roles", ())))
