"""What the bot may ask about itself, chats and members."""

from __future__ import annotations

from typing import Any

from tests.sims.telegram.methods.access import known_chat
from tests.sims.telegram.methods.registry import method
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.wire import chat_json, member_json, message_json, user_json
from tests.sims.telegram.world import Json, Member


@method("getMe")
def get_me(realm: Realm, p: Params) -> Any:
    return user_json(realm.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not realm.privacy,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": realm.topics_in_private,
        "allows_users_to_create_topics": realm.topics_in_private,
    }


@method("getChat", "chat_id")
def get_chat(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    shown: Json = chat_json(chat) | {
        "accent_color_id": 1,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
    }
    pinned = [message for message in chat.messages.values() if message.pinned and not message.deleted]
    if pinned:
        shown["pinned_message"] = message_json(pinned[-1], nested=True)
    if chat.kind != "private":
        shown["permissions"] = {"can_send_messages": True, "can_manage_topics": chat.forum}
    return shown


@method("getChatMember", "chat_id user_id")
def get_chat_member(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    user = realm.users.get(p.number("user_id"))
    if user is None:
        raise bad("user not found")
    return member_json(chat.members.get(user.id) or Member(user, "left"))


@method("getChatAdministrators", "chat_id return_bots")
def get_chat_administrators(realm: Realm, p: Params) -> Any:
    chat = known_chat(realm, p)
    if chat.kind == "private":
        raise bad("there are no administrators in the private chat")
    return [
        member_json(member)
        for member in chat.members.values()
        if member.admin and (not member.user.is_bot or member.user is realm.bot or p.flag("return_bots"))
    ]


@method("getChatMemberCount", "chat_id")
def get_chat_member_count(realm: Realm, p: Params) -> Any:
    return sum(member.present for member in known_chat(realm, p).members.values())


@method("leaveChat", "chat_id")
def leave_chat(realm: Realm, p: Params) -> Any:
    realm.set_member(known_chat(realm, p), Member(realm.bot, "left"))
    return True


@method("logOut")
def log_out(realm: Realm, p: Params) -> Any:
    return True


@method("close")
def close(realm: Realm, p: Params) -> Any:
    return True
