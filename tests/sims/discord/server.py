"""The server on loopback: addresses, answers, rate limits and faults of the API, its files and its gateway."""

from __future__ import annotations

import asyncio
import json
import re
import time
import traceback
from typing import Any, Self

from aiohttp import BodyPartReader, web

from tests.sims.discord import routes
from tests.sims.discord.buckets import Admission
from tests.sims.discord.checks import UNKNOWN_FIELD
from tests.sims.discord.contents import Upload
from tests.sims.discord.faults import CUT_BEFORE, Fault, Faults
from tests.sims.discord.gateway import Gateway
from tests.sims.discord.people import People
from tests.sims.discord.refusals import Problems, Refusal, not_found, unauthorized
from tests.sims.discord.routes.channels import SlowDown
from tests.sims.discord.routes.registry import Ask, Route, find
from tests.sims.discord.world import Call, Json

assert routes, "importing them registers them"
ROOT = "/api/v10"
MOST_BODY = 110 * 1024 * 1024
PROXY_PAGE = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>cloudflare</body>\n</html>"
LATIN_PAGE = "<html><body>Zugriff für Sie gesperrt</body></html>".encode("latin-1")
NO_FAULT = Fault(-1, handled=True)
Outcome = tuple[int, Any, dict[str, str]]  # status, body, headers
FILE_FIELD = re.compile(r"^files\[(\d+)\]$")


