"""A Discord of its own for each test, which must find nothing strange in what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.discord.house import House, house
from tests.fakes import ScriptedHub
from tests.sims.discord import Channel, Discord, Person


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with Discord() as sim:
        yield sim
        assert sim.strange == []


@pytest.fixture
def ann(discord: Discord) -> Person:
    return discord.person("Ann")


@pytest.fixture
def agents(discord: Discord, ann: Person) -> Channel:
    return discord.text_channel(discord.guild("Team", ann), "agents")


@pytest.fixture
async def home(discord: Discord, ann: Person, agents: Channel, tmp_path: Path) -> AsyncIterator[House]:
    hub = ScriptedHub(admins=frozenset({"", str(ann.id)}))
    async with house(discord, tmp_path, hub, agents, ann) as home:
        await home.up()
        yield home
