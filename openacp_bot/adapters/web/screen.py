"""What one tab is to be shown next: always the newest, never a backlog of events.

1. What waits for a slow tab is a set of changed items and at most `ANSWERS` answers. 2. A frame that leaves nothing out
carries the rev that becomes the tab's cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.growing import NOTHING_SEEN, Seen
from openacp_bot.adapters.web.shown import ShownItem
from openacp_bot.adapters.web.text import as_text
from openacp_bot.adapters.web.watched import WatchedSession
from openacp_bot.adapters.web.wire import Listed

ANSWERS = 32
FRAME_ITEMS = 40
FRAME_CHARACTERS = 256 * 1024


class TabScreen:
    """Told by the feed what changed, asked by the tab's sender for the next frame."""

    def __init__(self, files: SignedFiles) -> None:
        self.listed: Listed | None = None
        self._files = files
        self._wake = asyncio.Event()
        self._answers: asyncio.Queue[str] = asyncio.Queue(ANSWERS)
        self._list = self._list_sent = ""
        self._session: WatchedSession | None = None
        self._is_opening = False
        self._is_reset = False
        self._is_head_new = False
        self._changed: dict[str, ShownItem] = {}
        self._seen: dict[str, Seen] = {}
        self.grew = False

    # --- told

    async def answer(self, answer: dict[str, Any]) -> None:
        """Waits while the tab takes no answers, which stops it from asking more."""
        await self._answers.put(as_text(answer))
        self._wake.set()

    def list_drawn(self, text: str) -> None:
        self._list = text
        if text != self._list_sent:
            self._wake.set()

    def item_changed(self, item: ShownItem) -> None:
        self._changed[item.key] = item
        if not self._is_opening:
            self._wake.set()

    def head_changed(self) -> None:
        self._is_head_new = True
        self._wake.set()

    def begin(self, session: WatchedSession | None) -> None:
        """From now on only this session counts; nothing of it is shown before `opened`."""
        self._session = session
        self._is_opening = session is not None
        self._is_head_new = False
        self._changed = {}
        self._seen = {}

    def opened(self, items: Iterable[ShownItem], *, reset: bool) -> None:
        """Show these, whole, before anything else; `reset`: in place of all that the tab has."""
        late = self._changed
        self._changed = {item.key: item for item in items} | late
        self._is_opening = False
        self._is_reset = reset
        self.head_changed()

    # --- asked

    async def wait(self) -> None:
        """Until there is something to send."""
        await self._wake.wait()
        self._wake.clear()
        self.grew = False

    def take_head(self) -> str | None:
        """The session whose head is to be looked at and sent."""
        if self._session is None or self._is_opening or not self._is_head_new:
            return None
        self._is_head_new = False
        return self._session.id

    def short_frames(self) -> Iterator[str]:
        """Answers and the list."""
        while not self._answers.empty():
            yield self._answers.get_nowait()
        if self._list != self._list_sent:
            self._list_sent = self._list
            yield self._list

    @property
    def has_everything(self) -> bool:
        """Whether no changed item waits."""
        return not self._changed

    def items_frame(self) -> str | None:
        """The next part of what changed; None: nothing has."""
        session = self._session
        if session is None or self._is_opening or not (self._changed or self._is_reset):
            return None
        items = self._take_items()
        frame = {"op": "items", "session": session.id, "reset": self._is_reset, "more": session.more}
        if not self._changed:
            frame["rev"] = session.rev
        self._is_reset = False
        return f'{as_text(frame)[:-1]},"items":[{",".join(items)}]}}'

    def _take_items(self) -> list[str]:
        taken: list[str] = []
        size = 0
        while self._changed and len(taken) < FRAME_ITEMS and size < FRAME_CHARACTERS:
            key = next(iter(self._changed))
            item = self._changed.pop(key)
            seen = self._seen.get(key, NOTHING_SEEN)
            if seen.version == item.version:
                continue
            drawn, self._seen[key] = item.since(seen, self._files)
            self.grew = self.grew or "blocks" in drawn or "more" in drawn
            taken.append(as_text(drawn))
            size += len(taken[-1])
        return taken
