"""Coming to our server, anew or after it was away: where are we, and what was done there meanwhile?

1. A server that is not there yet (READY only names it; Discord may have an outage) is waited for: nothing follows from
what is missing, and its mark is held until it comes. Direct messages do not wait for it. 2. First what waits is looked
at once more, then what was missed is told. 3. Whatever is cut off in the middle is begun again.
"""

from __future__ import annotations

import logging

import discord

from openacp_bot.adapters.discord.facts import ADAPTER
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.gap import Channel, Gap
from openacp_bot.adapters.discord.handling import Handling
from openacp_bot.adapters.discord.history import MOST
from openacp_bot.adapters.discord.inbound import place_of
from openacp_bot.adapters.discord.marks import Mark, Marks
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.moving import Moving
from openacp_bot.adapters.discord.pen import name_of
from openacp_bot.adapters.discord.rereading import Rereading
from openacp_bot.adapters.discord.roles import Roles
from openacp_bot.chat.pen import NotDone
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Place, Wanted

log = logging.getLogger(__name__)

LEFT_OUT = f"More than {MOST} messages came while I was away; the oldest were left out."


class Homecoming:
    """What is held by the marks is read; what cannot be read stays held."""

    def __init__(
        self,
        means: Means,
        handling: Handling,
        *,
        marks: Marks,
        roles: Roles,
        forums: Forums,
        rereading: Rereading,
        moving: Moving,
    ) -> None:
        self._means = means
        self._bearings = means.bearings
        self._handling = handling
        self._marks = marks
        self._roles = roles
        self._forums = forums
        self._rereading = rereading
        self._moving = moving
        self._gaps: dict[Mark, Gap] = {}  # of those marks that are held

    @property
    def owes(self) -> bool:
        """Something that was missed is still to be read."""
        mark = self._server()
        return self._marks.direct.is_held or (mark is not None and mark.is_held)

    @property
    def is_slow(self) -> bool:
        """The last reading was given up, as Discord let us wait."""
        return any(gap.is_slow for gap in self._gaps.values())

    def waits_until(self, channel: int) -> float:
        """By the loop's clock: until then what is written there waits for what was missed there."""
        return max((gap.waits_until(channel) for gap in self._gaps.values()), default=0.0)

    async def arrive(self) -> None:
        """There is a new connection."""
        self._means.outbox.restored()
        await self.enter()

    async def leave(self, guild: discord.Guild) -> None:
        """A server went away: for a while, or for good. Another may be ours now."""
        self._marks.server(guild.id).hold()
        await self.enter()

    async def enter(self) -> None:
        """A server is there, perhaps ours."""
        await self._look_and_read(anew=True)

    async def go_on(self) -> None:
        """What could not be read is tried again."""
        await self._look_and_read(anew=False)

    async def _look_and_read(self, *, anew: bool) -> None:
        try:
            await self._moving.look_around()
        except NotDone:
            return  # cut off once more: the next connection begins anew
        mark = self._server()
        if self.owes and (anew or (mark is not None and mark not in self._gaps)):
            await self._rereading.run(self._bearings.facts(), mark)
        self._roles.forget()
        if self._marks.direct.is_held:
            await self._handling.safely(self._read_direct)  # the server does not wait for them either
        if mark is not None and mark.is_held:
            await self._settle_in(mark)
        self._roles.forget()  # from now on they may change

    def _gap(self, mark: Mark) -> Gap:
        if mark not in self._gaps:
            self._gaps[mark] = Gap(self._means.rest, self._means.patience, take=self._take, left_out=self._left_out)
        self._gaps[mark].begin()
        return self._gaps[mark]

    async def _all_read(self, mark: Mark) -> None:
        await mark.release()
        del self._gaps[mark]

    def _server(self) -> Mark | None:
        guild = self._bearings.ground.guild
        return self._marks.server(guild.id) if guild is not None else None

    # --- our server

    async def _settle_in(self, mark: Mark) -> None:
        bearings, guild = self._bearings, self._bearings.ground.guild
        if guild is None:
            return
        for where, name in bearings.orphans():
            self._means.outbox.stands(where, name)
        places = await self._means.ledger.known_places(ADAPTER)
        for place in places:
            await self._handling.safely(self._look_after, place)
        if mark.after is None:
            await mark.begin(_newest(guild))
        gap = self._gap(mark)
        closed = {place.ref.topic for place in places if place.ref and place.wanted is Wanted.CLOSED}
        await gap.in_server(guild, bearings.facts(), closed, mark.after or guild.id, mark.at)
        if gap.is_whole and bearings.works_in(guild):
            await self._all_read(mark)

    async def _look_after(self, place: Place) -> None:
        """What people, or we before a crash, made of it without our hearing of it."""
        self._forums.changed(place)
        thread = self._bearings.thread(place.ref.topic) if place.ref and place.ref.topic else None
        if thread is None or place.ref is None or not place.named:
            return
        if thread.name not in (name_of(place.named), name_of(place.title)):
            await self._handling.renamed(place.ref, thread.name)

    # --- direct messages

    async def _read_direct(self) -> None:
        """They do not come with READY."""
        mark, ears = self._marks.direct, self._bearings.ears
        if ears is None:
            return
        gap = self._gap(mark)
        for id in sorted(self._bearings.facts().direct) if mark.after is not None else ():
            channel = ears.get_partial_messageable(int(id), type=discord.ChannelType.private)
            await gap.read(channel, mark.after or 0, mark.at)
        if gap.is_whole:
            await self._all_read(mark)

    # --- what is found

    async def _take(self, message: discord.Message) -> bool:
        return await self._handling.message(message, missed=True)

    async def _left_out(self, channel: Channel, after: int) -> None:
        log.warning("discord: more than %d messages were missed in %d; the oldest are left out", MOST, channel.id)
        where = place_of(channel, self._bearings.facts())
        if where is not None and self._bearings.minds(str(channel.id)):
            await self._means.outbox.reply(where, Reply(LEFT_OUT), key=f"dc:{channel.id}:left out:{after}")


def _newest(guild: discord.Guild) -> int:
    """The newest thing that stands there, by Discord's clock."""
    spoken = [getattr(one, "last_message_id", None) or one.id for one in (*guild.channels, *guild.threads)]
    return max([guild.id, *spoken])