class Discord(People):
    """REST and gateway for one bot on a port of its own. `url` is the API's base, `token` the bot's."""

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        super().__init__(**settings)
        self.port = port
        self.faults = Faults()
        self.gateway = Gateway(self)
        self.rest_away = self.gateway_away = False  # connections are cut; the other one goes on
        self._delay = 0.0
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        return f"{self.base}{ROOT}"

    @property
    def gateway_url(self) -> str:
        return self.base.replace("http", "ws", 1)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MOST_BODY)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gateway.drop()
        assert self._runner is not None
        await self._runner.cleanup()

    # --- trouble ---------------------------------------------------------------------------------

    def fail(self, name: str, n: int = 1, how: Fault = CUT_BEFORE) -> None:
        """The next `n` calls of a route (`create_message`; `*`: of any) go wrong."""
        self.faults.add(name, n, how)

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
            self.base = f"http://127.0.0.1:{self.port}"

    # --- one request -----------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return _cut(request) if self.gateway_away else await self.gateway.serve(request)
        if request.path.startswith("/attachments/"):
            return self._serve_file(request)
        if self.rest_away:
            return _cut(request)
        path = request.rel_url.raw_path
        found = find(request.method, path.removeprefix(ROOT)) if path.startswith(ROOT) else None
        if found is None:
            self.odd(f"{request.method} {path}: no such route")
            self._note("?", request.method, path, None, 404, {"message": "404: Not Found"}, time.time())
            return _json(404, not_found().body())
        return await self._serve_route(request, *found)

    def _serve_file(self, request: web.Request) -> web.StreamResponse:
        """Only by the whole address, which holds a secret."""
        parts = request.path.split("/")
        _, file = self.files.get(int(parts[3]) if len(parts) > 3 and parts[3].isdigit() else 0, (None, None))
        if file is None or not file.url.endswith(request.path_qs):
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, headers={"Content-Type": file.mime})

    async def _serve_route(self, request: web.Request, known: Route, path: dict[str, str]) -> web.StreamResponse:
        began = time.time()
        body, uploads = await self._body(request)
        fault = self.faults.take(known.name) or NO_FAULT
        status, answer, headers = self._outcome(request, known, Ask(path, request.query, body, uploads), fault)
        await asyncio.sleep(fault.hang + self._delay)
        self._note(known.name, known.method, request.path_qs.removeprefix(ROOT), body, status, answer, began)
        if status == 0:
            return _cut(request)
        if fault.latin:
            return web.Response(status=status, body=LATIN_PAGE, headers={"Content-Type": "text/html"})
        if self.buckets.banned or fault.page:
            return web.Response(status=status, text=PROXY_PAGE, content_type="text/html")
        return _json(status, answer, headers)

    def _outcome(self, request: web.Request, known: Route, ask: Ask, fault: Fault) -> Outcome:
        """What is answered; a fault may come before the work or after it."""
        outcome: Outcome = fault.status, {"message": fault.message, "code": fault.code}, {}
        if fault.handled:
            outcome = self._answer(request, known, ask)
        if fault.retry_after:
            return self._flooded(Admission({}, fault.retry_after, fault.scope), fault.code)
        return outcome if fault.status < 0 else (fault.status, *outcome[1:])

    def _answer(self, request: web.Request, known: Route, ask: Ask) -> Outcome:
        """Limits, the token, the shape of the call, and then what it asks for."""
        if self.buckets.banned:
            return 429, {"message": "banned"}, {}
        if not known.open and request.headers.get("Authorization") != f"Bot {self.token}":
            return self._refused(unauthorized(), {})
        # "Rate Limits": neither interaction endpoints nor calls without the bot's token are bound to its global limit
        overall = "Authorization" in request.headers and not known.template.startswith("/interactions")
        admission = self.buckets.admit(
            known.template + known.method, known.bucket, known.major(ask.path), overall=overall
        )
        if admission.wait:
            return self._flooded(admission)
        try:
            self._check_shape(known, ask)
            answer = known.handle(self, ask)
        except SlowDown as slow:
            return self._flooded(Admission(admission.headers, slow.seconds))
        except Refusal as refusal:
            return self._refused(refusal, admission.headers)
        except Exception as error:  # noqa: BLE001 - a bug of the simulator's own must be seen, not tried again
            self.odd(f"{known.name}: {error!r}\n{traceback.format_exc()}")
            return 500, {"message": "500: Internal Server Error", "code": 0}, {}
        return (204 if answer is None else known.status), answer, admission.headers

    def _check_shape(self, known: Route, ask: Ask) -> None:
        problems = Problems()
        for name in sorted(set(ask.query) - known.query):
            problems.add((name,), UNKNOWN_FIELD, f"{name} is not known here")
        if known.lists:
            if not isinstance(ask.body, list):
                problems.add((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        elif ask.body is not None and not isinstance(ask.body, dict):
            problems.add((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        else:
            for name in sorted(set(ask.body or ()) - known.fields):
                problems.add((name,), UNKNOWN_FIELD, f"{name} is not known here")
        problems.check()
        if known.fields and ask.body is None:
            raise Refusal(400, 50109, "The request body contains invalid JSON.")

    def _refused(self, refusal: Refusal, headers: dict[str, str]) -> Outcome:
        if refusal.status in (401, 403, 429):
            self.buckets.count_invalid()
        if UNKNOWN_FIELD in json.dumps(refusal.body()):
            self.odd(json.dumps(refusal.body()["errors"]))
        return refusal.status, refusal.body(), headers | ({"Via": "1.1 google"} if refusal.status == 429 else {})

    def _flooded(self, admission: Admission, code: int = 0) -> Outcome:
        if admission.scope != "shared":
            self.buckets.count_invalid()
        globally = admission.scope == "global"
        headers = admission.headers | {
            "Retry-After": str(int(admission.wait) + 1),
            "X-RateLimit-Scope": admission.scope,
            "Via": "1.1 google",
        }
        if globally:
            headers["X-RateLimit-Global"] = "true"
        body = {"message": "You are being rate limited.", "retry_after": round(admission.wait, 3), "global": globally}
        body |= {"code": code} if code else {}
        return 429, body, headers

    async def _body(self, request: web.Request) -> tuple[Any, dict[int, Upload]]:
        """JSON, or a multipart body with payload_json and files."""
        if not request.can_read_body:
            return None, {}
        if request.content_type != "multipart/form-data":
            return _parsed(await request.text()), {}
        body: Any = {}
        uploads: dict[int, Upload] = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "payload_json":
                body = _parsed(await part.text())
            elif field := FILE_FIELD.match(part.name or ""):
                uploads[int(field[1])] = Upload(part.filename or "unknown", bytes(await part.read()))
            else:
                self.odd(f"{request.path}: unknown part {part.name}")
        return body, uploads

    def _note(self, name: str, method: str, path: str, body: Any, status: int, answer: Any, began: float) -> None:
        told: Json = answer if isinstance(answer, dict) and status >= 400 else {}
        words = str(told.get("message", ""))
        if "errors" in told:
            words += f" {json.dumps(told['errors'])}"
        wait = float(told.get("retry_after", 0.0))
        code = int(told.get("code", 0))
        self.calls.append(Call(began, name, method, path, body, status, code, words, wait, time.time() - began))
        self.changed()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    """The type is exactly `application/json`: discord.py reads nothing else."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    text = json.dumps(body).encode()
    return web.Response(status=status, body=text, headers={"Content-Type": "application/json", **(headers or {})})


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
