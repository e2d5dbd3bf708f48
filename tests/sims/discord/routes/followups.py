"""What comes after the first answer, for as long as the interaction's token lives."""

from __future__ import annotations

import time
from typing import Any

from tests.sims.discord.contents import CONTENT, MAY_EDIT, MAY_SEND, read_content
from tests.sims.discord.interactions import AUTOCOMPLETE, Interaction
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Refusal, unknown
from tests.sims.discord.routes.callbacks import say
from tests.sims.discord.routes.registry import Ask, route
from tests.sims.discord.wire import message_json
from tests.sims.discord.world import EPHEMERAL, LOADING, Message

HOOK = "/webhooks/{application}/{token}"
QUERY = "wait thread_id with_components"


@route("POST", HOOK, f"{CONTENT} tts username avatar_url", query=QUERY, bucket="webhooks", open=True)
def create_followup(realm: Realm, ask: Ask) -> Any:
    interaction = _interaction(realm, ask)
    placeholder = interaction.original
    if placeholder is not None and placeholder.loading and not placeholder.deleted:
        return message_json(_edit(realm, interaction, placeholder, ask), realm.bot)
    fields = read_content(realm, interaction.channel, ask.body, ask.uploads, flags=MAY_SEND | EPHEMERAL, by_token=True)
    message = say(realm, interaction, fields)
    interaction.follow_ups.append(message)
    return message_json(message, realm.bot)


@route("GET", HOOK + "/messages/{message}", query="thread_id", bucket="webhooks", open=True)
def get_followup(realm: Realm, ask: Ask) -> Any:
    return message_json(_message(_interaction(realm, ask), ask), realm.bot)


@route("PATCH", HOOK + "/messages/{message}", f"{CONTENT} tts", query=QUERY, bucket="webhooks", open=True)
def edit_followup(realm: Realm, ask: Ask) -> Any:
    interaction = _interaction(realm, ask)
    return message_json(_edit(realm, interaction, _message(interaction, ask), ask), realm.bot)


@route("DELETE", HOOK + "/messages/{message}", query="thread_id", bucket="webhooks", open=True)
def delete_followup(realm: Realm, ask: Ask) -> Any:
    realm.remove(_message(_interaction(realm, ask), ask))


def _edit(realm: Realm, interaction: Interaction, message: Message, ask: Ask) -> Message:
    """A placeholder is filled by it; it stays as ephemeral as it was."""
    body = {name: value for name, value in ask.body.items() if name in CONTENT.split()}
    if message.loading and "flags" in body and body["flags"] is not None:
        body["flags"] &= ~EPHEMERAL
    may = MAY_SEND if message.loading else MAY_EDIT
    fields = read_content(realm, interaction.channel, body, ask.uploads, old=message, flags=may, by_token=True)
    was_loading = message.loading
    fields["flags"] &= ~LOADING
    realm.change(message, **fields)
    if was_loading:
        message.edited_at = None  # filling is no edit
    if message is interaction.original:
        interaction.filled.set()
    return message


def _interaction(realm: Realm, ask: Ask) -> Interaction:
    """By token alone; 50027 once it has run out, 10015 before there was a first answer."""
    if ask.id("application") != realm.bot.id:
        raise unknown("Webhook")
    token = ask.path["token"]
    interaction = next((one for one in realm.interactions.values() if one.token == token), None)
    if interaction is None or time.time() > interaction.token_until:
        raise Refusal(401, 50027, "Invalid Webhook Token")
    if not interaction.answer or interaction.kind == AUTOCOMPLETE:
        raise unknown("Webhook")
    return interaction


def _message(interaction: Interaction, ask: Ask) -> Message:
    """`@original` is the first answer, after type 6 and 7 the message whose component was used."""
    if ask.path["message"] == "@original":
        found = interaction.original
    else:
        mine = [interaction.original, *interaction.follow_ups]
        found = next((one for one in mine if one is not None and one.id == ask.id("message")), None)
    if found is None or found.deleted:
        raise unknown("Message")
    return found
