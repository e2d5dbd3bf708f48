"""Who gets into the page, and what is served to whom."""

from __future__ import annotations

import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from openacp_bot.adapters.web import key as keys
from openacp_bot.adapters.web.adapter import WebAdapter
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import Blob, FileRef
from openacp_bot.http import HttpServer
from tests.web.stage import KEY, Stage

pytestmark = pytest.mark.wall_clock


@pytest.fixture
async def stranger(on: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(on.server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


# --- the key ---------------------------------------------------------------------------------------


def test_the_key_is_private_and_the_same_after_a_restart(tmp_path: Path) -> None:
    first = keys.load_or_create(tmp_path / "data")
    again = keys.load_or_create(tmp_path / "data")

    assert first == again
    assert re.fullmatch(r"[\w-]{43}", first)
    assert stat.S_IMODE((tmp_path / "data" / "key").stat().st_mode) == 0o600
    assert first != keys.load_or_create(tmp_path / "other")


@pytest.mark.parametrize("damaged", ["", "short", "ü" * 43])
def test_a_damaged_key_is_made_anew(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "key").write_text(damaged)

    made = keys.load_or_create(tmp_path)

    assert len(made) == 43
    assert keys.load_or_create(tmp_path) == made


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    made = keys.load_or_create(tmp_path)
    (tmp_path / "key").chmod(0o644)

    assert keys.load_or_create(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_that_cannot_be_kept_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="key"):
        keys.load_or_create(tmp_path / "file")


# --- the door --------------------------------------------------------------------------------------


async def test_the_key_sets_a_cookie_and_leads_to_a_clean_address(on: Stage, stranger: aiohttp.ClientSession) -> None:
    answer = await stranger.get("/", params={"key": KEY}, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert KEY not in cookie
    page = await stranger.get("/")
    assert page.status == 200
    assert "main.js" in await page.text()


@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong", "?key=" + "k" * 42, "?key=%FF%00é"])
async def test_without_the_key_the_page_tells_how_to_get_in(stranger: aiohttp.ClientSession, query: str) -> None:
    answer = await stranger.get("/" + query)
    text = await answer.text()

    assert answer.status == 401
    assert "openacp-bot open" in text
    assert KEY not in text
    assert "Set-Cookie" not in answer.headers


async def test_a_wrong_key_is_refused_even_with_the_cookie(on: Stage) -> None:
    async with on.browser() as client:
        assert (await client.get("/", params={"key": "wrong"})).status == 401


async def test_the_key_itself_is_no_cookie(on: Stage, stranger: aiohttp.ClientSession) -> None:
    answer = await stranger.get("/", params={"key": KEY}, allow_redirects=False)
    (name,) = answer.cookies

    async with aiohttp.ClientSession(on.server.url, cookies={name: KEY}) as client:
        assert (await client.get("/")).status == 401


@pytest.mark.parametrize("path", ["/ws", "/file"])
async def test_nothing_behind_the_page_is_open_without_the_cookie(stranger: aiohttp.ClientSession, path: str) -> None:
    assert (await stranger.get(path)).status == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"])
async def test_a_websocket_from_a_foreign_page_is_refused(on: Stage, origin: str) -> None:
    async with on.browser() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", origin=origin)

    assert refused.value.status == 403


async def test_a_websocket_from_the_page_itself_is_taken(on: Stage) -> None:
    async with on.browser() as client, client.ws_connect("/ws", origin=on.server.url) as socket:
        assert (await socket.receive_json())["op"] == "welcome"


async def test_a_foreign_host_name_reaches_nothing(on: Stage) -> None:
    async with on.browser() as client:
        assert (await client.get("/", headers={"Host": "evil.example"})).status == 421


async def test_two_daemons_on_one_machine_do_not_share_cookies() -> None:
    server = HttpServer()
    one, other = WebAdapter(server, "a" * 43, "1"), WebAdapter(HttpServer(), "b" * 43, "1")

    assert one._entry._name != other._entry._name


# --- static files ----------------------------------------------------------------------------------


async def test_static_files_are_revalidated(stranger: aiohttp.ClientSession) -> None:
    first = await stranger.get("/static/main.js")
    again = await stranger.get("/static/main.js", headers={"If-None-Match": first.headers["ETag"]})
    other = await stranger.get("/static/main.js", headers={"If-None-Match": '"old"'})

    assert first.content_type == "text/javascript"
    assert first.headers["Cache-Control"] == "no-cache"
    assert (first.status, again.status, other.status) == (200, 304, 200)


@pytest.mark.parametrize("name", ["..%2fadapter.py", "%2e%2e%2fadapter.py", "nothing.js", "adapter.py"])
async def test_only_the_static_folder_is_served(stranger: aiohttp.ClientSession, name: str) -> None:
    assert (await stranger.get(f"/static/{name}")).status == 404


async def test_the_page_has_no_inline_script_or_style(stranger: aiohttp.ClientSession, on: Stage) -> None:
    async with on.browser() as client:
        html = await (await client.get("/")).text()

    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", html)


# --- files of the agent ----------------------------------------------------------------------------


async def test_a_shown_file_can_be_fetched_and_no_other(on: Stage, tmp_path: Path) -> None:
    shown, secret = tmp_path / "a b.png", tmp_path / "secret.txt"
    shown.write_bytes(b"\x89PNG")
    secret.write_text("secret")
    url = SignedFiles(KEY).drawn(Blob("image/png", path=str(shown)))["url"]
    async with on.browser() as client:
        got = await client.get(url)
        assert (got.status, got.content_type, await got.read()) == (200, "image/png", b"\x89PNG")
        assert got.headers["Content-Disposition"] == "inline; filename*=UTF-8''a%20b.png"

        forged = url.replace("a+b.png", "secret.txt")
        assert forged != url
        assert (await client.get(forged)).status == 403
        assert (await client.get("/file?" + urlencode({"path": str(secret), "sign": "é"}))).status == 403
        shown.unlink()
        assert (await client.get(url)).status == 404


async def test_markup_of_an_agent_is_downloaded_and_never_shown(on: Stage, tmp_path: Path) -> None:
    page = tmp_path / "x.html"
    page.write_text("<script>alert(1)</script>")
    async with on.browser() as client:
        for mime in ("text/html", "image/svg+xml"):
            got = await client.get(SignedFiles(KEY).drawn(Blob(mime, path=str(page)))["url"])
            assert got.content_type == "application/octet-stream"
            assert got.headers["Content-Disposition"].startswith("attachment")


def test_small_pictures_travel_inline_and_other_data_not_at_all() -> None:
    files = SignedFiles(KEY)

    assert files.drawn(Blob("image/png", data="QUJD"))["url"] == "data:image/png;base64,QUJD"
    assert files.drawn(Blob("image/svg+xml", data="QUJD"))["url"] == ""


async def test_files_from_the_page_are_refused_with_a_sentence(on: Stage, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="workspace"):
        await on.adapter.fetch(FileRef("web", "1", "a"), tmp_path, 10)
