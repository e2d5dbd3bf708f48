"""Polling: what it survives, what it tells, and when it confirms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiogram.types import User

from openacp_bot.adapters.telegram.config import Patience, TelegramConfig
from openacp_bot.adapters.telegram.delivery import Delivery
from openacp_bot.adapters.telegram.poll import Poll
from openacp_bot.adapters.telegram.supervision import CONFLICT, REFUSED
from openacp_bot.core.errors import StoreError
from openacp_bot.core.masking import Mask
from tests.sims.telegram import BAD_GATEWAY, CUT_BEFORE, SERVER_ERROR, UNAUTHORIZED, Telegram, flood, hang
from tests.sims.telegram import CONFLICT as CONTESTED

QUICK = Patience(poll=5, silent=8.0, away=(0.02, 0.1), conflict=(0.02, 0.1), refused=0.05, store=(0.02, 0.1))


class Taker:
    """What is polled for: remembers the texts that it took, and fails as a test wants."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.albums: list[str] = []
        self.late: list[bool] = []
        self.names: list[str | None] = []
        self.failures: list[Exception] = []
        self.changed = asyncio.Event()

    async def introduced(self, me: User) -> None:
        self.names.append(me.username)

    async def take(self, delivery: Delivery) -> None:
        if self.failures:
            raise self.failures.pop(0)
        assert delivery.update.message is not None
        self.texts.append(delivery.update.message.text or "")
        self.albums.append(delivery.album)
        self.late.append(delivery.late)
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, *texts: str) -> None:
        async with asyncio.timeout(10):
            while self.texts != list(texts):
                await self.changed.wait()


@pytest.fixture
async def taker() -> Taker:
    return Taker()


@asynccontextmanager
async def polling(
    telegram: Telegram, taker: Taker, *, token: str = "", patience: Patience = QUICK
) -> AsyncIterator[Poll]:
    config = TelegramConfig(token or telegram.token, telegram.url)
    poll = Poll(config, taker.introduced, taker.take, patience=patience, mask=Mask((telegram.token,)))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(poll.run())
        yield poll
        running.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Also of things that the simulator does not see change."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a plain attribute tells nobody
            await asyncio.sleep(0.01)


