"""One open tab: what it says is done one after the other; one task sends it what its screen has.

A tab that takes nothing for `patience` seconds is closed; it comes back by itself with its cursor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from openacp_bot.adapters.web.desk import Desk
from openacp_bot.adapters.web.drawing import drawn_choices, drawn_reply, drawn_view
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.listing import SessionLists
from openacp_bot.adapters.web.screen import TabScreen
from openacp_bot.adapters.web.shown import ShownItem
from openacp_bot.adapters.web.text import as_text
from openacp_bot.adapters.web.watched import OPENED, WatchedSession, WatchedSessions, items_of
from openacp_bot.adapters.web.wire import Act, Asking, Garbled, Listed, Older, Saying, Watch, parse
from openacp_bot.core import codec
from openacp_bot.core.commands.house import MESSAGE_LIMIT
from openacp_bot.core.errors import Problem, UserError
from openacp_bot.core.views import CommandMenu, History, HistoryView, NewChatChoices, OneSession

log = logging.getLogger(__name__)

FRAME_SECONDS = 0.04
BEAT_SECONDS = 15.0  # a tab that hears nothing for longer than twice this believes that the connection is dead


class SlowTab(Exception):
    """It did not take what was sent."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What all tabs share. `desk` gives None while the daemon starts or stops."""

    boot: str
    desk: Callable[[], Desk | None]
    sessions: WatchedSessions
    lists: SessionLists
    files: SignedFiles
    patience: float


class Tab:
    """Lives as long as its WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, surface: Surface) -> None:
        self.screen = TabScreen(surface.files)
        self._socket = socket
        self._surface = surface
        self._session: WatchedSession | None = None

    async def run(self) -> bool:
        """Until the socket is closed; False if the tab was too slow."""
        kept_up = True
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send_forever())
                await self._do_all_it_says()
                sender.cancel()
        except* SlowTab:
            log.info("a tab was closed: it took nothing for %g s", self._surface.patience)
            kept_up = False
        except* ConnectionError:
            pass  # it went away while something was sent
        finally:
            self._leave()
        return kept_up

    async def close(self) -> None:
        """The daemon stops; the tab will come back by itself."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    # --- in

    async def _do_all_it_says(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                saying = parse(message.data)
            except Garbled as error:
                log.warning("a tab was closed: what it said makes no sense (%s)", error)
                await self._socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"old page: reload")
                return
            await self._do(saying)

    async def _do(self, saying: Saying) -> None:
        desk = self._surface.desk()
        if desk is None:
            await self.screen.answer({"op": "stopping"})
            return
        match saying:
            case Act():
                await self._act(saying, desk)
            case Watch():
                await self._watch(saying, desk)
            case Listed():
                await self._list(saying, desk)
            case Older() | Asking():
                await self._tell(saying, desk)

    async def _act(self, act: Act, desk: Desk) -> None:
        answer = await desk.handle(act)
        if answer is None:
            await self.screen.answer({"op": "stopping"})
        elif answer.trouble:
            await self.screen.answer({"op": "trouble", "id": act.id, "text": answer.trouble})
        else:
            reply = drawn_reply(answer.reply) if answer.reply else None
            await self.screen.answer({"op": "done", "id": act.id, "reply": reply})

    async def _list(self, listed: Listed, desk: Desk) -> None:
        self.screen.listed = listed
        try:
            await self._surface.lists.push(desk, [self.screen])
        except Problem as problem:
            await self.screen.answer({"op": "problem", "text": str(problem)})

    async def _tell(self, saying: Older | Asking, desk: Desk) -> None:
        try:
            told = await self._look(saying, desk)
        except Problem as problem:
            told = {"error": str(problem)}
        await self.screen.answer({"op": "told", "number": saying.number, **told})

    async def _look(self, saying: Older | Asking, desk: Desk) -> dict[str, Any]:
        match saying:
            case Older():
                view = await desk.look(History(saying.session, before=saying.before, limit=OPENED))
                items = [item.since_nothing(self._surface.files) for item in items_of(view.items)]
                return {"items": items, "more": view.more}
            case Asking(what="choices"):
                return drawn_choices(await desk.look(NewChatChoices()))
            case Asking():
                commands = await desk.look(CommandMenu(saying.session or None))
                return {"commands": [codec.plain(command) for command in commands]}

    # --- watching

    async def _watch(self, watch: Watch, desk: Desk) -> None:
        self._leave()
        if not watch.session:
            return
        session = self._session = self._surface.sessions.join(watch.session, self.screen)
        self.screen.begin(session)
        try:
            await session.load(desk)
            missed = await self._missed(watch, desk)
        except Problem as problem:
            self._leave()
            is_gone = isinstance(problem, UserError)
            told = {"op": "gone", "session": watch.session, "text": str(problem), "for_good": is_gone}
            await self.screen.answer(told)
            return
        if missed is None:
            self.screen.opened(session.newest(), reset=True)
        else:
            self.screen.opened(self._as_watched(missed, session), reset=False)

    async def _missed(self, watch: Watch, desk: Desk) -> HistoryView | None:
        """What changed since the tab's cursor; None: too much, or the cursor is of another life."""
        if watch.boot != self._surface.boot or not watch.rev:
            return None
        view = await desk.look(History(watch.session, after=watch.rev, limit=OPENED))
        return None if view.more else view

    def _as_watched(self, missed: HistoryView, session: WatchedSession) -> list[ShownItem]:
        """The live items where there are, so that what follows continues them."""
        return [session.known(item.key) or item for item in items_of(missed.items)]

    def _leave(self) -> None:
        if self._session is not None:
            self._surface.sessions.leave(self._session, self.screen)
            self._session = None
        self.screen.begin(None)

    # --- out

    async def _send_forever(self) -> None:
        await self._send(as_text({"op": "welcome", "boot": self._surface.boot, "longest": MESSAGE_LIMIT}))
        while True:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self.screen.wait()
            except TimeoutError:
                await self._send('{"op":"beat"}')
                continue
            await self._send_what_changed()
            if self.screen.grew:  # the first words go at once, what follows gathers
                await asyncio.sleep(FRAME_SECONDS)

    async def _send_what_changed(self) -> None:
        for frame in self.screen.short_frames():
            await self._send(frame)
        await self._send_head()
        while (items := self.screen.items_frame()) is not None:
            await self._send(items)
            if self.screen.has_everything:
                return
            await asyncio.sleep(0)  # a long conversation is rendered part by part, others come between

    async def _send_head(self) -> None:
        desk = self._surface.desk()
        id = self.screen.take_head()
        if desk is None or id is None:
            return
        try:
            view = await desk.look(OneSession(id))
        except UserError as problem:
            await self._send(as_text({"op": "gone", "session": id, "text": str(problem), "for_good": True}))
        except Problem as problem:
            log.warning("a session's head cannot be read: %s", problem)
        else:
            await self._send(as_text({"op": "head", **drawn_view(view)}))

    async def _send(self, frame: str) -> None:
        try:
            async with asyncio.timeout(self._surface.patience):
                await self._socket.send_str(frame)
        except TimeoutError as error:
            raise SlowTab from error
