"""Bytes, lines and messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.agents.forms import Unfit, content_of, fields_of
from openacp_bot.agents.lines import LineBuffer
from openacp_bot.agents.wire import Refused, encoded, parsed


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_lines_are_the_same_however_they_are_cut(lines: list[bytes], size: int) -> None:
    sent = [line.replace(b"\n", b"") for line in lines]
    stream = b"\n".join(sent)
    buffer = LineBuffer()
    got = [line for start in range(0, len(stream), size) for line in buffer.feed(stream[start : start + size])]

    assert got + buffer.rest() == [line for line in sent if line]


def test_a_line_that_is_too_long_is_skipped_and_counted() -> None:
    buffer = LineBuffer(longest=10)
    blocks = [b"before\n", b"x" * 8, b"x" * 8, b"x\nafter\n", b"1234567890\n", b"12345678901\nend"]
    got = [line for block in blocks for line in buffer.feed(block)]

    assert got + buffer.rest() == [b"before", b"after", b"1234567890", b"end"]
    assert buffer.too_long == 2


@pytest.mark.parametrize("line", [b"", b"words", b"42", b"[1]", b"null", b"{", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_object_is_nothing(line: bytes) -> None:
    assert parsed(line) is None


def test_bytes_and_halves_of_characters_that_are_wrong_are_replaced() -> None:
    assert parsed(b'{"a": "\xff"}') == {"a": "\ufffd"}
    assert parsed(b'{"a": ["\\ud83d", "\\ud83d\\ude00"]}') == {"a": ["\ufffd", "\U0001f600"]}


def test_a_nul_is_replaced_wherever_it_stands() -> None:
    line = rb'{"a\u0000b": ["\u0000", {"c": "x\u0000\u00e9"}], "kept": "\\u0000"}'

    assert parsed(line) == {"a\ufffdb": ["\ufffd", {"c": "x\ufffd\u00e9"}], "kept": "\\u0000"}


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800"])
def test_odd_characters_in_deep_nesting_are_survived(escape: str) -> None:
    for depth in (100, 300, 600, 900, 5000):
        line = f'{{"a": {"[" * depth}"{escape}"{"]" * depth}}}'.encode()
        assert parsed(line) is None or depth < 1000


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_a_frame_is_one_line_and_reads_back(message: dict[str, Any]) -> None:
    frame = encoded(message)

    assert frame.count(b"\n") == 1
    assert json.loads(frame) == message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "Internal error"),
        ({"details": "no money"}, "Internal error: no money"),
        ({"message": "no money"}, "Internal error: no money"),
        ({"details": 3}, "Internal error"),
        ("no money", "Internal error: no money"),
        ("error", "Internal error"),
    ],
)
def test_the_words_of_an_error(data: object, expected: str) -> None:
    assert Refused(-32603, "Internal error", data).words == expected


def test_a_sentence_goes_on_with_its_details() -> None:
    assert Refused(-32603, "It failed as it was asked to.", "nothing").words == "It failed as it was asked to: nothing"


# --- forms


def test_every_way_to_write_a_choice() -> None:
    schema = {
        "properties": {
            "a": {"type": "string", "enum": ["1", "2"], "enumNames": ["One"]},
            "b": {"type": "array", "items": {"anyOf": [{"const": "x", "title": "X"}]}, "default": ["x"]},
            "c": {"type": "number", "default": 1.5},
            "d": {"type": "something new"},
        }
    }
    a, b, c, d = fields_of(schema)

    assert a.options == (("1", "One"), ("2", "2"))
    assert (b.kind, b.options, b.default) == ("choices", (("x", "X"),), '["x"]')
    assert (c.kind, c.default) == ("number", "1.5")
    assert (d.kind, d.options) == ("text", ())
    assert content_of((a, b, c, d), {"a": "One"}) == {"a": "1", "b": ["x"], "c": 1.5}


@pytest.mark.parametrize("given", ["x,y", "x\ny", "X, y", '["x", "y"]'])
def test_every_way_to_write_several(given: str) -> None:
    fields = fields_of({"properties": {"t": {"type": "array", "items": {"enum": ["x", "y"]}}}})

    assert content_of(fields, {"t": given}) == {"t": ["x", "y"]}


def test_a_value_with_a_comma_is_one() -> None:
    fields = fields_of({"properties": {"t": {"type": "array", "items": {"enum": ["x, y", "z"]}}}})

    assert content_of(fields, {"t": "x, y"}) == {"t": ["x, y"]}


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"type": "integer"}, "1.5"),
        ({"type": "integer"}, "9" * 400),
        ({"type": "number"}, "nan"),
        ({"type": "number"}, "a"),
        ({"type": "boolean"}, "perhaps"),
        ({"type": "string", "enum": ["a"]}, "b"),
        ({"type": "array", "items": {"enum": ["a"]}}, "a, b"),
        ({"type": "string"}, " "),
    ],
)
def test_what_does_not_fit_is_told(schema: dict[str, Any], given: str) -> None:
    fields = fields_of({"properties": {"f": {**schema, "title": "Size"}}, "required": ["f"]})

    with pytest.raises(Unfit, match="Size"):
        content_of(fields, {"f": given})
