"""What becomes of places: reported by the platform's outbox, or by a person who renames or closes a topic."""

from __future__ import annotations

from openacp_bot.core import naming
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Action, Look, PlaceReported, Reply, Report
from openacp_bot.core.menus import Button
from openacp_bot.core.model import Place, ThreadRef, TitleRank, Wanted
from openacp_bot.core.words import TOPIC

RECREATED_SECONDS = 600.0  # a topic that is deleted again within this time is not opened once more
TWICE = "it was deleted twice within 10 minutes"
BY_HAND = "it was deleted by hand"


class Places:
    """Decides what follows from a report; the session lives on in each case."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._homes = house.means.homes
        self._staying: set[str] = set()  # notices that say that a topic stays

    async def reported(self, report: PlaceReported) -> None:
        if report.what is Report.MOVED:
            await self._moved(report)
            return
        place = await self._meant(report)
        if place is None:
            return
        match report.what:
            case Report.OPENED:
                await self._opened(place, report)
            case Report.REFUSED:
                await self._refused(place, report.detail)
            case Report.LOST:
                await self._lost(place, report)
            case Report.DELETED:
                await self._deleted(place, report)
            case Report.STAYS:
                await self._stays(place, report.detail)
            case Report.GONE:
                self._gone(place, report)
            case Report.RENAMED:
                await self._renamed(place, report.detail)
            case Report.CLOSED:
                await self._closed(place)

    async def _meant(self, report: PlaceReported) -> Place | None:
        """By its id, or, as a person's deed, by the address where it was done."""
        if report.place:
            return await self._house.records.place(report.place)
        return await self._house.records.place_at(report.origin.where) if report.origin.where.topic else None

    async def _moved(self, report: PlaceReported) -> None:
        place = await self._house.records.place(report.place) if report.place else None
        where = report.origin.where
        old = place.space if place else where.space
        if report.ref is not None and report.ref.space != old:
            await self._homes.move_space(where.adapter, old, report.ref.space)

    async def _opened(self, place: Place, report: PlaceReported) -> None:
        opened = await self._homes.change(place, ref=report.ref, url=report.url)
        if opened is not None and opened.session is not None and opened.lost_at:
            text = f"The {TOPIC} of “{opened.title}” was deleted; it goes on in a new one."
            notice = Notice(f"recreated:{opened.lost_at}", text, to=_chat_of(opened), url=opened.url)
            self._house.manager.say(opened.session, notice)

    async def _refused(self, place: Place, why: str) -> None:
        if place.session is None or place.wanted is not Wanted.OPEN:
            return
        refused = await self._homes.change(place, refused=why)
        if refused is not None:
            await self._tell_refused(refused)

    async def _lost(self, place: Place, report: PlaceReported) -> None:
        """Found when something is to be shown there, so it is opened anew."""
        if not _may_be_lost(place, report):
            return
        now = self._house.now()
        if now - place.lost_at > RECREATED_SECONDS:
            await self._homes.change(place, ref=None, shown=None, url="", lost_at=now)
            return
        refused = await self._homes.change(place, ref=None, shown=None, url="", refused=TWICE)
        if refused is not None:
            await self._tell_refused(refused)

    async def _deleted(self, place: Place, report: PlaceReported) -> None:
        """By a person's hand: opened anew for what is under way, else once somebody asks for it."""
        live = self._house.manager.live(place.session) if place.session else None
        if live is not None and (live.turn is not None or live.queue):
            await self._lost(place, report)
        elif _may_be_lost(place, report):
            await self._homes.change(place, ref=None, shown=None, url="", refused=BY_HAND)

    async def _tell_refused(self, place: Place) -> None:
        """Where it was asked for, as there is no topic to tell it in."""
        assert place.session is not None
        session = place.session
        buttons = [
            Button("Try again", Action("open_place", (session, place.id)), Look.GOOD),
            Button("End", Action("end", (session,)), Look.DANGER),
        ]
        text = (
            f"❌ The {TOPIC} for “{place.title}” could not be opened: {_sentence(place.refused)} "
            "The session lives on, on the page."
        )
        choices = await self._house.buttons(buttons, session=session)
        to = place.asked_in or _chat_of(place)
        self._house.manager.say(session, Notice(f"refused:{place.id}", text, choices, ring=True, to=to))

    async def _stays(self, place: Place, why: str) -> None:
        """Somebody was told that it goes. It is not tried again by itself before a restart."""
        if place.session is None or place.wanted is not Wanted.CLOSED:
            return
        session, topic = place.session, place.ref.topic if place.ref else ""
        button = Button("Try again", Action("close_place", (session, place.id, topic)), Look.GOOD)
        text = f"❌ The {TOPIC} of “{place.title}” stays: {_sentence(why)}"
        choices = await self._house.buttons([button], session=session)
        id, to = _staying(place, topic), _chat_of(place)
        self._staying.add(id)
        self._house.manager.say(session, Notice(id, text, choices, ring=True, to=to))

    def _gone(self, place: Place, report: PlaceReported) -> None:
        """Where it was said that it stays; after a restart that says the button."""
        id = _staying(place, report.ref.topic if report.ref else "")
        if place.session is not None and id in self._staying:
            self._staying.discard(id)
            self._house.manager.say(place.session, Notice(id, _is_gone(place), to=_chat_of(place)))

    async def _renamed(self, place: Place, title: str) -> None:
        title = naming.by_person(title)
        if place.session is None or not title or title == place.named:
            return
        record = await self._house.record(place.session)
        await self._homes.change(place, title=title, named=title, insists=True)
        await self._house.manager.change(record, title=title, title_rank=TitleRank.PERSON)

    async def _closed(self, place: Place) -> None:
        """By a person's hand: it stays closed until somebody writes there."""
        closed = await self._house.records.change_place(place.id, shown=Wanted.CLOSED)
        if closed is not None and closed.session is not None and closed.wanted is Wanted.OPEN:
            self._house.means.feed.move(closed.session, closed)


