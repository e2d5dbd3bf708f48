"""The HTTP server over real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from openacp_bot.core.errors import UserError
from openacp_bot.http import HttpServer
from openacp_bot.http.guard import host_name, is_loopback

pytestmark = pytest.mark.wall_clock


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {request.match_info.get('name', '')}")


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def test_mounts_before_and_after_the_start_are_served() -> None:
    server = HttpServer()
    server.mount("GET", "/early", hello)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        server.mount("GET", "/late/{name}", hello)
        early, late = await client.get("/early"), await client.get("/late/you")

        assert (early.status, await early.text()) == (200, "hello ")
        assert (late.status, await late.text()) == (200, "hello you")


async def test_unknown_path_is_404_and_wrong_method_405() -> None:
    server = HttpServer()
    server.mount("POST", "/only-post", echo)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        assert (await client.get("/nothing")).status == 404
        wrong = await client.get("/only-post")

    assert wrong.status == 405
    assert wrong.headers["Allow"] == "POST"


async def test_every_response_carries_the_security_headers() -> None:
    server = HttpServer()
    server.mount("GET", "/", hello)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        for path in ("/", "/nothing"):
            headers = (await client.get(path)).headers
            assert "script-src 'self';" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe-inline" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("LOCALHOST:99", 200),
        ("[::1]:80", 200),
        ("a.localhost", 200),
        ("evil.example", 421),
        ("evil.example:8765", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.168.1.4", 421),
        ("", 421),
    ],
)
async def test_only_our_own_host_names_are_answered(host: str, status: int) -> None:
    server = HttpServer()
    server.mount("GET", "/", hello)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        assert (await client.get("/", headers={"Host": host})).status == status


async def test_insecure_by_the_operators_word_answers_to_any_host_name() -> None:
    server = HttpServer("0.0.0.0", insecure=True)
    server.mount("GET", "/", hello)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        assert (await client.get("/", headers={"Host": "box.example"})).status == 200


async def test_another_address_without_tls_is_refused_with_a_sentence() -> None:
    with pytest.raises(UserError, match=r"web\.insecure"):
        async with HttpServer("0.0.0.0").listening():
            pass


async def test_a_body_over_the_limit_is_refused_announced_or_not() -> None:
    server = HttpServer(max_body=1000)
    server.mount("POST", "/", echo)

    async def unannounced() -> object:
        for _ in range(20):
            yield b"x" * 100

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        fits = await client.post("/", data=b"x" * 1000)
        announced = await client.post("/", data=b"x" * 1001)
        chunked = await client.post("/", data=unannounced())

    assert (fits.status, announced.status, chunked.status) == (200, 413, 413)


async def test_a_taken_port_is_a_sentence_for_a_person() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(UserError, match=f"Port {port} is taken"):
            async with HttpServer(port=port).listening():
                pass


async def test_the_port_is_free_again_after_leaving() -> None:
    server = HttpServer()
    async with server.listening():
        port = server.port

    async with HttpServer(port=port).listening():
        pass
    assert server.port == 0


async def test_an_impossible_address_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"web\.port"):
        async with HttpServer(port=700_000).listening():
            pass


async def test_health_is_always_well_and_readiness_tells_why_not() -> None:
    reason = "The database is being upgraded."
    server = HttpServer()
    server.mount_health(lambda: reason)

    async with server.listening(), aiohttp.ClientSession(server.url) as client:
        alive, starting = await client.get("/healthz"), await client.get("/readyz")
        assert alive.status == 200
        assert (starting.status, await starting.json()) == (503, {"ready": False, "reason": reason})

        reason = ""
        assert (await client.get("/readyz")).status == 200


async def test_leaving_does_not_wait_for_a_request_that_never_ends() -> None:
    entered = asyncio.Event()

    async def forever(request: web.Request) -> web.Response:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    server = HttpServer()
    server.mount("GET", "/", forever)
    async with aiohttp.ClientSession() as client, asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        async with server.listening():
            asking = tasks.create_task(_get_quietly(client, server.url))
            await entered.wait()
        asking.cancel()


async def _get_quietly(client: aiohttp.ClientSession, url: str) -> None:
    with suppress(aiohttp.ClientError):
        await client.get(url)


async def test_tls_files_are_used_and_bad_ones_are_a_sentence(tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    server = HttpServer(tls=(certificate, key))
    server.mount("GET", "/", hello)
    trust = ssl.create_default_context(cafile=str(certificate))
    trust.check_hostname = False

    async with server.listening(), aiohttp.ClientSession() as client:
        assert server.url.startswith("https://")
        assert (await client.get(server.url, ssl=trust)).status == 200

    with pytest.raises(UserError, match="tls_cert"):
        async with HttpServer(tls=(tmp_path / "none.pem", key)).listening():
            pass


def _self_signed(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=localhost"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return certificate, key


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:1", "a"), ("a", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("::1", "::1"), (" A.b:2", "a.b"), (":1", ":1")],
)
def test_host_names_are_read_without_port(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("name", "loopback"), [("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("localhostx", False), ("", False)]
)
def test_loopback_is_recognised(name: str, loopback: bool) -> None:
    assert is_loopback(name) is loopback
