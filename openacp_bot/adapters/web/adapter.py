"""The page as a chat adapter: what is mounted, who is let in, and what tabs share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from openacp_bot.adapters.web.assets import Assets
from openacp_bot.adapters.web.desk import Desk
from openacp_bot.adapters.web.entry import Entry, is_foreign, unready
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.listing import SessionLists
from openacp_bot.adapters.web.screen import TabScreen
from openacp_bot.adapters.web.tab import Surface, Tab
from openacp_bot.adapters.web.watched import HEADLINES, WatchedSessions
from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Said
from openacp_bot.core.model import FileRef, Place
from openacp_bot.core.ports import Hub
from openacp_bot.http import HttpServer

log = logging.getLogger(__name__)

LONGEST_SAYING = 4 * 1024 * 1024  # bytes; the hub refuses what is too long for a prompt with a sentence
GOODBYE_SECONDS = 1.0


class WebAdapter:
    """Serves the page on `server`. `boot` names this run of the daemon: a tab's cursor is good within one only.

    `patience`: seconds after which a tab that takes nothing is closed."""

    def __init__(self, server: HttpServer, key: str, boot: str, *, patience: float = 10.0) -> None:
        self._server = server
        self._entry = Entry(key, secure=server.secure)
        self._key = key
        self._assets = Assets()
        self._files = SignedFiles(key)
        self._desk: Desk | None = None
        self._has_listened = False
        self._tabs: set[Tab] = set()
        self._sessions = WatchedSessions()
        self._lists = SessionLists(self._sidebars)
        self._surface = Surface(
            boot=boot,
            desk=lambda: self._desk,
            sessions=self._sessions,
            lists=self._lists,
            files=self._files,
            patience=patience,
        )
        self._mount()

    @property
    def name(self) -> str:
        return "web"

    @property
    def status(self) -> str:
        return f"up at {self._server.url}"

    async def caught_up(self) -> None:
        """A page sends what was not taken once more, as something new."""

    @property
    def url(self) -> str:
        """The address that lets a browser in."""
        return f"{self._server.url}/?key={self._key}"

    def _mount(self) -> None:
        self._server.mount("GET", "/", self._page)
        self._server.mount("GET", "/ws", self._websocket)
        self._server.mount("GET", "/file", self._file)
        self._server.mount("GET", "/static/{name}", self._static)
        self._server.mount("GET", "/favicon.ico", self._favicon)

    # --- the port

    async def listen(self, hub: Hub) -> None:
        """Takes requests and actions until cancelled; before and after, requests are answered 503."""
        async with asyncio.TaskGroup() as tasks:
            self._desk = Desk(hub, tasks)
            self._has_listened = True
            try:
                await self._lists.push_forever(self._desk)
            finally:
                self._desk = None

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        """Open tabs are shown what happens until this is left; then they are told to come back."""
        try:
            yield
        finally:
            await self._close_tabs()

    def show(self, place: Place | None, said: Said) -> None:
        try:
            self._sessions.show(said)
            if isinstance(said.event, HEADLINES):
                self._lists.changed()
        except Exception:  # the port's promise: a bug in a screen never reaches a session
            log.exception("an event could not be shown on the page")

    def hurry(self) -> None:
        """Tabs never get more than GOODBYE_SECONDS."""

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        raise UserError("Files cannot be sent from the page yet. Put the file into the workspace and name its path.")

    async def _close_tabs(self) -> None:
        try:
            async with asyncio.timeout(GOODBYE_SECONDS), asyncio.TaskGroup() as tasks:
                for tab in self._tabs:
                    tasks.create_task(tab.close())
        except TimeoutError:
            pass  # who does not say goodbye is cut off with the server

    def _sidebars(self) -> list[TabScreen]:
        return [tab.screen for tab in self._tabs]

    # --- requests

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if (closed := self._closed()) is not None:
            return closed
        self._entry.admit(request)
        return self._assets.respond(request, "index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._assets.respond(request, request.match_info["name"])

    async def _favicon(self, request: web.Request) -> web.StreamResponse:
        return self._assets.respond(request, "icon.svg")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if (closed := self._closed()) is not None:
            return closed
        self._require_cookie(request)
        return await self._files.serve(request)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if is_foreign(request):
            log.warning("a WebSocket from %.100r was refused", request.headers.get("Origin", ""))
            raise web.HTTPForbidden(text="This page may not connect here.\n")
        self._require_cookie(request)
        if (closed := self._closed()) is not None:
            return closed
        # Compression costs more on loopback than it saves.
        socket = web.WebSocketResponse(heartbeat=30, timeout=2, compress=False, max_msg_size=LONGEST_SAYING)
        await socket.prepare(request)
        await self._run_tab(request, socket)
        return socket

    async def _run_tab(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        tab = Tab(socket, self._surface)
        self._tabs.add(tab)
        try:
            kept_up = await tab.run()
        finally:
            self._tabs.discard(tab)
        if not kept_up and request.transport is not None:
            request.transport.abort()  # a closing handshake would wait behind all that it did not take

    def _require_cookie(self, request: web.Request) -> None:
        if not self._entry.is_known(request):
            raise web.HTTPUnauthorized(text="Open the page with its key first: openacp-bot open\n")

    def _closed(self) -> web.Response | None:
        if self._desk is not None:
            return None
        return unready("openacp-bot is stopping" if self._has_listened else "openacp-bot is starting")
