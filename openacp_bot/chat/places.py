"""Places made what they should be: topics opened, renamed, reopened, closed, deleted, one call at a time.

1. The row is read when the call is allowed, so the newest wish wins. 2. An ambiguous opening is repeated, once the
platform is known to be there again and has not told of the topic: a second, empty one is the lesser evil. 3. Where
closing deletes, the conversation is posted as a file first, and nothing is deleted before it stands.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Generic, TypeVar, assert_never

from openacp_bot.chat.deliver import bounded
from openacp_bot.chat.keepsakes import Keepsakes, is_posted
from openacp_bot.chat.lane import NEVER
from openacp_bot.chat.orphans import Orphans
from openacp_bot.chat.pen import Forbidden, Later, Pen, PenError, PerhapsDone, PlaceGone, Refused
from openacp_bot.chat.place_deeds import Deed, PlaceJob, address, deed_for, rank_of, shows
from openacp_bot.chat.place_news import PlaceNews
from openacp_bot.chat.pulse import Pulse
from openacp_bot.chat.sheet import Rank
from openacp_bot.core.cards import Card
from openacp_bot.core.errors import UserError
from openacp_bot.core.inbound import Report
from openacp_bot.core.model import Place, SessionRecord, ThreadRef, UserRef, Wanted
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.views import OneSession

log = logging.getLogger(__name__)

W = TypeVar("W")

RECHECK, LONGEST_DEAF = 0.5, 60.0
ANSWER_SECONDS = 1.0  # between the wish to close a place and its closing


class Keeper(Generic[W]):
    """Knows which places lack something. `hears`: whether the platform tells us what happens; `post` opens a card;
    `opened` hears of a new address before anybody else, so that what stood at another is not taken for being there;
    `moved_to` hears of it once all is stored, or that there is none any more."""

    def __init__(
        self,
        name: str,
        hub: Hub,
        ledger: Ledger,
        pen: Pen[W],
        pulse: Pulse,
        *,
        hears: Callable[[], bool],
        post: Callable[[Card], Awaitable[None]],
        opened: Callable[[Place, ThreadRef], Awaitable[None]],
        moved_to: Callable[[Place, ThreadRef | None], Awaitable[None]],
    ) -> None:
        self._name = name
        self._surface = UserRef(name, "")
        self._hub = hub
        self._ledger = ledger
        self._pen = pen
        self._clock = pulse.clock
        self._hears = hears
        self._keepsakes = Keepsakes(name, ledger, post)
        self._is_opened = opened
        self._moved_to = moved_to
        self._jobs: dict[str, PlaceJob] = {}
        self.news = PlaceNews(name, hub, ledger, gate=pen.gate, now=pulse.now, post=post)
        self.orphans = Orphans(name, ledger, self._unopened)

    async def stirred(self, where: ThreadRef) -> None:
        """What is shown there had to wake it. If it was put away, it is to be put away once more."""
        for place in await self._ledger.known_places(self._name):
            if place.ref == where and place.wanted is place.shown is Wanted.CLOSED:
                await self._ledger.made(place.id, Wanted.OPEN, named=place.named)
                self.want(replace(place, shown=Wanted.OPEN))

    async def called(self, where: ThreadRef, title: str) -> None:
        """We called it so. If a person gave it another title while we did, that one comes again."""
        for place in await self._ledger.known_places(self._name):
            if place.ref == where and place.insists and not shows(title, place.named):
                await self._ledger.made(place.id, place.shown or Wanted.OPEN, named=title)
                self.want(replace(place, named=title))

    # --- what waits

    def want(self, place: Place, *, is_passing: bool = False, is_in_doubt: bool = False) -> bool:
        """Remember that the place may lack something; whether it does. `is_passing`: its title; `is_in_doubt`: it may
        have been opened in an earlier life."""
        deed, before = self._deed(place), self._jobs.get(place.id)
        if deed is None:
            return False
        if before is None:
            is_in_doubt = is_in_doubt and deed is Deed.OPEN
            self._jobs[place.id] = PlaceJob(place, self._clock(), 0.0, is_passing, is_in_doubt)
        else:
            is_passing = is_passing or (before.is_passing and before.place.title == place.title)
            self._jobs[place.id] = replace(before, place=place, hold=0.0, is_passing=is_passing)
        return True

    def jobs(self, gate: str) -> Iterator[tuple[Rank, PlaceJob]]:
        for job in list(self._jobs.values()):
            deed = self._deed(job.place)
            if deed is not None and self._pen.gate(address(job.place)) == gate:
                if deed is Deed.RENAME and job.is_passing:
                    job.hold = max(job.hold, job.since + self._pen.title_patience)
                if deed is Deed.OPEN and job.is_in_doubt and self._may_hear_of_it(job):
                    job.hold = max(job.hold, self._clock() + RECHECK)
                if deed is Deed.CLOSE:  # what was asked there is answered first
                    job.hold = max(job.hold, job.since + ANSWER_SECONDS)
                yield rank_of(deed, job.place), job

    def follow(self, space: str, to: str) -> None:
        """What waits for this chat waits for that one now."""
        for job in self._jobs.values():
            if job.place.space == space:
                ref = job.place.ref and replace(job.place.ref, space=to)
                job.place = replace(job.place, space=to, ref=ref)

    def settled(self, card: Card, error: str) -> None:
        """A card came to its end: perhaps the file that a closing waits for."""
        for job in list(self._jobs.values()):
            if self._keepsakes.is_of(card, job.place):
                job.hold = 0.0
                if error or not is_posted(card):
                    self._park(job)

    def _may_hear_of_it(self, job: PlaceJob) -> bool:
        """As soon as the platform tells again what happened, it tells of a topic that we opened."""
        if self._hears():
            return False
        job.deaf_since = self._clock() if job.deaf_since is None else job.deaf_since
        return self._clock() - job.deaf_since < LONGEST_DEAF

    def _unopened(self) -> Iterator[PlaceJob]:
        return (job for job in self._jobs.values() if self._deed(job.place) is Deed.OPEN)

    def _drop(self, place: Place) -> None:
        self._jobs.pop(place.id, None)
        self.orphans.less_is_open()

    def _deed(self, place: Place) -> Deed | None:
        return deed_for(place, most_renames=self._pen.most_renames)

    # --- one deed

    async def next_deed(self, job: PlaceJob) -> Deed | None:
        """What the place lacks now; None: nothing, or something else has to come first."""
        row = await self._ledger.place(job.place.id)
        if self._jobs.get(job.place.id) is not job:
            return None  # told anew meanwhile
        deed = None if row is None else self._deed(row)
        if row is None or deed is None:
            self._drop(job.place)
            return None
        job.place = row
        if deed is Deed.CLOSE and self._pen.closing_deletes and not await self._is_kept(job):
            return None
        return deed

    async def carry_out(self, deed: Deed, job: PlaceJob) -> None:
        """One call; raises PenError where the gate or the space is concerned."""
        try:
            await self._do(deed, job.place)
        except Later as error:
            job.hold = self._clock() + error.seconds
            await self.news.renamed_later(job.place, error.seconds)
        except (PlaceGone, Refused) as error:
            await self._failed(deed, job.place, error)

    async def _failed(self, deed: Deed, place: Place, error: PenError) -> None:
        if isinstance(error, Forbidden) and deed is not Deed.OPEN:
            raise error
        job = self._jobs.get(place.id)
        if deed is Deed.OPEN:
            await self.news.report(place, Report.REFUSED, detail=str(error))
        elif isinstance(error, Refused):
            log.warning("a topic cannot be changed (%s): %s", deed, error)
            if deed in (Deed.CLOSE, Deed.DELETE):
                await self.news.stays(place, str(error))
        elif deed in (Deed.CLOSE, Deed.DELETE):
            await self._ended(place, Wanted.GONE)
        else:
            await self.news.report(place, Report.LOST, ref=place.ref)
        if self._jobs.get(place.id) is job:  # else core has said something new already
            self._drop(place)

    async def _do(self, deed: Deed, place: Place) -> None:
        match deed:
            case Deed.OPEN:
                await self._open(place)
            case Deed.RENAME:
                await bounded(self._pen.rename_place(place, place.title))
                await self._ledger.made(place.id, place.shown or Wanted.OPEN, named=place.title)
            case Deed.REOPEN:
                await bounded(self._pen.reopen_place(place))
                await self._ledger.made(place.id, Wanted.OPEN, named=place.named)
            case Deed.CLOSE:
                await bounded(self._pen.close_place(place))
                await self._closed(place)
            case Deed.DELETE:
                await bounded(self._pen.delete_place(place))
                await self._ended(place, Wanted.GONE)
            case _:
                assert_never(deed)

    async def _open(self, place: Place) -> None:
        record = await self._record(place)
        await self._ledger.opening(place.id)
        with self.orphans.opening(place.space):
            ref, url, named = await self._new_or_orphan(place, record)
            self.orphans.opened(ref)
            await self._is_opened(place, ref)
            await self.news.report(place, Report.OPENED, ref=ref, url=url)
        await self._ledger.made(place.id, Wanted.OPEN, named=named)
        if place.session and place.shown in (Wanted.GONE, Wanted.CLOSED):
            # It was archived, and its topic went: the new one begins with what was said (product.md §1).
            await self._keepsakes.begin_with(place)
        await self._moved_to(place, ref)

    async def _new_or_orphan(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str, str]:
        """Its address, link and title. The platform may tell of a topic before the call that opens it fails."""
        job = self._jobs.get(place.id) or PlaceJob(place, self._clock())
        orphan = await self.orphans.of(job)
        if orphan is None:
            job.tried |= {place.title}
            try:
                return *await bounded(self._pen.open_place(place, record)), place.title
            except PerhapsDone:
                orphan = await self.orphans.of(job)
                if orphan is None:
                    raise
        ref, title = orphan
        url = await bounded(self._pen.adopt_place(replace(place, ref=ref), record))
        return ref, url, title if title in job.tried else place.title

    async def _closed(self, place: Place) -> None:
        if self._pen.closing_deletes:
            await self._ended(place, Wanted.GONE)
            return
        row = await self._ledger.place(place.id)
        if row is not None and row.wanted is Wanted.OPEN:  # it was restored meanwhile, and nothing else would tell
            await bounded(self._pen.reopen_place(row))
            await self._ledger.made(place.id, Wanted.OPEN, named=row.named)
            return
        await self._ended(place, Wanted.CLOSED)

    async def _ended(self, place: Place, shown: Wanted) -> None:
        await self._ledger.made(place.id, shown, named=place.named)
        if shown is Wanted.GONE and place.session is not None:
            await self.news.report(place, Report.GONE, ref=place.ref)
        row = await self._ledger.place(place.id)
        if row is None or (row.ref is None and row.wanted is not Wanted.OPEN):
            await self._moved_to(place, None)

    async def _record(self, place: Place) -> SessionRecord | None:
        if place.session is None:
            return None
        try:
            return (await self._hub.look(OneSession(place.session), self._surface)).row.record
        except UserError:
            return None

    async def _is_kept(self, job: PlaceJob) -> bool:
        """Whether nothing is lost with the place; if something is, its file is posted."""
        record = await self._record(job.place)
        if record is None or record.prompts == 0:
            return True
        job.hold = NEVER  # until the card of the file is settled
        if not await self._keepsakes.stands(job.place):
            return False
        job.hold = 0.0
        return True

    def _park(self, job: PlaceJob) -> None:
        log.warning("the place %s stays, because its conversation could not be posted as a file", job.place.id)
        self._drop(job.place)
