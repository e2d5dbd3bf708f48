"""Sessions in a forum: each is a post, tagged with its state and its agent.

1. Tags that the forum does not offer are made where the bot may; else posts go without. 2. Tags that people set stay.
3. Nobody waits for a tag: what fails is left out, the newest state wins.

Discord, "Forums": 20 tags of 20 letters in a channel, 5 on a post.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.facts import SURFACE
from openacp_bot.adapters.discord.rest import Json, Rest
from openacp_bot.chat.pen import Forbidden, PenError, RetryAfter
from openacp_bot.core.errors import Problem
from openacp_bot.core.model import Place, SessionRecord, State, Wanted
from openacp_bot.core.ports import Hub
from openacp_bot.core.views import OneSession

log = logging.getLogger(__name__)

OFFERED, APPLIED, LONGEST = 20, 5, 20
APART = 1.0  # between two posts that are tagged
LONGEST_PAUSE = 60.0
MOST_UNSEEN = 100
REFUSED_SECONDS = 3600.0  # before a forum is asked once more to offer tags


class Forums:
    """`run` is somebody's task; `offered` may be asked at any time."""

    def __init__(self, hub: Hub, rest: Callable[[], Rest], bearings: Bearings) -> None:
        self._hub = hub
        self._rest = rest
        self._bearings = bearings
        self._offered: dict[str, Mapping[str, str]] = {}  # by forum: ids by name
        self._refused: dict[str, float] = {}
        self._wanted: dict[str, Place] = {}
        self._unseen: dict[str, Place] = {}  # by thread: it sleeps, or the gateway has not told of it yet
        self._news = asyncio.Event()

    async def tags(self, forum: str, record: SessionRecord) -> list[str]:
        """Ids of what a post about this session is tagged with; made if missing."""
        names = _names(record)
        offered = self._offered.get(forum, {})
        if not all(name in offered for name in names) and not self._is_refused(forum):
            offered = self._offered[forum] = await self._made(forum, [*map(str, State), *names])
        return [offered[name] for name in names if name in offered]

    def _is_refused(self, forum: str) -> bool:
        return asyncio.get_running_loop().time() < self._refused.get(forum, 0.0)

    async def _made(self, forum: str, names: Iterable[str]) -> Mapping[str, str]:
        """What the forum offers, with these."""
        try:
            known = list((await self._rest().channel(forum)).get("available_tags", ()))
        except PenError as error:
            log.info("discord: the tags of a forum cannot be read: %s", error)
            return {}
        missing = [name for name in dict.fromkeys(names) if all(tag["name"] != name for tag in known)]
        if missing and len(known) < OFFERED:
            try:
                tags = [*known, *map(_tag, missing)][:OFFERED]
                known = list((await self._rest().change_channel(forum, {"available_tags": tags}))["available_tags"])
            except PenError as error:
                self._refused[forum] = asyncio.get_running_loop().time() + REFUSED_SECONDS
                why = "the bot may not manage its channel (Manage Channels)" if isinstance(error, Forbidden) else error
                log.info("discord: a forum offers no tags for sessions: %s", why)
        return {str(tag["name"]): str(tag["id"]) for tag in known}

    # --- later

    def changed(self, place: Place) -> None:
        """The session of this place looks different now, perhaps."""
        if place.ref is not None and place.ref.topic and place.session and place.wanted is Wanted.OPEN:
            self._wanted[place.id] = place
            self._news.set()

    def stands(self, thread: str) -> None:
        """The gateway tells of a new one."""
        place = self._unseen.pop(thread, None)
        if place is not None:
            self.changed(place)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._wanted:
                place = self._wanted.pop(next(iter(self._wanted)))
                try:
                    await self._retag(place)
                except RetryAfter as error:
                    self._wanted.setdefault(place.id, place)
                    await asyncio.sleep(min(error.seconds, LONGEST_PAUSE))
                except (PenError, Problem) as error:
                    log.info("discord: a post could not be tagged: %s", error)
                except Exception:  # this task's root: a post without tags is as good
                    log.exception("discord: a post could not be tagged")

    async def _retag(self, place: Place) -> None:
        if place.ref is None or place.space not in self._bearings.facts().forums or not place.session:
            return
        post = self._bearings.thread(place.ref.topic)
        if post is None:
            self._unseen[place.ref.topic] = place
            while len(self._unseen) > MOST_UNSEEN:
                del self._unseen[next(iter(self._unseen))]
            return
        record = (await self._hub.look(OneSession(place.session), SURFACE)).row.record
        ours = await self.tags(place.space, record)
        states = {self._offered.get(place.space, {}).get(str(state)) for state in State}
        before = [str(tag) for tag in post._applied_tags]
        after = [*ours, *(tag for tag in before if tag not in states and tag not in ours)][:APPLIED]
        if set(after) != set(before):
            await self._rest().change_channel(place.ref.topic, {"applied_tags": after})
            await asyncio.sleep(APART)


def _names(record: SessionRecord) -> tuple[str, ...]:
    return str(record.state), record.agent[:LONGEST]


def _tag(name: str) -> Json:
    mark = next((state.mark for state in State if state == name), None)
    return {"name": name} | ({"emoji_name": mark} if mark else {})
