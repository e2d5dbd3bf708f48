"""Rate limits and faults of the simulated Discord through the real discord.py."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import aiohttp
import discord
import pytest
from aiohttp import ClientSession

from tests.sims.discord import (
    BAD_GATEWAY,
    BAD_GATEWAY_AFTER,
    BANNED,
    CUT_AFTER,
    CUT_BEFORE,
    GENEROUS,
    SERVER_ERROR,
    UNAUTHORIZED,
    UNAVAILABLE,
    Discord,
    Fault,
    Limits,
    flood,
    hang,
    refuse,
    slow,
)
from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The library warns of every limit that these tests provoke."""
    log = logging.getLogger("discord")
    before = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(before)


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team


class Raw:
    """Calls without a library, which would wait by itself."""

    def __init__(self, sim: Discord, session: ClientSession) -> None:
        self._sim = sim
        self._session = session

    async def __call__(self, method: str, path: str, body: object = None, token: str = "") -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bot {token or self._sim.token}"}
        async with self._session.request(method, self._sim.url + path, json=body, headers=headers) as answer:
            await answer.read()
            return answer


async def test_a_bucket_is_told_in_headers_and_refuses_when_it_is_empty() -> None:
    async with Discord(limits=Limits()) as sim, ClientSession() as session:
        one, two = (sim.text_channel(sim.guild("Team", sim.person("Ann")), name) for name in ("one", "two"))
        call = Raw(sim, session)

        answers = [await call("POST", f"/channels/{one.id}/messages", {"content": "x"}) for _ in range(6)]
        elsewhere = await call("POST", f"/channels/{two.id}/messages", {"content": "x"})

        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
        assert len({answer.headers["X-RateLimit-Bucket"] for answer in answers}) == 1
        assert answers[0].headers["X-RateLimit-Limit"] == "5"
        last = answers[-1]
        told = await last.json()
        assert 0 < told["retry_after"] <= 5 and told["global"] is False
        assert (last.headers["X-RateLimit-Scope"], last.headers["Via"]) == ("user", "1.1 google")
        assert 0 < float(last.headers["Retry-After"]) <= 6
        assert elsewhere.status == 200
        assert (sim.floods, sim.buckets.invalid) == (1, 1)


async def test_the_limit_over_all_spares_interactions() -> None:
    async with Discord(limits=replace(GENEROUS, overall=(2, 60.0))) as sim, ClientSession() as session:
        call = Raw(sim, session)

        answers = [await call("GET", "/users/@me") for _ in range(3)]
        interaction = await call("POST", "/interactions/1/x/callback", {"type": 4})

        assert [answer.status for answer in answers] == [200, 200, 429]
        assert (await answers[-1].json())["global"] is True
        assert answers[-1].headers["X-RateLimit-Scope"] == "global"
        assert interaction.status == 404


async def test_the_library_waits_before_a_bucket_is_empty() -> None:
    async with a_team({"limits": replace(GENEROUS, messages=(3, 0.3))}) as team:
        for number in range(7):
            await team.text.send(str(number))

        assert len(team.sim.sent(team.channel)) == 7
        assert team.sim.floods == 0


async def test_too_many_invalid_requests_ban_the_address() -> None:
    async with Discord(limits=replace(GENEROUS, invalid=(3, 60.0))) as sim, ClientSession() as session:
        call = Raw(sim, session)

        answers = [await call("GET", "/users/@me", token="wrong") for _ in range(3)]
        banned = await call("GET", "/users/@me")

        assert [answer.status for answer in answers] == [401] * 3
        assert (banned.status, banned.content_type, "Via" in banned.headers) == (429, "text/html", False)


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_429_on_demand_is_waited_out(team: Team, scope: str) -> None:
    team.sim.fail("create_message", 1, flood(0.05, scope))

    await team.text.send("x")

    assert [call.status for call in team.sim.called("create_message")] == [429, 200]
    assert team.sim.buckets.invalid == (0 if scope == "shared" else 1)


async def test_a_429_without_via_is_taken_for_a_ban(team: Team) -> None:
    team.sim.fail("create_message", 1, BANNED)

    await refused(team.text.send("x"), 429, 0)


@pytest.mark.parametrize("fault", [SERVER_ERROR, BAD_GATEWAY])
async def test_the_library_tries_again_after_a_failure(
    team: Team, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discord.http.asyncio.sleep", _at_once(asyncio.sleep))
    team.sim.fail("create_message", 2, fault)

    await team.text.send("x")

    assert [call.status for call in team.sim.called("create_message")] == [fault.status, fault.status, 200]


async def test_a_failure_after_the_deed_doubles_a_message_without_a_nonce(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discord.http.asyncio.sleep", _at_once(asyncio.sleep))
    team.sim.fail("create_message", 1, BAD_GATEWAY_AFTER)
    await team.text.send("x")  # the library makes up a nonce here
    assert len(team.sim.sent(team.channel)) == 1

    team.sim.fail("create_message", 1, BAD_GATEWAY_AFTER)
    with discord.http.handle_message_parameters("y") as params:
        await team.bot.http.send_message(team.channel.id, params=params)

    assert [one.text for one in team.sim.sent(team.channel)] == ["x", "y", "y"]


def _at_once(sleep: Callable[[float], Awaitable[None]]) -> Callable[[float], Awaitable[None]]:
    """The library's pauses of seconds take none here."""
    return lambda seconds: sleep(0)


async def test_other_faults(team: Team) -> None:
    sent = await team.text.send("x")
    team.sim.fail("create_message", 1, UNAVAILABLE)
    await refused(team.text.send("a"), 503, 0)
    team.sim.fail("create_message", 1, UNAUTHORIZED)
    await refused(team.text.send("b"), 401, 0, "401: Unauthorized")
    team.sim.fail("edit_message", 1, refuse(403, 50013, "Missing Permissions"))
    await refused(sent.edit(content="c"), 403, 50013)
    for fault, standing in ((CUT_BEFORE, 1), (CUT_AFTER, 2), (hang(0.05), 2)):
        team.sim.fail("create_message", 1, fault)
        with pytest.raises(aiohttp.ClientError):
            await team.text.send("d")
        assert len(team.sim.sent(team.channel)) == standing
    team.sim.fail("*", 1, slow(0.5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await team.text.send("e")
    assert len(team.sim.sent(team.channel)) == 3
    assert [call.status for call in team.sim.called("create_message")][-3:] == [0, 0, 0]


async def test_edits_of_old_messages_run_out() -> None:
    async with a_team({"limits": replace(GENEROUS, old_edits=1)}) as team:
        sent = await team.text.send("x")
        team.sim.sent(team.channel)[0].at -= 3601
        team.bot.http.max_ratelimit_timeout = 30.0

        await sent.edit(content="y")
        with pytest.raises(discord.RateLimited):
            await sent.edit(content="z")

        assert team.sim.calls[-1].code == 30046
        assert team.sim.sent(team.channel)[0].text == "y"


async def test_answers_are_exactly_json() -> None:
    async with Discord() as sim, ClientSession() as session:
        answer = await Raw(sim, session)("GET", "/gateway/bot")

        assert answer.headers["Content-Type"] == "application/json"
        assert (await answer.json())["url"] == sim.gateway_url
