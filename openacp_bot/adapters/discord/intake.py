"""What becomes of what people write, edit and delete: it is told to core, and core's answer to them."""

from __future__ import annotations

import logging
import time

import discord

from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.inbound import Taken, deleted, heard_at, read, read_edit, roles_of
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.rest import Json
from openacp_bot.adapters.discord.roles import Roles
from openacp_bot.chat.answering import answering
from openacp_bot.chat.told import Told
from openacp_bot.core.inbound import Edited, Message, Origin, Reply
from openacp_bot.core.model import ThreadRef

log = logging.getLogger(__name__)


class Intake:
    """Raises StoreError if something could not be stored, NotKnown if it is open whether somebody may be heard: it must
    come again."""

    def __init__(self, means: Means, roles: Roles) -> None:
        self._hub = means.hub
        self._ledger = means.ledger
        self._outbox = means.outbox
        self._roles = roles
        self._told = Told(log)

    async def message(self, message: discord.Message, facts: Facts, *, late: bool = False) -> None:
        where = heard_at(message, facts)
        if where is None:
            return
        roles = roles_of(message.author)
        taken = read(message, where, facts, roles or (), late=late)
        if taken is not None and roles is None and message.guild is not None and _is_for_us(taken):
            taken = read(message, where, facts, await self._roles.of(taken.origin.who.id, facts), late=late)
        if taken is None or not self._may_enter(taken.origin, facts, direct=message.guild is None):
            return
        self._outbox.heard(taken.origin.where)
        opened_by_us = str(getattr(message.channel, "owner_id", "")) == facts.bot
        await self._tell(taken, facts, opened_by_us=opened_by_us)

    def _may_enter(self, origin: Origin, facts: Facts, *, direct: bool) -> bool:
        who = origin.who
        if facts.knows(who.id, who.roles, direct=direct):
            return True
        self._told.log_once(f"discord: a stranger was ignored: {who.key}")
        return False

    async def _tell(self, taken: Taken, facts: Facts, *, opened_by_us: bool) -> None:
        where, key = taken.origin.where, taken.origin.key
        if taken.inbound is not None:
            if opened_by_us and where.topic not in facts.threads:
                await self._outbox.no_opening(where)
            said = await answering(self._ledger, self._outbox, taken.inbound, taken.replies_to)
            reply = await self._hub.handle(said)
            if reply is not None:
                await self._outbox.reply(where, reply, key=key, answers=taken.message)
        if taken.remark:
            remark = Reply(taken.remark, refused=True)
            await self._outbox.reply(where, remark, key=f"{key}:remark", answers=taken.message)

    async def edited(self, event: discord.RawMessageUpdateEvent, where: ThreadRef | None, facts: Facts) -> None:
        edit = read_edit(event.data, where, facts) if where else None
        if edit is not None:
            await self._change(edit, facts, direct=event.guild_id is None)

    async def reread(self, message: Json, where: ThreadRef, facts: Facts, *, after: int) -> None:
        """A message as it is now; what was edited before the one with the id `after` was written is known."""
        stamp = message.get("edited_timestamp")
        if not stamp or discord.utils.parse_time(str(stamp)) < discord.utils.snowflake_time(after):
            return
        is_direct = not where.topic
        roles = () if is_direct else await self._roles.of(str(message["author"]["id"]), facts)
        edit = read_edit(message | {"member": {"roles": roles}}, where, facts)
        if edit is not None:
            await self._change(edit, facts, direct=is_direct)

    async def _change(self, edit: Edited, facts: Facts, *, direct: bool) -> None:
        if not self._may_enter(edit.origin, facts, direct=direct):
            return
        reply = await self._hub.handle(edit)
        if reply is not None and not (reply.quiet and not reply.choices):
            await self._outbox.reply(edit.origin.where, reply, key=edit.origin.key, answers=edit.id)

    async def deleted(self, where: ThreadRef, message: int) -> None:
        """A message that waits in a queue goes with it."""
        await self._hub.handle(deleted(where, message, time.time()))


def _is_for_us(taken: Taken) -> bool:
    """Chatter could only answer a form; that is not worth a call for each stranger who talks in our channel."""
    return not isinstance(taken.inbound, Message) or taken.inbound.addressed
