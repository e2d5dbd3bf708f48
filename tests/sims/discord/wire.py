"""How users, guilds, channels and messages look on the wire."""

from __future__ import annotations

from tests.sims.discord.ids import stamp
from tests.sims.discord.permissions import may_see
from tests.sims.discord.world import (
    DIRECT,
    FORUM,
    Attachment,
    Channel,
    Command,
    Guild,
    Json,
    Member,
    Message,
    Overwrite,
    Role,
    Tag,
    User,
)


def user_json(user: User) -> Json:
    return {
        "id": str(user.id), "username": user.name.lower(), "global_name": None if user.bot else user.name,
        "discriminator": "0", "avatar": None, "bot": user.bot, "public_flags": 0,
    }  # fmt: skip


def member_json(member: Member, *, with_user: bool = True) -> Json:
    shown: Json = {
        "nick": member.nick, "avatar": None, "roles": [str(role.id) for role in member.roles],
        "joined_at": stamp(member.joined_at), "premium_since": None, "deaf": False, "mute": False, "flags": 0,
        "pending": False, "communication_disabled_until": None,
    }  # fmt: skip
    return shown | ({"user": user_json(member.user)} if with_user else {})


def role_json(role: Role) -> Json:
    return {
        "id": str(role.id), "name": role.name, "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False, "icon": None,
        "unicode_emoji": None, "position": role.position, "permissions": str(role.permissions), "managed": False,
        "mentionable": False, "flags": 0,
    }  # fmt: skip


def overwrite_json(overwrite: Overwrite) -> Json:
    return {
        "id": str(overwrite.id), "type": overwrite.kind, "allow": str(int(overwrite.allow)),
        "deny": str(int(overwrite.deny)),
    }  # fmt: skip


def tag_json(tag: Tag) -> Json:
    return {"id": str(tag.id), "name": tag.name, "moderated": tag.moderated, "emoji_id": None, "emoji_name": tag.emoji}


def channel_json(channel: Channel, viewer: User | None = None) -> Json:
    """`viewer`: whose membership of a thread is told."""
    if channel.thread is not None:
        return _thread_json(channel, viewer)
    shown: Json = {
        "id": str(channel.id),
        "type": channel.kind,
        "last_message_id": _last(channel),
        "flags": channel.flags,
    }
    if channel.kind == DIRECT:
        others = [user for user in channel.recipients if user is not viewer]
        return shown | {"recipients": [user_json(user) for user in others]}
    assert channel.guild is not None
    shown |= {
        "guild_id": str(channel.guild.id), "name": channel.name, "position": channel.position, "nsfw": False,
        "parent_id": str(channel.parent.id) if channel.parent else None, "topic": channel.topic,
        "permission_overwrites": [overwrite_json(one) for one in channel.overwrites.values()],
        "rate_limit_per_user": channel.slow_seconds,
    }  # fmt: skip
    if channel.kind == FORUM:
        shown |= {
            "available_tags": [tag_json(tag) for tag in channel.tags.values()], "default_reaction_emoji": None,
            "default_sort_order": None, "default_forum_layout": 0,
        }  # fmt: skip
    return shown


def _thread_json(channel: Channel, viewer: User | None) -> Json:
    thread, guild, parent = channel.thread, channel.guild, channel.parent
    assert thread and guild and parent
    shown: Json = {
        "id": str(channel.id), "type": channel.kind, "guild_id": str(guild.id), "parent_id": str(parent.id),
        "owner_id": str(thread.owner.id), "name": channel.name, "last_message_id": _last(channel),
        "message_count": thread.written, "total_message_sent": thread.written, "member_count": len(channel.joined),
        "rate_limit_per_user": channel.slow_seconds, "flags": channel.flags,
        "thread_metadata": {
            "archived": thread.archived, "auto_archive_duration": thread.archive_minutes,
            "archive_timestamp": stamp(thread.archived_at), "locked": thread.locked,
            "create_timestamp": stamp(thread.made_at),
        },
    }  # fmt: skip
    if channel.kind == 12:
        shown["thread_metadata"]["invitable"] = thread.invitable
    if parent.kind == FORUM:
        shown["applied_tags"] = [str(tag) for tag in channel.applied]
    if viewer is not None and viewer.id in channel.joined:
        shown["member"] = thread_member_json(channel, viewer.id)
    return shown


def _last(channel: Channel) -> str | None:
    """The latest message, deleted or not; in a forum the latest post. Ephemeral ones do not count."""
    if channel.kind == FORUM and channel.guild is not None:
        return next((str(one.id) for one in reversed(channel.guild.channels.values()) if one.parent is channel), None)
    return next((str(one.id) for one in reversed(channel.messages.values()) if one.receiver is None), None)


def thread_member_json(channel: Channel, user: int) -> Json:
    return {"id": str(channel.id), "user_id": str(user), "join_timestamp": stamp(channel.joined[user]), "flags": 0}


def guild_json(guild: Guild) -> Json:
    """As the REST API shows it."""
    return {
        "id": str(guild.id), "name": guild.name, "icon": None, "splash": None, "discovery_splash": None,
        "owner_id": str(guild.owner.id), "afk_channel_id": None, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0,
        "roles": [role_json(role) for role in guild.roles.values()], "emojis": [], "features": [], "mfa_level": 0,
        "application_id": None, "system_channel_id": None, "system_channel_flags": 0, "rules_channel_id": None,
        "vanity_url_code": None, "description": None, "banner": None, "premium_tier": guild.tier,
        "premium_subscription_count": 0, "preferred_locale": "en-US", "public_updates_channel_id": None,
        "nsfw_level": 0, "premium_progress_bar_enabled": False, "stickers": [], "safety_alerts_channel_id": None,
    }  # fmt: skip


