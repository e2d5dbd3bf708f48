"""What must be known to understand an update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from openacp_bot.core.settings import AccessList

TopicKey = tuple[int, int]

PUBLIC_LARGEST = 20_000_000  # Bot API, getFile


@dataclass(frozen=True, slots=True)
class Facts:
    """`chats`: the configured groups, by the ids that they have now. `titles`: topics' names, as far as they were seen
    to change. `largest`: files up to so many bytes can be fetched."""

    bot: int
    username: str
    chats: frozenset[int]
    general: str
    access: AccessList
    private_topics: bool = False
    largest: int = PUBLIC_LARGEST
    titles: Mapping[TopicKey, str] = field(default_factory=lambda: MappingProxyType({}))

    def knows(self, user: int) -> bool:
        return self.access.everyone or str(user) in self.access.users
