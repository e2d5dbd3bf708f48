"""The connection: whose clock it knows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest
from aiohttp import web

from openacp_bot.adapters.telegram.calls import open_bot, telegram_now
from openacp_bot.adapters.telegram.config import TelegramConfig
from openacp_bot.adapters.telegram.delivery import LATE_SECONDS, is_late
from tests.telegram.updates import DATE, message, parsed


@pytest.fixture
async def dates() -> list[str]:
    """The Date of each answer."""
    return []


@pytest.fixture
async def api(dates: list[str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        me = {"id": 1, "is_bot": True, "first_name": "B"}
        return web.json_response({"ok": True, "result": me}, headers={"Date": dates.pop(0)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_telegrams_clock_is_known_from_its_answers(api: str, dates: list[str]) -> None:
    dates += [formatdate(time.time() - 3600, usegmt=True), "no date"]
    async with open_bot(TelegramConfig("123:abc", api)) as bot:
        assert abs(telegram_now(bot) - time.time()) < 1
        await bot.get_me()
        assert abs(telegram_now(bot) - (time.time() - 3600)) < 60
        await bot.get_me()
        assert abs(telegram_now(bot) - (time.time() - 3600)) < 60


def test_late_is_what_is_older_than_two_minutes_by_the_clock_that_dated_it() -> None:
    said, edited = parsed(message=message()), parsed(edited_message=message(edit_date=DATE + 1000))

    assert [is_late(said, DATE + age) for age in (LATE_SECONDS, LATE_SECONDS + 1)] == [False, True]
    assert not is_late(edited, DATE + 1000) and is_late(edited, DATE + 2000)
    assert not is_late(parsed(callback_query={"id": "1", "from": message()["from"], "chat_instance": "1"}), DATE + 9000)