async def test_updates_come_in_order_and_are_confirmed_once_taken(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    telegram.say(alice, chat, "one")
    async with polling(telegram, taker) as poll:
        await taker.until("one")
        telegram.say(alice, chat, "two")
        await taker.until("one", "two")
        await telegram.wait_for(lambda: not telegram.updates.waiting)

        assert poll.trouble == "" and taker.names == [telegram.bot.username]


async def test_the_kinds_of_updates_are_asked_for_by_name(telegram: Telegram, taker: Taker) -> None:
    async with polling(telegram, taker):
        await telegram.wait_for(lambda: telegram.updates.polling)

    assert telegram.updates.allowed == {
        "message", "edited_message", "callback_query", "my_chat_member", "inline_query", "stopped_message_generation"
    }  # fmt: skip


async def test_what_cannot_be_stored_waits_unconfirmed_in_its_order(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    taker.failures = [StoreError("The disk is full."), StoreError("The disk is full.")]
    telegram.say(alice, chat, "one")
    telegram.say(alice, chat, "two")
    async with polling(telegram, taker):
        await taker.until("one", "two")

    assert "The disk is full." in caplog.text


async def test_a_bug_costs_one_update_only(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    taker.failures = [ValueError("a bug")]
    telegram.say(alice, telegram.private(alice), "one")
    telegram.say(alice, telegram.private(alice), "two")
    async with polling(telegram, taker):
        await taker.until("two")
        await telegram.wait_for(lambda: not telegram.updates.waiting)


async def test_what_was_not_confirmed_comes_again_after_a_restart(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    taker.failures = [StoreError("no")] * 1000
    telegram.say(alice, telegram.private(alice), "one")
    async with polling(telegram, taker):
        await until(lambda: len(taker.failures) < 999)
    taker.failures = []

    async with polling(telegram, taker):
        await taker.until("one")


async def test_an_update_that_cannot_be_read_is_left_out(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    alice = telegram.person("Alice")
    telegram.updates.add("message", {"message_id": "secret words", "date": 0})
    telegram.say(alice, telegram.private(alice), "two")
    async with polling(telegram, taker):
        await taker.until("two")
        await telegram.wait_for(lambda: not telegram.updates.waiting)

    assert "cannot read" in caplog.text and "secret words" not in caplog.text


async def test_a_service_that_is_away_at_the_start_is_told_once_and_found_again(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openacp_bot")
    await telegram.down()
    async with polling(telegram, taker) as poll:
        await until(lambda: "cannot be reached" in poll.trouble)
        await telegram.up()
        await until(lambda: poll.trouble == "")

    assert caplog.text.count("cannot be reached") == 1 and caplog.text.count("up again") == 1
    assert telegram.token not in caplog.text


@pytest.mark.parametrize("fault", [SERVER_ERROR, BAD_GATEWAY, CUT_BEFORE, flood(1)], ids=["500", "502", "cut", "429"])
async def test_whatever_a_poll_dies_of_the_next_one_goes_on(telegram: Telegram, taker: Taker, fault: object) -> None:
    alice = telegram.person("Alice")
    async with polling(telegram, taker):
        await telegram.wait_for(lambda: telegram.updates.polling)
        telegram.fail("getUpdates", 2, fault)  # type: ignore[arg-type]
        telegram.say(alice, telegram.private(alice), "one")
        telegram.say(alice, telegram.private(alice), "two")
        await taker.until("one", "two")


async def test_a_silent_poll_is_given_up_and_made_anew(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    alice = telegram.person("Alice")
    patience = Patience(poll=1, silent=1.5, away=(0.02, 0.1))
    telegram.fail("getUpdates", how=hang(60))
    telegram.say(alice, telegram.private(alice), "one")
    async with polling(telegram, taker, patience=patience):
        await taker.until("one")

    assert "was silent" in caplog.text


async def test_a_refused_token_is_told_once_with_where_to_get_one(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.fail("getMe", 3, UNAUTHORIZED)
    async with polling(telegram, taker) as poll:
        await until(lambda: poll.trouble == REFUSED)
        await until(lambda: poll.trouble == "")

    assert caplog.text.count("@BotFather") == 1 and telegram.token not in caplog.text
    assert "correct it and restart" in caplog.text  # a reload does not take a token


async def test_a_token_that_cannot_be_one_is_a_refused_token(telegram: Telegram, taker: Taker) -> None:
    async with polling(telegram, taker, token="123:wrong") as poll:
        await until(lambda: poll.trouble == REFUSED)


async def test_a_token_that_is_revoked_while_polling_is_told_too(telegram: Telegram, taker: Taker) -> None:
    async with polling(telegram, taker) as poll:
        await telegram.wait_for(lambda: telegram.updates.polling)
        telegram.fail("getMe", 10_000, UNAUTHORIZED)
        telegram.fail("getUpdates", 1, UNAUTHORIZED)
        telegram.updates.wake_poll()
        await until(lambda: poll.trouble == REFUSED)
        telegram.faults.clear()
        await until(lambda: poll.trouble == "")


async def test_another_poller_is_told_once_and_waited_out(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    async with polling(telegram, taker) as poll:
        await telegram.wait_for(lambda: telegram.updates.polling)
        for _ in range(2):
            telegram.fail("getUpdates", 1, CONTESTED)
            telegram.updates.wake_poll()
            await until(lambda: poll.trouble == CONFLICT)
            await telegram.wait_for(lambda: telegram.updates.polling)
        await until(lambda: telegram.updates.wake_poll() or poll.trouble == "")  # type: ignore[func-returns-value]

    assert caplog.text.count("another program polls") == 1


async def test_a_webhook_is_removed_and_said(
    telegram: Telegram, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    alice = telegram.person("Alice")
    telegram.webhook["url"] = telegram.updates.webhook = "https://example.org/hook"
    telegram.say(alice, telegram.private(alice), "one")
    async with polling(telegram, taker):
        await taker.until("one")

    assert "a webhook was set" in caplog.text


async def test_what_waited_while_we_were_away_is_late_and_what_is_said_to_us_is_not(
    telegram: Telegram, taker: Taker
) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    telegram.say(alice, chat, "an hour ago")
    telegram.updates.waiting[-1]["message"]["date"] -= 3600
    telegram.say(alice, chat, "just before")
    async with polling(telegram, taker):
        await taker.until("an hour ago", "just before")
        telegram.say(alice, chat, "now")
        await taker.until("an hour ago", "just before", "now")

    assert taker.late == [True, False, False]


async def test_after_an_outage_what_waited_is_late_again(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    async with polling(telegram, taker) as poll:
        await telegram.wait_for(lambda: telegram.updates.polling)
        await telegram.down()
        await until(lambda: "cannot be reached" in poll.trouble)
        poll._connected_at -= 7200  # it began two hours ago
        telegram.say(alice, telegram.private(alice), "an hour ago")
        telegram.updates.waiting[-1]["message"]["date"] -= 3600
        await telegram.up()
        await taker.until("an hour ago")

    assert taker.late == [True]


async def test_messages_that_belong_together_come_with_their_album(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    telegram.send_file(alice, chat, kind="photo", album="77", caption="one")
    telegram.send_file(alice, chat, kind="photo", album="77")
    async with polling(telegram, taker):
        await taker.until("", "")

    assert taker.albums[0] == taker.albums[1] != ""


async def test_ids_that_begin_anew_after_a_long_silence_are_not_missed(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    telegram.say(alice, chat, "one")
    async with polling(telegram, taker, patience=replace(QUICK, quiet=0.0)):
        await taker.until("one")
        await telegram.wait_for(lambda: telegram.updates.polling)
        polls = telegram.updates.polls
        telegram.updates.wake_poll()
        await telegram.wait_for(lambda: telegram.updates.polls > polls and telegram.updates.polling)
        await telegram.down()
        telegram.updates._next_id = 5
        telegram.say(alice, chat, "two")
        await telegram.up()

        await taker.until("one", "two")


async def test_it_has_caught_up_once_all_that_was_kept_for_us_is_taken(telegram: Telegram, taker: Taker) -> None:
    alice = telegram.person("Alice")
    chat = telegram.private(alice)
    for number in range(150):  # more than one answer brings
        telegram.say(alice, chat, str(number))
    taker.failures = [StoreError("The disk is full.")]
    async with polling(telegram, taker, patience=replace(QUICK, poll=50)) as poll, asyncio.timeout(10):
        assert not poll.caught_up.is_set()
        await poll.caught_up.wait()

        assert len(taker.texts) == 150
