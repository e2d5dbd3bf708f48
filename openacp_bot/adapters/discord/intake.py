"""What becomes of what people write, edit and delete: it is told to core, and core's answer to them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import discord

from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.inbound import Taken, deleted, is_ours, place_of, read, read_edit, roles_of
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.answering import answering
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import NotDone, PenError, PerhapsDone, RetryAfter
from openacp_bot.chat.told import Told
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Origin, Reply
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)


class Intake:
    """Raises StoreError if something could not be stored: it must come again."""

    def __init__(self, *, hub: Hub, ledger: Ledger, outbox: Outbox[str], rest: Callable[[], Rest]) -> None:
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._rest = rest
        self._told = Told(log)

    async def message(self, message: discord.Message, facts: Facts, *, late: bool = False) -> None:
        if not is_ours(message, facts):
            return
        roles = await self._roles(message, facts)
        taken = read(message, facts, roles, late=late)
        if taken is None or not self._may_enter(taken.origin, facts, direct=message.guild is None):
            return
        self._outbox.heard(taken.origin.where)
        await self._tell(taken, facts)

    async def _roles(self, message: discord.Message, facts: Facts) -> tuple[str, ...]:
        """What was fetched after a gap comes without them; they are asked for where they matter."""
        known = roles_of(message.author)
        if known is not None or not facts.access.roles or facts.knows(str(message.author.id), (), direct=False):
            return known or ()
        try:
            member = await self._rest().member(facts.guild, str(message.author.id))
        except (NotDone, PerhapsDone, RetryAfter) as error:
            raise StoreError(f"the roles of a member cannot be read: {error}") from error
        except PenError as error:
            log.warning("discord: the roles of a member cannot be read: %s", error)
            return ()
        return tuple(map(str, member.get("roles", ())))

    def _may_enter(self, origin: Origin, facts: Facts, *, direct: bool) -> bool:
        who = origin.who
        if facts.knows(who.id, who.roles, direct=direct):
            return True
        self._told.log_once(f"discord: a stranger was ignored: {who.key}")
        return False

    async def _tell(self, taken: Taken, facts: Facts) -> None:
        where, key = taken.origin.where, taken.origin.key
        if taken.inbound is not None:
            if where.topic and where.topic not in facts.threads:
                await self._outbox.no_opening(where.space)
            said = await answering(self._ledger, self._outbox, taken.inbound, taken.replies_to)
            reply = await self._hub.handle(said)
            if reply is not None:
                await self._outbox.reply(where, reply, key=key, answers=taken.message)
        if taken.remark:
            remark = Reply(taken.remark, refused=True)
            await self._outbox.reply(where, remark, key=f"{key}:remark", answers=taken.message)

    async def edited(self, event: discord.RawMessageUpdateEvent, facts: Facts) -> None:
        where = place_of(event.message.channel, facts)
        edit = read_edit(event, where, facts) if where else None
        if edit is None or not self._may_enter(edit.origin, facts, direct=event.guild_id is None):
            return
        reply = await self._hub.handle(edit)
        if reply is not None and not (reply.quiet and not reply.choices):
            await self._outbox.reply(edit.origin.where, reply, key=edit.origin.key, answers=edit.id)

    async def deleted(self, channel: str, message: int, facts: Facts) -> None:
        """A message that waits in a queue goes with it."""
        where = _where(channel, facts)
        if where is not None:
            await self._hub.handle(deleted(where, message, time.time()))


def _where(channel: str, facts: Facts) -> ThreadRef | None:
    if channel in facts.threads:
        return ThreadRef("discord", facts.threads[channel], channel)
    return ThreadRef("discord", channel) if channel in facts.direct or channel == facts.channel else None
