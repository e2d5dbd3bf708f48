"""Which messages of one answer belong together."""

from __future__ import annotations

from typing import Any

from openacp_bot.adapters.telegram.albums import albums
from tests.telegram.updates import ALICE, DATE, PRIVATE, STRANGER, Json, message, parsed

PHOTO: Json = {"photo": [{"file_id": "F", "file_unique_id": "U", "width": 9, "height": 9}]}
FORWARDED: Json = {"forward_origin": {"type": "user", "date": DATE, "sender_user": ALICE}}


def found(*messages: Json) -> list[str]:
    updates = [parsed(number, message={**raw, "message_id": number}) for number, raw in enumerate(messages)]
    known = albums(updates)
    return [known.get(number, "") for number in range(len(messages))]


def test_an_album_goes_by_its_group() -> None:
    one = found(message(None, media_group_id="g", **PHOTO), message(None, media_group_id="g", **PHOTO))

    assert one[0] == one[1] != ""


def test_forwards_of_one_person_belong_together() -> None:
    one, other, foreign = found(
        message("a", **FORWARDED), message("b", **FORWARDED), message("c", who=STRANGER, **FORWARDED)
    )

    assert one == other != "" != foreign != one


def test_a_text_before_forwards_belongs_to_them() -> None:
    text, forward = found(message("what is this?"), message("a", **FORWARDED))

    assert text == forward != ""


def test_a_text_before_a_file_belongs_to_it() -> None:
    text, photo, later = found(message("look"), message(None, **PHOTO), message("and then"))

    assert text == photo != "" and later == ""


def test_what_is_apart_stays_apart() -> None:
    late: dict[str, Any] = {"date": DATE + 3}

    assert found(message("look"), {**message(None, **PHOTO), **late})[0] == ""
    assert found(message("look"), message(None, who=STRANGER, **PHOTO))[0] == ""
    assert found(message("look"), message(None, chat={**PRIVATE, "id": 9}, **PHOTO))[0] == ""
    assert found(message("/status"), message(None, **PHOTO))[0] == ""
    assert found(message("one"), message("two")) == ["", ""]
