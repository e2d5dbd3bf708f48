"""Reactions and pins."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.sims.discord.ids import stamp
from tests.sims.discord.permissions import Right, require, rights_in
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Refusal, archived, unknown
from tests.sims.discord.routes.registry import Ask, find_channel, find_message, route
from tests.sims.discord.wire import message_json, user_json
from tests.sims.discord.world import Channel, Message

MOST_KINDS = 20
MOST_PINS = 250
REACTION = "/channels/{channel}/messages/{message}/reactions"


@route("PUT", REACTION + "/{emoji}/@me", bucket="reactions")
def create_reaction(realm: Realm, ask: Ask) -> Any:
    channel, message = _place(realm, ask)
    emoji = _emoji(ask)
    require(channel, realm.bot, Right.READ_HISTORY)
    if emoji not in message.reactions:
        require(channel, realm.bot, Right.ADD_REACTIONS)
        if len(message.reactions) >= MOST_KINDS:
            raise Refusal(400, 30010, "Maximum number of reactions reached (20)")
    if channel.archived:
        raise archived()
    realm.react(message, realm.bot, emoji)


@route("DELETE", REACTION + "/{emoji}/@me", bucket="reactions")
def delete_own_reaction(realm: Realm, ask: Ask) -> Any:
    channel, message = _place(realm, ask)
    if channel.archived:
        raise archived()
    realm.unreact(message, realm.bot, _emoji(ask))


@route("DELETE", REACTION + "/{emoji}/{user}", bucket="reactions")
def delete_user_reaction(realm: Realm, ask: Ask) -> Any:
    channel, message = _place(realm, ask)
    require(channel, realm.bot, Right.MANAGE_MESSAGES)
    user = realm.users.get(ask.id("user"))
    if user is None:
        raise unknown("User")
    realm.unreact(message, user, _emoji(ask))


@route("GET", REACTION + "/{emoji}", query="limit after type")
def get_reactions(realm: Realm, ask: Ask) -> Any:
    _, message = _place(realm, ask)
    return [user_json(user) for user in message.reactions.get(_emoji(ask), [])[: ask.limit(25, 100)]]


@route("DELETE", REACTION, bucket="reactions")
def delete_all_reactions(realm: Realm, ask: Ask) -> Any:
    channel, message = _place(realm, ask)
    require(channel, realm.bot, Right.MANAGE_MESSAGES)
    for emoji, users in list(message.reactions.items()):
        for user in list(users):
            realm.unreact(message, user, emoji)


def _place(realm: Realm, ask: Ask) -> tuple[Channel, Message]:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    return channel, find_message(channel, ask)


def _emoji(ask: Ask) -> str:
    """A sign of Unicode; guilds here have none of their own."""
    emoji = unquote(ask.path["emoji"])
    if any(sign.isalnum() for sign in emoji) or emoji.isascii():
        raise unknown("Emoji")
    return emoji


# --- pins ----------------------------------------------------------------------------------------


@route("GET", "/channels/{channel}/messages/pins", query="limit before")
def get_pins(realm: Realm, ask: Ask) -> Any:
    channel = find_channel(realm, ask)
    require(channel, realm.bot)
    pinned = _pinned(channel) if rights_in(channel, realm.bot) & Right.READ_HISTORY else []
    items = [{"pinned_at": stamp(at), "message": message_json(one, realm.bot)} for at, one in pinned]
    limit = ask.limit(50, 50)
    return {"items": items[:limit], "has_more": len(items) > limit}


@route("PUT", "/channels/{channel}/messages/pins/{message}")
def pin_message(realm: Realm, ask: Ask) -> Any:
    channel, message = _pinnable(realm, ask)
    if message.pinned_at is None:
        if len(_pinned(channel)) >= MOST_PINS:
            raise Refusal(400, 30003, f"Maximum number of pins reached for the channel ({MOST_PINS})")
        realm.pin(message, realm.bot, True)


@route("DELETE", "/channels/{channel}/messages/pins/{message}")
def unpin_message(realm: Realm, ask: Ask) -> Any:
    _, message = _pinnable(realm, ask)
    if message.pinned_at is not None:
        realm.pin(message, realm.bot, False)


def _pinnable(realm: Realm, ask: Ask) -> tuple[Channel, Message]:
    channel = find_channel(realm, ask)
    require(channel, realm.bot, Right.PIN_MESSAGES if channel.guild else Right(0))
    message = find_message(channel, ask)
    if not message.by_hand:
        raise Refusal(403, 50021, "Cannot execute action on a system message")
    if channel.archived:
        raise archived()
    return channel, message


def _pinned(channel: Channel) -> list[tuple[float, Message]]:
    found = [(one.pinned_at, one) for one in channel.messages.values() if one.pinned_at is not None and not one.deleted]
    return sorted(found, key=lambda pair: -pair[0])
