"""The gateway: connections that identify or resume, beat, and are closed with Discord's codes for what they break."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from tests.sims.discord.compression import Pack, packer
from tests.sims.discord.realm import Realm
from tests.sims.discord.sessions import ALL_INTENTS, PRIVILEGED, Event, Session
from tests.sims.discord.wire import guild_create_json, member_json, user_json
from tests.sims.discord.world import Json

LONGEST = 4096  # bytes of a payload from a client
IDENTIFIES_A_DAY = 1000
ENDS_SESSION = (1000, 1001)  # close codes of a client that will not resume


class Gateway:
    """All connections to one realm."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self.connections: list[Connection] = []
        self.identified: list[float] = []
        self.resumed = 0
        self.closed: list[int] = []  # the codes with which connections were closed from here
        self.mute = False  # it greets and heeds heartbeats, and who identifies or resumes waits for ever
        self.unanswered = 0  # so many did
        self.late = 0.0  # seconds between two payloads, so that REST answers first
        self.cuts = 0  # so many who identify or resume are cut off before it begins

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection until it ends."""
        ws = web.WebSocketResponse(timeout=1.0, compress=False)
        await ws.prepare(request)
        connection = Connection(self, request, ws)
        self.connections.append(connection)
        self.realm.changed()
        try:
            await connection.run()
        finally:
            self.connections.remove(connection)
            self.realm.changed()
        return ws

    # --- on demand -------------------------------------------------------------------------------

    def drop(self) -> None:
        """All connections are cut; their sessions can be resumed."""
        for connection in list(self.connections):
            connection.cut()

    def close(self, code: int = 4000) -> None:
        """All connections are closed with a code."""
        for connection in list(self.connections):
            connection.close(code)

    def ask_to_reconnect(self) -> None:
        """Opcode 7."""
        for connection in self.connections:
            connection.send({"op": 7, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Opcode 9; unless `resumable` the sessions are gone."""
        for connection in self.connections:
            if not resumable and connection.session:
                self.forget(connection.session)
            connection.send({"op": 9, "d": resumable})

    def forget_sessions(self) -> None:
        """Whoever comes to resume is told to identify."""
        for session in list(self.realm.sessions):
            self.forget(session)

    # --- sessions --------------------------------------------------------------------------------

    def forget(self, session: Session) -> None:
        if session in self.realm.sessions:
            self.realm.sessions.remove(session)

    def may_identify(self) -> bool:
        """One at a time, so many a day."""
        now = time.monotonic()
        last = self.identified[-1] if self.identified else float("-inf")
        if now < last + self.realm.identify_seconds or len(self.identified) >= IDENTIFIES_A_DAY:
            return False
        self.identified.append(now)
        return True


