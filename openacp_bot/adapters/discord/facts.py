"""What must be known to understand what comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from openacp_bot.core.model import NOTHING, ThreadRef, UserRef
from openacp_bot.core.settings import AccessList

ADAPTER = "discord"
SURFACE = UserRef(ADAPTER, "")  # who says what Discord tells without naming anybody


@dataclass(frozen=True, slots=True)
class Facts:
    """`guild` and `channel`: where sessions live. `threads`: those that are places, each with its channel.
    `forums`: channels whose threads are posts. `direct`: channels of direct messages, as far as they were met.
    `boosts`: the guild's level."""

    bot: str = ""
    application: str = ""
    guild: str = ""
    channel: str = ""
    mention_anywhere: bool = False
    access: AccessList = field(default_factory=AccessList)
    threads: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    forums: frozenset[str] = frozenset()
    direct: frozenset[str] = frozenset()
    boosts: int = 0

    @property
    def has_forum(self) -> bool:
        """Whether the bot's own channel is a forum."""
        return self.channel in self.forums

    def link(self, where: ThreadRef, *, direct: bool = False) -> str:
        """Empty while our server is not known."""
        guild = "@me" if direct or where.space in self.direct else self.guild
        return f"https://discord.com/channels/{guild}/{where.topic or where.space}" if guild else ""

    def knows(self, user: str, roles: tuple[str, ...], *, direct: bool) -> bool:
        """Direct messages are for listed user ids only: there, nobody is in a server."""
        if user in self.access.users:
            return True
        return not direct and (self.access.everyone or not self.access.roles.isdisjoint(roles))


def address(space: int | str, topic: int | str = "") -> ThreadRef:
    """Of a channel, or of a thread in it."""
    return ThreadRef(ADAPTER, str(space), str(topic))
