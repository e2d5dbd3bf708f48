"""Guilds: their channels, members, roles."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import choice, snowflake, text
from tests.sims.discord.permissions import Right, may_see, require_in_guild
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Problems, Refusal, invalid, no_access, unknown
from tests.sims.discord.routes.channels import read_overwrites, read_tags, tidy
from tests.sims.discord.routes.registry import Ask, find_guild, route
from tests.sims.discord.sessions import Intent
from tests.sims.discord.wire import channel_json, guild_json, member_json, role_json, thread_member_json
from tests.sims.discord.world import CATEGORY, FORUM, TEXT, Guild, Member, Role

MOST_CHANNELS = 500


@route("GET", "/guilds/{guild}", query="with_counts")
def get_guild(realm: Realm, ask: Ask) -> Any:
    guild = find_guild(realm, ask)
    counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
    return guild_json(guild) | (counts if ask.query.get("with_counts") in ("1", "true", "True") else {})


@route("GET", "/guilds/{guild}/channels")
def get_guild_channels(realm: Realm, ask: Ask) -> Any:
    return [channel_json(one, realm.bot) for one in find_guild(realm, ask).channels.values() if one.thread is None]


@route(
    "POST",
    "/guilds/{guild}/channels",
    "name type topic position permission_overwrites parent_id nsfw rate_limit_per_user available_tags bitrate "
    "user_limit default_auto_archive_duration default_thread_rate_limit_per_user default_reaction_emoji "
    "default_sort_order default_forum_layout",
    status=201,
)
def create_guild_channel(realm: Realm, ask: Ask) -> Any:
    guild, problems = find_guild(realm, ask), Problems()
    name = text(problems, ask.body, "name", (), most=100, required=True)
    kind = choice(problems, ask.body, "type", (), (TEXT, CATEGORY, FORUM)) or TEXT
    topic = text(problems, ask.body, "topic", (), most=4096 if kind == FORUM else 1024) or None
    tags = read_tags(realm, problems, ask.body)
    problems.check()
    require_in_guild(guild.members.get(realm.bot.id), Right.MANAGE_CHANNELS)
    if len(guild.channels) >= MOST_CHANNELS:
        raise Refusal(400, 30013, "Maximum number of guild channels reached (500)")
    overwrites = read_overwrites(guild, realm, ask.body)
    parent = guild.channels.get(snowflake(problems, ask.body.get("parent_id") or 0, ("parent_id",)))
    problems.check()
    if ask.body.get("parent_id") and (parent is None or parent.kind != CATEGORY):
        raise invalid(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
    made = realm.make_channel(
        guild, tidy(name, kind), kind, topic=topic, overwrites=overwrites, parent=parent, tags=tags
    )
    return channel_json(made, realm.bot)


@route("GET", "/guilds/{guild}/threads/active")
def get_active_threads(realm: Realm, ask: Ask) -> Any:
    guild = find_guild(realm, ask)
    threads = [
        one for one in guild.channels.values() if one.thread and not one.thread.archived and may_see(one, realm.bot)
    ]
    threads.sort(key=lambda one: -one.id)
    members = [thread_member_json(one, realm.bot.id) for one in threads if realm.bot.id in one.joined]
    return {"threads": [channel_json(one, realm.bot) for one in threads], "members": members}


@route("GET", "/guilds/{guild}/members/{user}")
def get_guild_member(realm: Realm, ask: Ask) -> Any:
    return member_json(_member(realm, find_guild(realm, ask), ask))


@route("GET", "/guilds/{guild}/members", query="limit after")
def get_guild_members(realm: Realm, ask: Ask) -> Any:
    guild, limit = find_guild(realm, ask), ask.limit(1, 1000)
    if not realm.privileged & Intent.MEMBERS:
        raise no_access()
    after = ask.mark("after", 0)
    members = sorted((one for one in guild.members.values() if one.user.id > after), key=lambda one: one.user.id)
    return [member_json(one) for one in members[:limit]]


def _member(realm: Realm, guild: Guild, ask: Ask) -> Member:
    number = ask.id("user")
    if member := guild.members.get(number):
        return member
    raise unknown("Member" if number in realm.users else "User")


@route("GET", "/guilds/{guild}/roles")
def get_guild_roles(realm: Realm, ask: Ask) -> Any:
    return [role_json(role) for role in find_guild(realm, ask).roles.values()]


@route("PUT", "/guilds/{guild}/members/{user}/roles/{role}")
def add_guild_member_role(realm: Realm, ask: Ask) -> Any:
    member, role = _given(realm, ask)
    realm.set_roles(member, [*(one for one in member.roles if one is not role), role])


@route("DELETE", "/guilds/{guild}/members/{user}/roles/{role}")
def remove_guild_member_role(realm: Realm, ask: Ask) -> Any:
    member, role = _given(realm, ask)
    realm.set_roles(member, [one for one in member.roles if one is not role])


def _given(realm: Realm, ask: Ask) -> tuple[Member, Role]:
    """Only roles below one's own highest may be given or taken."""
    guild = find_guild(realm, ask)
    member = _member(realm, guild, ask)
    role = guild.roles.get(ask.id("role"))
    if role is None:
        raise unknown("Role")
    mine = guild.members[realm.bot.id]
    require_in_guild(mine, Right.MANAGE_ROLES)
    if role.position >= max((one.position for one in mine.roles), default=0):
        raise Refusal(403, 50013, "Missing Permissions")
    return member, role
