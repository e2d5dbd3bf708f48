"""Where the bot works: its guild and its channel, found or made, and in sentences what it lacks there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import discord

from openacp_bot.adapters.discord.config import DiscordConfig
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pen import PenError, PlaceGone, Refused
from openacp_bot.core.model import State

CHANNEL_NAME = "openacp"
CHANNEL_TOPIC = "/new starts a session"
TEXT = 0
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "create_public_threads": "Create Public Threads",
    "manage_threads": "Manage Threads",
    "read_message_history": "Read Message History",
    "attach_files": "Attach Files",
}
INVITE = (
    "Invite it: in the developer portal (discord.com/developers/applications) open your application, OAuth2, URL "
    "Generator, tick “bot” and “applications.commands”, and open the address that it shows"
)
AWAY = (
    "Discord tells nothing of the server {} at the moment. What is written there meanwhile is read once it is back; if "
    "that lasts, look at discordstatus.com"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """`guild` None: nowhere to work now, as `problems` say. `is_seen` False: the channel may not be there at all."""

    guild: discord.Guild | None = None
    channel: str = ""
    problems: tuple[str, ...] = ()
    is_seen: bool = True


async def survey(ears: discord.Client, config: DiscordConfig, rest: Rest, *, before: Ground) -> Ground:
    """Looks, and makes the channel if none is configured and none is there. `before`: what was found last."""
    guild = _guild(ears, config)
    if isinstance(guild, str):
        return Ground(problems=(guild,))
    if guild.unavailable:  # what it holds is not known: nothing follows from what is missing
        return Ground(channel=before.channel, problems=(AWAY.format(guild.name or guild.id),))
    if config.channel:
        channel = guild.get_channel(config.channel)
        if channel is None:
            why = f"discord.channel_id {config.channel} is no channel of “{guild.name}” that the bot can see"
            remedy = f"{_permit('View Channel')}, or correct the id"
            return Ground(guild, str(config.channel), (f"{why}. {remedy}",), is_seen=False)
        return Ground(guild, str(config.channel), tuple(_lacking(channel, guild)))
    return await _own_channel(guild, rest, before)


def _guild(ears: discord.Client, config: DiscordConfig) -> discord.Guild | str:
    guilds = list(ears.guilds)
    if config.guild:
        found = ears.get_guild(config.guild)
        return found or f"the bot is not in the server {config.guild} (discord.guild_id). {INVITE}"
    if not guilds:
        return f"the bot is in no server. {INVITE}"
    if len(guilds) > 1:
        names = ", ".join(f"{guild.id} (“{guild.name}”)" for guild in guilds[:5])
        return f"the bot is in several servers: set discord.guild_id to one of {names}"
    return guilds[0]


async def _own_channel(guild: discord.Guild, rest: Rest, before: Ground) -> Ground:
    """The one that we made before, or a new one."""
    named = next((one for one in guild.text_channels if one.name == CHANNEL_NAME), None)
    if named is not None:
        return Ground(guild, str(named.id), tuple(_lacking(named, guild)))
    if await _stands(before, guild, rest):
        return Ground(guild, before.channel)
    try:
        made = await rest.make_channel(str(guild.id), {"name": CHANNEL_NAME, "type": TEXT, "topic": CHANNEL_TOPIC})
    except PenError as error:
        remedy = "allow the bot “Manage Channels”, or make a channel yourself and set discord.channel_id"
        return Ground(guild, "", (f"no channel could be made: {error} In the server's settings {remedy}",))
    return Ground(guild, str(made["id"]))


async def _stands(before: Ground, guild: discord.Guild, rest: Rest) -> bool:
    """Whether the channel was only just made, so that the gateway has not told of it yet."""
    if not before.channel:
        return False
    try:
        found = await rest.channel(before.channel)
    except (PlaceGone, Refused):
        return False
    except PenError:
        return True
    return str(found.get("guild_id")) == str(guild.id)


def _lacking(channel: discord.abc.GuildChannel, guild: discord.Guild) -> list[str]:
    allowed = rights(channel, guild)
    missing = [words for name, words in NEEDED.items() if allowed and not getattr(allowed, name)]
    if allowed and not allowed.manage_channels and _lacks_tags(channel):
        missing.append("Manage Channels (to make the tags for states and agents)")
    return [f"in #{channel.name} the bot may not: {', '.join(missing)}. {_permit(*missing)}"] if missing else []


def _lacks_tags(channel: discord.abc.GuildChannel) -> bool:
    """For the states of sessions; whether it does for their agents is seen once there are any."""
    if not isinstance(channel, discord.ForumChannel):
        return False
    return not {*map(str, State)} <= {tag.name for tag in channel.available_tags}


def rights(channel: discord.abc.GuildChannel | discord.Thread, guild: discord.Guild) -> discord.Permissions | None:
    """Ours; None: a service that is only compatible does not tell of ourselves. What is not allowed is refused anyway.

    Raises discord.ClientException for a thread whose channel is not known.
    """
    me = cast("discord.Member | None", guild.me)
    return None if me is None else channel.permissions_for(me)


def _permit(*rights: str) -> str:
    return f"In Discord open the channel's settings, Permissions, the bot's role, and allow {', '.join(rights)}"
