"""Where sessions live, as core wants it: what a place should be called, and whether it should be open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

from openacp_bot.core.events import PlaceChanged
from openacp_bot.core.feed import Feed
from openacp_bot.core.model import Place, ThreadRef, TitleRank
from openacp_bot.core.ports import PlaceFields, Records


@dataclass(frozen=True, slots=True)
class Homes:
    """The places of all sessions. A session's home is its newest place."""

    records: Records
    feed: Feed

    async def tell(self, session: str, *, is_passing: bool = False) -> None:
        """What the session's home is now, to everybody; also of a session that sleeps."""
        record, home = await self.records.session(session), await self.records.place_of(session)
        if record is None or home is None:
            return
        self.feed.know(session, rev=record.rev, home=home)
        self.feed.say(session, PlaceChanged(home, is_passing))

    async def change(self, place: Place, *, is_passing: bool = False, **fields: Unpack[PlaceFields]) -> Place | None:
        """Store it, then tell everybody; the place as it now is."""
        changed = await self.records.change_place(place.id, **fields)
        if changed is not None and changed.session is not None:
            await self.tell(changed.session, is_passing=is_passing)
        return changed

    async def title(self, session: str, title: str, rank: TitleRank, *, is_passing: bool = False) -> None:
        """A topic is called like its session; a chat keeps its name. `is_passing`: a better one will follow soon."""
        home = await self.records.place_of(session)
        if home is None or home.is_chat:
            return
        insists = rank is TitleRank.PERSON
        if (home.title, home.insists) != (title, insists):
            await self.change(home, title=title, insists=insists, is_passing=is_passing)

    async def try_again(self, home: Place, *, asked_in: ThreadRef) -> None:
        """To open one that was refused."""
        await self.change(home, refused="", lost_at=0.0, asked_in=asked_in)

    async def reopen(self, home: Place) -> None:
        """A person closed its topic, and somebody wrote there."""
        await self.change(home, shown=None)

    async def move_space(self, adapter: str, old: str, new: str) -> None:
        """A whole chat has another id."""
        await self.records.move_space(adapter, old, new)
        for session in self.feed.living_in(adapter, old):
            await self.tell(session)
