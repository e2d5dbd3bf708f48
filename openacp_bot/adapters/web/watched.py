"""Sessions that somebody watches: the newest items of each, folded from the feed, shared by all tabs.

1. Opening is free of races: first subscribe, then look at the history, then apply what came meanwhile and is newer.
2. Every event is applied once, by its rev. 3. Who watches is told which item changed, never how: a set of items
waits for a slow tab, not a queue of events. 4. A session that nobody watches costs one dictionary look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from openacp_bot.adapters.web.desk import Desk
from openacp_bot.adapters.web.shown import ShownItem
from openacp_bot.core.events import (
    OptionsChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    SessionChanged,
    StateChanged,
    TitleChanged,
    TurnEnded,
    UsageChanged,
)
from openacp_bot.core.items import key_of
from openacp_bot.core.views import History

OPENED = 200  # items that a tab gets at first
KEPT = 600  # items in memory; then the older half is forgotten (the history has them)

# What may change a session's head and its line in the list.
HEADLINES = (
    StateChanged
    | SessionChanged
    | TitleChanged
    | PromptChanged
    | QuestionAsked
    | QuestionSettled
    | TurnEnded
    | UsageChanged
    | OptionsChanged
)


class Watcher(Protocol):
    """A tab that shows a session."""

    def item_changed(self, item: ShownItem) -> None: ...

    def head_changed(self) -> None: ...


class WatchedSession:
    """`more`: the history has older items than `items`; `rev`: everything up to it is in here."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.rev = 0
        self.more = False
        self.watchers: set[Watcher] = set()
        self._items: dict[str, ShownItem] = {}
        self._early: list[Said] | None = []  # what came before the history was read; None: it has been
        self._loading = asyncio.Lock()  # two tabs may open the same session at once
        self._open_text: ShownItem | None = None

    def newest(self, limit: int = OPENED) -> list[ShownItem]:
        """In the order of the conversation."""
        return sorted(self._items.values(), key=lambda item: item.first)[-limit:]

    def known(self, key: str) -> ShownItem | None:
        return self._items.get(key)

    async def load(self, desk: Desk) -> None:
        """Read the newest history, once. Raises UserError if there is no such session."""
        async with self._loading:
            if self._early is None:
                return
            view = await desk.look(History(self.id, limit=OPENED))
            self.rev, self.more = view.rev, view.more
            self._items = {item.key: item for item in items_of(view.items)}
            early, self._early = self._early, None
            for said in early:
                self._apply(said)

    def take(self, said: Said) -> None:
        """The next event of this session."""
        if self._early is not None:
            self._early.append(said)
            return
        self._apply(said)

    def _apply(self, said: Said) -> None:
        if said.rev <= self.rev:
            return
        self.rev = said.rev
        key = key_of(said)
        if key is not None:
            self._change(key, said)
        if isinstance(said.event, HEADLINES):
            for watcher in self.watchers:
                watcher.head_changed()

    def _change(self, key: str, said: Said) -> None:
        item = self._items.get(key)
        if item is None:
            item = self._items[key] = ShownItem(key, said)
            self._forget_oldest()
        else:
            item.apply(said)
        self._pause_before(item)
        self._tell(item)

    def _pause_before(self, item: ShownItem) -> None:
        """A text is over, as far as one can see, when something else comes or the turn ends."""
        before, self._open_text = self._open_text, item
        if before is not None and before is not item and before.pause():
            self._tell(before)

    def _tell(self, item: ShownItem) -> None:
        for watcher in self.watchers:
            watcher.item_changed(item)

    def _forget_oldest(self) -> None:
        if len(self._items) > KEPT:
            self._items = {item.key: item for item in self.newest(KEPT // 2)}
            self.more = True


def items_of(said: Iterable[Said]) -> list[ShownItem]:
    """Items of a history view: folded already, each is whole."""
    found = []
    for one in said:
        key = key_of(one)
        if key is not None:
            item = ShownItem(key, one)
            item.pause()
            found.append(item)
    return found


class WatchedSessions:
    """All that are watched now."""

    def __init__(self) -> None:
        self._sessions: dict[str, WatchedSession] = {}

    def show(self, said: Said) -> None:
        """An event of any session."""
        session = self._sessions.get(said.session)
        if session is not None:
            session.take(said)

    def join(self, id: str, watcher: Watcher) -> WatchedSession:
        session = self._sessions.get(id)
        if session is None:
            session = self._sessions[id] = WatchedSession(id)
        session.watchers.add(watcher)
        return session

    def leave(self, session: WatchedSession, watcher: Watcher) -> None:
        session.watchers.discard(watcher)
        if not session.watchers and self._sessions.get(session.id) is session:
            del self._sessions[session.id]
