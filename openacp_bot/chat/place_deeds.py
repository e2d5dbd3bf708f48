"""What places lack: the next deed for each, how urgent it is, and what is remembered of it while it waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from openacp_bot.chat.pulse import MOST_DETOURS, pause
from openacp_bot.chat.sheet import Rank
from openacp_bot.core.model import Place, ThreadRef, Wanted

LONG = 90  # titles; every platform shows so much of them


class Deed(StrEnum):
    """What a place still lacks."""

    OPEN = "open"
    RENAME = "rename"
    REOPEN = "reopen"
    CLOSE = "close"
    DELETE = "delete"


RANKS = {
    Deed.OPEN: Rank.PLACE,
    Deed.REOPEN: Rank.PLACE,
    Deed.RENAME: Rank.RENAME,
    Deed.CLOSE: Rank.RENAME,  # somebody confirmed it just now; a deletion may be one of fifty
    Deed.DELETE: Rank.REMOVAL,
}


def deed_for(place: Place, *, most_renames: int) -> Deed | None:
    """The next deed. A place that a person closed is left so; core says that it is to be reopened by forgetting how it
    is `shown`."""
    if place.is_chat:
        return None
    match place.wanted:
        case Wanted.OPEN:
            return _deed_for_open(place, most_renames=most_renames)
        case Wanted.CLOSED:
            # The store counts a topic that is another's now as closed (store/places.py, 2).
            return Deed.CLOSE if place.ref is not None and place.shown is not Wanted.CLOSED else None
        case Wanted.GONE:
            return Deed.DELETE if place.ref is not None else None
        case _:
            assert_never(place.wanted)


def _deed_for_open(place: Place, *, most_renames: int) -> Deed | None:
    if place.ref is None:
        return None if place.refused else Deed.OPEN
    if place.shown is None:
        return Deed.REOPEN
    if place.title != place.named and (place.insists or place.renames < most_renames):
        return Deed.RENAME
    return None


def rank_of(deed: Deed, place: Place) -> Rank:
    """Somebody waits to see a title that they gave."""
    return Rank.CARD if deed is Deed.RENAME and place.insists else RANKS[deed]


@dataclass(eq=False, slots=True)
class PlaceJob:
    """A place that lacks something."""

    place: Place
    since: float
    hold: float = 0.0
    is_passing: bool = False  # its title is soon followed by a better one
    is_in_doubt: bool = False  # nobody knows whether the last call was carried out
    deaf_since: float | None = None  # in doubt, while the platform tells nothing
    tried: frozenset[str] = frozenset()  # titles under which it was to be opened, and perhaps was
    failures: int = 0
    detours: int = 0  # in a row: the same call was to go another way

    def go_another_way(self, now: float) -> None:
        """At once, unless one way leads to the next for ever."""
        self.detours += 1
        if self.detours > MOST_DETOURS:
            self.detours = 0
            self.put_off(now)

    def put_off(self, now: float) -> None:
        """One more attempt failed, nobody knows why."""
        self.hold = now + pause(self.failures)
        self.failures += 1


def shows(title: str, whole: str) -> bool:
    """Whether a topic with this title is called so. A platform may cut a long one."""
    whole = whole.strip()
    return title == whole or (len(title) >= LONG and whole.startswith(title))


def address(place: Place) -> ThreadRef:
    """Where a place is, or will be."""
    return place.ref or ThreadRef(place.adapter, place.space)
