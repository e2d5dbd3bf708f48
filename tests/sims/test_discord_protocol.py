"""The simulated gateway's protocol, spoken by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.sims.discord import Discord
from tests.sims.discord.client import INTENTS

pytestmark = pytest.mark.wall_clock
IDENTIFY = {"token": "", "properties": {"os": "linux"}, "intents": int(INTENTS.value)}


class Wire:
    """A connection without a library."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws

    async def send(self, op: int, data: Any = None) -> None:
        await self._ws.send_str(json.dumps({"op": op, "d": data}))

    async def say(self, text: str) -> None:
        await self._ws.send_str(text)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            payload: dict[str, Any] = await self._ws.receive_json()
        return payload

    async def until(self, name: str) -> dict[str, Any]:
        """The next dispatch of this name."""
        while (payload := await self.next())["t"] != name:
            pass
        return payload

    async def end(self) -> int | None:
        """The code with which it is closed."""
        async with asyncio.timeout(5):
            async for _ in self._ws:
                pass
        return self._ws.close_code


@asynccontextmanager
async def wire(sim: Discord, query: str = "v=10&encoding=json") -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{sim.gateway_url}/?{query}") as ws:
        yield Wire(ws)


@asynccontextmanager
async def identified(sim: Discord) -> AsyncIterator[tuple[Wire, dict[str, Any]]]:
    """After READY, which comes along."""
    async with wire(sim) as connection:
        assert (await connection.next())["op"] == 10
        await connection.send(2, IDENTIFY | {"token": sim.token})
        yield connection, (await connection.until("READY"))["d"]


async def test_a_connection_lives_by_its_heartbeats() -> None:
    async with Discord(heartbeat_seconds=0.6) as sim, wire(sim) as connection:
        assert (await connection.next())["d"]["heartbeat_interval"] == 600

        for _ in range(3):  # for longer than one may be missed
            await asyncio.sleep(0.4)
            await connection.send(1, None)
            assert (await connection.next())["op"] == 11

        assert await connection.end() == 4009


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"intents": 1 << 30}, 4013),
        ({"intents": None}, 4013),
        ({"shard": [1, 1]}, 4010),
        ({"properties": None}, 4002),
    ],
)
async def test_an_identify_that_discord_refuses(change: dict[str, Any], code: int) -> None:
    async with Discord() as sim, wire(sim) as connection:
        await connection.send(2, IDENTIFY | {"token": sim.token} | change)

        assert await connection.end() == code


async def test_what_breaks_the_protocol_ends_the_connection() -> None:
    async with Discord(most_payloads=5) as sim:
        async with wire(sim) as connection:
            await connection.send(3, {"status": "online"})
            assert await connection.end() == 4003
        async with wire(sim) as connection:
            await connection.send(77, {})
            assert await connection.end() == 4001
        async with wire(sim) as connection:
            await connection.say("{")
            assert await connection.end() == 4002
        async with wire(sim) as connection:
            await connection.send(1, "x" * 5000)
            assert await connection.end() == 4002
        async with wire(sim, "v=9") as connection:
            assert await connection.end() == 4012
        async with wire(sim, "v=10&compress=brotli") as connection:
            assert await connection.end() == 4002
        assert sim.strange == ["gateway: cannot compress as brotli"]
        async with wire(sim) as connection:
            for _ in range(6):
                await connection.send(1, None)
            assert await connection.end() == 4008
        async with identified(sim) as (connection, _):
            await connection.send(2, IDENTIFY | {"token": sim.token})
            assert await connection.end() == 4005


async def test_a_session_is_resumed_where_it_was_left() -> None:
    async with Discord() as sim:
        ann = sim.person("Ann")
        channel = sim.text_channel(sim.guild("Team", ann), "general")
        async with identified(sim) as (connection, ready):
            await connection.until("GUILD_CREATE")
            ann.write(channel, "one")
            last = (await connection.until("MESSAGE_CREATE"))["s"]
            sim.gateway.drop()
        ann.write(channel, "two")
        ann.write(channel, "three")
        resume = {"token": sim.token, "session_id": ready["session_id"], "seq": last}

        async with wire(sim) as connection:
            await connection.next()
            await connection.send(6, resume | {"seq": 99})
            assert await connection.end() == 4007
        async with wire(sim) as connection:
            await connection.next()
            await connection.send(6, resume)
            told = [await connection.next() for _ in range(3)]
        assert [payload["t"] for payload in told] == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]
        assert [payload["d"]["content"] for payload in told[:2]] == ["two", "three"]
        assert [payload["s"] for payload in told] == [last + 1, last + 2, last + 3]


async def test_a_session_that_its_client_ended_is_gone() -> None:
    async with Discord() as sim:
        async with identified(sim) as (_, ready):
            pass  # leaving closes with 1000
        await sim.until(lambda: not sim.sessions)
        async with wire(sim) as connection:
            await connection.next()
            await connection.send(6, {"token": sim.token, "session_id": ready["session_id"], "seq": 1})

            assert await connection.next() == {"t": None, "s": None, "op": 9, "d": False}


async def test_identifying_has_a_pace() -> None:
    async with Discord(identify_seconds=60) as sim, identified(sim), wire(sim) as connection:
        await connection.next()
        await connection.send(2, IDENTIFY | {"token": sim.token})

        assert (await connection.next())["op"] == 9
