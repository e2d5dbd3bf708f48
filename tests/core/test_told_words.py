"""What every room says alike: ends, decisions, lengths of time, lines, fences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import Settlement
from openacp_bot.core.words import chosen, cut, decision, duration, ended, fence, is_decided, span, unanswered


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (TurnEnded(Outcome.DONE, seconds=42.3, tools=3), "42 s · 3 tools"),
        (TurnEnded(Outcome.DONE), "done"),
        (TurnEnded(Outcome.CANCELLED, seconds=125, tools=1), "Stopped · 2 min 5 s · 1 tool"),
        (TurnEnded(Outcome.CRASHED, "boom"), "The agent crashed"),
    ],
)
def test_an_end_is_told_with_what_it_took(end: TurnEnded, words: str) -> None:
    assert ended(end) == words


@pytest.mark.parametrize(
    ("settlement", "verb", "label"),
    [
        (Settlement("answered", 1, "allow_once", "Yes", allowed=True), "Allowed", "Yes"),
        (Settlement("answered", 1, "reject_always", "Never"), "Rejected", "Never"),
        (Settlement("answered", 1, "submit", "Submit", allowed=True), "Answered", ""),
        (Settlement("answered", 1, "decline", "Decline"), "Declined", ""),
        (Settlement("answered", 1, "choice", "Tea", allowed=True), "Answered", "Tea"),
        (Settlement("rule", 1, rule="deny rm*"), "Refused", ""),
    ],
)
def test_a_decision_has_a_verb_and_the_label_that_was_pressed(settlement: Settlement, verb: str, label: str) -> None:
    assert is_decided(settlement)
    assert (decision(settlement), chosen(settlement)) == (verb, label)


@pytest.mark.parametrize("how", ["timeout", "cancelled", "interrupted", "withdrawn"])
def test_what_nobody_decided_says_why(how: str) -> None:
    assert not is_decided(Settlement(how, 1))
    assert " " in unanswered(Settlement(how, 1))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3720, "1 h 2 min")]
)
def test_a_duration_reads_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_400, "24 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
    ],
)
def test_a_span_is_one_number_and_a_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(("text", "words"), [("abcde", "abcde"), ("abcdef", "abcd…"), ("abc def", "abc…")])
def test_a_cut_line_ends_in_an_ellipsis(text: str, words: str) -> None:
    assert cut(text, 5) == words


@given(st.text("`a \n~", max_size=40))
def test_nothing_closes_a_fence_from_inside(text: str) -> None:
    marks = fence(text, least=3)
    (token,) = MarkdownIt("commonmark").parse(f"{marks}\n{text}\n{marks}")

    assert token.content == f"{text}\n"