class Connection:
    """One socket. Everything to the client goes through one queue, in order."""

    def __init__(self, gateway: Gateway, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.gateway = gateway
        self.realm = gateway.realm
        self.session: Session | None = None
        self._request = request
        self._ws = ws
        self._out: asyncio.Queue[Json | int] = asyncio.Queue()
        self._beat = time.monotonic()
        self._received: deque[float] = deque()
        self._closing = False

    async def run(self) -> None:
        """Until either side closes it."""
        pack = self._agreed()
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(pack))
            watch = tasks.create_task(self._watch())
            try:
                await self._read()
            finally:
                writer.cancel()
                watch.cancel()
                self._leave()

    def send(self, payload: Json) -> None:
        self._out.put_nowait(payload)

    def close(self, code: int) -> None:
        self._closing = True
        self.gateway.closed.append(code)
        self._out.put_nowait(code)

    def cut(self) -> None:
        """Without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def _agreed(self) -> Pack | None:
        query = self._request.query
        for name in sorted(set(query) - {"v", "encoding", "compress"}):
            self.realm.odd(f"gateway: unknown parameter {name}")
        if query.get("v") != "10" or query.get("encoding", "json") != "json":
            self.close(4012)
            return None
        try:
            pack = packer(query.get("compress", ""))
        except LookupError as error:
            self.realm.odd(f"gateway: cannot compress as {error}")
            self.close(4002)
            return None
        self.send({"op": 10, "d": {"heartbeat_interval": int(self.realm.heartbeat_seconds * 1000), "_trace": []}})
        return pack

    async def _write(self, pack: Pack | None) -> None:
        try:
            while not isinstance(payload := await self._out.get(), int):
                if self.gateway.late:
                    await asyncio.sleep(self.gateway.late)
                text = json.dumps({"t": None, "s": None, **payload}, ensure_ascii=False)
                if pack is None:
                    await self._ws.send_str(text)
                else:
                    await self._ws.send_bytes(pack(text.encode()))
            await self._ws.close(code=payload)
        except ConnectionError:
            pass  # the client is gone; the reader sees it too

    async def _watch(self) -> None:
        """Discord waits somewhat longer than the interval for a heartbeat."""
        patience = 1.5 * self.realm.heartbeat_seconds
        left = patience
        while left > 0:
            await asyncio.sleep(left)
            left = self._beat + patience - time.monotonic()
        self.close(4009)

    async def _read(self) -> None:
        async for message in self._ws:
            if self._closing:
                continue  # what still comes meets a closed door
            if message.type is not WSMsgType.TEXT:
                self.close(4002)
            elif (code := self._take(message.data)) != 0:
                self.close(code)

    def _leave(self) -> None:
        if self.session is not None:
            if self.session.send == self.send:
                self.session.send = None
            if self._ws.close_code in ENDS_SESSION and not self._closing:  # the client's own word
                self.gateway.forget(self.session)

    # --- one payload -----------------------------------------------------------------------------

    def _take(self, text: str) -> int:
        """The close code that it deserves, 0 for none."""
        now = time.monotonic()
        self._received.append(now)
        while self._received[0] <= now - 60:
            self._received.popleft()
        if len(self._received) > self.realm.most_payloads:
            return 4008
        if len(text.encode()) > LONGEST:
            return 4002
        try:
            payload = json.loads(text)
        except ValueError:
            return 4002
        if not isinstance(payload, dict) or "op" not in payload or "d" not in payload:
            return 4002
        return self._obey(payload["op"], payload["d"])

    def _obey(self, op: object, data: Any) -> int:
        match op:
            case 1:
                self._beat = time.monotonic()
                self.send({"op": 11, "d": None})
                return 0
            case 2 | 6 if self.gateway.mute:
                self.gateway.unanswered += 1
                return 0
            case 2:
                return self._identify(data)
            case 6:
                return self._resume(data)
            case 3 | 4 | 8 | 31 if self.session is None:
                return 4003
            case 3 | 4 | 31:
                return 0
            case 8:
                return self._members(data)
            case _:
                return 4001

    def _identify(self, data: Any) -> int:
        if self.session is not None:
            return 4005
        if not isinstance(data, dict) or not isinstance(data.get("properties"), dict):
            return 4002
        if data.get("token") != self.realm.token:
            return 4004
        if data.get("shard", [0, 1]) != [0, 1]:
            return 4010
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            return 4013
        if intents & PRIVILEGED & ~self.realm.privileged:
            return 4014
        if not self.gateway.may_identify():
            self.send({"op": 9, "d": False})
            return 0
        if not self._is_cut_off():
            self._begin(Session(intents))
        return 0

    def _begin(self, session: Session) -> None:
        realm = self.realm
        session.send, self.session = self.send, session
        guilds = [guild for guild in realm.guilds.values() if realm.knows(guild)]
        ready: Json = {
            "v": 10, "user": user_json(realm.bot) | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds], "session_id": session.id,
            "session_type": "normal", "resume_gateway_url": realm.base.replace("http", "ws", 1), "shard": [0, 1],
            "application": {"id": str(realm.bot.id), "flags": 0}, "private_channels": [], "relationships": [],
            "user_settings": {}, "_trace": [],
        }  # fmt: skip
        realm.sessions.append(session)
        session.hear(Event("READY", ready))
        for guild in (one for one in guilds if not one.away):
            session.hear(Event("GUILD_CREATE", guild_create_json(guild, realm.bot)))
        realm.changed()

    def _resume(self, data: Any) -> int:
        if self.session is not None:
            return 4005
        if not isinstance(data, dict) or not isinstance(data.get("seq"), int):
            return 4002
        if data.get("token") != self.realm.token:
            return 4004
        session = next((one for one in self.realm.sessions if one.id == data.get("session_id")), None)
        if session is None or not session.can_replay(data["seq"]):
            if session is not None and data["seq"] > session.seq:
                return 4007
            self.send({"op": 9, "d": False})
            return 0
        if self._is_cut_off():
            return 0
        session.send, self.session = self.send, session
        self.gateway.resumed += 1
        session.replay(data["seq"])
        self.realm.changed()
        return 0

    def _is_cut_off(self) -> bool:
        if self.gateway.cuts:
            self.gateway.cuts -= 1
            self.cut()
            return True
        return False

    def _members(self, data: Any) -> int:
        guild = self.realm.guilds.get(int(data.get("guild_id", 0))) if isinstance(data, dict) else None
        if guild is None or self.session is None:
            return 4002
        wanted = {int(user) for user in data.get("user_ids", ())}
        members = [one for one in guild.members.values() if not wanted or one.user.id in wanted]
        chunk: Json = {
            "guild_id": str(guild.id), "members": [member_json(one) for one in members], "chunk_index": 0,
            "chunk_count": 1, "not_found": [], "presences": [],
        }  # fmt: skip
        self.session.hear(Event("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if "nonce" in data else {})))
        return 0
