"""Who may do what: Discord's bits, and how roles and overwrites add up to them."""

from __future__ import annotations

from enum import IntFlag

from tests.sims.discord.refusals import Refusal, no_access, no_permission
from tests.sims.discord.world import Channel, Member, User


class Right(IntFlag):
    CREATE_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_IN_THREADS = 1 << 38
    SEND_VOICE = 1 << 46
    PIN_MESSAGES = 1 << 51


NONE = Right(0)
EVERYTHING = Right((1 << 53) - 1)
EVERYONE = (
    Right.VIEW_CHANNEL | Right.SEND_MESSAGES | Right.EMBED_LINKS | Right.ATTACH_FILES | Right.ADD_REACTIONS
    | Right.READ_HISTORY | Right.USE_COMMANDS | Right.CREATE_PUBLIC_THREADS | Right.CREATE_PRIVATE_THREADS
    | Right.SEND_IN_THREADS | Right.SEND_VOICE | Right.CREATE_INVITE
)  # fmt: skip
BOT = EVERYONE | Right.MANAGE_CHANNELS | Right.MANAGE_THREADS | Right.MANAGE_MESSAGES | Right.PIN_MESSAGES
IN_DIRECT_MESSAGES = EVERYONE & ~(Right.CREATE_PUBLIC_THREADS | Right.CREATE_PRIVATE_THREADS)


def guild_rights(member: Member) -> Right:
    """What the roles give, channels aside."""
    guild = member.guild
    if guild.owner is member.user:
        return EVERYTHING
    rights = Right(guild.everyone.permissions)
    for role in member.roles:
        rights |= role.permissions
    return EVERYTHING if rights & Right.ADMINISTRATOR else rights


def rights_in(channel: Channel, user: User) -> Right:
    """Everyone's overwrite, then the roles' together, then the member's own; a thread asks its parent."""
    if channel.guild is None:
        return IN_DIRECT_MESSAGES if user in channel.recipients else Right(0)
    member = channel.guild.members.get(user.id)
    if member is None:
        return Right(0)
    rights = guild_rights(member)
    if rights & Right.ADMINISTRATOR:
        return rights
    place = channel.parent if channel.thread and channel.parent else channel
    rights = _overwritten(rights, place, member)
    if not rights & Right.VIEW_CHANNEL:
        return Right(0)
    private = channel.thread is not None and channel.kind == 12
    if private and not rights & Right.MANAGE_THREADS and user.id not in channel.joined:
        return Right(0)
    return rights


def _overwritten(rights: Right, channel: Channel, member: Member) -> Right:
    overwrites = channel.overwrites
    if everyone := overwrites.get(member.guild.id):
        rights = rights & ~everyone.deny | everyone.allow
    mine = [overwrites[role.id] for role in member.roles if role.id in overwrites]
    for overwrite in mine:
        rights &= ~overwrite.deny
    for overwrite in mine:
        rights |= overwrite.allow
    if own := overwrites.get(member.user.id):
        rights = rights & ~own.deny | own.allow
    return Right(rights)


def may_see(channel: Channel, user: User) -> bool:
    return bool(rights_in(channel, user) & Right.VIEW_CHANNEL)


def require(channel: Channel, user: User, rights: Right = NONE) -> None:
    """Refused with 50001 where they cannot see, with 50013 where they may not do."""
    given = rights_in(channel, user)
    if not given & Right.VIEW_CHANNEL:
        raise no_access()
    if rights & ~given:
        raise no_permission()


def require_sending(channel: Channel, user: User) -> None:
    """They may write there, as far as rights go."""
    if channel.guild is None and not _reachable(channel):
        raise Refusal(403, 50007, "Cannot send messages to this user")
    require(channel, user, Right.SEND_IN_THREADS if channel.thread else Right.SEND_MESSAGES)


def _reachable(channel: Channel) -> bool:
    return all(user.takes_messages for user in channel.recipients)


def require_in_guild(member: Member | None, rights: Right) -> None:
    if member is None:
        raise no_access()
    if rights & ~guild_rights(member):
        raise no_permission()