def guild_create_json(guild: Guild, bot: User) -> Json:
    """As the gateway tells it: all channels, but of threads only the active ones that the bot may see."""
    places = [channel for channel in guild.channels.values() if not channel.deleted]
    mine = guild.members[bot.id]
    return guild_json(guild) | {
        "joined_at": stamp(mine.joined_at), "large": False, "unavailable": False, "member_count": len(guild.members),
        "voice_states": [], "members": [] if guild.is_terse else [member_json(mine)], "presences": [],
        "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
        "channels": [channel_json(one, bot) for one in places if one.thread is None],
        "threads": [
            channel_json(one, bot) for one in places if one.thread and not one.thread.archived and may_see(one, bot)
        ],
    }  # fmt: skip


def attachment_json(attachment: Attachment, *, ephemeral: bool = False) -> Json:
    shown: Json = {
        "id": str(attachment.id), "filename": attachment.name, "size": attachment.size or len(attachment.data),
        "url": attachment.url, "proxy_url": attachment.url, "content_type": attachment.mime,
    }  # fmt: skip
    if attachment.description:
        shown["description"] = attachment.description
    if attachment.mime.startswith("image/"):
        shown |= {"width": 64, "height": 64}
    if attachment.seconds is not None:
        shown |= {"duration_secs": attachment.seconds, "waveform": "AAAA"}
    return shown | ({"ephemeral": True} if ephemeral else {})


def message_json(message: Message, viewer: User | None = None, *, nested: bool = False) -> Json:
    """`nested`: as the message replied to, which holds no further reply."""
    shown: Json = {
        "id": str(message.id), "channel_id": str(message.channel.id), "author": user_json(message.author),
        "content": message.text, "timestamp": stamp(message.at), "type": message.kind, "tts": message.tts,
        "edited_timestamp": stamp(message.edited_at) if message.edited_at else None, "flags": message.flags,
        "mention_everyone": message.mention_everyone, "mentions": [user_json(user) for user in message.mentions],
        "mention_roles": [str(role) for role in message.mention_roles], "mention_channels": [],
        "attachments": [attachment_json(one, ephemeral=message.ephemeral) for one in message.attachments],
        "embeds": [{"type": "rich", **embed} for embed in message.embeds], "components": list(message.components),
        "pinned": message.pinned_at is not None,
    }  # fmt: skip
    if message.nonce is not None:
        shown["nonce"] = message.nonce
    if message.reactions:
        shown["reactions"] = [_reaction_json(emoji, users, viewer) for emoji, users in message.reactions.items()]
    if message.thread is not None and not message.thread.deleted:
        shown["thread"] = channel_json(message.thread, viewer)
    if message.stickers:
        shown["sticker_items"] = [{"id": str(message.id), "name": one, "format_type": 1} for one in message.stickers]
    if message.forwarded is not None:
        shown["message_snapshots"] = [{"message": _snapshot(message.forwarded)}]
    if message.interaction is not None:
        shown |= {"interaction_metadata": message.interaction, "application_id": str(message.author.id)}
    if message.interaction is not None or message.kind in (20, 23):
        shown["webhook_id"] = str(message.author.id)
    return shown if nested else shown | _reference(message, viewer)


def _snapshot(message: Message) -> Json:
    """What a forward shows of the message: not who wrote it."""
    told = message_json(message, nested=True)
    fields = "content timestamp edited_timestamp type flags mentions mention_roles attachments embeds components"
    return {name: told[name] for name in fields.split()}


def _reference(message: Message, viewer: User | None) -> Json:
    if message.reference is None:
        return {}
    shown: Json = {"message_reference": message.reference}
    if message.kind in (19, 21):
        gone = message.reply_to is None or message.reply_to.deleted
        shown["referenced_message"] = (
            None if gone or message.reply_to is None else message_json(message.reply_to, viewer, nested=True)
        )
    return shown


def _reaction_json(emoji: str, users: list[User], viewer: User | None) -> Json:
    return {
        "emoji": {"id": None, "name": emoji}, "count": len(users), "me": viewer in users, "me_burst": False,
        "count_details": {"burst": 0, "normal": len(users)}, "burst_colors": [],
    }  # fmt: skip


def event_json(message: Message, viewer: User) -> Json:
    """As the gateway tells it: with the guild and the author's membership."""
    shown = message_json(message, viewer)
    guild = message.channel.guild
    if guild is None:
        return shown | {"channel_type": DIRECT}
    shown |= {"guild_id": str(guild.id), "channel_type": message.channel.kind}
    if author := guild.members.get(message.author.id):
        shown["member"] = member_json(author, with_user=False)
    for mentioned in shown["mentions"]:
        if member := guild.members.get(int(mentioned["id"])):
            mentioned["member"] = member_json(member, with_user=False)
    return shown


def command_json(command: Command, application: User) -> Json:
    shown: Json = {
        "id": str(command.id), "application_id": str(application.id), "version": str(command.version),
        "default_member_permissions": None, "type": 1, "nsfw": False, "dm_permission": True, "contexts": None,
        "integration_types": [0], "name_localizations": None, "description_localizations": None, "options": [],
        "description": "",
    }  # fmt: skip
    return shown | command.shape | ({"guild_id": str(command.guild)} if command.guild else {})
