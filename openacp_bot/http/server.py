"""The one aiohttp server: others mount handlers on it, before or after it listens."""

from __future__ import annotations

import errno
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from aiohttp import web

from openacp_bot.core.errors import UserError
from openacp_bot.http.guard import add_security_headers, host_name, is_loopback

log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

GOODBYE_SECONDS = 1.0  # how long open requests may finish when the server stops


class HttpServer:
    """`mount` what it serves, then `async with server.listening()`.

    Loopback is served plainly; any other address needs TLS files, or `insecure` by the operator's own word."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: tuple[Path, Path] | None = None,
        insecure: bool = False,
        max_body: int = 1024 * 1024,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._tls = tls
        self._insecure = insecure
        self._max_body = max_body
        self._routes: list[tuple[str, tuple[str, ...], Handler]] = []
        self._port: int | None = None

    @property
    def port(self) -> int:
        """The port it listens on (the wanted one before it does)."""
        return self._wanted_port if self._port is None else self._port

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it; ends without a slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._host, self._host)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._tls is not None

    def mount(self, method: str, path: str, handler: Handler) -> None:
        """Serve `path`, whose parts in braces (`/hooks/{name}`) match one segment and land in `request.match_info`.

        A later mount of the same method and path replaces the earlier."""
        parts = _parts(path)
        self._routes = [route for route in self._routes if route[:2] != (method, parts)]
        self._routes.append((method, parts, handler))

    def mount_health(self, ready: Callable[[], str]) -> None:
        """`/healthz`: alive. `/readyz`: 200, or 503 with the sentence that `ready` returns while it is not."""

        async def alive(request: web.Request) -> web.Response:
            return web.json_response({"alive": True})

        async def readiness(request: web.Request) -> web.Response:
            reason = ready()
            return web.json_response({"ready": not reason, "reason": reason}, status=503 if reason else 200)

        self.mount("GET", "/healthz", alive)
        self.mount("GET", "/readyz", readiness)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serves while inside. Raises UserError if the address cannot be had."""
        self._refuse_open_door()
        context = _tls_context(self._tls)
        # The application's own router freezes at the start; ours takes mounts at any time.
        app = web.Application(client_max_size=self._max_body)
        app.router.add_route("*", "/{path:.*}", self._serve)
        app.on_response_prepare.append(add_security_headers)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_SECONDS)
        await runner.setup()
        try:
            await self._bind(runner, context)
            yield
        finally:
            await runner.cleanup()
            self._port = None

    def _refuse_open_door(self) -> None:
        if is_loopback(self._host) or self._tls or self._insecure:
            return
        raise UserError(
            f"web.host is {self._host}, which other machines can reach, and the connection would be readable on the "
            "way. Set web.tls_cert and web.tls_key, or web.insecure: true if something else protects it."
        )

    async def _bind(self, runner: web.AppRunner, context: ssl.SSLContext | None) -> None:
        site = web.TCPSite(runner, self._host, self._wanted_port, ssl_context=context)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise UserError(self._why_not(error)) from error
        self._port = int(runner.addresses[0][1])

    def _why_not(self, error: OSError | OverflowError) -> str:
        where = f"{self._host}:{self._wanted_port}"
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            return f"Port {self._wanted_port} is taken by another program. Set web.port to another one, or 0 for any."
        if number in (errno.EACCES, errno.EPERM):
            return f"This user may not listen on {where}. Set web.port to one above 1023."
        return f"Cannot listen on {where}: {getattr(error, 'strerror', None) or error}. Check web.host and web.port."

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if not self._knows_host(request.headers.get("Host", "")):
            log.warning("a request for the foreign host name %.100r was refused", request.headers.get("Host", ""))
            raise web.HTTPMisdirectedRequest(text="This server does not answer to that host name.\n")
        # Refused by its announced length before a byte is read; what announces none is cut off while it is read.
        if (request.content_length or 0) > self._max_body:
            raise web.HTTPRequestEntityTooLarge(self._max_body, request.content_length or 0)
        return await self._handler(request)(request)

    def _knows_host(self, header: str) -> bool:
        name = host_name(header)
        if self._tls or self._insecure:
            return bool(name)
        return is_loopback(name) or name == self._host.lower()

    def _handler(self, request: web.Request) -> Handler:
        asked = _parts(request.path)
        allowed: set[str] = set()
        for method, parts, handler in self._routes:
            found = _match(parts, asked)
            if found is None:
                continue
            if method in ("*", request.method) or (method == "GET" and request.method == "HEAD"):
                request.match_info.update(found)
                return handler
            allowed.add(method)
        if allowed:
            raise web.HTTPMethodNotAllowed(request.method, allowed)
        raise web.HTTPNotFound(text="There is nothing at this address.\n")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _match(parts: tuple[str, ...], asked: tuple[str, ...]) -> dict[str, str] | None:
    if len(parts) != len(asked):
        return None
    found = {}
    for part, given in zip(parts, asked, strict=True):
        if part.startswith("{") and given:
            found[part.strip("{}")] = given
        elif part != given:
            return None
    return found


def _tls_context(tls: tuple[Path, Path] | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate, key = tls
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UserError(f"web.tls_cert ({certificate}) and web.tls_key ({key}) cannot be used: {error}.") from error
    return context
