"""Guilds, their members and roles, and how sessions hear of what happens."""

from __future__ import annotations

from collections.abc import Iterable

from tests.sims.discord.facts import Facts
from tests.sims.discord.permissions import BOT, EVERYONE
from tests.sims.discord.sessions import Event, Intent
from tests.sims.discord.wire import guild_create_json, member_json, role_json, user_json
from tests.sims.discord.world import Guild, Json, Member, Role, User


class Members(Facts):
    """Facts of which sessions are told."""

    def tell(self, name: str, data: Json, needs: Intent = Intent.GUILDS, *, open: bool = True) -> None:
        """To every session whose intents cover it; of a guild that is away nothing is told."""
        guild = self.guilds.get(int(data.get("guild_id") or 0))
        if guild is not None and guild.away:
            self.changed()
            return
        event = Event(name, data, needs, open)
        for session in self.sessions:
            session.hear(event)
        self.changed()

    def guild(self, name: str, *people: User, rights: int = BOT, bot: bool = True) -> Guild:
        """A guild with its everyone role. The first person owns it; the bot has a role with `rights`."""
        number = self.new_id()
        everyone = Role(number, "@everyone", EVERYONE, 0)
        owner = people[0] if people else User(self.new_id(), "Owner")
        guild = self.guilds[number] = Guild(number, name, owner, everyone, {number: everyone})
        for user in (owner, *people):
            self.users[user.id] = user
            guild.members[user.id] = Member(guild, user)
        if bot:
            self.add_member(guild, self.bot, self.role(guild, self.bot.name, rights))
        return guild

    def add_member(self, guild: Guild, user: User, *roles: Role) -> Member:
        """They join; to the bot itself its guild is new."""
        member = guild.members[user.id] = Member(guild, user, list(roles))
        if user is self.bot:
            joined = guild_create_json(guild, self.bot)
            del joined["unavailable"]  # which tells a guild that is new from one that is back
            self.tell("GUILD_CREATE", joined)
        elif self.knows(guild):
            self.tell("GUILD_MEMBER_ADD", member_json(member) | {"guild_id": str(guild.id)}, Intent.MEMBERS)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        """They leave or are kicked; for the bot the guild is gone."""
        del guild.members[user.id]
        if user is self.bot:
            self.tell("GUILD_DELETE", {"id": str(guild.id)})
        else:
            self.tell("GUILD_MEMBER_REMOVE", {"guild_id": str(guild.id), "user": user_json(user)}, Intent.MEMBERS)

    def outage(self, guild: Guild, away: bool = True) -> None:
        """The guild cannot be reached for a while, or is back."""
        guild.away = away
        if away:
            self.tell("GUILD_DELETE", {"id": str(guild.id), "unavailable": True})
        else:
            self.tell("GUILD_CREATE", guild_create_json(guild, self.bot))

    def role(self, guild: Guild, name: str, rights: int = 0) -> Role:
        """A new role of a guild."""
        role = Role(self.new_id(), name, rights, len(guild.roles))
        guild.roles[role.id] = role
        if self.knows(guild):
            self.tell("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": role_json(role)})
        return role

    def set_rights(self, guild: Guild, role: Role, rights: int) -> None:
        role.permissions = rights
        self.tell("GUILD_ROLE_UPDATE", {"guild_id": str(guild.id), "role": role_json(role)})

    def set_roles(self, member: Member, roles: Iterable[Role]) -> None:
        member.roles = list(roles)
        data = member_json(member) | {"guild_id": str(member.guild.id)}
        self.tell("GUILD_MEMBER_UPDATE", data, Intent.NONE if member.user is self.bot else Intent.MEMBERS)

    def restrict(self, guild: Guild, without: int) -> None:
        """The bot may no longer do this in a guild: neither its own role nor everyone's gives it."""
        for role in (guild.everyone, *guild.members[self.bot.id].roles):
            self.set_rights(guild, role, role.permissions & ~without)
