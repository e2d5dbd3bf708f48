"""Fan-out: what a session says goes to history and to every screen, in one order, with one counter a session."""

from __future__ import annotations

import logging
from collections.abc import Callable

from openacp_bot.core.events import Event, Said
from openacp_bot.core.items import key_of
from openacp_bot.core.model import Place, ThreadRef
from openacp_bot.core.ports import ChatAdapter, Transcript

log = logging.getLogger(__name__)


class Feed:
    """Knows who listens, where each session lives, and how far each session has counted."""

    def __init__(self, transcript: Transcript, *, now: Callable[[], float]) -> None:
        self._transcript = transcript
        self._now = now
        self._screens: list[ChatAdapter] = []
        self._revs: dict[str, int] = {}
        self._homes: dict[str, Place] = {}

    def join(self, screen: ChatAdapter) -> None:
        self._screens.append(screen)

    def know(self, session: str, *, rev: int, home: Place | None) -> None:
        """Tell where a session's counter stands at least, and its home; before the first `say`."""
        self._revs[session] = max(rev, self._revs.get(session, 0))
        self.move(session, home)

    def move(self, session: str, home: Place | None) -> None:
        """The session lives there from now on."""
        if home is None:
            self._homes.pop(session, None)
        else:
            self._homes[session] = home

    def living_in(self, adapter: str, space: str) -> tuple[str, ...]:
        """The known sessions whose home is in this chat."""
        homes = self._homes.items()
        return tuple(session for session, home in homes if (home.adapter, home.space) == (adapter, space))

    def chat_of(self, session: str) -> tuple[str, str] | None:
        """The adapter and the space that a known session lives in."""
        home = self._homes.get(session)
        return (home.adapter, home.space) if home is not None else None

    def lives_at(self, session: str, where: ThreadRef) -> bool:
        """Whether this is the address of a known session's home."""
        home = self._homes.get(session)
        return home is not None and home.ref == where

    def say(self, session: str, event: Event, *, turn: str | None = None) -> Said:
        """Publish; never waits, and no listener's fault reaches the session."""
        rev = self._revs.get(session, 0) + 1
        self._revs[session] = rev
        said = Said(session, turn, rev, self._now(), event)
        if key_of(said) is not None:
            self._transcript.append(said)
        home = self._homes.get(session)
        for screen in self._screens:
            try:
                screen.show(home, said)
            except Exception:  # one screen's bug must not end a session
                log.exception("%s could not show an event", screen.name)
        return said

    def forget(self, session: str) -> None:
        """The session is deleted."""
        self._revs.pop(session, None)
        self._homes.pop(session, None)
