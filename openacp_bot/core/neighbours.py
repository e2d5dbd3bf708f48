"""Who works in the same directory, and what a topic of a session's own begins with.

1. A session is told once that it shares its directory.
2. The card's id is the same for ever, so that a topic has at most one.
3. It names only sessions of the same chat; the others are counted, as everybody there reads it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from openacp_bot.core.events import Notice
from openacp_bot.core.means import Means
from openacp_bot.core.model import Prompt, SessionRecord
from openacp_bot.core.session import Session
from openacp_bot.core.words import counted
from openacp_bot.core.workspaces import tilde

MOST_TOLD = 1000  # sessions of which we remember that they know whom they share a directory with
MOST_NAMED = 3
CARD = "card"


class Neighbours:
    """`live` is the manager's."""

    def __init__(self, live: Mapping[str, Session], means: Means) -> None:
        self._live = live
        self._means = means
        self._told: deque[str] = deque(maxlen=MOST_TOLD)

    def card(self, record: SessionRecord, prompt: Prompt | None) -> Notice:
        """What there is to know where nothing was said yet."""
        facts = (record.agent, tilde(record.workspace), record.model)
        lines = [" · ".join(fact for fact in facts if fact)]
        if others := [one for one in self._sharing(record) if one.id != record.id]:
            self._told.append(record.id)
            lines.append(f"It shares this directory with {self._named(record, others)}.")
        if prompt is None:
            lines.append("Just write.")
        return Notice(CARD, "\n".join(lines))

    def news(self, newcomer: SessionRecord) -> Iterator[tuple[str, Notice]]:
        """Those that are to be told that they share a directory, now that there is one more, and what."""
        sharing = self._sharing(newcomer)
        if len(sharing) < 2:
            return
        text = f"Another session works in the same directory: {tilde(newcomer.workspace)}"
        for one in sharing:
            if one.id not in self._told:
                self._told.append(one.id)
                yield one.id, Notice(f"shared:{newcomer.id}", text)

    def _sharing(self, record: SessionRecord) -> list[Session]:
        return [one for one in self._live.values() if one.record.workspace == record.workspace]

    def _named(self, record: SessionRecord, others: list[Session]) -> str:
        names = [f"“{one.record.shown_title}”" for one in others if self._may_be_named(one.record, record)][:MOST_NAMED]
        if unnamed := len(others) - len(names):
            names.append(counted(unnamed, "other session"))
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))

    def _may_be_named(self, other: SessionRecord, record: SessionRecord) -> bool:
        """Whether all who read the card see the other in /sessions: as one of their chat."""
        chat = self._means.feed.chat_of(record.id)
        return chat is not None and chat == self._means.feed.chat_of(other.id)
