"""Updates that Telegram brings by itself: each once it was taken, in order, from Telegram only."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from openacp_bot.adapters.telegram.config import Patience, TelegramConfig, WebhookConfig
from openacp_bot.adapters.telegram.held import Held
from openacp_bot.adapters.telegram.webhook import SECRET_HEADER, Webhook
from openacp_bot.core.errors import StoreError
from openacp_bot.core.masking import Mask
from openacp_bot.core.ports import Ledger
from tests.memory_cards import MemoryCards
from tests.sims.telegram import SERVER_ERROR, Telegram, User
from tests.telegram.house import free_port
from tests.telegram.test_poll import QUICK, Taker

SECRET = "s3cret"
WATCHFUL = replace(QUICK, webhook=0.05)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram(http_webhooks=True) as sim:
        yield sim
        assert sim.oddities == []


@pytest.fixture
def alice(telegram: Telegram) -> User:
    return telegram.person("Alice")


@pytest.fixture
def hook() -> WebhookConfig:
    port = free_port()
    return WebhookConfig(f"http://127.0.0.1:{port}/bot/x", "127.0.0.1", port, SECRET)


@pytest.fixture
async def taker() -> Taker:
    return Taker()


@asynccontextmanager
async def listening(
    telegram: Telegram,
    hook: WebhookConfig,
    taker: Taker,
    ledger: Ledger | None = None,
    *,
    knows: bool = True,
    patience: Patience = WATCHFUL,
) -> AsyncIterator[Webhook]:
    line = Webhook(
        TelegramConfig(telegram.token, telegram.url, webhook=hook),
        hook,
        taker.introduced,
        taker.take,
        held=Held(ledger or MemoryCards()),
        is_known=lambda update: knows,
        patience=patience,
        mask=Mask((telegram.token, SECRET)),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(line.run())
        yield line
        running.cancel()


@asynccontextmanager
async def proxy(hook: WebhookConfig) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A proxy before the hook; while it is broken, it finds nothing."""
    is_broken = asyncio.Event()

    async def hand_on(request: web.Request) -> web.Response:
        if is_broken.is_set():
            return web.Response(status=404)
        async with client.post(hook.url, data=await request.read(), headers=request.headers) as answer:
            return web.Response(status=answer.status)

    app = web.Application()
    app.router.add_post("/bot/x", hand_on)
    runner = web.AppRunner(app)
    await runner.setup()
    async with aiohttp.ClientSession() as client:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/bot/x", is_broken
        await runner.cleanup()


