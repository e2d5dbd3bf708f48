"""Where sessions live in a chat: in a topic of their own, or in the chat itself, where that has none and holds one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

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
            chat = Place(id, record.id, where.adapter, where.space, where, title, shown=Wanted.OPEN, named=title)
            return replace(chat, url=origin.url)
        case Ground.TOPIC:
            return Place(id, record.id, where.adapter, origin.home or where.space, None, title, asked_in=where)


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
    """Another session has taken its chat (the store has unpinned it, and dropped its queue): memory follows, and its
    agent is ended."""
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
    move = await _into_chat(house, call, record)
    if move is None:
        return False
    if move.place is not None or not record.pinned:
        await _moved(house, record, move)
    return True


async def restore(house: House, call: Call, record: SessionRecord) -> None:
    """Not archived any more; it lives in this chat, in its own topic, or in a new one where its chat is taken."""
    move = await _into_chat(house, call, record) or await _back(house, call, record)
    await _moved(house, record, move, key=call.key)


@dataclass(frozen=True, slots=True)
class _Move:
    """A session's way home. `place`: new, or to be opened again; None: it stays where it is."""

    place: Place | None = None
    pinned: bool = False
    before: SessionRecord | None = None  # whose chat it takes


async def _into_chat(house: House, call: Call, record: SessionRecord) -> _Move | None:
    home = await house.records.place_of(record.id)
    if call.origin.ground is not Ground.CHAT or (home is not None and home.ref != call.origin.where):
        return None
    if home is not None and home.wanted is Wanted.OPEN:
        return _Move(pinned=True)
    return _Move(home or place_for(call.origin, record), pinned=True, before=await holder(house, call))


async def _back(house: House, call: Call, record: SessionRecord) -> _Move:
    home = await house.records.place_of(record.id)
    if home is None:
        return _Move()
    if not home.is_chat:
        asked_in = call.origin.where if call.origin.ground is not Ground.NONE else None
        return _Move(home.as_open(asked_in))
    if home.ref is not None and await house.records.place_at(home.ref) is None:
        return _Move(home, pinned=True)
    return _Move(place_for(call.origin, record) if call.origin.ground is Ground.TOPIC else None)


async def _moved(house: House, record: SessionRecord, move: _Move, *, key: str = "") -> None:
    instead_of = move.before.id if move.before else ""
    await house.manager.restore(record, home=move.place, pinned=move.pinned, instead_of=instead_of, key=key)
    if move.before is not None:
        await leave(house, move.before)
