"""Update → event, in detail: what agents send that is odd, partial or wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openacp_bot.agents.asks import Asks
from openacp_bot.agents.calls import MOST, Calls, command_in
from openacp_bot.agents.desk import QUESTIONS, Desk
from openacp_bot.agents.files import METHODS, FileService
from openacp_bot.agents.forms import fields_of
from openacp_bot.agents.limits import Limits
from openacp_bot.agents.loose import LEAST_WEIGHT, MOST_INDENTED, MOST_SHOWN, readable
from openacp_bot.agents.oddities import Oddities
from openacp_bot.agents.options import Options
from openacp_bot.agents.pipes import Pipes
from openacp_bot.agents.updates import STATES, Updates
from openacp_bot.agents.wire import Wire
from openacp_bot.core.events import (
    AgentEvent,
    AgentNotice,
    AskOption,
    FileSent,
    OptionsChanged,
    TextChunk,
    TitleChanged,
    ToolCallChanged,
    ToolOutput,
    UsageChanged,
)
from openacp_bot.core.model import Diff, Field, Location, TitleRank, ToolCall
from tests.agents.kit import only


def calls() -> Calls:
    return Calls(Oddities("stub"), lambda path: True)


def updates() -> Updates:
    oddities = Oddities("stub")
    return Updates(Options(oddities), calls(), oddities, lambda path: True)


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": words}, **fields}


def upserted(*told: dict[str, Any], within: Calls | None = None) -> list[AgentEvent]:
    known = within or calls()
    return [event for one in told for event in known.upsert({"toolCallId": "1", **one})]


def last(events: list[AgentEvent]) -> ToolCall:
    return only(ToolCallChanged, events)[-1].call


def content(*items: dict[str, Any]) -> dict[str, Any]:
    return {"content": list(items)}


def said(words: str) -> dict[str, Any]:
    return {"type": "content", "content": {"type": "text", "text": words}}


DIFF = {"type": "diff", "path": "a", "oldText": "x", "newText": "y"}


@pytest.mark.parametrize("fields", [{}, {"messageId": "m1"}])
def test_what_is_said_behind_a_file_is_another_message(fields: dict[str, str]) -> None:
    within = updates()
    picture = {"type": "image", "mimeType": "image/png", "data": "aGk="}
    told = [text("before", **fields), {**text("", **fields), "content": picture}, text("behind", **fields)]
    before, file, behind, more = [event for one in (*told, text("!", **fields)) for event in within.read(one)]

    assert isinstance(file, FileSent)
    assert isinstance(before, TextChunk) and isinstance(behind, TextChunk) and isinstance(more, TextChunk)
    assert before.item != behind.item == more.item


def test_a_field_that_is_sent_replaces_and_an_absent_or_null_one_stays() -> None:
    call = last(
        upserted(
            {"title": "One", "kind": "read", "locations": [{"path": "a"}], **content(said("old"))},
            {"title": None, "status": "completed", **content(said("new"), said("lines"))},
        )
    )

    assert (call.title, call.kind, call.status, call.output) == ("One", "read", "completed", "new\nlines")
    assert call.locations == (Location("a"),)


def test_a_diff_outlives_content_without_one() -> None:
    assert last(upserted(content(DIFF), content(said("done")))).diffs == (Diff("a", "x", "y"),)


def test_what_changes_nothing_tells_nothing() -> None:
    assert len(upserted({"title": "One"}, {"title": "One"}, {"status": "pending"})) == 1


def test_unknown_kinds_and_statuses_are_survived() -> None:
    call = last(upserted({"kind": "juggle", "status": "failed"}, {"status": "exploded", "title": "x"}))

    assert (call.kind, call.status) == ("other", "failed")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ({"output": "words", "code": 0}, "words"),
        ({"aggregated_output": "", "stdout": "out"}, "out"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ({"code": 1}, '{\n  "code": 1\n}'),
        (0, "0"),
    ],
)
def test_raw_output_stands_in_where_there_is_no_other(raw: object, expected: str) -> None:
    assert last(upserted({"rawOutput": raw})).output == expected
    assert last(upserted({"rawOutput": raw, **content(said("better"))})).output == "better"


def test_streamed_output_of_both_conventions() -> None:
    events = upserted(
        {"title": "ls", "_meta": {"terminal_info": {"terminal_id": "t"}}},
        {"_meta": {"terminal_output": {"data": "a"}}},
        {"_meta": {"terminal_output_delta": {"data": "a"}}},
        {"_meta": {"terminal_exit": {"exit_code": 0, "signal": None}}},
        {"_meta": {"terminal_exit": {"signal": "SIGKILL"}}, "rawOutput": {"output": "aa"}},
    )

    assert "".join(event.text for event in only(ToolOutput, events)) == "aa\n[SIGKILL]\n"
    assert last(events).output == ""


def test_output_may_come_before_anything_is_known_of_the_call() -> None:
    first, second = upserted({"_meta": {"terminal_output": {"data": "early"}}})

    assert isinstance(first, ToolCallChanged)
    assert second == ToolOutput("1", "early")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"command": "ls -l | wc"}, "ls -l | wc"),
        ({"command": "rm", "args": ["-rf", "a b"]}, "rm -rf 'a b'"),
        ({"cmd": ["git", "commit", "-m", "a b"]}, "git commit -m 'a b'"),
        ({"command": ["/bin/bash", "-lc", "rm -rf x && ls"]}, "rm -rf x && ls"),
        ({"command": ["bash", "-c", "a", "b"]}, "bash -c a b"),
        ({"command": 3}, ""),
        ({}, ""),
    ],
)
def test_the_command_in_a_raw_input(raw: dict[str, Any], expected: str) -> None:
    assert command_in(raw) == expected


def test_a_path_in_the_input_counts_where_no_location_is_told() -> None:
    assert last(upserted({"rawInput": {"file_path": "/a/.env"}})).locations == (Location("/a/.env"),)
    assert last(upserted({"locations": [{"path": "b", "line": 2}], "rawInput": {"path": "a"}})).locations == (
        Location("b", 2),
    )


def test_calls_that_are_forgotten_are_closed() -> None:
    known = calls()
    events = [event for number in range(MOST + 1) for event in known.upsert({"toolCallId": str(number), "title": "x"})]

    ended = [event.call.id for event in only(ToolCallChanged, events) if event.call.status == "ended"]
    assert ended == ["0"]
    assert known.current("0") is None


def test_the_end_of_a_closed_call_may_still_be_told() -> None:
    known = calls()
    upserted({"title": "Slow"}, within=known)
    assert last(list(known.close())).status == "ended"

    assert last(upserted({"status": "completed"}, within=known)).title == "Slow"
    assert not list(known.close())


def test_nothing_said_is_no_event() -> None:
    reader = updates()

    assert not list(reader.read(text("")))
    assert not list(reader.read({**text("echo"), "sessionUpdate": "user_message_chunk"}))


def test_a_message_without_an_id_goes_on_past_what_is_no_item() -> None:
    reader = updates()
    told = [text("a"), {"sessionUpdate": "usage_update", "used": 1, "size": 2}, text("b"), text("")]
    chunks = only(TextChunk, [event for one in told for event in reader.read(one)])

    assert len({chunk.item for chunk in chunks}) == 1


def test_a_message_with_an_id_goes_on_after_a_tool_call() -> None:
    reader = updates()
    told = [text("a", messageId="m"), {"sessionUpdate": "tool_call", "toolCallId": "1"}, text("b", messageId="m")]
    chunks = only(TextChunk, [event for one in told for event in reader.read(one)])

    assert len({chunk.item for chunk in chunks}) == 1


def test_numbers_that_are_none_read_as_nothing() -> None:
    odd = {"sessionUpdate": "usage_update", "used": 1e999, "size": "many", "cost": {"amount": "2", "currency": 3}}

    assert list(updates().read(odd)) == [UsageChanged(0, 0, None, "")]


@pytest.mark.parametrize("huge", [2**63, 10**400, float(2**63), 1e300])
def test_numbers_that_nobody_can_store_read_as_nothing(huge: float) -> None:
    told = {"sessionUpdate": "usage_update", "used": huge, "size": 2**63 - 1, "cost": {"amount": 10**400}}

    assert list(updates().read(told)) == [UsageChanged(0, 2**63 - 1, None, "")]
    assert last(upserted({"locations": [{"path": "a", "line": huge}]})).locations == (Location("a"),)


def test_a_title_cannot_turn_the_direction_of_what_follows() -> None:
    told = {"sessionUpdate": "session_info_update", "title": "a\u202etxt.exe\u2066 é"}
    command = {"rawInput": {"command": "ls \u202etxt"}}
    ask = Asks(Oddities("stub"))
    options = {"options": [{"optionId": "\u202ey", "name": "\u200fAllow\u202e", "kind": "allow_once"}]}

    assert list(updates().read(told)) == [TitleChanged("atxt.exe é", TitleRank.AGENT)]
    assert last(upserted({"title": "\u2067x\u061c"})).title == "x"
    asked = ask.permission(1, options, last(upserted(command)))
    assert asked is not None
    assert asked.title == "ls txt"
    assert asked.options == (AskOption("\u202ey", "Allow", "allow_once"),)
    assert fields_of({"properties": {"a": {"title": "N\u202eame", "enum": ["\u202ex"]}}}) == (
        Field("a", "Name", "choice", (("\u202ex", "x"),), required=False),
    )


@pytest.mark.parametrize(
    "raw", [[0] * 3_000_000, {str(key): {"a": [key]} for key in range(300_000)}, ["x" * 20_000_000]]
)
def test_of_a_huge_input_the_first_part_is_shown(raw: object) -> None:
    shown = last(upserted({"rawInput": raw})).input

    assert MOST_INDENTED < len(shown) < 2 * MOST_SHOWN
    assert "left out)" in shown
    assert "\n" not in shown


def test_what_was_left_out_is_counted() -> None:
    kept, more = readable(["x" * (MOST_SHOWN + 7)]), readable([True] * (MOST_SHOWN // LEAST_WEIGHT + 7))

    assert "… (7 more characters were left out)" in kept
    assert more.endswith('"… (7 more values were left out)"]')


def test_a_large_input_is_whole_but_not_indented() -> None:
    raw = {"lines": ["some words"] * 10_000}

    assert json.loads(readable(raw)) == raw
    assert "\n" not in readable(raw)


def test_deep_nesting_is_not_indented_without_end() -> None:
    deep: Any = [0] * 10_000
    for _ in range(200):
        deep = [deep]

    assert json.loads(readable(deep)) == deep
    assert len(readable(deep)) < MOST_INDENTED
    for _ in range(5_000):
        deep = [deep]
    assert readable(deep) == "(nested too deeply to be shown)"


def test_a_failed_compaction_says_why() -> None:
    told = {"sessionUpdate": "compaction_update", "status": "failed", "error": "Too long."}

    assert list(updates().read(told)) == [AgentNotice("The agent could not compact its context. Too long.")]


def test_config_options_come_before_old_ones_and_groups_are_flat() -> None:
    options = Options(Oddities("stub"))
    groups = [{"group": "g", "name": "G", "options": [{"value": "x", "name": "X"}]}, {"value": "y", "name": "Y"}]
    config = [
        {"id": "llm", "name": "Model", "category": "model", "type": "select", "currentValue": "x", "options": groups},
        {"id": "dial", "name": "Dial", "type": "knob", "currentValue": 3},
    ]
    modes = {"currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}]}
    models = {"currentModelId": "old", "availableModels": [{"modelId": "old", "name": "Old"}]}
    options.told({"configOptions": config, "modes": modes, "models": models})

    event = options.event()
    assert isinstance(event, OptionsChanged)
    assert [(one.id, one.category, one.value, one.choices) for one in event.options] == [
        ("llm", "model", "x", (("x", "X"), ("y", "Y"))),
        ("mode", "mode", "ask", (("ask", "Ask"),)),
    ]


def test_a_mode_update_confirms_a_config_option() -> None:
    options = Options(Oddities("stub"))
    options.told(
        {"configOptions": [{"id": "m", "name": "M", "category": "mode", "type": "select", "currentValue": "a"}]}
    )
    options.mode_is("b")

    assert options.event().options[0].value == "b"


# --- whatever comes, nobody falls over

KINDS = [
    *sorted(STATES),
    "agent_message_chunk",
    "agent_thought_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
    "notice",
]
MEMBERS = (
    "content title kind status locations rawInput rawOutput _meta messageId entries availableCommands currentModeId "
    "configOptions used size cost severity toolCallId options requestedSchema properties required message mode type "
    "text data mimeType uri resource path oldText newText oneOf const terminal_output terminal_exit exit_code"
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "text", "diff", "content", "x"])
names = st.sampled_from(MEMBERS.split())
odd_objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(names, leaves, max_size=4)
for _ in range(3):
    odd: st.SearchStrategy[Any] = leaves | odd_objects
    odd_objects = st.dictionaries(names, odd | st.lists(odd, max_size=2), max_size=4)
QUICKLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@QUICKLY
@given(st.lists(st.tuples(st.sampled_from(KINDS), odd_objects), max_size=6))
def test_no_update_can_make_the_reader_fail(told: list[tuple[str, dict[str, Any]]]) -> None:
    reader = updates()
    for kind, fields in told:
        for event in reader.read({"toolCallId": "1", **fields, "sessionUpdate": kind}):
            assert isinstance(event, AgentEvent)


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    async with asyncio.TaskGroup() as tasks:
        wire = Wire(Pipes(1.0), "stub", Limits())
        files = FileService(lambda: pytest.fail("no file is to be reached"), missing_is_empty=False)
        made = Desk("stub", wire, files, lambda path: False, tasks)
        made.opened("main", {})
        yield made


METHOD = st.sampled_from([*sorted(QUESTIONS), "session/update", "$/cancel_request", "other"]).filter(
    lambda method: method not in METHODS
)


async def test_no_message_can_make_the_desk_fail(desk: Desk) -> None:
    @QUICKLY
    @given(METHOD, odd_objects, st.sampled_from(["main", "other", ""]), st.integers() | st.text())
    def any_message(method: str, params: dict[str, Any], conversation: str, id: int | str) -> None:
        desk.asked(id, method, {**params, "sessionId": conversation})
        desk.notified(method, {**params, "sessionId": conversation, "update": params, "requestId": id})

    any_message()