def _may_be_lost(place: Place, report: PlaceReported) -> bool:
    """Whether it is a topic that is wanted, and still the one that is told of."""
    is_old = report.ref is not None and report.ref != place.ref
    is_wanted = place.session is not None and place.wanted is Wanted.OPEN
    return is_wanted and place.ref is not None and not place.is_chat and not is_old


async def open_place(house: House, call: Call) -> Reply:
    """Try again, of a topic that was refused."""
    place = await house.records.place(call.words[0])
    if place is None or place.session != call.record.id or place.wanted is not Wanted.OPEN:
        return refusal(f"This {TOPIC} is no longer wanted.")
    if place.refused:
        await house.means.homes.try_again(place, asked_in=call.origin.where)
    return Reply("Trying again.", replaces=True)


async def close_place(house: House, call: Call) -> Reply:
    """Try again, of a topic that stayed."""
    place = await house.records.place(call.words[0])
    if place is None or place.session != call.record.id or place.wanted is not Wanted.CLOSED:
        return refusal(f"This {TOPIC} is wanted again.")
    is_gone = place.shown is Wanted.GONE
    text = _is_gone(place) if is_gone else f"The {TOPIC} of “{place.title}” goes as soon as the platform allows it."
    if call.words[1:]:
        house.manager.say(call.record.id, Notice(_staying(place, call.words[1]), text, to=_chat_of(place)))
    if not is_gone:
        await house.means.homes.tell(call.record.id)
    return Reply(text, quiet=True)


def _staying(place: Place, topic: str) -> str:
    """The notice that says that a topic stays, and what became of it."""
    return f"stays:{place.id}:{topic}"


def _is_gone(place: Place) -> str:
    return f"The {TOPIC} of “{place.title}” is gone."


def _chat_of(place: Place) -> ThreadRef:
    return ThreadRef(place.adapter, place.space)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
