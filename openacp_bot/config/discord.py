"""The `discord.` section: a token, from where it is kept; who is let in; which server and channel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openacp_bot.config.freeze import Ground
from openacp_bot.config.problems import shown
from openacp_bot.config.schema import DiscordSection
from openacp_bot.config.tokens import token
from openacp_bot.config.values import DiscordConfig
from openacp_bot.core.settings import AccessList

TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
VERSION = re.compile(r"/v[0-9]+$")
EXAMPLE = "put-yours-here"  # in config.example.yaml
ASK = "the developer portal (discord.com/developers/applications) gives it: your application, Bot, Reset Token"


def frozen(section: DiscordSection, ground: Ground) -> DiscordConfig | None:
    """None where the section is not there; what is wrong is in `ground.problems`."""
    if not section.model_fields_set:
        return None
    url = section.api_base_url.rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        ground.complain(("discord", "api_base_url"), f"is {shown(url)}; it must begin with http:// or https://")
    return DiscordConfig(
        token=_token(section, ground),
        api_base_url=url,
        guild=section.guild_id or 0,
        channel=section.channel_id or 0,
        mention_anywhere=section.mention_anywhere,
        streaming=section.streaming,
    )


def access(section: DiscordSection) -> AccessList:
    """Closed by default. An admin is allowed without being listed twice."""
    admins = frozenset(map(str, section.admin_user_ids))
    return AccessList(
        users=frozenset(map(str, section.allowed_user_ids)) | admins,
        roles=frozenset(map(str, section.allowed_role_ids)),
        admins=admins,
        everyone=section.allow_everyone,
    )


def warnings(section: DiscordSection) -> Iterator[str]:
    """What is allowed, and probably not meant."""
    if not section.model_fields_set:
        return
    if section.api_base_url and not VERSION.search(section.api_base_url.rstrip("/")):
        yield "discord.api_base_url does not end with a version, such as /v10: Discord and what is like it want one"
    listed = {*section.allowed_user_ids, *section.admin_user_ids}
    if section.allow_everyone:
        yield "discord.allow_everyone is true: everybody in the server can run agents on this machine"
    elif not (listed or section.allowed_role_ids):
        yield (
            "discord.allowed_user_ids and discord.allowed_role_ids are empty, so nobody may use the bot and it is not "
            "started; add your numeric id (in Discord: Settings, Advanced, Developer Mode; then right-click your name, "
            "Copy User ID)"
        )
    if not section.admin_user_ids and (section.allow_everyone or section.allowed_role_ids or len(listed) > 1):
        yield "discord.admin_user_ids is empty and several people are allowed, so nobody in Discord is an admin"


def _token(section: DiscordSection, ground: Ground) -> str:
    text, key = token("discord", section.token, section.token_file, ground, ask=ASK)
    if text == EXAMPLE:
        ground.complain(("discord", key), f"is still the one of the example; {ASK}")
    elif text and not TOKEN.fullmatch(text):
        ground.complain(("discord", key), f"is no bot token; {ASK}")
    return text
