"""A message as what it means to core. Pure: everything that must be known is in the facts.

1. Bots and webhooks are never heard, so there is no loop. 2. In a thread of a session, and in a direct message,
everything is meant for us; in a channel what mentions us. 3. A thread that a person opened in our channel begins a
session.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from openacp_bot.adapters.discord.facts import ADAPTER, SURFACE, Facts, address
from openacp_bot.core.inbound import Edited, Ground, Message, Origin, PlaceReported, Report
from openacp_bot.core.model import FileRef, ThreadRef, UserRef

LONGEST_QUOTE = 500
COMMAND = re.compile(r"/[A-Za-z][A-Za-z0-9_-]*(\s|$)")  # typed in our channel, it is meant for us
GREETING = "/menu"  # whoever only calls us is shown what there is
TALK = (discord.MessageType.default, discord.MessageType.reply)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message comes to. `message`: what an answer replies to. `replies_to`: the message that the person replied
    to. `remark`: said to the person besides."""

    origin: Origin
    inbound: Message | Edited | None
    message: str = ""
    replies_to: str = ""
    remark: str = ""


def heard_at(message: discord.Message, facts: Facts) -> ThreadRef | None:
    """Where it was said. None: it does not concern us, or nobody said it who may be heard at all."""
    author, guild = message.author, message.guild
    if author.bot or message.webhook_id is not None or message.type not in TALK:
        return None
    where = place_of(message.channel, facts)
    if where is None or guild is None:
        return where
    if str(guild.id) != facts.guild:
        return None
    is_here = where.space == facts.channel or where.topic in facts.threads
    return where if is_here or (facts.mention_anywhere and _mentions(message, facts)) else None


def read(
    message: discord.Message, where: ThreadRef, facts: Facts, roles: tuple[str, ...], *, late: bool = False
) -> Taken | None:
    """None: there is nothing in it."""
    is_direct = message.guild is None
    is_mention = _mentions(message, facts)
    origin = Origin(
        key=f"dc:{message.id}",
        where=where,
        who=UserRef(ADAPTER, str(message.author.id), message.author.display_name, roles),
        sent=message.created_at.timestamp(),
        ground=Ground.CHAT if is_direct else Ground.TOPIC,
        late=late,
        url=facts.link(where, direct=is_direct),
    )
    hung = _attachments(message)
    text = _text(message, facts) or (GREETING if is_mention and not hung else "")
    if not (text or hung):
        remark = "" if not message.poll else "Polls cannot be passed on to an agent. Send text or a file."
        return Taken(origin, None, str(message.id), remark=remark) if remark else None
    inbound = Message(
        origin,
        str(message.id),
        text,
        files=hung,
        quote=_quote(message),
        addressed=is_direct or bool(where.topic) or is_mention or _is_command(text, where, facts),
        title=message.channel.name if isinstance(message.channel, discord.Thread) else "",
        opens=not where.topic and not is_direct,
    )
    return Taken(origin, inbound, inbound.id, replies_to=_replied_to(message))


def place_of(channel: object, facts: Facts) -> ThreadRef | None:
    """None for channels of kinds in which we have nothing to say. What the library does not know is told by its id."""
    id = str(getattr(channel, "id", ""))
    if id in facts.threads:
        return address(facts.threads[id], id)
    if id in facts.direct:
        return address(id)
    match channel:
        case discord.Thread():
            return address(channel.parent_id, channel.id)
        case discord.TextChannel() | discord.DMChannel():
            return address(channel.id)
        case _:
            return None


# --- what it says ----------------------------------------------------------------------------------


def _mentions(message: discord.Message, facts: Facts) -> bool:
    return f"<@{facts.bot}>" in message.content or f"<@!{facts.bot}>" in message.content


def _is_command(text: str, where: ThreadRef, facts: Facts) -> bool:
    return where.space == facts.channel and COMMAND.match(text) is not None


def _text(message: discord.Message, facts: Facts) -> str:
    """Without the mention of us, and with what was forwarded."""
    said = re.sub(rf"<@!?{facts.bot}>", "", message.content, count=1) if facts.bot else message.content
    forwarded = [snapshot.content for snapshot in message.message_snapshots if snapshot.content]
    stickers = [f"[{sticker.name}]" for sticker in message.stickers]
    return "\n\n".join(part for part in (said.strip(), *forwarded, *stickers) if part)


def _attachments(message: discord.Message) -> tuple[FileRef, ...]:
    found = [*message.attachments, *(one for snapshot in message.message_snapshots for one in snapshot.attachments)]
    return tuple(_file(message, one) for one in found)


def _file(message: discord.Message, file: discord.Attachment) -> FileRef:
    """Its address runs out after a day, so the message that it hangs on is named too."""
    name = file.filename or f"file-{file.id}"
    kind = (file.content_type or "application/octet-stream").partition(";")[0]
    return FileRef(ADAPTER, f"{message.channel.id} {message.id} {file.id} {file.url}", name, kind, file.size)


def _replied_to(message: discord.Message) -> str:
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return ""
    return str(reference.message_id or "")


def _quote(message: discord.Message) -> str:
    answered = message.reference.resolved if message.reference else None
    if not isinstance(answered, discord.Message) or message.type is not discord.MessageType.reply:
        return ""
    text = answered.content.strip()
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


# --- edits, deletions, reports -----------------------------------------------------------------------


def read_edit(message: Mapping[str, Any], where: ThreadRef, facts: Facts) -> Edited | None:
    """A message as Discord writes it. None: no person changed its words; links are resolved by the same event."""
    author, stamp = message.get("author"), message.get("edited_timestamp")
    if author is None or not stamp or "content" not in message or author.get("bot"):
        return None
    roles = message["member"].get("roles", ()) if "member" in message else ()
    who = UserRef(ADAPTER, str(author["id"]), roles=tuple(map(str, roles)))
    said = re.sub(rf"<@!?{facts.bot}>", "", message["content"], count=1).strip()
    id = str(message["id"])
    origin = Origin(f"dc:{id}:{stamp}", where, who, discord.utils.snowflake_time(int(id)).timestamp())
    return Edited(origin, id, said)


def deleted(where: ThreadRef, message: int, at: float) -> Edited:
    """Discord does not tell by whom: so it is told by the surface itself."""
    return Edited(Origin(f"dc:{message}:deleted", where, SURFACE, at), str(message), None)


def reported(
    what: Report, where: ThreadRef, at: float, *, ref: ThreadRef | None = None, detail: str = ""
) -> PlaceReported:
    """What happened to a thread, or to a channel with all of its threads. Each is told once, so the key is random."""
    key = f"dc:{what}:{where.topic or where.space}:{secrets.token_hex(8)}"
    return PlaceReported(Origin(key, where, SURFACE, at), what, "", ref=ref, detail=detail)


def roles_of(author: discord.abc.User) -> tuple[str, ...] | None:
    """None: not known, as what is fetched later comes without."""
    return tuple(str(role.id) for role in author.roles) if isinstance(author, discord.Member) else None
