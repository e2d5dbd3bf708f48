"""Threads: opening, joining, finding archived ones."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from tests.sims.discord.checks import choice, flag, known, listed, number, snowflake, text
from tests.sims.discord.contents import CONTENT, read_content
from tests.sims.discord.permissions import Right, may_see, require, require_sending
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Problems, Refusal, archived, invalid, unknown
from tests.sims.discord.routes.channels import ARCHIVE_MINUTES, MOST_APPLIED, check_applied
from tests.sims.discord.routes.registry import Ask, find_channel, find_message, route
from tests.sims.discord.wire import channel_json, message_json, thread_member_json
from tests.sims.discord.world import FORUM, PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel, Json

MOST_ACTIVE = 1000
NEEDS_TAG = 1 << 4
LATEST = (1 << 63) - 1
FROM_MESSAGE = "name auto_archive_duration rate_limit_per_user"


@route("POST", "/channels/{channel}/messages/{message}/threads", FROM_MESSAGE, bucket="threads", status=201)
def start_thread_from_message(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    name, minutes, slow = _basics(ask.body)
    message = find_message(channel, ask)
    _check_kind(channel)
    require(channel, realm.bot, Right.CREATE_PUBLIC_THREADS)
    if message.thread is not None or message.id in realm.channels:
        raise Refusal(400, 160004, "A thread has already been created for this message")
    if not message.by_hand:
        raise Refusal(403, 50021, "Cannot execute action on a system message")
    _check_room(channel)
    made = realm.make_thread(channel, realm.bot, name, start=message, minutes=minutes, slow_seconds=slow)
    return channel_json(made, realm.bot)


@route(
    "POST",
    "/channels/{channel}/threads",
    f"{FROM_MESSAGE} type invitable message applied_tags",
    query="use_nested_fields",
    bucket="threads",
    status=201,
)
def start_thread(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    if channel.kind == FORUM:
        return _post(realm, channel, ask)
    name, minutes, slow = _basics(ask.body)
    problems = Problems()
    kind = choice(problems, ask.body, "type", (), (PUBLIC_THREAD, PRIVATE_THREAD))
    invitable = flag(problems, ask.body, "invitable", ())
    for field in ("message", "applied_tags"):
        if field in ask.body:
            problems.add((field,), "UNKNOWN_FIELD", "only posts in forums have it")
    problems.check()
    _check_kind(channel)
    kind = kind or PRIVATE_THREAD  # Discord: without a type it is a private one
    right = Right.CREATE_PUBLIC_THREADS if kind == PUBLIC_THREAD else Right.CREATE_PRIVATE_THREADS
    require(channel, realm.bot, right)
    _check_room(channel)
    made = realm.make_thread(
        channel, realm.bot, name, kind=kind, minutes=minutes, slow_seconds=slow, invitable=invitable is not False
    )
    return channel_json(made, realm.bot)


def _post(realm: Realm, forum: Channel, ask: Ask) -> Json:
    """A post: its thread and first message, which have the same id."""
    name, minutes, slow = _basics(ask.body)
    problems = Problems()
    applied = [
        snowflake(problems, one, ("applied_tags", at))
        for at, one in enumerate(listed(problems, ask.body, "applied_tags", (), most=MOST_APPLIED))
    ]
    message = ask.body.get("message")
    if message is None:
        problems.add(("message",), "BASE_TYPE_REQUIRED", "This field is required")
        problems.check()
    known(problems, message, f"{CONTENT} tts nonce enforce_nonce sticker_ids".split(), ("message",))
    problems.check()
    require_sending(forum, realm.bot)
    check_applied(realm, forum, applied)
    if forum.flags & NEEDS_TAG and not applied:
        raise Refusal(400, 40067, "A tag is required to create a forum post in this channel")
    _check_room(forum)
    fields = read_content(realm, forum, message, ask.uploads, path=("message",))
    made = realm.make_thread(forum, realm.bot, name, minutes=minutes, slow_seconds=slow, tags=applied)
    first = realm.post(made, realm.bot, id=made.id, **fields)
    return channel_json(made, realm.bot) | {"message": message_json(first, realm.bot)}


def _basics(body: Json) -> tuple[str, int | None, int]:
    problems = Problems()
    name = text(problems, body, "name", (), most=100, required=True)
    minutes = choice(problems, body, "auto_archive_duration", (), ARCHIVE_MINUTES)
    slow = number(problems, body, "rate_limit_per_user", (), least=0, most=21_600, default=0)
    problems.check()
    return name, minutes, slow or 0


def _check_kind(channel: Channel) -> None:
    if channel.kind != TEXT:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")


def _check_room(channel: Channel) -> None:
    assert channel.guild is not None
    if sum(one.thread is not None and not one.archived for one in channel.guild.channels.values()) >= MOST_ACTIVE:
        raise Refusal(400, 160006, "Maximum number of active threads reached")


# --- members -------------------------------------------------------------------------------------


@route("PUT", "/channels/{channel}/thread-members/{user}")
def add_thread_member(realm: Realm, ask: Ask) -> Any:
    thread = _thread(realm, ask)
    require_sending(thread, realm.bot)
    if thread.archived:
        raise archived()
    assert thread.guild is not None
    user_id = realm.bot.id if ask.path["user"] == "@me" else ask.id("user")
    user = realm.users.get(user_id)
    if user is None:
        raise unknown("User")
    if user.id not in thread.guild.members or not (thread.parent and may_see(thread.parent, user)):
        raise Refusal(403, 50001, "Missing Access")
    realm.join_thread(thread, user)


@route("DELETE", "/channels/{channel}/thread-members/{user}")
def remove_thread_member(realm: Realm, ask: Ask) -> Any:
    thread = _thread(realm, ask)
    if thread.archived:
        raise archived()
    if ask.path["user"] == "@me":
        realm.leave_thread(thread, realm.bot)
        return
    require(thread, realm.bot, Right.MANAGE_THREADS)
    user = realm.users.get(ask.id("user"))
    if user is None or user.id not in thread.joined:
        raise unknown("Member")
    realm.leave_thread(thread, user)


@route("GET", "/channels/{channel}/thread-members/{user}", query="with_member")
def get_thread_member(realm: Realm, ask: Ask) -> Any:
    thread = _thread(realm, ask)
    user_id = realm.bot.id if ask.path["user"] == "@me" else ask.id("user")
    if user_id not in thread.joined:
        raise unknown("Member")
    return thread_member_json(thread, user_id)


@route("GET", "/channels/{channel}/thread-members", query="with_member after limit")
def list_thread_members(realm: Realm, ask: Ask) -> Any:
    thread = _thread(realm, ask)
    return [thread_member_json(thread, user) for user in thread.joined]


def _thread(realm: Realm, ask: Ask) -> Channel:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    if channel.thread is None:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    return channel


# --- archived ones -------------------------------------------------------------------------------


@route("GET", "/channels/{channel}/threads/archived/public", query="before limit")
def list_public_archived_threads(realm: Realm, ask: Ask) -> Any:
    return _archived(realm, ask, PUBLIC_THREAD)


@route("GET", "/channels/{channel}/threads/archived/private", query="before limit")
def list_private_archived_threads(realm: Realm, ask: Ask) -> Any:
    require(find_channel(realm, ask), realm.bot, Right.MANAGE_THREADS)
    return _archived(realm, ask, PRIVATE_THREAD)


@route("GET", "/channels/{channel}/users/@me/threads/archived/private", query="before limit")
def list_joined_private_archived_threads(realm: Realm, ask: Ask) -> Any:
    return _archived(realm, ask, PRIVATE_THREAD, joined=True)


def _archived(realm: Realm, ask: Ask, kind: int, *, joined: bool = False) -> Json:
    """The latest archived first; `before` is a time, or for joined ones an id."""
    channel = find_channel(realm, ask)
    require(channel, realm.bot, Right.READ_HISTORY)
    limit = ask.limit(50, 100)
    found = [one for one in realm.threads(channel) if one.archived and one.kind == kind]
    if joined:
        before = ask.mark("before", LATEST)
        found = [one for one in found if realm.bot.id in one.joined and one.id < before]
    else:
        until = _time(ask.query.get("before"))
        found = [one for one in found if one.thread and one.thread.archived_at < until]
    found.sort(key=lambda one: -(one.thread.archived_at if one.thread else 0))
    page = found[:limit]
    members = [thread_member_json(one, realm.bot.id) for one in page if realm.bot.id in one.joined]
    shown = [channel_json(one, realm.bot) for one in page]
    return {"threads": shown, "members": members, "has_more": len(found) > limit}


def _time(given: str | None) -> float:
    if given is None:
        return time.time() + 1
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise invalid(("before",), "DATE_TIME_TYPE_PARSE", f'Could not parse "{given}".') from None
