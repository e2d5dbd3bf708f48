"""Messages: writing, reading, editing, deleting."""

from __future__ import annotations

import time
from typing import Any

from tests.sims.discord.checks import flag, listed, snowflake
from tests.sims.discord.contents import CONTENT, MAY_EDIT, read_content, read_nonce, read_reference
from tests.sims.discord.permissions import Right, require, require_sending, rights_in
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Problems, Refusal, archived, unknown
from tests.sims.discord.routes.registry import Ask, find_channel, find_message, route
from tests.sims.discord.sessions import Intent, without_content
from tests.sims.discord.wire import message_json
from tests.sims.discord.world import FORUM, Channel, Json, Message

REMEMBERS_NONCES = 180.0  # seconds
LATEST = (1 << 63) - 1
HOUR = 3600.0
FORTNIGHT = 14 * 86_400.0


@route(
    "POST",
    "/channels/{channel}/messages",
    f"{CONTENT} nonce tts message_reference sticker_ids enforce_nonce",
    bucket="messages",
)
def create_message(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    check_may_write(realm, channel)
    problems = Problems()
    nonce = read_nonce(problems, ask.body)
    tts = flag(problems, ask.body, "tts", ())
    listed(problems, ask.body, "sticker_ids", (), most=0)
    problems.check()
    if ask.body.get("enforce_nonce") and (same := _said_before(realm, channel, nonce)):
        return message_json(same, realm.bot)
    fields = read_content(realm, channel, ask.body, ask.uploads)
    if tts:
        require(channel, realm.bot, Right.SEND_TTS)
    target, reference = read_reference(realm, channel, ask.body)
    kind = 19 if reference else 0
    if target and (ask.body.get("allowed_mentions") or {}).get("replied_user", True) and not target.author.bot:
        fields["mentions"] = [*fields["mentions"], *({target.author} - set(fields["mentions"]))]
    message = realm.post(
        channel, realm.bot, kind=kind, nonce=nonce, tts=bool(tts), reply_to=target, reference=reference, **fields
    )
    return message_json(message, realm.bot)


def check_may_write(realm: Realm, channel: Channel) -> None:
    """Rights first; a forum takes posts only; a locked thread is for those who manage threads, and stays archived."""
    require_sending(channel, realm.bot)
    if channel.kind == FORUM:
        raise Refusal(400, 40058, "Cannot send a message in a forum channel")
    if channel.locked and (channel.archived or not rights_in(channel, realm.bot) & Right.MANAGE_THREADS):
        raise Refusal(400, 160005, "Thread is locked")


def _said_before(realm: Realm, channel: Channel, nonce: str | int | None) -> Message | None:
    """The bot's message of the last minutes with this nonce."""
    if nonce is None:
        return None
    for message in reversed(channel.messages.values()):
        if message.at < time.time() - REMEMBERS_NONCES:
            return None
        if message.author is realm.bot and message.nonce == nonce and not message.deleted:
            return message
    return None


@route("GET", "/channels/{channel}/messages", query="limit before after around")
def get_messages(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    limit = ask.limit(50, 100)
    if channel.kind == FORUM:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    standing = [one for one in channel.messages.values() if not one.deleted and one.receiver is None]
    if not rights_in(channel, realm.bot) & Right.READ_HISTORY:
        standing = []
    found = _page(sorted(standing, key=lambda one: one.id), ask, limit)
    return [_shown(realm, one) for one in reversed(found)]


def _page(messages: list[Message], ask: Ask, limit: int) -> list[Message]:
    """One of before, after and around; oldest first."""
    if "around" in ask.query:
        around = ask.mark("around", 0)
        older = [one for one in messages if one.id <= around][-(limit // 2 + 1) :]
        return older + [one for one in messages if one.id > around][: limit - len(older)]
    if "after" in ask.query:
        return [one for one in messages if one.id > ask.mark("after", 0)][:limit]
    return [one for one in messages if one.id < ask.mark("before", LATEST)][-limit:]


@route("GET", "/channels/{channel}/messages/{message}")
def get_message(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot, Right.READ_HISTORY)
    return _shown(realm, find_message(channel, ask))


def _shown(realm: Realm, message: Message) -> Json:
    """An application without the message content intent does not read it here either."""
    shown = message_json(message, realm.bot)
    mine = message.author is realm.bot or realm.bot in message.mentions or message.channel.guild is None
    return shown if mine or realm.privileged & Intent.CONTENT else without_content(shown)


@route("PATCH", "/channels/{channel}/messages/{message}", f"{CONTENT} tts nonce", bucket="edits")
def edit_message(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    message = find_message(channel, ask)
    if message.author is not realm.bot:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")
    if not message.by_hand:
        raise Refusal(403, 50021, "Cannot execute action on a system message")
    if channel.archived:
        raise archived()
    fields = read_content(realm, channel, ask.body, ask.uploads, old=message, flags=MAY_EDIT)
    _check_age(realm, message)
    realm.change(message, **fields)
    return message_json(message, realm.bot)


def _check_age(realm: Realm, message: Message) -> None:
    if message.at > time.time() - HOUR:
        return
    message.old_edits += 1
    if message.old_edits > realm.buckets.limits.old_edits:
        old = "Maximum number of edits to messages older than 1 hour reached. Try again later."
        raise Refusal(429, 30046, old, retry_after=60.0, **{"global": False})


@route("DELETE", "/channels/{channel}/messages/{message}", bucket="deletions")
def delete_message(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    message = find_message(channel, ask)
    if message.author is not realm.bot:
        if channel.guild is None:
            raise Refusal(403, 50003, "Cannot execute action on a DM channel")
        require(channel, realm.bot, Right.MANAGE_MESSAGES)
    if message.kind == 21:
        raise Refusal(403, 50021, "Cannot execute action on a system message")
    if channel.archived:
        raise archived()
    realm.remove(message)


@route("POST", "/channels/{channel}/messages/bulk-delete", "messages", bucket="deletions")
def bulk_delete_messages(realm: Realm, ask: Ask) -> Any:
    channel, problems = find_channel(realm, ask), Problems()
    given = listed(problems, ask.body, "messages", (), least=2, most=100)
    ids = [snowflake(problems, one, ("messages", at)) for at, one in enumerate(given)]
    problems.check()
    if channel.guild is None:
        raise Refusal(403, 50003, "Cannot execute action on a DM channel")
    require(channel, realm.bot, Right.MANAGE_MESSAGES)
    found = [channel.messages[one] for one in ids if one in channel.messages]
    if any(one.at < time.time() - FORTNIGHT for one in found):
        raise Refusal(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    if not found:
        raise unknown("Message")
    realm.remove_many(channel, found)
