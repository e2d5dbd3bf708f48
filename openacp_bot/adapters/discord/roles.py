"""Roles of people whose messages came without: asked for where they matter, once for each in a catch-up."""

from __future__ import annotations

import logging
from collections.abc import Callable

from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pen import NotDone, PenError, PerhapsDone, RetryAfter
from openacp_bot.core.errors import StoreError

log = logging.getLogger(__name__)


class Roles:
    """What is fetched after a gap comes without them."""

    def __init__(self, rest: Callable[[], Rest]) -> None:
        self._rest = rest
        self._known: dict[str, tuple[str, ...]] = {}

    def forget(self) -> None:
        """They may change from now on."""
        self._known.clear()

    async def of(self, user: str, facts: Facts) -> tuple[str, ...]:
        """Raises StoreError if Discord cannot be asked now: what they wrote must come again."""
        if not facts.access.roles or not facts.guild or facts.knows(user, (), direct=False):
            return ()
        if user not in self._known:
            self._known[user] = await self._asked(user, facts)
        return self._known[user]

    async def _asked(self, user: str, facts: Facts) -> tuple[str, ...]:
        try:
            member = await self._rest().member(facts.guild, user)
        except (NotDone, PerhapsDone, RetryAfter) as error:
            raise StoreError(f"the roles of a member cannot be read: {error}") from error
        except PenError as error:
            log.warning("discord: the roles of a member cannot be read: %s", error)
            return ()
        return tuple(map(str, member.get("roles", ())))
