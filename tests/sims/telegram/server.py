"""The server on loopback: the Bot API's addresses, answers, flood control and faults."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.sims.telegram import methods
from tests.sims.telegram.faults import CUT_BEFORE, Fault, Faults
from tests.sims.telegram.methods.access import find_chat
from tests.sims.telegram.methods.registry import METHODS, Cost, Method
from tests.sims.telegram.params import Params, Upload
from tests.sims.telegram.people import People
from tests.sims.telegram.refusals import Refusal, flooded
from tests.sims.telegram.world import Call, Json

assert methods, "importing them registers them"
PROXY_PAGE = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx</body>\n</html>"
FIRST_RETRY, LONGEST_RETRY = 0.1, 2.0  # seconds between deliveries to a webhook that fails


class Telegram(People):
    """The Bot API for one bot on a port of its own. `url` is the API's base, `token` the bot's."""

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        super().__init__(**settings)
        self.port = port
        self.faults = Faults()
        self.delivered: list[Json] = []  # what the webhook took
        self._proxies: dict[str, str] = {}
        self._delay = 0.0
        self._stack = AsyncExitStack()
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * self.most_upload)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A poll ends with its connection, as at Telegram; other calls have done their work before they wait.
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await self.up()
        self._webhook_client = await self._stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._deliverer = tasks.create_task(self._deliver())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self.updates.wake_poll()
        self._deliverer.cancel()
        await self._stack.aclose()
        assert self._runner is not None
        await self._runner.cleanup()

    # --- trouble ---------------------------------------------------------------------------------

    def fail(self, method: str, n: int = 1, how: Fault = CUT_BEFORE) -> None:
        """The next `n` calls of a method (`*`: of any but getUpdates) go wrong."""
        self.faults.add(method, n, how)

    def slow(self, seconds: float) -> None:
        """Every answer takes so much longer from now on."""
        self._delay = seconds

    async def down(self) -> None:
        """Connections are cut and refused."""
        assert self._runner is not None and self._runner.server is not None
        if self._site is not None:
            await self._site.stop()
            self._site = None
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def up(self) -> None:
        """Listening, on the same port as before."""
        assert self._runner is not None
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
            await self._site.start()
            self.port = int(self._runner.addresses[0][1])

    # --- one request -----------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        kind, _, rest = request.path.lstrip("/").partition("/")
        if kind == "file":
            return self._serve_file(rest)
        if not kind.startswith("bot") or not rest or "/" in rest:
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        if kind != f"bot{self.token}":
            return _json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        return await self._serve_method(request, rest)

    def _serve_file(self, rest: str) -> web.StreamResponse:
        token, _, path = rest.partition("/")
        file = next((file for file in self.files.values() if file.path == path), None)
        if token != f"bot{self.token}" or file is None:
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return web.Response(body=file.data, content_type="application/octet-stream")

    async def _serve_method(self, request: web.Request, name: str) -> web.StreamResponse:
        p = await _params(request)
        fault = self.faults.take(name)
        if fault is None or fault.handled:
            status, body = await self.call(name, p)
        else:
            status, body = fault.status, _fault_body(fault)
            self._note(name, p, status, body)
        await self._pause((fault.hang if fault else 0.0) + self._delay)
        if fault is not None and fault.status == 0:
            return _cut(request)
        if fault is not None and fault.page:
            return web.Response(status=fault.status, text=PROXY_PAGE, content_type="text/html")
        return _json(status, body)

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass  # the pause is over

    async def call(self, name: str, p: Params) -> tuple[int, Json]:
        """One call of the Bot API: status and body."""
        try:
            found = self._method(name, p)
            self._check_pace(found, p)
            result = found.handle(self, p)
            body: Json = {"ok": True, "result": await result if inspect.isawaitable(result) else result}
            status = 200
        except Refusal as refusal:
            status, body = refusal.code, refusal.body()
        self._note(name, p, status, body)
        return status, body

    def _method(self, name: str, p: Params) -> Method:
        found = METHODS.get(name.lower())
        if found is None:
            self.odd(f"unknown method: {name}")
            raise Refusal(404, "Not Found: method not found")
        for parameter in p.raw.keys() - found.parameters:
            self.odd(f"unknown parameter of {found.name}: {parameter}")
        return found

    def _check_pace(self, found: Method, p: Params) -> None:
        chat = find_chat(self, p.text("chat_id"))
        if found.cost is Cost.FREE or chat is None:
            return
        media = p.value("media", "media")
        wait = self.limits.admit(
            chat.id,
            private=chat.kind == "private",
            draft=found.cost is Cost.DRAFT,
            cost=len(media) if isinstance(media, list) else 1,
        )
        if wait:
            raise flooded(wait)

    def _note(self, name: str, p: Params, status: int, body: Mapping[str, Any]) -> None:
        found = METHODS.get(name.lower())
        retry_after = int(body.get("parameters", {}).get("retry_after", 0))
        self.calls.append(
            Call(time.time(), found.name if found else name, p.seen(), status, body.get("description", ""), retry_after)
        )
        self.changed()

    # --- webhook ---------------------------------------------------------------------------------

    def proxy(self, public: str, local: str) -> None:
        """A proxy that speaks TLS at `public`, and hands requests, path and all, on to `local`."""
        self._proxies[public] = local

    def _door(self) -> str:
        """Where updates arrive in the end."""
        url = str(self.webhook["url"])
        return next((local + url.removeprefix(at) for at, local in self._proxies.items() if url.startswith(at)), url)

    async def _deliver(self) -> None:
        """Updates one by one to the webhook, each until it is taken."""
        pause = FIRST_RETRY
        while True:
            if not self.webhook["url"] or not self.updates.waiting:
                self.updates.arrived.clear()
                await self.updates.arrived.wait()
                continue
            update = self.updates.waiting[0]
            if await self._delivered(update):
                self.delivered.append(update)
                self.updates.confirm(update["update_id"] + 1)
                pause = FIRST_RETRY
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY)

    async def _delivered(self, update: Json) -> bool:
        secret = self.webhook.get("secret")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            async with self._webhook_client.post(self._door(), json=update, headers=headers) as answer:
                reply = await answer.text()
                if not 200 <= answer.status < 300:
                    self._note_failure(f"Wrong response from the webhook: {answer.status} {answer.reason}")
                    return False
        except (ClientError, TimeoutError) as error:
            self._note_failure(f"Connection failed: {error}")
            return False
        await self._call_in_reply(reply)
        return True

    def _note_failure(self, words: str) -> None:
        self.webhook |= {"last_error_date": int(time.time()), "last_error_message": words}
        self.changed()

    async def _call_in_reply(self, reply: str) -> None:
        """The answer to an update may hold one method call."""
        try:
            call = json.loads(reply)
        except ValueError:
            return
        if isinstance(call, dict) and "method" in call:
            await self.call(str(call.pop("method")), Params(_strings(call)))


async def _params(request: web.Request) -> Params:
    raw = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json" and request.can_read_body:
        raw |= _strings(await request.json())
    elif request.can_read_body:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:  # whoever cuts the connection leaves nothing open
                    uploads[name] = Upload(value.filename, value.content_type, file.read())
            elif isinstance(value, str):
                raw[name] = value
    return Params(raw, uploads)


def _strings(values: Json) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _fault_body(fault: Fault) -> Json:
    return Refusal(
        fault.status, fault.description, **({"retry_after": fault.retry_after} if fault.retry_after else {})
    ).body()


def _json(status: int, body: Json) -> web.Response:
    return web.json_response(body, status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
