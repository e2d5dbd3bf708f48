"""History: events folded into items."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.core.events import (
    Event,
    FileSent,
    Notice,
    Outcome,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    SessionChanged,
    StateChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.items import folded, key_of
from openacp_bot.core.model import (
    Blob,
    Phase,
    PlanEntry,
    Prompt,
    PromptState,
    Question,
    Settlement,
    State,
    ThreadRef,
    ToolCall,
    UserRef,
)

PROMPT = Prompt("p1", "s", UserRef("web", "1"), "hi", 0.0)
QUESTION = Question("q1", "s", "p1", "May I?", None, 0.0, None)
SETTLED = Settlement("answered", 1.0, label="Yes")


def key(event: Event, turn: str | None = "p1", rev: int = 1) -> str | None:
    return key_of(Said("s", turn, rev, 0.0, event))


def test_pieces_of_one_message_are_one_item_and_add_up() -> None:
    for piece in (TextChunk("m", "a"), ThoughtChunk("m", "a")):
        assert key(piece) == key(replace(piece, text="b"), rev=2)
        assert folded(piece, replace(piece, text="b")) == replace(piece, text="ab")
    assert folded(ToolOutput("c", "a"), ToolOutput("c", "b")) == ToolOutput("c", "ab")


def test_a_message_a_thought_a_call_and_its_output_are_four_items() -> None:
    same = (TextChunk("x", ""), ThoughtChunk("x", ""), ToolCallChanged(ToolCall("x")), ToolOutput("x", ""))

    assert len({key(event) for event in same}) == 4


def test_items_of_different_turns_are_different() -> None:
    for event in (TextChunk("m", ""), ToolCallChanged(ToolCall("c")), PlanChanged(()), TurnEnded(Outcome.DONE)):
        assert len({key(event, "p1"), key(event, "p2"), key(event, None)}) == 3


def test_the_newest_of_a_tool_call_a_plan_and_a_notice_stands() -> None:
    for before, after in (
        (ToolCallChanged(ToolCall("c", status="pending")), ToolCallChanged(ToolCall("c", status="completed"))),
        (PlanChanged(()), PlanChanged((PlanEntry("go"),))),
        (Notice("n", "a"), Notice("n", "b")),
    ):
        assert key(before) == key(after) and folded(before, after) is after


def test_a_prompt_is_in_history_once_it_is_no_longer_queued() -> None:
    states = {state: key(PromptChanged(replace(PROMPT, state=state))) for state in PromptState}

    assert [state for state, at in states.items() if at is None] == [PromptState.GATHERING, PromptState.QUEUED]
    assert {at for at in states.values() if at} == {"p:p1"}


def test_a_question_is_one_item_with_how_it_ended() -> None:
    assert key(QuestionAsked(QUESTION)) == key(QuestionSettled("q1", SETTLED), None)
    assert folded(QuestionAsked(QUESTION), QuestionSettled("q1", SETTLED)) == QuestionAsked(
        replace(QUESTION, settled=SETTLED)
    )


def test_every_file_is_an_item_of_its_own_and_keeps_its_key_in_history() -> None:
    sent = FileSent("m", Blob("image/png", "a.png"))

    assert key(sent, rev=1) != key(sent, rev=2)
    assert key_of(Said("s", "p1", 9, 0.0, sent, first=4)) == key(sent, rev=4)


def test_what_changes_no_conversation_is_not_history() -> None:
    assert key(StateChanged(State.ACTIVE, Phase.IDLE)) is None
    assert key(SessionChanged()) is None
    assert key(Notice("n", "elsewhere", to=ThreadRef("telegram", "-100"))) is None


@given(st.lists(st.text(), min_size=1))
def test_folding_piece_by_piece_is_joining(pieces: list[str]) -> None:
    whole: Event = TextChunk("m", pieces[0])
    for piece in pieces[1:]:
        whole = folded(whole, TextChunk("m", piece))

    assert whole == TextChunk("m", "".join(pieces))
