"""Where sessions live in a chat: in a topic of their own, or in the chat itself, where that has none and holds one."""

from __future__ import annotations

import secrets
from dataclasses import replace

from openacp_bot.core.commands.house import House
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.inbound import Ground, Origin
from openacp_bot.core.model import Ending, Place, SessionRecord, Wanted


def place_for(origin: Origin, record: SessionRecord) -> Place | None:
    """The home of a session that is made here: none on the page, the chat itself where a chat holds one, else a topic
    that is yet to be opened."""
    where, title = origin.where, record.shown_title
    id = secrets.token_hex(6)
    match origin.ground:
        case Ground.NONE:
            return None
        case Ground.CHAT:
            return Place(id, record.id, where.adapter, where.space, where, title, shown=Wanted.OPEN, named=title)
        case Ground.TOPIC:
            return Place(id, record.id, where.adapter, where.space, None, title, asked_in=where)


async def holder(house: House, call: Call) -> SessionRecord | None:
    """The session that holds this chat and would have to leave it. Raises NotAllowed if it is somebody else's."""
    if call.origin.ground is not Ground.CHAT:
        return None
    place = await house.records.place_at(call.origin.where)
    if place is None or place.session is None:
        return None
    record = await house.record(place.session)
    house.check_owner(call.who, record)
    return record


async def leave(house: House, record: SessionRecord) -> None:
    """Another session has taken its chat: unpinned, and its agent ended."""
    if record.pinned:
        await house.manager.change(record, pinned=False)
    await house.manager.end(record, Ending.FINISH)
    await house.means.homes.tell(record.id)


async def is_held_by(house: House, call: Call, record: SessionRecord) -> bool:
    """Whether this chat, which holds one session, holds this one."""
    home = await house.records.place_of(record.id)
    here = home is not None and home.is_chat and home.ref == call.origin.where and home.wanted is Wanted.OPEN
    return here and call.origin.ground is Ground.CHAT


async def take(house: House, call: Call, record: SessionRecord) -> bool:
    """The session goes on in this chat, if the chat holds one and this one has no other place; False if not."""
    home = await house.records.place_of(record.id)
    if call.origin.ground is not Ground.CHAT or (home is not None and home.ref != call.origin.where):
        return False
    if home is None or home.wanted is not Wanted.OPEN:
        before = await holder(house, call)
        if home is None:
            place = place_for(call.origin, record)
            assert place is not None
            await house.means.homes.add(place)
        else:
            await house.means.homes.open(home, asked_in=None)
        if before is not None:
            await leave(house, before)
    if not record.pinned:
        await house.manager.change(record, pinned=True)
    return True


async def reopen(house: House, call: Call, record: SessionRecord) -> None:
    """A place for a session that was restored: this chat, its own topic, or a new one where its chat is taken."""
    if await take(house, call, record):
        return
    home = await house.records.place_of(record.id)
    if home is None:
        return
    if not home.is_chat:
        asked_in = call.origin.where if call.origin.ground is not Ground.NONE else None
        await house.means.homes.open(home, asked_in=asked_in)
    elif home.ref is not None and await house.records.place_at(home.ref) is None:
        await house.means.homes.open(home, asked_in=None)
        await house.manager.change(record, pinned=True)
    elif call.origin.ground is Ground.TOPIC:
        place = place_for(call.origin, replace(record, archived_at=None))
        assert place is not None
        await house.means.homes.add(place)
