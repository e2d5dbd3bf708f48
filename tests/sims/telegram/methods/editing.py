"""Edits of messages: the bot's own only, and only if something changes."""

from __future__ import annotations

from typing import Any

from tests.sims.telegram.keyboards import inline_keyboard
from tests.sims.telegram.methods.access import known_chat, message_of
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.methods.rich import rich_content, rich_text
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.text import caption, message_text
from tests.sims.telegram.wire import message_json
from tests.sims.telegram.world import Message

ADDRESS = "business_connection_id chat_id message_id inline_message_id reply_markup "
EPHEMERAL = "chat_id receiver_user_id ephemeral_message_id reply_markup "
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


@method(
    "editMessageText",
    ADDRESS + "text parse_mode entities link_preview_options disable_web_page_preview rich_message",
    Cost.CHANGE,
)
def edit_message_text(realm: Realm, p: Params) -> Any:
    rich = p.value("rich_message", "rich message")
    if rich is not None and realm.rich_messages:
        content = rich_content(realm, rich)
        return _changed(realm, p, _own_text(realm, p), text=rich_text(content), entities=(), rich=content)
    text, entities = message_text(
        p.text("text"), p.text("parse_mode"), p.value("entities", "message entities"), realm.odd
    )
    return _changed(realm, p, _own_text(realm, p), text=text, entities=entities, rich=None)


@method("editMessageCaption", ADDRESS + "caption parse_mode caption_entities show_caption_above_media", Cost.CHANGE)
def edit_message_caption(realm: Realm, p: Params) -> Any:
    message = _own(realm, p)
    if message.media is None:
        raise bad("there is no caption in the message to edit")
    text, entities = caption(
        p.text("caption"), p.text("parse_mode"), p.value("caption_entities", "caption entities"), realm.odd
    )
    return _changed(realm, p, message, text=text, entities=entities)


@method("editMessageReplyMarkup", ADDRESS, Cost.CHANGE)
def edit_message_reply_markup(realm: Realm, p: Params) -> Any:
    return _changed(realm, p, _own(realm, p))


@method(
    "editEphemeralMessageText",
    EPHEMERAL + "text parse_mode entities link_preview_options rich_message",
    Cost.CHANGE,
)
def edit_ephemeral_message_text(realm: Realm, p: Params) -> Any:
    message = _ephemeral(realm, p)
    text, entities = message_text(
        p.text("text"), p.text("parse_mode"), p.value("entities", "message entities"), realm.odd
    )
    _changed(realm, p, message, text=text, entities=entities)
    return True


@method("editEphemeralMessageReplyMarkup", EPHEMERAL, Cost.CHANGE)
def edit_ephemeral_message_reply_markup(realm: Realm, p: Params) -> Any:
    _changed(realm, p, _ephemeral(realm, p))
    return True


@method("deleteEphemeralMessage", "chat_id receiver_user_id ephemeral_message_id", Cost.CHANGE)
def delete_ephemeral_message(realm: Realm, p: Params) -> Any:
    realm.remove(_ephemeral(realm, p))
    return True


def _own(realm: Realm, p: Params) -> Message:
    message = message_of(known_chat(realm, p), p.number("message_id"), "edit")
    if message.sender is not realm.bot or message.service is not None:
        raise bad("message can't be edited")
    return message


def _own_text(realm: Realm, p: Params) -> Message:
    message = _own(realm, p)
    if message.media is not None:
        raise bad("there is no text in the message to edit")
    return message


def _ephemeral(realm: Realm, p: Params) -> Message:
    message = known_chat(realm, p).messages.get(p.number("ephemeral_message_id"))
    if (
        message is None
        or message.deleted
        or not message.receiver
        or message.receiver.id != p.number("receiver_user_id")
    ):
        raise bad("message to edit not found")
    return message


def _changed(realm: Realm, p: Params, message: Message, **what: Any) -> Any:
    """Without reply_markup the keyboard goes."""
    what["keyboard"] = inline_keyboard(p, realm.odd)
    if all(getattr(message, name) == value for name, value in what.items()):
        raise bad(NOT_MODIFIED)
    realm.change(message, **what)
    return message_json(message)
