"""Who there is, and where they meet."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.asking import Asking
from tests.sims.discord.person import Person
from tests.sims.discord.world import FORUM, TEXT, Channel, Guild, Tag


class People(Asking):
    """A realm in which a test acts as a person."""

    def person(self, name: str, *guilds: Guild, id: int = 0, takes_messages: bool = True) -> Person:
        """A new person, in these guilds."""
        user = Person(id or self.new_id(), name, takes_messages=takes_messages, sim=self)
        self.users[user.id] = user
        for guild in guilds:
            self.add_member(guild, user)
        return user

    def other_bot(self, name: str, *guilds: Guild) -> Person:
        """Another bot, whose doings a test leads."""
        user = self.person(name, *guilds)
        user.bot = True
        return user

    def text_channel(self, guild: Guild, name: str, **what: Any) -> Channel:
        return self.make_channel(guild, name, TEXT, **what)

    def forum(self, guild: Guild, name: str, *tags: str, **what: Any) -> Channel:
        """A forum channel that offers these tags."""
        made = [Tag(self.new_id(), one) for one in tags]
        return self.make_channel(guild, name, FORUM, tags={tag.id: tag for tag in made}, **what)
