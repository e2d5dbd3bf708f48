"""All that the simulated Discord knows, and how a test looks at it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tests.sims.discord.buckets import GENEROUS, Buckets, Limits
from tests.sims.discord.ids import Snowflakes
from tests.sims.discord.interactions import Interaction
from tests.sims.discord.permissions import may_see
from tests.sims.discord.sessions import PRIVILEGED, Session
from tests.sims.discord.transcript import transcript
from tests.sims.discord.world import (
    DIRECT,
    Attachment,
    Call,
    Channel,
    Command,
    Guild,
    Message,
    Typing,
    User,
)

T = TypeVar("T")

POLL = 0.1


class Facts:
    """People, guilds, the bot's view of them, and a way to wait for changes."""

    def __init__(
        self,
        *,
        limits: Limits = GENEROUS,
        privileged: int = PRIVILEGED,
        heartbeat_seconds: float = 41.25,
        identify_seconds: float = 0.0,
        answer_seconds: float = 3.0,
        token_seconds: float = 900.0,
        most_payloads: int = 120,
        slow: float = 0.0,
        token: str = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.GsimuL.simulated-token-of-the-test-bot",
    ) -> None:
        self.token = token
        self.privileged = privileged  # the intents that the developer portal has switched on
        self.heartbeat_seconds = heartbeat_seconds
        self.identify_seconds = identify_seconds
        self.answer_seconds = answer_seconds
        self.token_seconds = token_seconds
        self.most_payloads = most_payloads
        self.buckets = Buckets(limits)
        self.new_id = Snowflakes(slow)
        self.bot = User(self.new_id(), "TestBot", bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, tuple[Channel, Attachment]] = {}
        self.commands: dict[int, Command] = {}
        self.interactions: dict[int, Interaction] = {}
        self.sessions: list[Session] = []
        self.typing: list[Typing] = []
        self.calls: list[Call] = []
        self.strange: list[str] = []
        self.base = ""  # where the server is; set once it listens
        self._changes = asyncio.Event()

    # --- looking ---------------------------------------------------------------------------------

    def knows(self, guild: Guild) -> bool:
        """The bot is in it."""
        return self.bot.id in guild.members

    def odd(self, words: str) -> None:
        """Noted: what a careful client would not send."""
        self.strange.append(words)

    def seen(self, channel: Channel, user: User) -> list[Message]:
        """What a person sees in a channel, in order; ephemeral messages only where they are theirs."""
        if channel.deleted or not may_see(channel, user):
            return []
        return [
            message for message in channel.messages.values() if not message.deleted and message.receiver in (None, user)
        ]

    def sent(self, channel: Channel) -> list[Message]:
        """The bot's messages that stand there for all, without Discord's own notes."""
        return [one for one in self._standing(channel) if one.author is self.bot and one.by_hand]

    def _standing(self, channel: Channel) -> list[Message]:
        return [one for one in channel.messages.values() if not one.deleted and one.receiver is None]

    def threads(self, channel: Channel) -> list[Channel]:
        """The threads that stand in a channel, oldest first, archived ones too."""
        return [one for one in self.channels.values() if one.parent is channel and one.thread and not one.deleted]

    def direct(self, user: User) -> Channel:
        """The direct messages of a person with the bot."""
        for channel in self.channels.values():
            if channel.kind == DIRECT and user in channel.recipients:
                return channel
        channel = Channel(self.new_id(), DIRECT, recipients=[user, self.bot])
        self.channels[channel.id] = channel
        return channel

    def transcript(self, channel: Channel) -> str:
        """What stands there, as lines of words."""
        return transcript(one for one in channel.messages.values() if not one.deleted)

    def is_typing(self, channel: Channel) -> bool:
        """The bot typed within the last ten seconds and no message came since."""
        shown = max((one.at for one in self.typing if one.channel is channel and one.user is self.bot), default=0.0)
        sent = max((one.at for one in self.sent(channel)), default=0.0)
        return shown > max(sent, time.time() - 10)

    def called(self, name: str) -> list[Call]:
        """The calls of one route, in order, by its name: `create_message`."""
        return [call for call in self.calls if call.name == name]

    @property
    def floods(self) -> int:
        """How many calls were answered 429."""
        return sum(call.status == 429 for call in self.calls)

    @property
    def refused(self) -> list[Call]:
        """The calls that were answered 4xx, floods aside."""
        return [call for call in self.calls if 400 <= call.status < 500 and call.status != 429]

    def changed(self) -> None:
        self._changes.set()
        self._changes = asyncio.Event()

    async def until(self, predicate: Callable[[], T], seconds: float = 30) -> T:
        """Whatever true value the predicate returns; looked at after every change, and, as it may be about something
        else, now and then."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := predicate()):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL):
                            await self._changes.wait()
        except TimeoutError:
            calls = [f"{call.name} {call.status} {call.description}" for call in self.calls[-12:]]
            raise AssertionError(f"not seen within {seconds} s; the last calls: {calls}") from None
        return found
