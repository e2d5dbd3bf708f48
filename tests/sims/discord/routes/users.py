"""The bot itself, its application, the gateway's address, other users."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import snowflake
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Problems, Refusal, unknown
from tests.sims.discord.routes.registry import Ask, route
from tests.sims.discord.sessions import Intent
from tests.sims.discord.wire import channel_json, user_json
from tests.sims.discord.world import Json

PRESENCES, MEMBERS, CONTENT = 1 << 13, 1 << 15, 1 << 19  # flags of an application with less than 100 guilds


@route("GET", "/users/@me")
def get_current_user(realm: Realm, ask: Ask) -> Any:
    return user_json(realm.bot) | {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US", "flags": 0}


@route("GET", "/users/@me/guilds", query="limit before after with_counts")
def get_current_user_guilds(realm: Realm, ask: Ask) -> Any:
    known = [guild for guild in realm.guilds.values() if realm.knows(guild)]
    return [
        {"id": str(one.id), "name": one.name, "icon": None, "owner": False, "permissions": "0", "features": []}
        for one in known
    ]


@route("POST", "/users/@me/channels", "recipient_id")
def create_dm(realm: Realm, ask: Ask) -> Any:
    problems = Problems()
    number = snowflake(problems, ask.body.get("recipient_id"), ("recipient_id",))
    problems.check()
    user = realm.users.get(number)
    if user is None:
        raise unknown("User")
    if user.bot:
        raise Refusal(403, 50007, "Cannot send messages to this user")
    return channel_json(realm.direct(user), realm.bot)


@route("GET", "/users/{user}")
def get_user(realm: Realm, ask: Ask) -> Any:
    user = realm.users.get(ask.id("user"))
    if user is None:
        raise unknown("User")
    return user_json(user)


@route("GET", "/applications/@me")
def get_application(realm: Realm, ask: Ask) -> Any:
    return _application(realm)


@route("GET", "/oauth2/applications/@me")
def get_oauth2_application(realm: Realm, ask: Ask) -> Any:
    return _application(realm)


def _application(realm: Realm) -> Json:
    flags = 0
    for intent, bit in ((Intent.PRESENCES, PRESENCES), (Intent.MEMBERS, MEMBERS), (Intent.CONTENT, CONTENT)):
        flags |= bit if realm.privileged & intent else 0
    owner = next((user for user in realm.users.values() if not user.bot), realm.bot)
    return {
        "id": str(realm.bot.id), "name": realm.bot.name, "icon": None, "description": "", "summary": "", "flags": flags,
        "bot_public": False, "bot_require_code_grant": False, "verify_key": "0" * 64, "owner": user_json(owner),
        "team": None, "rpc_origins": [], "hook": True, "interactions_endpoint_url": None, "tags": [],
        "bot": user_json(realm.bot), "approximate_guild_count": len(realm.guilds),
        "integration_types_config": {"0": {"oauth2_install_params": {"scopes": ["bot"], "permissions": "0"}}},
    }  # fmt: skip


@route("GET", "/gateway", open=True)
def get_gateway(realm: Realm, ask: Ask) -> Any:
    return {"url": realm.base.replace("http", "ws", 1)}


@route("GET", "/gateway/bot")
def get_gateway_bot(realm: Realm, ask: Ask) -> Any:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": realm.base.replace("http", "ws", 1), "shards": 1, "session_start_limit": limit}