async def until(condition: Callable[[], object]) -> None:
    """Of plain attributes, which tell nobody."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_updates_are_brought_in_order_and_each_once(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    telegram.say(alice, telegram.private(alice), "before")
    async with listening(telegram, hook, taker) as line:
        await taker.until("before")
        telegram.say(alice, telegram.private(alice), "one")
        telegram.say(alice, telegram.private(alice), "two")
        await taker.until("before", "one", "two")
        await telegram.wait_for(lambda: not telegram.updates.waiting)
        await until(lambda: line.trouble == "")

    assert telegram.webhook["secret"] == SECRET and telegram.webhook["max_connections"] == 1
    assert "callback_query" in telegram.updates.allowed and taker.names == [telegram.bot.username]


async def test_a_text_and_what_is_forwarded_with_it_belong_together(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    chat = telegram.private(alice)
    source = telegram.say(alice, chat, "/first")
    async with listening(telegram, hook, taker, patience=replace(WATCHFUL, together=5.0)):
        telegram.say(alice, chat, "what are these?")
        telegram.forward(alice, source, chat)
        telegram.forward(alice, source, chat)
        telegram.say(alice, chat, "and this?")
        telegram.send_file(alice, chat, kind="photo")
        telegram.say(alice, chat, "/last")
        await taker.until("/first", "what are these?", "/first", "/first", "and this?", "", "/last")

    first, text, forward, other, question, photo, last = taker.albums
    assert text == forward == other != ""
    assert question == photo not in ("", text)
    assert first == last == ""


async def test_a_text_alone_waits_for_a_moment_only(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    async with listening(telegram, hook, taker, ledger := MemoryCards()):
        telegram.say(alice, telegram.private(alice), "hello")
        await taker.until("hello")
        await until(lambda: not telegram.updates.waiting)
        await until_released(ledger)


async def until_released(ledger: Ledger) -> None:
    async with asyncio.timeout(10):
        while (await ledger.notes("telegram")).get("held"):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)


async def test_what_was_acknowledged_is_tried_until_it_is_stored(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    taker.failures = [StoreError("The disk is full.")] * 3
    async with listening(telegram, hook, taker):
        telegram.say(alice, telegram.private(alice), "hello")
        await taker.until("hello")

    assert taker.failures == []


async def test_words_of_strangers_are_not_kept(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    async with listening(telegram, hook, taker, ledger := MemoryCards(), knows=False):
        telegram.say(alice, telegram.private(alice), "hello")
        await taker.until("hello")

    assert not await ledger.notes("telegram")


async def test_what_cannot_be_stored_comes_again(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    taker.failures = [StoreError("The disk is full."), ValueError("a bug of the second attempt is not asked for again")]
    telegram.say(alice, telegram.private(alice), "/one")
    telegram.say(alice, telegram.private(alice), "/two")
    async with listening(telegram, hook, taker):
        await taker.until("/two")
        await telegram.wait_for(lambda: not telegram.updates.waiting)

    assert "The disk is full." in caplog.text and "left out" in caplog.text


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/bot/x", {}, "{}", 403),
        ("/bot/x", {SECRET_HEADER: "wrong"}, "{}", 403),
        ("/elsewhere", {SECRET_HEADER: SECRET}, "{}", 404),
        ("/bot/x", {SECRET_HEADER: SECRET}, "not JSON", 400),
        ("/bot/x", {SECRET_HEADER: SECRET}, "[1]", 400),
        ("/bot/x", {SECRET_HEADER: SECRET}, " " * 1_100_000, 413),
        ("/bot/x", {SECRET_HEADER: SECRET}, '{"update_id": 1, "message": {"odd": 1}}', 200),
    ],
)
async def test_only_what_telegram_brings_is_taken(
    telegram: Telegram, hook: WebhookConfig, taker: Taker, path: str, headers: dict[str, str], body: str, status: int
) -> None:
    async with listening(telegram, hook, taker) as line, aiohttp.ClientSession() as client:
        await until(lambda: line.trouble == "")
        url = hook.url.replace("/bot/x", path)
        async with client.post(url, data=io.BytesIO(body.encode()), headers=headers) as answer:
            assert answer.status == status

    assert taker.texts == []


async def test_nothing_is_taken_before_we_know_who_we_are(
    telegram: Telegram, hook: WebhookConfig, taker: Taker
) -> None:
    telegram.fail("getMe", 1000, SERVER_ERROR)
    async with listening(telegram, hook, taker) as line, aiohttp.ClientSession() as client:
        await until(lambda: "cannot be reached" in line.trouble)
        async with client.post(hook.url, json={"update_id": 1}, headers={SECRET_HEADER: SECRET}) as answer:
            assert answer.status == 503


async def test_a_webhook_that_somebody_removed_is_set_again(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(telegram, hook, taker) as line:
        await until(lambda: line.trouble == "")
        telegram.webhook["url"] = telegram.updates.webhook = ""
        telegram.say(alice, telegram.private(alice), "one")
        await taker.until("one")

    assert "another program took the webhook away" in caplog.text


async def test_what_telegram_cannot_deliver_is_told(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxy(hook) as (url, is_broken), listening(telegram, replace(hook, url=url), taker) as line:
        await until(lambda: line.trouble == "")
        is_broken.set()
        telegram.say(alice, telegram.private(alice), "one")
        await until(lambda: "Telegram cannot deliver" in line.trouble)
        is_broken.clear()
        await taker.until("one")
        await until(lambda: line.trouble == "")

    assert "404" in caplog.text and caplog.text.count("Telegram cannot deliver") == 1


async def test_a_port_that_is_taken_is_told_and_tried_again(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openacp_bot")
    telegram.say(alice, telegram.private(alice), "one")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((hook.listen_host, hook.listen_port))
        taken.listen()
        async with listening(telegram, hook, taker) as line:
            await until(lambda: "cannot listen" in line.trouble)
            taken.close()
            await taker.until("one")
            await until(lambda: line.trouble == "")

    assert caplog.text.count("cannot listen on telegram.webhook") == 1


async def test_it_has_caught_up_once_all_that_was_kept_for_us_is_taken(
    telegram: Telegram, alice: User, hook: WebhookConfig, taker: Taker
) -> None:
    chat = telegram.private(alice)
    telegram.say(alice, chat, "one")
    telegram.say(alice, chat, "two")
    async with listening(telegram, hook, taker) as line, asyncio.timeout(10):
        await line.caught_up.wait()

        assert taker.texts == ["one", "two"]
