"""The first answer to an interaction: within its time, once, and of a kind that fits."""

from __future__ import annotations

import time
from typing import Any

from tests.sims.discord.checks import known, listed, words
from tests.sims.discord.contents import CONTENT, MAY_SEND, read_content
from tests.sims.discord.interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    LATER,
    MESSAGE,
    MODAL,
    SUBMIT,
    THINKING,
    UPDATE,
    Interaction,
    Modal,
)
from tests.sims.discord.modals import check_modal
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Path, Problems, Refusal, invalid, unknown
from tests.sims.discord.routes.commands import check_choices
from tests.sims.discord.routes.registry import Ask, route
from tests.sims.discord.wire import message_json, user_json
from tests.sims.discord.world import EPHEMERAL, LOADING, SUPPRESS_EMBEDS, Json, Message, User

MOST_CHOICES = 25
DATA: Path = ("data",)
MESSAGE_FIELDS = words(f"{CONTENT} tts")


@route("POST", "/interactions/{interaction}/{token}/callback", "type data", query="with_response", open=True)
def create_interaction_response(realm: Realm, ask: Ask) -> Any:
    interaction = realm.interactions.get(ask.id("interaction"))
    if interaction is None or interaction.token != ask.path["token"]:
        raise unknown("interaction")
    if interaction.answer:
        raise Refusal(400, 40060, "Interaction has already been acknowledged.")
    if time.time() > interaction.deadline:
        raise unknown("interaction")
    answer = ask.body.get("type")
    if answer not in _fitting(interaction):
        fitting = ", ".join(map(str, _fitting(interaction)))
        raise invalid(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {{{fitting}}}.")
    made = _ANSWERS[answer](realm, interaction, ask)
    interaction.acknowledge(answer)
    realm.changed()
    if ask.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    return _resource(realm, interaction, answer, made)


def _fitting(interaction: Interaction) -> tuple[int, ...]:
    if interaction.kind == AUTOCOMPLETE:
        return (CHOICES,)
    fitting: tuple[int, ...] = (MESSAGE, THINKING)
    if interaction.kind == COMPONENT or (interaction.kind == SUBMIT and interaction.message is not None):
        fitting += (LATER, UPDATE)
    return fitting if interaction.kind == SUBMIT else (*fitting, MODAL)


def _message(realm: Realm, interaction: Interaction, ask: Ask) -> Message:
    data = _data(ask)
    fields = read_content(
        realm, interaction.channel, data, ask.uploads, flags=MAY_SEND | EPHEMERAL, path=DATA, by_token=True
    )
    interaction.original = say(realm, interaction, fields)
    interaction.filled.set()
    return interaction.original


def _thinking(realm: Realm, interaction: Interaction, ask: Ask) -> Message:
    """A placeholder; whether it is ephemeral is settled here, for its whole life."""
    flags = _data(ask).get("flags") or 0
    if flags & ~(EPHEMERAL | SUPPRESS_EMBEDS):
        raise invalid((*DATA, "flags"), "INVALID_FLAGS", "Only some flags may be set here.")
    interaction.original = say(realm, interaction, {"flags": flags | LOADING})
    return interaction.original


def _later(realm: Realm, interaction: Interaction, ask: Ask) -> None:
    interaction.original = interaction.message
    interaction.filled.set()


def _update(realm: Realm, interaction: Interaction, ask: Ask) -> Message:
    """The message whose button was pressed, changed at once."""
    message = interaction.message
    assert message is not None
    fields = read_content(realm, interaction.channel, _data(ask), ask.uploads, old=message, path=DATA, by_token=True)
    realm.change(message, **fields)
    interaction.original = message
    interaction.filled.set()
    return message


def _choices(realm: Realm, interaction: Interaction, ask: Ask) -> None:
    problems, data = Problems(), ask.body.get("data") or {}
    known(problems, data, ("choices",), DATA)
    choices = listed(problems, data, "choices", DATA, most=MOST_CHOICES)
    check_choices(problems, choices, (*DATA, "choices"))
    problems.check()
    interaction.choices = choices


def _modal(realm: Realm, interaction: Interaction, ask: Ask) -> None:
    problems = Problems()
    check_modal(problems, ask.body.get("data"), DATA)
    problems.check()
    interaction.modal = Modal(interaction, ask.body["data"])


def _data(ask: Ask) -> Json:
    problems, data = Problems(), ask.body.get("data") or {}
    known(problems, data, MESSAGE_FIELDS, DATA)
    problems.check()
    return dict(data)


_ANSWERS = {
    MESSAGE: _message, THINKING: _thinking, LATER: _later, UPDATE: _update, CHOICES: _choices, MODAL: _modal,
}  # fmt: skip


def say(realm: Realm, interaction: Interaction, fields: dict[str, Any]) -> Message:
    """A message in answer to an interaction; an ephemeral one is for its person alone."""
    if interaction.channel.archived and interaction.channel.locked:
        raise Refusal(403, 50083, "Thread is archived")  # discord-api-docs issues 6884 and 7707
    receiver: User | None = interaction.user if fields["flags"] & EPHEMERAL else None
    return realm.post(
        interaction.channel,
        realm.bot,
        **_kind(interaction),
        interaction=interaction.metadata({"0": _owner(interaction)}, user_json(interaction.user)),
        receiver=receiver,
        **fields,
    )


def _kind(interaction: Interaction) -> Json:
    """A command's answer says which command it was; what follows, and what a component set off, is a reply."""
    if interaction.original is None and interaction.kind == COMMAND:
        return {"kind": 20}
    target = interaction.original or interaction.message
    if target is None:
        return {"kind": 0}
    reference = {"type": 0, "message_id": str(target.id), "channel_id": str(target.channel.id)}
    return {"kind": 19, "reply_to": target, "reference": reference}


def _owner(interaction: Interaction) -> str:
    return str(interaction.channel.guild.id) if interaction.channel.guild else "0"


def _resource(realm: Realm, interaction: Interaction, answer: int, made: Message | None) -> Json:
    shown: Json = {
        "id": str(interaction.id), "type": interaction.kind, "response_message_loading": answer == THINKING,
        "response_message_ephemeral": bool(made and made.ephemeral),
    }  # fmt: skip
    if made is None:
        return {"interaction": shown, "resource": {"type": answer}}
    shown["response_message_id"] = str(made.id)
    return {"interaction": shown, "resource": {"type": answer, "message": message_json(made, realm.bot)}}
