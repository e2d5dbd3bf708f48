"""The real discord.py, pointed at the simulator, and how its refusals are checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.sims.discord import Channel, Discord, Guild, Person

INTENTS = discord.Intents(
    guilds=True, guild_messages=True, guild_reactions=True, guild_typing=True, dm_messages=True, message_content=True
)


class Bot(discord.Client):
    """Remembers what it heard; answers are left to the test."""

    def __init__(self, intents: discord.Intents, **options: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, Any]] = []
        self._news = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library would wait five seconds before it identifies anew."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Every event of the library passes here."""
        self.heard.append((event, args[0] if args else None))
        self._news.set()
        super().dispatch(event, *args, **kwargs)

    def all(self, event: str) -> list[Any]:
        """What came with each event of this name."""
        return [what for name, what in self.heard if name == event]

    async def hears(self, event: str, n: int = 1) -> Any:
        """What came with the n-th event of this name, as soon as there is one."""
        try:
            async with asyncio.timeout(10):
                while len(self.all(event)) < n:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {event} among {[name for name, _ in self.heard]}") from None
        return self.all(event)[n - 1]


@contextmanager
def pointed_at(sim: Discord) -> Iterator[None]:
    """The library talks to the simulator meanwhile; the address is an attribute of two of its classes."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sim.url, yarl.URL(sim.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def logged_in(sim: Discord, **options: Any) -> AsyncIterator[Bot]:
    """A client that speaks REST only."""
    with pointed_at(sim):
        async with Bot(options.pop("intents", INTENTS), **options) as bot:
            await bot.login(sim.token)
            yield bot


@asynccontextmanager
async def connected(sim: Discord, **options: Any) -> AsyncIterator[Bot]:
    """A client that is ready; its connection ends on leaving."""
    async with logged_in(sim, **options) as bot, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bot.connect())
        try:
            await bot.hears("ready")
            yield bot
        finally:
            await bot.close()
            running.cancel()


async def refused(call: Awaitable[object], status: int, code: int, words: str = "") -> None:
    """The call is refused with this status and code; `words` stand in what the library makes of the answer."""
    with pytest.raises(discord.HTTPException) as caught:
        await call
    assert (caught.value.status, caught.value.code) == (status, code), caught.value
    assert words in caught.value.text, caught.value.text


@dataclass(frozen=True)
class Team:
    """Ann's guild with one text channel, and a bot that is ready there."""

    sim: Discord
    bot: Bot
    ann: Person
    guild: Guild
    channel: Channel

    @property
    def text(self) -> discord.TextChannel:
        """The channel as the library sees it."""
        found = self.bot.get_channel(self.channel.id)
        assert isinstance(found, discord.TextChannel)
        return found

    def forum(self, channel: Channel) -> discord.ForumChannel:
        found = self.bot.get_channel(channel.id)
        assert isinstance(found, discord.ForumChannel)
        return found

    def thread(self, channel: Channel) -> discord.Thread:
        found = self.bot.get_channel(channel.id)
        assert isinstance(found, discord.Thread)
        return found


@asynccontextmanager
async def a_team(settings: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Team]:
    """`settings` are the simulator's, the options the client's."""
    async with Discord(**(settings or {})) as sim:
        ann = sim.person("Ann")
        guild = sim.guild("Team", ann)
        channel = sim.text_channel(guild, "general")
        async with connected(sim, **options) as bot:
            yield Team(sim, bot, ann, guild, channel)
