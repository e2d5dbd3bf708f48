"""What an agent is told besides a person's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.core import handover
from openacp_bot.core.events import Event, Notice, PromptChanged, Said, TextChunk, ThoughtChunk, ToolCallChanged
from openacp_bot.core.model import Prompt, PromptState, ToolCall, UserRef

YOU = UserRef("web", "local")


def asked(text: str, *, started: bool = True) -> PromptChanged:
    state = PromptState.ENDED if started else PromptState.DROPPED
    return PromptChanged(Prompt("p", "s", YOU, text, 100.0, state=state, started_at=100.0 if started else None))


def items(*events: Event) -> list[Said]:
    return [Said("s", "p", number, 0.0, event, first=number) for number, event in enumerate(events, start=1)]


def test_what_was_said_is_handed_over_in_order() -> None:
    told = handover.transcript(
        items(asked("hello"), TextChunk("m", "hi"), ToolCallChanged(ToolCall("t", "Build", status="completed"))),
        tokens=1000,
    )

    assert "USER: hello\n\nASSISTANT: hi\n\n[tool: Build (completed)]" in told
    assert told.startswith("You are going on with a conversation whose memory was lost.")


def test_thoughts_notices_and_messages_that_were_never_sent_are_not_handed_over() -> None:
    assert (
        handover.transcript(items(ThoughtChunk("m", "hm"), Notice("n", "x"), asked("no", started=False)), tokens=9)
        == ""
    )


def test_nothing_said_is_nothing_handed_over() -> None:
    assert handover.transcript([], tokens=1000) == ""


def test_the_oldest_is_dropped_to_fit() -> None:
    told = handover.transcript(items(*(asked(f"message {n} " + "x" * 380) for n in range(20))), tokens=1000)

    assert "message 19 " in told and "message 10 " in told and "message 9 " not in told
    assert "[older messages are left out]" in told


def test_a_last_message_beyond_the_budget_is_cut_and_not_lost() -> None:
    told = handover.transcript(items(asked("old"), TextChunk("m", "x" * 10_000 + " the end")), tokens=100)

    assert "the end" in told and len(told) < 1000


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=30), st.integers(1, 500))
def test_the_budget_is_kept(texts: list[str], tokens: int) -> None:
    told = handover.transcript(items(*map(asked, texts)), tokens=tokens)
    frame = len(handover.transcript(items(asked("")), tokens=tokens))

    assert len(told) <= frame + tokens * handover.CHARACTERS_PER_TOKEN + 100 + 2 * len(texts)


@pytest.mark.parametrize(("waited", "says"), [(0, False), (600, False), (601, True), (90_000, True)])
def test_a_message_that_waited_over_ten_minutes_says_its_age(waited: float, says: bool) -> None:
    words = handover.aged(Prompt("p", "s", YOU, "do it", 1000.0), 1000.0 + waited)

    assert words.endswith("do it") and ("ago" in words) is says


def test_going_on_names_what_was_asked_and_asks_to_look_first() -> None:
    words = handover.go_on(Prompt("p", "s", YOU, "build it", 0.0))

    assert '"build it"' in words and "Look first at what is already done" in words
    assert "It was asked" not in handover.go_on(None)
