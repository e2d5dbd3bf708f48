"""Every value survives the way to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import types
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.core import codec, events, inbound, model
from openacp_bot.core.events import Event, Said, TextChunk
from openacp_bot.core.inbound import Action, Inbound, Menu
from openacp_bot.core.model import Prompt, PromptState, SessionRecord, Source, UserRef
from tests.core.anything import values_of


def every_class(module: types.ModuleType) -> list[type[Any]]:
    found = [one for one in vars(module).values() if isinstance(one, type) and dataclasses.is_dataclass(one)]
    return sorted({one for one in found if one.__module__ == module.__name__}, key=lambda one: one.__name__)


CLASSES = [one for module in (model, inbound, events) for one in every_class(module)]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_every_value_comes_back_as_it_was(cls: type[Any], data: st.DataObject) -> None:
    value = data.draw(values_of(cls))

    assert codec.loads(codec.dumps(value), cls) == value


@pytest.mark.parametrize("union", [Event, Inbound, events.AgentEvent], ids=["event", "inbound", "agent event"])
@given(data=st.data())
def test_every_member_of_a_union_comes_back_as_its_own_class(union: Any, data: st.DataObject) -> None:
    value = data.draw(values_of(union))
    back = codec.loads(codec.dumps(value), union)

    assert back == value and type(back) is type(value)


def test_no_two_members_of_a_union_share_a_name() -> None:
    for union in (Event, Inbound, events.AgentEvent):
        names = [member.__name__ for member in get_args(union)]
        assert len(set(names)) == len(names)


def test_defaults_are_left_out_and_come_back() -> None:
    action = Menu("m", (Action("new"),))

    assert json.loads(codec.dumps(action)) == {
        "type": "Menu",
        "id": "m",
        "actions": [{"type": "Action", "verb": "new"}],
    }
    assert codec.loads(codec.dumps(action), Menu) == action


def test_unknown_fields_of_a_newer_program_are_ignored() -> None:
    text = '{"type": "TextChunk", "item": "m", "text": "x", "colour": "red"}'

    assert codec.loads(text, Event) == TextChunk("m", "x")


def test_an_older_row_takes_the_default_of_a_newer_field() -> None:
    author = '{"adapter": "web", "id": "1"}'
    text = f'{{"type": "Prompt", "id": "p", "session": "s", "author": {author}, "text": "", "asked_at": 1}}'

    assert codec.loads(text, Prompt) == Prompt("p", "s", UserRef("web", "1"), "", 1, state=PromptState.QUEUED)


def test_enums_are_their_values() -> None:
    record = SessionRecord("s", "demo", "", "", "/w", Source.TRIGGER, "web:1", 0, 0)

    assert json.loads(codec.dumps(record))["source"] == "trigger"


BROKEN = ["", "{", "[]", "[1]", '"x"', "1", "true", "null", "{}", '{"type": "Nonsense"}', '{"type": 1}']
INCOMPLETE = [
    '{"type": "Said", "event": 1}',
    '{"id": "m", "actions": 3}',
    '{"id": "m", "actions": ["x"]}',
    '{"type": "TextChunk"}',
]


@pytest.mark.parametrize("into", [Event, Prompt, Said, Menu], ids=["union", "value", "nested", "tuple"])
@pytest.mark.parametrize("text", BROKEN + INCOMPLETE)
def test_other_text_raises_one_of_three_errors(into: Any, text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        codec.loads(text, into)
