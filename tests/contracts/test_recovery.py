"""The promises of core.ports.Records.recover, and what the conversation then shows."""

from __future__ import annotations

import pytest

from openacp_bot.core.events import (
    Event,
    Outcome,
    PromptChanged,
    QuestionAsked,
    TextChunk,
    ToolCallChanged,
    TurnEnded,
)
from openacp_bot.core.inbound import Expecting
from openacp_bot.core.model import PromptState, SessionRecord, State, ToolCall
from openacp_bot.core.ports import Records
from tests.contracts.conftest import Kept
from tests.contracts.values import ALLOWED, ANN, HERE, LINE, NOW, menu, prompt, question, said, session


async def record(records: Records, id: str) -> SessionRecord:
    found = await records.session(id)
    assert found is not None
    return found


async def test_a_clean_stop_leaves_nothing_to_recover(records: Records) -> None:
    await records.create_session(session(state=State.FINISHED, reason="Idle"))
    found = await records.recover(NOW)

    assert (found.interrupted, found.closed, found.waiting) == ((), (), ())
    assert (await record(records, "s1")).reason == "Idle"


async def test_a_begun_turn_is_interrupted_and_what_waits_behind_it_is_held(records: Records) -> None:
    await records.create_session(session(state=State.ACTIVE, bypass=True))
    for id in ("p1", "p2"):
        await records.queue_prompt(prompt(id))
    await records.start_turn("p1", NOW)

    found = await records.recover(NOW + 60)

    (interrupted,) = found.interrupted
    assert interrupted == await records.prompt("p1")
    assert (interrupted.state, interrupted.outcome, interrupted.ended_at) == (
        PromptState.INTERRUPTED,
        "interrupted",
        NOW + 60,
    )
    of = await record(records, "s1")
    assert (of.state, of.held, of.bypass) == (State.ERROR, True, False)
    assert of.reason == "The daemon was stopped in the middle of a turn."
    assert found.waiting == ()
    assert [waiting.id for waiting in await records.queued("s1")] == ["p2"]


async def test_a_session_with_nothing_behind_its_interrupted_turn_is_not_held(records: Records) -> None:
    await records.create_session(session(state=State.ACTIVE))
    await records.queue_prompt(prompt("p1"))
    await records.start_turn("p1", NOW)
    await records.recover(NOW + 60)

    assert not (await record(records, "s1")).held


async def test_sessions_that_held_a_slot_no_longer_do(records: Records) -> None:
    for state in State:
        await records.create_session(session(state.value, state=state, reason="before"))
    await records.recover(NOW)

    states = {state: (await record(records, state.value)).state for state in State}
    assert states == {
        State.INITIALIZING: State.ERROR,
        State.ACTIVE: State.FINISHED,
        State.FINISHED: State.FINISHED,
        State.ERROR: State.ERROR,
        State.CANCELLED: State.CANCELLED,
    }
    assert (await record(records, "error")).reason == "before"
    assert (await record(records, "active")).reason not in ("", "before")
    assert (await record(records, "initializing")).reason not in ("", "before")


async def test_prompts_that_no_agent_got_wait_oldest_first(records: Records) -> None:
    await records.create_session(session("late"), prompt=prompt("a", "late", asked_at=NOW + 5))
    await records.create_session(session("early"), prompt=prompt("b", "early", asked_at=NOW + 1))
    await records.create_session(session("held", held=True), prompt=prompt("c", "held"))
    await records.create_session(session("stored", archived_at=NOW), prompt=prompt("d", "stored"))
    await records.create_session(session("empty"))
    await records.queue_prompt(prompt("e", "late", asked_at=NOW + 6))

    assert (await records.recover(NOW + 9)).waiting == ("early", "late")


async def test_what_was_still_gathering_is_queued(records: Records) -> None:
    await records.create_session(session())
    await records.queue_prompt(prompt("album", state=PromptState.GATHERING))

    assert (await records.recover(NOW)).waiting == ("s1",)
    assert [waiting.id for waiting in await records.queued("s1")] == ["album"]


async def test_open_questions_are_closed_as_interrupted(records: Records) -> None:
    await records.create_session(session())
    await records.ask(question("open"), menu("m1"))
    await records.ask(question("answered"), menu("m2"))
    await records.decide("answered", ALLOWED, LINE)

    found = await records.recover(NOW + 60)

    (closed,) = found.closed
    assert closed == await records.question("open")
    assert closed.settled is not None and (closed.settled.how, closed.settled.at) == ("interrupted", NOW + 60)
    answered = await records.question("answered")
    assert answered is not None and answered.settled == ALLOWED


