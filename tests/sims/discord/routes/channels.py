"""Channels and threads as such: looking, changing, deleting, typing, overwrites."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import choice, flag, known, listed, number, snowflake, text, words
from tests.sims.discord.permissions import Right, guild_rights, require, require_sending, rights_in
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Problems, Refusal, archived, no_permission
from tests.sims.discord.routes.registry import Ask, find_channel, route
from tests.sims.discord.wire import channel_json
from tests.sims.discord.world import FORUM, TEXT, Channel, Guild, Json, Overwrite, Tag

ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MOST_TAGS, MOST_APPLIED = 20, 5
PINNED_POST = 1 << 1
THREAD_FIELDS = words("name archived auto_archive_duration locked invitable rate_limit_per_user flags applied_tags")
CHANNEL_FIELDS = words(
    "name topic position nsfw rate_limit_per_user parent_id permission_overwrites type available_tags flags "
    "default_auto_archive_duration default_thread_rate_limit_per_user default_reaction_emoji default_sort_order "
    "default_forum_layout"
)


class SlowDown(Exception):
    """A limit of its own inside a bucket that is not spent: a 429 although calls remain."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"after {seconds} s")
        self.seconds = seconds


@route("GET", "/channels/{channel}")
def get_channel(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    return channel_json(channel, realm.bot)


@route("PATCH", "/channels/{channel}", " ".join(sorted(THREAD_FIELDS | CHANNEL_FIELDS)), bucket="channels")
def modify_channel(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    if channel.thread is None:
        _modify_channel(realm, channel, ask.body)
    else:
        _modify_thread(realm, channel, ask.body)
    return channel_json(channel, realm.bot)


def _check_pace(realm: Realm, channel: Channel, body: Json) -> None:
    """Two names or topics in ten minutes; it counts before anything else is looked at."""
    if ("name" in body or "topic" in body) and (wait := realm.buckets.admit_name(channel.id)):
        raise SlowDown(wait)


def _modify_channel(realm: Realm, channel: Channel, body: Json) -> None:
    problems = Problems()
    known(problems, body, CHANNEL_FIELDS, ())
    name = text(problems, body, "name", (), most=100, required="name" in body)
    topic = text(problems, body, "topic", (), most=4096 if channel.kind == FORUM else 1024)
    slow = number(problems, body, "rate_limit_per_user", (), least=0, most=21_600, default=channel.slow_seconds)
    tags = read_tags(realm, problems, body)
    problems.check()
    require(channel, realm.bot, Right.MANAGE_CHANNELS)
    _check_pace(realm, channel, body)
    what: Json = {"slow_seconds": slow or 0}
    if name:
        what["name"] = tidy(name, channel.kind)
    if "topic" in body:
        what["topic"] = topic or None
    if "available_tags" in body:
        what["tags"] = tags
    if "permission_overwrites" in body and channel.guild:
        what["overwrites"] = read_overwrites(channel.guild, realm, body)
    realm.set_channel(channel, realm.bot, **what)


def _modify_thread(realm: Realm, channel: Channel, body: Json) -> None:
    what, facts = _read_thread(body)
    _may_modify(realm, channel, body)
    if channel.archived and (facts.get("archived") is not False or len(body) > 1):
        raise archived()  # first it must be brought back, and by that alone
    check_applied(realm, channel.parent, what.get("applied", []))
    _check_pace(realm, channel, body)
    what = {one: value for one, value in what.items() if value != getattr(channel, one)}
    facts = {one: value for one, value in facts.items() if value != getattr(channel.thread, one)}
    if what:
        realm.set_channel(channel, realm.bot, **what)
    if facts:
        realm.set_thread(channel, **facts)


def _read_thread(body: Json) -> tuple[Json, Json]:
    """What is to change of the channel, and of what only threads have."""
    problems = Problems()
    known(problems, body, THREAD_FIELDS, ())
    name = text(problems, body, "name", (), most=100, required="name" in body)
    slow = number(problems, body, "rate_limit_per_user", (), least=0, most=21_600)
    flags = number(problems, body, "flags", (), least=0, most=PINNED_POST)
    tags = listed(problems, body, "applied_tags", (), most=MOST_APPLIED)
    applied = [snowflake(problems, one, ("applied_tags", at)) for at, one in enumerate(tags)]
    facts: Json = {one: flag(problems, body, one, ()) for one in ("archived", "locked", "invitable")}
    facts["archive_minutes"] = choice(problems, body, "auto_archive_duration", (), ARCHIVE_MINUTES)
    problems.check()
    what: Json = {"name": name or None, "slow_seconds": slow, "flags": flags}
    what["applied"] = applied if "applied_tags" in body else None
    return _given(what), _given(facts)


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _may_modify(realm: Realm, channel: Channel, body: Json) -> None:
    """Whose thread it is may rename and archive it; locking, and all threads of others, is for those who manage
    threads; any who may write there can bring back one that is not locked."""
    assert channel.thread is not None
    rights = rights_in(channel, realm.bot)
    if rights & Right.MANAGE_THREADS:
        return
    if body == {"archived": False} and rights & Right.SEND_IN_THREADS and not channel.thread.locked:
        return
    if channel.thread.owner is not realm.bot or channel.thread.locked or "locked" in body or "flags" in body:
        raise no_permission()


@route("DELETE", "/channels/{channel}")
def delete_channel(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    if channel.guild is not None:
        require(channel, realm.bot, Right.MANAGE_THREADS if channel.thread else Right.MANAGE_CHANNELS)
        realm.drop_channel(channel)
    return channel_json(channel, realm.bot)


@route("POST", "/channels/{channel}/typing", bucket="typing")
def trigger_typing(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require_sending(channel, realm.bot)
    realm.type_in(channel, realm.bot)


@route("PUT", "/channels/{channel}/permissions/{target}", "id allow deny type")
def edit_channel_permissions(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    assert channel.guild is not None
    require(channel, realm.bot, Right.MANAGE_ROLES)
    made = _overwrite(channel.guild, realm, ask.id("target"), ask.body)
    realm.set_overwrite(channel, made)


@route("DELETE", "/channels/{channel}/permissions/{target}")
def delete_channel_permission(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot, Right.MANAGE_ROLES)
    left = {number: one for number, one in channel.overwrites.items() if number != ask.id("target")}
    realm.set_channel(channel, overwrites=left)


# --- parts of a channel --------------------------------------------------------------------------


def tidy(name: str, kind: int) -> str:
    """Text channels have no capitals and no spaces."""
    return "-".join(name.lower().split()) if kind == TEXT else name


def read_overwrites(guild: Guild, realm: Realm, body: Json) -> dict[int, Overwrite]:
    problems, where = Problems(), "permission_overwrites"
    given = [
        (snowflake(problems, one.get("id"), (where, at, "id")), one)
        for at, one in enumerate(listed(problems, body, where, (), most=1000))
        if known(problems, one, words("id type allow deny"), (where, at))
    ]
    problems.check()
    return {number: _overwrite(guild, realm, number, one) for number, one in given}


def _overwrite(guild: Guild, realm: Realm, target: int, given: Json) -> Overwrite:
    """Nobody allows or denies what they may not do themselves."""
    problems = Problems()
    known(problems, given, words("id type allow deny"), ())
    kind = choice(problems, given, "type", (), (0, 1)) or 0
    problems.check()
    if target not in (guild.members if kind else guild.roles):
        raise Refusal(404, 10009, "Unknown Overwrite")
    allow, deny = int(given.get("allow") or 0), int(given.get("deny") or 0)
    if (allow | deny) & ~guild_rights(guild.members[realm.bot.id]):
        raise no_permission()
    return Overwrite(target, kind, allow, deny)


def read_tags(realm: Realm, problems: Problems, body: Json) -> dict[int, Tag]:
    tags = {}
    for at, one in enumerate(listed(problems, body, "available_tags", (), most=MOST_TAGS)):
        where = ("available_tags", at)
        if known(problems, one, words("id name moderated emoji_id emoji_name"), where):
            name = text(problems, one, "name", where, most=20, required=True)
            tag = Tag(int(one.get("id") or realm.new_id()), name, bool(one.get("moderated")), one.get("emoji_name"))
            tags[tag.id] = tag
    return tags


def check_applied(realm: Realm, forum: Channel | None, applied: list[int]) -> None:
    """Only tags of the forum; a moderated one needs the right to manage threads."""
    assert forum is not None
    for tag_id in applied:
        tag = forum.tags.get(tag_id)
        if tag is None:
            raise Refusal(400, 10087, "Unknown tag")
        if tag.moderated and not rights_in(forum, realm.bot) & Right.MANAGE_THREADS:
            raise no_permission()
