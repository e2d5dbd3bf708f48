"""Who may come in: the same check before every type of update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from openacp_bot.adapters.telegram.admission import Doorkeeper, barred
from openacp_bot.core.settings import AccessList
from tests.telegram.updates import (
    ALICE,
    CHANNEL,
    FACTS,
    FOREIGN,
    FORUM,
    GROUP,
    PRIVATE,
    ROBOT,
    STRANGER,
    US,
    Json,
    in_topic,
    message,
    parsed,
)

ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


def press(who: Json, where: Json) -> Json:
    return {"id": "q", "from": who, "chat_instance": "1", "data": "a.1", "message": message(chat=where)}


@pytest.mark.parametrize(
    "what",
    [
        {"message": message()},
        {"message": in_topic()},
        {"edited_message": message(chat=GROUP)},
        {"callback_query": press(ALICE, FORUM)},
        {"inline_query": {"id": "1", "from": ALICE, "query": "", "offset": ""}},
        {"stopped_message_generation": {"chat": PRIVATE, "draft_id": 1}},
    ],
    ids=lambda what: next(iter(what)),
)
def test_who_is_listed_comes_in(what: Any) -> None:
    assert barred(parsed(**what), FACTS) == ""


@pytest.mark.parametrize(
    "what",
    [
        {"message": message(who=STRANGER, chat={**PRIVATE, "id": 666})},
        {"message": message(who=STRANGER, chat=FORUM)},
        {"message": message(who=None, chat=GROUP)},
        {"edited_message": message(who=STRANGER, chat=GROUP)},
        {"callback_query": press(STRANGER, FORUM)},
        {"inline_query": {"id": "1", "from": STRANGER, "query": "", "offset": ""}},
        {"stopped_message_generation": {"chat": {**PRIVATE, "id": 666}, "draft_id": 1}},
        {"message": message(who=ROBOT, chat=GROUP)},
    ],
)
def test_a_stranger_stays_outside_whatever_comes(what: Any) -> None:
    assert barred(parsed(**what), FACTS).startswith("a stranger")


def test_a_bot_is_a_stranger_even_where_everyone_may_enter() -> None:
    open_house = replace(FACTS, access=AccessList(everyone=True))

    assert barred(parsed(message=message(who=STRANGER, chat=FORUM)), open_house) == ""
    assert barred(parsed(message=message(who=ROBOT, chat=FORUM)), open_house)


@pytest.mark.parametrize("sender", [FORUM, CHANNEL], ids=["anonymous administrator", "channel"])
def test_who_speaks_in_the_name_of_a_chat_is_a_stranger(sender: Json) -> None:
    anonymous = message(who=ANONYMOUS, chat=FORUM, sender_chat=sender)

    assert "Remain anonymous" in barred(parsed(message=anonymous), FACTS)


def test_an_unknown_group_is_ignored_with_what_to_add_where() -> None:
    reason = barred(parsed(message=message(chat=FOREIGN)), FACTS)

    assert "-1009" in reason and "telegram.chat_ids" in reason


def test_a_channel_is_ignored() -> None:
    assert "channel" in barred(parsed(message=message(who=None, chat=CHANNEL, sender_chat=CHANNEL)), FACTS)


def test_a_migration_counts_whoever_caused_it() -> None:
    assert barred(parsed(message=message(None, who=STRANGER, chat=GROUP, migrate_to_chat_id=-1001)), FACTS) == ""


def member(who: Json, where: Json) -> Json:
    gone, here = ({"status": status, "user": US} for status in ("left", "member"))
    return {"chat": where, "from": who, "date": 1, "old_chat_member": gone, "new_chat_member": here}


def test_our_membership_counts_in_our_groups_and_with_whom_we_know() -> None:
    assert barred(parsed(my_chat_member=member(STRANGER, FORUM)), FACTS) == ""
    assert barred(parsed(my_chat_member=member(ALICE, PRIVATE)), FACTS) == ""
    assert "add -1009 to telegram.chat_ids" in barred(parsed(my_chat_member=member(STRANGER, FOREIGN)), FACTS)
    assert "stranger" in barred(parsed(my_chat_member=member(STRANGER, {**PRIVATE, "id": 666})), FACTS)


def test_a_migration_elsewhere_does_not_concern_us() -> None:
    assert "was ignored" in barred(parsed(message=message(None, chat=FOREIGN, migrate_to_chat_id=-1010)), FACTS)


def test_each_reason_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    door = Doorkeeper()
    for number in range(5):
        assert not door.lets_in(parsed(number, message=message(who=STRANGER, chat=FORUM)), FACTS)

    assert caplog.text.count("a stranger was ignored: telegram:666") == 1
