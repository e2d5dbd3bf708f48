"""Rate limits as Discord's answers tell them: kept, and never slept out inside a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from discord.http import Route

from openacp_bot.adapters.discord.line import Ears
from openacp_bot.adapters.discord.rest import PUBLIC_THREAD, Rest
from openacp_bot.chat.pen import RetryAfter
from tests.sims.discord import Channel, Discord, Limits

NEVER_SLEPT_SECONDS = 3.0  # far below the windows of these tests


@asynccontextmanager
async def limited(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Rest, Channel]]:
    """Our hand and a channel, where Discord never has to refuse by a 429."""
    async with Discord(limits=limits) as discord:
        monkeypatch.setattr(Route, "BASE", discord.url)
        channel = discord.text_channel(discord.guild("Team", discord.person("Ann")), "agents")
        ears = Ears(lambda event, thing: None)
        await ears.login(discord.token)
        yield Rest(ears.http).paced, channel
        await ears.close()
        assert [call.name for call in discord.calls if call.status == 429] == []


async def test_threads_open_while_a_long_window_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async with limited(Limits(threads=(4, 600.0)), monkeypatch) as (rest, channel):
        async with asyncio.timeout(NEVER_SLEPT_SECONDS):
            for number in range(4):
                await rest.open_thread(str(channel.id), {"name": f"thread {number}", "type": PUBLIC_THREAD})
            with pytest.raises(RetryAfter) as refused:
                await rest.open_thread(str(channel.id), {"name": "too many", "type": PUBLIC_THREAD})

        assert 590 < refused.value.seconds <= 600


async def test_the_call_that_takes_the_last_of_a_bucket_returns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with limited(Limits(messages=(2, 60.0)), monkeypatch) as (rest, channel):
        async with asyncio.timeout(NEVER_SLEPT_SECONDS):
            for number in range(2):
                await rest.send(str(channel.id), {"content": f"message {number}"})
            with pytest.raises(RetryAfter):
                await rest.send(str(channel.id), {"content": "one more"})


async def test_a_bucket_is_open_again_when_its_window_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with limited(Limits(messages=(1, 0.3)), monkeypatch) as (rest, channel):
        await rest.send(str(channel.id), {"content": "first"})
        with pytest.raises(RetryAfter) as refused:
            await rest.send(str(channel.id), {"content": "too soon"})
        await asyncio.sleep(refused.value.seconds + 0.05)

        assert (await rest.send(str(channel.id), {"content": "second"}))["content"] == "second"