async def test_the_conversation_shows_the_interruption(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.ask(question("q1"), menu())
    begun = await kept.records.prompt("p1")
    assert begun is not None
    events: list[Event] = [
        PromptChanged(begun),
        TextChunk("m", "Half a sen"),
        ToolCallChanged(ToolCall("c1", "Run", "execute", "in_progress", output="so far")),
        ToolCallChanged(ToolCall("c2", "Read", "read", "completed")),
        QuestionAsked(question("q1")),
    ]
    for number, event in enumerate(events):
        kept.transcript.append(said(number + 1, event))
    await kept.transcript.flush()

    await kept.records.recover(NOW + 60)

    view = await kept.transcript.history("s1")
    assert [item.first for item in view.items] == [1, 2, 3, 4, 5, view.rev]
    shown, text, run, read, asked, end = (item.event for item in view.items)
    assert isinstance(shown, PromptChanged) and shown.prompt.state is PromptState.INTERRUPTED
    assert text == TextChunk("m", "Half a sen")
    assert run == ToolCallChanged(ToolCall("c1", "Run", "execute", "ended", output="so far"))
    assert read == events[3]
    assert isinstance(asked, QuestionAsked) and asked.question.settled is not None
    assert isinstance(end, TurnEnded) and (end.outcome, end.tools) == (Outcome.INTERRUPTED, 2)
    assert (await record(kept.records, "s1")).rev == view.rev
    changed = await kept.transcript.history("s1", after=5)
    assert [item.first for item in changed.items] == [1, 3, 5, view.rev]


async def test_what_the_crash_kept_from_the_conversation_is_added(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.ask(question("q1"), menu())

    await kept.records.recover(NOW + 60)

    kinds = [type(item.event) for item in (await kept.transcript.history("s1")).items]
    assert sorted(kind.__name__ for kind in kinds) == ["PromptChanged", "QuestionAsked", "TurnEnded"]
    assert kinds[-1] is TurnEnded


async def test_an_end_that_the_crash_kept_from_the_conversation_is_added_before_what_came_next(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.queue_prompt(prompt("p2"))
    await kept.records.start_turn("p1", NOW)
    open_call = ToolCallChanged(ToolCall("c1", status="in_progress"))
    kept.transcript.append(said(1, open_call))
    await kept.transcript.flush()
    await kept.records.end_turn("p1", state=PromptState.ENDED, outcome="max_tokens", at=NOW + 42)
    await kept.records.start_turn("p2", NOW + 43)

    found = await kept.records.recover(NOW + 60)

    assert [prompt.id for prompt in found.interrupted] == ["p2"]
    items = (await kept.transcript.history("s1")).items
    assert [(item.turn, type(item.event).__name__) for item in items] == [
        ("p1", "ToolCallChanged"),
        ("p1", "PromptChanged"),
        ("p1", "TurnEnded"),
        ("p2", "PromptChanged"),
        ("p2", "TurnEnded"),
    ]
    assert items[0].event == ToolCallChanged(ToolCall("c1", status="ended"))
    assert (items[2].event, items[2].at) == (TurnEnded(Outcome.MAX_TOKENS, seconds=42.0, tools=1), NOW + 42)
    ended = await kept.records.prompt("p1")
    assert ended is not None and (ended.state, ended.outcome) == (PromptState.ENDED, "max_tokens")


@pytest.mark.parametrize(("outcome", "shown"), [("crashed", Outcome.CRASHED), ("a word of later", Outcome.UNKNOWN)])
async def test_an_unfinished_turn_ends_as_it_was_stored(kept: Kept, outcome: str, shown: Outcome) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.end_turn("p1", state=PromptState.INTERRUPTED, outcome=outcome, at=NOW + 1)

    await kept.records.recover(NOW + 60)

    end = (await kept.transcript.history("s1")).items[-1].event
    assert isinstance(end, TurnEnded) and end.outcome is shown


async def test_an_end_that_is_told_already_is_left_alone(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.end_turn("p1", state=PromptState.ENDED, outcome="end_turn", at=NOW + 1)
    kept.transcript.append(said(7, TurnEnded(Outcome.DONE, "kept", 1.0, 9)))
    await kept.transcript.flush()
    before = await kept.transcript.history("s1")

    await kept.records.recover(NOW + 60)

    assert await kept.transcript.history("s1") == before


async def test_what_was_deleted_is_not_recovered_but_erased(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.queue_prompt(prompt("p2"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.ask(question("q1"), menu())
    await kept.records.create_session(session("s2"), prompt=prompt("p3", "s2"))
    for id in ("s1", "s2"):
        await kept.records.delete_session(id)

    found = await kept.records.recover(NOW + 60)

    assert (found.interrupted, found.closed, found.waiting) == ((), (), ())
    assert await kept.records.create_session(session("s1"), prompt=prompt("p1"))
    assert (await record(kept.records, "s1")).prompts == 1
    assert (await kept.transcript.history("s1")).items == ()


async def test_recovering_twice_finds_nothing_more(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.start_turn("p1", NOW)
    await kept.records.recover(NOW + 60)
    before = await kept.transcript.history("s1")

    again = await kept.records.recover(NOW + 70)

    assert (again.interrupted, again.closed) == ((), ())
    assert await kept.transcript.history("s1") == before


async def test_expired_menus_and_forms_are_forgotten_and_others_kept(records: Records) -> None:
    await records.mint(menu("m1", expires_at=NOW + 900))
    await records.mint(menu("m2"))
    what = Expecting(HERE, ANN.key, "m1.0", "path", {}, NOW + 600)
    await records.expect(what, where=HERE, who=ANN.key)
    await records.recover(NOW + 60)

    assert await records.menu("m1") is not None
    assert await records.menu("m2") is not None
    assert await records.expected(HERE, ANN.key, NOW + 60) == what


async def test_what_was_settled_or_dropped_right_before_the_crash_is_in_the_conversation(kept: Kept) -> None:
    await kept.records.create_session(session(state=State.ACTIVE), prompt=prompt("p1"))
    await kept.records.queue_prompt(prompt("dropped"))
    await kept.records.change_prompts(["dropped"], state=PromptState.DROPPED)
    await kept.records.ask(question("q1"), menu("m1"))
    await kept.records.decide("q1", ALLOWED, LINE)

    recovered = await kept.records.recover(NOW + 60)

    shown = [item.event for item in (await kept.transcript.history("s1")).items]
    assert [event.prompt.id for event in shown if isinstance(event, PromptChanged)] == ["dropped"]
    assert [event.question.settled for event in shown if isinstance(event, QuestionAsked)] == [ALLOWED]
    assert recovered.closed == ()
