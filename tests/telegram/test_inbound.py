"""What an update means to core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from openacp_bot.adapters.telegram.delivery import Delivery
from openacp_bot.adapters.telegram.inbound import Taken, migration, read
from openacp_bot.core.inbound import Command, Edited, Ground, Message, PlaceReported, Pressed, Report
from openacp_bot.core.model import FileRef, ThreadRef, UserRef
from tests.telegram.updates import (
    ALICE,
    DATE,
    FACTS,
    FORUM,
    GROUP,
    PRIVATE,
    STRANGER,
    US,
    Json,
    entity,
    in_topic,
    message,
    parsed,
)

NOW = DATE + 5.0


def taken(**what: Any) -> Taken:
    found = read(Delivery(parsed(**what)), FACTS, now=NOW)
    assert found is not None
    return found


def said(raw: Json, facts: Any = FACTS) -> Message:
    found = read(Delivery(parsed(message=raw)), facts, now=NOW)
    assert found is not None and isinstance(found.inbound, Message)
    return found.inbound


def test_a_private_message_is_addressed_and_says_who_and_when() -> None:
    heard = said(message("fix the bug"))

    assert (heard.text, heard.id, heard.addressed) == ("fix the bug", "42", True)
    assert heard.origin.where == ThreadRef("telegram", "1001", "")
    assert heard.origin.who == UserRef("telegram", "1001", "Alice Liddell")
    assert (heard.origin.sent, heard.origin.ground, heard.origin.url) == (DATE, Ground.CHAT, "")


def test_the_key_names_the_message_as_update_ids_begin_anew() -> None:
    one, other = said(message(message_id=42)), said(message(message_id=43))

    assert one.origin.key != other.origin.key
    assert one.origin.key == said(message(message_id=42)).origin.key


def test_a_private_chat_with_topics_is_ground_for_topics() -> None:
    facts = replace(FACTS, private_topics=True)

    assert said(message(), facts).origin.ground is Ground.TOPIC
    assert said(message(message_thread_id=5, is_topic_message=True), facts).origin.where.topic == "5"


def test_a_topic_has_its_place_and_name() -> None:
    heard = said(in_topic())

    assert heard.origin.where == ThreadRef("telegram", "-1001", "9")
    assert (heard.origin.ground, heard.title, heard.addressed) == (Ground.TOPIC, "Made by hand", True)
    assert heard.origin.url == "https://t.me/c/1/9"
    assert heard.quote == ""


def test_a_topic_that_was_renamed_since_goes_by_its_new_name() -> None:
    assert said(in_topic(), replace(FACTS, titles={(-1001, 9): "Renamed"})).title == "Renamed"


@pytest.mark.parametrize(
    "raw",
    [
        message("@our_bot hi", chat=FORUM, entities=[entity("mention", 0, 8)]),
        message(
            "@our_bot hi", chat=FORUM, message_thread_id=1, is_topic_message=True, entities=[entity("mention", 0, 8)]
        ),
        message("@our_bot hi", chat=GROUP, message_thread_id=30, entities=[entity("mention", 0, 8)]),
    ],
    ids=["general", "general by number", "a chain of replies in a plain group"],
)
def test_what_is_no_topic_has_none(raw: Json) -> None:
    assert said(raw).origin.where.topic == ""
    assert said(raw).text == "hi"


@pytest.mark.parametrize(
    ("general", "raw", "addressed"),
    [
        ("mention", message("chatter", chat=GROUP), False),
        ("mention", message("😀 @Our_Bot do", chat=GROUP, entities=[entity("mention", 3, 8)]), True),
        ("mention", message("@other_bot do", chat=GROUP, entities=[entity("mention", 0, 10)]), False),
        ("mention", message("you do", chat=GROUP, entities=[entity("text_mention", 0, 3, user=US)]), True),
        ("mention", message("yes", chat=GROUP, reply_to_message=message("?", chat=GROUP, who=US)), True),
        ("mention", message("yes", chat=GROUP, reply_to_message=message("?", chat=GROUP)), False),
        ("mention", message("/new", chat=GROUP), True),
        ("all", message("chatter", chat=GROUP), True),
        ("off", message("@our_bot do", chat=GROUP, entities=[entity("mention", 0, 8)]), False),
        ("off", message("/new", chat=GROUP), True),
        ("off", in_topic("chatter"), True),
        ("off", message("chatter"), True),
    ],
)
def test_chatter_is_told_apart_from_what_is_meant_for_us(general: str, raw: Json, addressed: bool) -> None:
    assert said(raw, replace(FACTS, general=general)).addressed is addressed


def test_a_command_loses_our_name_and_nothing_else() -> None:
    raw = message("/new@Our_Bot claude `x`", chat=GROUP, entities=[entity("bot_command", 0, 12)])

    assert said(raw).text == "/new claude `x`"


def test_a_command_for_another_bot_is_none_of_ours() -> None:
    assert read(Delivery(parsed(message=message("/new@other_bot", chat=GROUP))), FACTS, now=NOW) is None


def test_code_reaches_the_agent_as_code() -> None:
    raw = message("run ls now", entities=[entity("code", 4, 2)])

    assert said(raw).text == "run `ls` now"


def test_a_reply_brings_what_it_replies_to() -> None:
    raw = in_topic("why?", reply_to_message=message("Because " + 600 * "x", chat=FORUM, message_id=30, who=US))
    found = taken(message=raw)

    assert isinstance(found.inbound, Message)
    assert found.inbound.quote.startswith("Because x") and len(found.inbound.quote) == 500
    assert found.replies_to == "30"


def test_a_chosen_quote_goes_before_the_whole_message() -> None:
    raw = message("why?", reply_to_message=message("one two", message_id=30), quote={"text": "two", "position": 4})

    assert said(raw).quote == "two"


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ({"type": "user", "date": DATE, "sender_user": STRANGER}, "Mallory"),
        ({"type": "hidden_user", "date": DATE, "sender_user_name": "Somebody"}, "Somebody"),
        ({"type": "chat", "date": DATE, "sender_chat": FORUM}, "Work"),
        (
            {"type": "channel", "date": DATE, "chat": {"id": -1, "type": "channel", "title": "News"}, "message_id": 1},
            "News",
        ),
    ],
)
def test_what_is_forwarded_is_somebody_elses_words(origin: Json, name: str) -> None:
    assert said(message("/delete\nall", forward_origin=origin)).text == f"Forwarded from {name}:\n> /delete\n> all"


DOCUMENT = {"file_id": "F", "file_unique_id": "U", "file_name": "../a/b.txt", "mime_type": "text/plain", "file_size": 5}
HELD: Json = {"file_id": "F", "file_unique_id": "U", "file_size": 5}
SIZED: Json = {"file_id": "F", "file_unique_id": "U", "file_size": 5, "width": 9, "height": 9}
FILM: Json = {**SIZED, "duration": 1}


@pytest.mark.parametrize(
    ("kind", "value", "name", "mime"),
    [
        ("document", DOCUMENT, "../a/b.txt", "text/plain"),
        ("photo", [{**SIZED, "file_id": "small", "width": 1}, SIZED], "photo-42.jpg", "image/jpeg"),
        ("voice", {**HELD, "duration": 1, "mime_type": "audio/ogg"}, "voice-42.ogg", "audio/ogg"),
        ("audio", {**HELD, "duration": 1, "file_name": "s.mp3", "mime_type": "audio/mpeg"}, "s.mp3", "audio/mpeg"),
        ("video_note", {**HELD, "length": 9, "duration": 1}, "video-42.mp4", "video/mp4"),
        ("video", {**FILM, "mime_type": "video/mp4"}, "video-42.mp4", "video/mp4"),
        ("animation", {**FILM, "mime_type": "video/mp4"}, "video-42.mp4", "video/mp4"),
        (
            "sticker",
            {**SIZED, "type": "regular", "is_animated": False, "is_video": False},
            "sticker-42.webp",
            "image/webp",
        ),
    ],
)
def test_a_file_comes_with_its_name(kind: str, value: Any, name: str, mime: str) -> None:
    heard = said(message(None, caption="look", **{kind: value}))

    assert heard.files == (FileRef("telegram", "F", name, mime, 5),)
    assert heard.text == "look"


def test_a_moving_sticker_is_its_emoji() -> None:
    sticker = {**SIZED, "type": "regular", "is_animated": True, "is_video": False, "emoji": "👍"}

    assert (said(message(None, sticker=sticker)).text, said(message(None, sticker=sticker)).files) == ("👍", ())


def test_a_file_that_is_too_large_is_left_out_and_said() -> None:
    found = taken(message=message(None, caption="look", document={**DOCUMENT, "file_size": 34_000_000}))

    assert isinstance(found.inbound, Message) and (found.inbound.text, found.inbound.files) == ("look", ())
    assert "34 MB" in found.remark and "20 MB" in found.remark


def test_a_file_that_is_too_large_and_stands_alone_is_only_said() -> None:
    found = taken(message=message(None, document={**DOCUMENT, "file_size": 34_000_000}))

    assert found.inbound is None and "20 MB" in found.remark and found.message == "42"


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        ("location", {"latitude": 1.0, "longitude": 1.0}, "Locations"),
        ("contact", {"phone_number": "1", "first_name": "A"}, "Contacts"),
        ("dice", {"emoji": "🎲", "value": 1}, "Dice"),
    ],
)
def test_what_no_agent_can_take_is_refused_with_a_sentence(kind: str, value: Json, word: str) -> None:
    found = taken(message=message(None, **{kind: value}))

    assert found.inbound is None and found.remark.startswith(f"{word} cannot be passed on")


def test_chatter_that_no_agent_can_take_is_left_alone() -> None:
    raw = message(None, chat=GROUP, location={"latitude": 1.0, "longitude": 1.0})

    assert read(Delivery(parsed(message=raw)), FACTS, now=NOW) is None


@pytest.mark.parametrize(
    "service",
    [{"new_chat_title": "x"}, {"new_chat_members": [ALICE]}, {"forum_topic_created": {"name": "x", "icon_color": 1}}],
)
def test_a_service_message_says_nothing(service: Json) -> None:
    assert read(Delivery(parsed(message=message(None, chat=FORUM, **service))), FACTS, now=NOW) is None


def test_an_edit_brings_the_new_text() -> None:
    found = taken(edited_message=message("better", edit_date=DATE + 1))

    assert isinstance(found.inbound, Edited) and (found.inbound.id, found.inbound.text) == ("42", "better")


def test_a_location_that_moves_is_no_edit() -> None:
    raw = message(None, edit_date=DATE, location={"latitude": 1.0, "longitude": 1.0})

    assert read(Delivery(parsed(edited_message=raw)), FACTS, now=NOW) is None


def test_a_press_says_which_button_where_and_that_it_must_be_answered() -> None:
    raw = {"id": "q1", "from": ALICE, "chat_instance": "1", "data": "menu.2", "message": in_topic("?", who=US)}
    found = taken(callback_query=raw)

    assert isinstance(found.inbound, Pressed) and found.inbound.token == "menu.2"
    assert found.origin.where == ThreadRef("telegram", "-1001", "9")
    assert (found.query, found.pressed, found.astray, found.origin.sent) == ("q1", "42", False, NOW)


def test_a_press_on_an_old_message_does_not_know_its_topic() -> None:
    old = {"message_id": 42, "date": 0, "chat": FORUM}
    found = taken(callback_query={"id": "q1", "from": ALICE, "chat_instance": "1", "data": "menu.2", "message": old})

    assert found.astray and found.pressed == "42"


def test_the_stop_button_of_a_draft_cancels() -> None:
    found = taken(stopped_message_generation={"chat": PRIVATE, "draft_id": 3, "message_thread_id": 8})

    assert isinstance(found.inbound, Command) and found.inbound.name == "cancel"
    assert found.origin.where == ThreadRef("telegram", "1001", "8")
    assert found.origin.who.id == "1001"


@pytest.mark.parametrize(
    ("service", "what", "detail"),
    [
        ({"forum_topic_edited": {"name": "Better"}}, Report.RENAMED, "Better"),
        ({"forum_topic_closed": {}}, Report.CLOSED, ""),
    ],
)
def test_what_a_person_does_to_a_topic_is_reported(service: Json, what: Report, detail: str) -> None:
    found = taken(message=in_topic(None, **service))

    assert isinstance(found.inbound, PlaceReported)
    assert (found.inbound.what, found.inbound.detail, found.inbound.place) == (what, detail, "")
    assert found.origin.where.topic == "9" and found.origin.who.id == "1001"


def test_a_new_icon_alone_is_no_new_name() -> None:
    assert read(Delivery(parsed(message=in_topic(None, forum_topic_edited={}))), FACTS, now=NOW) is None


def test_both_sides_of_a_migration_say_the_same() -> None:
    old = parsed(message=message(None, chat=GROUP, migrate_to_chat_id=-1001)).message
    new = parsed(message=message(None, chat=FORUM, migrate_from_chat_id=-55)).message

    assert old and new and migration(old) == migration(new) == (-55, -1001)


@pytest.mark.parametrize("late", [True, False])
def test_what_waited_at_telegram_says_so(late: bool) -> None:
    said = read(Delivery(parsed(message=message("/cancel")), late=late), FACTS, now=NOW)
    edited = read(Delivery(parsed(edited_message=message("better", edit_date=NOW)), late=late), FACTS, now=NOW)

    assert said and edited and said.origin.late is edited.origin.late is late


def test_a_larger_file_is_taken_where_the_server_gives_it() -> None:
    film = {"file_id": "f", "file_unique_id": "u", "file_name": "a.bin", "file_size": 90_000_000}
    raw = message(None, document=film)

    refused = read(Delivery(parsed(message=raw)), FACTS, now=NOW)
    taken = read(Delivery(parsed(message=raw)), replace(FACTS, largest=100_000_000), now=NOW)

    assert refused and refused.inbound is None and "at most 20 MB" in refused.remark
    assert taken and isinstance(taken.inbound, Message) and taken.inbound.files[0].size == 90_000_000


def test_nothing_is_made_of_kinds_that_do_not_concern_us() -> None:
    poll = {
        "id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
        "type": "regular", "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
    }  # fmt: skip

    assert read(Delivery(parsed(poll=poll)), FACTS, now=NOW) is None


RICH: Json = {
    "rich_message": {
        "blocks": [
            {"type": "heading", "text": ["A ", {"type": "bold", "text": "title"}], "size": 1},
            {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "one"}]}]},
            {
                "type": "table",
                "cells": [[{"align": "left", "valign": "top", "text": "a"}, {"align": "left", "valign": "top"}]],
            },
            {"type": "details", "summary": "more", "blocks": [{"type": "pre", "text": "x = 1"}]},
        ]
    }
}


def test_a_rich_message_is_read_as_words() -> None:
    assert said(message(None, **RICH)).text == "A title\none\na\nmore\nx = 1"


def test_a_reply_quotes_the_words_of_a_rich_message() -> None:
    answer = message(None, who=US, message_id=41, **RICH)

    assert said(message("why?", reply_to_message=answer)).quote.startswith("A title")
