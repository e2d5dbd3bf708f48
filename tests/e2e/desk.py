"""One person with Discord open: what they type, run, press and see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.e2e.house import PATIENCE, House
from tests.sims.discord import Channel, Discord, Guild, Message, Person
from tests.sims.discord.interactions import Interaction

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """In one channel, thread or direct message."""

    sim: Discord
    who: Person
    guild: Guild
    channel: Channel

    def at(self, channel: Channel) -> Desk:
        return replace(self, channel=channel)

    # --- doing -----------------------------------------------------------------------------------

    def say(self, text: str, *, reply_to: Message | None = None) -> Message:
        return self.who.write(self.channel, text, reply_to=reply_to)

    def run(self, command: str, **options: object) -> Interaction:
        """A slash command."""
        return self.who.slash(self.channel, command, **options)

    async def ready(self) -> None:
        """The bot is there, with its commands."""
        await self.wait(
            lambda: (self.sim.commands and any(one.session for one in self.sim.gateway.connections)) or None
        )

    async def press(self, label: str) -> Interaction:
        """The newest button here that begins so, as soon as there is one."""
        message = await self.wait(lambda: self._with_button(label))
        return await self.who.press(message, label).answered(PATIENCE)

    async def new(self, **options: object) -> Desk:
        """Start a session with /new; this desk in its thread."""
        before = set(map(id, self.sim.threads(self.channel)))
        await self.ready()
        await self.run("new", **({"agent": "stub", "workspace": "."} | options)).said()
        return self.at(await self.new_thread(before))

    async def new_thread(self, before: set[int]) -> Channel:
        return await self.wait(
            lambda: next((one for one in self.sim.threads(self.channel) if id(one) not in before), None)
        )

    # --- seeing ----------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """Those of the bot, here, in order."""
        return self.sim.sent(self.channel)

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)

    @property
    def labels(self) -> list[str]:
        """All buttons that stand here."""
        return [label for message in self.messages for label in message.labels]

    async def sees(self, words: str) -> Message:
        """The newest message of the bot here that says so."""
        return await self.wait(lambda: next((one for one in reversed(self.messages) if words in one.text), None))

    async def wait(self, predicate: Callable[[], T | None]) -> T:
        """As soon as there is something; the failure says what stands here instead."""
        try:
            found = await self.sim.until(predicate, PATIENCE)
        except AssertionError as error:
            here = [(one.text, one.labels) for one in self.messages]
            raise AssertionError(f"{error}\nhere stands: {here}") from None
        assert found is not None
        return found

    def _with_button(self, label: str) -> Message | None:
        return next((one for one in reversed(self.messages) if any(map(_begins(label), one.labels))), None)


def _begins(label: str) -> Callable[[str], bool]:
    return lambda known: known.startswith(label)


def in_guild(sim: Discord, house: House, *, drain_seconds: float = 120, **keys: object) -> Desk:
    """Ann in the text channel of a house that is configured for both."""
    ann = sim.person("Ann")
    guild = sim.guild("Team", ann)
    channel = sim.text_channel(guild, "agents")
    configure(house, sim, ann, guild, channel, drain_seconds=drain_seconds, **keys)
    return Desk(sim, ann, guild, channel)


def configure(
    house: House,
    sim: Discord,
    who: Person,
    guild: Guild,
    channel: Channel,
    *,
    drain_seconds: float = 120,
    **keys: object,
) -> None:
    """The house's configuration with this bot; the stub agent remembers its conversations."""
    section: dict[str, object] = {"token": sim.token, "api_base_url": sim.url, "guild_id": guild.id}
    section |= {"channel_id": channel.id, "allowed_user_ids": [who.id]}
    house.configure("--resume", discord=section | keys, shutdown={"drain_seconds": drain_seconds})
