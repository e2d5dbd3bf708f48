"""The connection to the gateway, whatever stands at its other end; and what is heard through it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from discord.gateway import KeepAliveHandler

from openacp_bot.adapters.discord.config import DiscordConfig, Patience
from openacp_bot.adapters.discord.line import Line
from openacp_bot.core.masking import Mask
from tests.discord.house import QUICK
from tests.sims.discord import UNREADABLE, Channel, Discord, Fault, Person

SOON = replace(QUICK, connect=0.3)


@asynccontextmanager
async def connected(
    discord: Discord, heard: Callable[[str, Any], None], *, patience: Patience = SOON
) -> AsyncIterator[Line]:
    """A line that is kept up."""
    given = DiscordConfig(discord.token, discord.url)
    line = Line(given, heard, lambda ears: None, patience=patience, mask=Mask((discord.token,)))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(line.run())
        try:
            yield line
        finally:
            running.cancel()
    await line.close()
    beats = [one for one in threading.enumerate() if isinstance(one, KeepAliveHandler)]
    assert all(one._stop_ev.is_set() for one in beats), "a connection is kept alive that nobody knows"


async def test_a_gateway_that_greets_and_never_begins_is_left_and_tried_again(
    discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    discord.gateway.mute = True
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: discord.gateway.unanswered >= 2)
        assert "not ready" in line.trouble
        assert len(discord.gateway.connections) <= 1
        discord.gateway.mute = False
        await until(lambda: line.trouble == "")

    assert "Traceback" not in caplog.text


async def test_a_connection_that_is_not_taken_up_again_is_begun_anew(discord: Discord) -> None:
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")
        discord.gateway.mute = True
        discord.gateway.drop()
        await until(lambda: "not ready" in line.trouble)
        discord.gateway.mute = False
        await until(lambda: line.trouble == "")


async def test_one_that_cannot_be_resumed_is_begun_anew_at_once(
    discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    """The library waits five seconds between two that it begins, as Discord asks for."""
    async with connected(discord, lambda event, thing: None, patience=QUICK) as line:
        await until(lambda: line.trouble == "")
        discord.gateway.forget_sessions()
        discord.gateway.drop()
        await until(lambda: len(discord.gateway.identified) == 2)
        await until(lambda: line.trouble == "")
    assert len(discord.called("get_gateway_bot")) == 1
    assert "not ready" not in caplog.text


async def test_one_that_is_cut_off_before_it_begins_is_begun_anew(discord: Discord) -> None:
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")
        discord.gateway.forget_sessions()
        discord.gateway.cuts = 1
        discord.gateway.drop()
        await until(lambda: len(discord.gateway.identified) == 2)
        await until(lambda: line.trouble == "")
    assert len(discord.gateway.closed) < 5


async def test_one_that_is_cut_off_whenever_it_goes_on_is_not_tried_in_haste(discord: Discord) -> None:
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")
        discord.gateway.cuts = many = 1000
        discord.gateway.drop()
        await until(lambda: "not ready" in line.trouble)
        assert many - discord.gateway.cuts < 20
        discord.gateway.cuts = 0
        await until(lambda: line.trouble == "")


async def test_a_connection_that_stands_is_left_alone(discord: Discord) -> None:
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")
        await asyncio.sleep(2 * SOON.connect)  # what must not happen happens after that
        assert (line.trouble, len(discord.gateway.identified)) == ("", 1)


async def test_a_bug_in_what_hears_is_logged_as_that_and_cuts_nothing(
    discord: Discord, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def hear(event: str, thing: Any) -> None:
        if event == "message" and thing.content == "one":
            raise AttributeError("a bug")
        heard.append(event)

    async with connected(discord, hear) as line:
        await until(lambda: line.trouble == "")
        ann.write(agents, "one")
        ann.write(agents, "two")
        await until(lambda: "message" in heard)
        assert (line.trouble, len(discord.gateway.identified)) == ("", 1)

    assert "AttributeError: a bug" in caplog.text


@pytest.mark.parametrize("fault", [UNREADABLE, replace(UNREADABLE, status=200), Fault(503, page=True)], ids=str)
async def test_a_proxy_that_answers_the_login_is_told_in_few_words(
    discord: Discord, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    discord.fail("*", 2, fault)
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")

    assert "cannot be reached" in caplog.text
    assert "html" not in caplog.text and "Traceback" not in caplog.text


async def until(condition: Callable[[], object]) -> None:
    """For what tells nobody when it changes."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - plain attributes
            await asyncio.sleep(0.01)


CLOSINGS = {4004: "Reset Token", 4011: "too many servers", 4012: "invalid API version", 4014: "Message Content Intent"}


@pytest.mark.parametrize(("code", "says"), CLOSINGS.items())
async def test_a_connection_that_is_closed_for_good_is_told_in_one_sentence(
    discord: Discord, code: int, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(discord, lambda event, thing: None) as line:
        await until(lambda: line.trouble == "")
        discord.gateway.close(code)
        await until(lambda: line.trouble)
        told = line.trouble
        await until(lambda: line.trouble == "")

    assert says in told and "(401)" not in told and "the log" not in told
    assert "was lost" not in caplog.text
