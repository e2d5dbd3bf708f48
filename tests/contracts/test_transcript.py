"""The promises of core.ports.Transcript."""

from __future__ import annotations

import dataclasses

import pytest

from openacp_bot.core.events import (
    CommandsChanged,
    Event,
    FileSent,
    Notice,
    Outcome,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    StateChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.inbound import Choice
from openacp_bot.core.model import Blob, Diff, Location, Phase, PlanEntry, PromptState, State, ThreadRef, ToolCall
from openacp_bot.core.ports import Records, Transcript
from tests.contracts.conftest import Kept
from tests.contracts.values import ALLOWED, LINE, NOW, menu, prompt, question, said, session

CALL = ToolCall(
    "c1",
    "Edit main.py",
    "edit",
    "completed",
    command="sed",
    input='{"path": "main.py"}',
    output="done 🎉",
    diffs=(Diff("main.py", None, "new\n"), Diff("b.py", "old", "new")),
    locations=(Location("main.py", 3), Location("b.py")),
    blobs=(Blob("image/png", "a.png", data="aGk="),),
)

WHOLE: list[Event] = [
    ToolCallChanged(CALL),
    PlanChanged((PlanEntry("First", "completed", "high"), PlanEntry("Then"))),
    FileSent("m1", Blob("image/png", "a.png", path="/tmp/a.png")),
    Notice("n1", "Session shares its workspace", (Choice("End", "m1.0"),), ring=True),
    TurnEnded(Outcome.MAX_TOKENS, "cut", 42.5, 3),
]


@pytest.fixture(autouse=True)
async def a_session(records: Records) -> None:
    await records.create_session(session("s1"), prompt=prompt("p1"))


async def events(transcript: Transcript, session: str = "s1") -> list[Event]:
    return [item.event for item in (await transcript.history(session)).items]


@pytest.fixture(params=[False, True], ids=["uncommitted", "committed"])
def commits(request: pytest.FixtureRequest) -> bool:
    """Whether what is looked at is committed first: it must look the same."""
    return bool(request.param)


async def say(transcript: Transcript, *spoken: Said, commits: bool) -> None:
    for one in spoken:
        transcript.append(one)
    if commits:
        await transcript.flush()


@pytest.mark.parametrize("event", WHOLE, ids=lambda event: type(event).__name__)
async def test_an_item_comes_back_as_it_was_said(transcript: Transcript, event: Event, commits: bool) -> None:
    await say(transcript, said(4, event), commits=commits)

    view = await transcript.history("s1")
    assert view.items == (Said("s1", "p1", 4, NOW + 4, event, first=4),)
    assert (view.rev, view.more) == (4, False)


async def test_chunks_of_one_message_are_one_item(transcript: Transcript, commits: bool) -> None:
    spoken = [said(1, TextChunk("a", "Hel")), said(2, TextChunk("a", "lo ")), said(3, TextChunk("a", "Wörld"))]
    await say(transcript, *spoken, commits=commits)

    (item,) = (await transcript.history("s1")).items
    assert item.event == TextChunk("a", "Hello Wörld")
    assert (item.first, item.rev, item.at) == (1, 3, NOW + 1)


async def test_messages_thoughts_and_outputs_are_items_of_their_own(transcript: Transcript, commits: bool) -> None:
    spoken: list[Event] = [
        ThoughtChunk("a", "Hm"),
        TextChunk("a", "I "),
        ToolCallChanged(ToolCall("c1", status="pending")),
        ToolOutput("c1", "line 1\n"),
        TextChunk("b", "Next"),
        ToolOutput("c1", "line 2\n"),
        ToolCallChanged(ToolCall("c1", status="completed")),
        TextChunk("a", "am"),
        ThoughtChunk("a", "m"),
    ]
    for number, event in enumerate(spoken):
        await say(transcript, said(number + 1, event), commits=commits)

    assert await events(transcript) == [
        ThoughtChunk("a", "Hmm"),
        TextChunk("a", "I am"),
        ToolCallChanged(ToolCall("c1", status="completed")),
        ToolOutput("c1", "line 1\nline 2\n"),
        TextChunk("b", "Next"),
    ]


async def test_the_same_message_id_in_another_turn_is_another_message(transcript: Transcript, commits: bool) -> None:
    await say(
        transcript,
        said(1, TextChunk("a", "one"), turn="p1"),
        said(2, TextChunk("a", "two"), turn="p2"),
        said(3, TextChunk("a", "late"), turn=None),
        commits=commits,
    )

    found = (await transcript.history("s1")).items
    assert [(item.turn, item.event) for item in found] == [
        ("p1", TextChunk("a", "one")),
        ("p2", TextChunk("a", "two")),
        (None, TextChunk("a", "late")),
    ]


async def test_a_long_message_grown_over_many_commits_comes_back_whole(transcript: Transcript) -> None:
    pieces = [f"{number:05} häppchen 🎉 " * 50 for number in range(60)]
    for number, piece in enumerate(pieces):
        transcript.append(said(number + 1, TextChunk("a", piece)))
        if number % 3 == 0:
            await transcript.flush()

    assert await events(transcript) == [TextChunk("a", "".join(pieces))]


async def test_text_of_any_size_at_the_edges_of_rows(transcript: Transcript) -> None:
    for rev, size in enumerate([0, 1, 4095, 4096, 4097, 8192, 16384, 16385], start=1):
        transcript.append(said(rev, TextChunk(str(rev), "x" * size)))
        await transcript.flush()
        transcript.append(said(rev + 100, TextChunk(str(rev), "y")))

    found = await events(transcript)
    assert [len(event.text) for event in found if isinstance(event, TextChunk)] == [
        1, 2, 4096, 4097, 4098, 8193, 16385, 16386,
    ]  # fmt: skip


async def test_a_large_result_comes_back_whole(transcript: Transcript, commits: bool) -> None:
    first = ToolCallChanged(dataclasses.replace(CALL, output="a" * 600_000, status="in_progress"))
    last = ToolCallChanged(dataclasses.replace(CALL, output="b" * 700_000))
    await say(transcript, said(1, first), commits=commits)
    seen = await events(transcript)
    await say(transcript, said(2, last), commits=commits)

    assert seen == [first]
    assert await events(transcript) == [last]


async def test_what_is_no_part_of_history_only_counts(transcript: Transcript, commits: bool) -> None:
    await say(
        transcript,
        said(1, StateChanged(State.ACTIVE, Phase.IDLE)),
        said(2, CommandsChanged(())),
        said(3, Notice("n1", "Elsewhere", to=ThreadRef("telegram", "-100"))),
        said(4, PromptChanged(prompt("p1"), 1)),
        commits=commits,
    )

    view = await transcript.history("s1")
    assert (view.items, view.rev) == ((), 4)


async def test_a_notice_with_the_same_id_replaces_the_earlier(transcript: Transcript, commits: bool) -> None:
    await say(transcript, said(1, Notice("n1", "Old")), said(2, Notice("n1", "New")), commits=commits)

    (item,) = (await transcript.history("s1")).items
    assert (item.event, item.first, item.rev) == (Notice("n1", "New"), 1, 2)


async def test_a_prompt_is_shown_as_it_is_now(kept: Kept, commits: bool) -> None:
    await kept.records.start_turn("p1", NOW + 1)
    begun = await kept.records.prompt("p1")
    assert begun is not None
    await say(kept.transcript, said(1, PromptChanged(begun)), commits=commits)
    await kept.records.end_turn("p1", state=PromptState.ENDED, outcome="end_turn", at=NOW + 9)

    ended = await kept.records.prompt("p1")
    assert ended is not None and ended.outcome == "end_turn"
    assert await events(kept.transcript) == [PromptChanged(ended)]


async def test_a_question_is_shown_as_it_is_now(kept: Kept, commits: bool) -> None:
    await kept.records.ask(question("q1"), menu())
    await say(kept.transcript, said(1, QuestionAsked(question("q1"))), commits=commits)
    await kept.records.decide("q1", ALLOWED, LINE)
    await say(kept.transcript, said(2, QuestionSettled("q1", ALLOWED)), commits=commits)

    (item,) = (await kept.transcript.history("s1")).items
    assert item.event == QuestionAsked(question("q1", settled=ALLOWED))
    assert (item.first, item.rev) == (1, 2)


async def test_prompts_and_questions_that_are_not_stored_are_not_shown(transcript: Transcript, commits: bool) -> None:
    unknown = prompt("unknown", state=PromptState.STARTED)
    await say(transcript, said(1, PromptChanged(unknown)), said(2, QuestionAsked(question("unknown"))), commits=commits)

    assert await events(transcript) == []


# --- parts of a history


async def five(transcript: Transcript, *, commits: bool) -> None:
    for rev in range(1, 6):
        transcript.append(said(rev, TextChunk(str(rev), "x")))
    if commits:
        await transcript.flush()
    transcript.append(said(6, TextChunk("2", "y")))


async def test_the_newest_items_in_the_order_of_the_conversation(transcript: Transcript, commits: bool) -> None:
    await five(transcript, commits=commits)
    view = await transcript.history("s1", limit=2)

    assert [item.first for item in view.items] == [4, 5]
    assert (view.rev, view.more) == (6, True)
    assert not (await transcript.history("s1", limit=5)).more


async def test_whether_there_is_more_does_not_depend_on_what_is_committed(transcript: Transcript) -> None:
    for rev in range(1, 6):
        transcript.append(said(rev, TextChunk(str(rev), "x")))
    await transcript.flush()

    assert [(await transcript.history("s1", limit=limit)).more for limit in (4, 5, 6)] == [True, False, False]


async def test_items_before_another(transcript: Transcript, commits: bool) -> None:
    await five(transcript, commits=commits)
    view = await transcript.history("s1", before=4, limit=2)

    assert [item.first for item in view.items] == [2, 3]
    assert (view.rev, view.more) == (6, True)
    assert (await transcript.history("s1", before=1)).items == ()


async def test_items_changed_after_a_rev_come_whole(transcript: Transcript, commits: bool) -> None:
    await five(transcript, commits=commits)
    view = await transcript.history("s1", after=4)

    assert [(item.first, item.rev) for item in view.items] == [(2, 6), (5, 5)]
    assert view.items[0].event == TextChunk("2", "xy")
    assert not view.more
    assert (await transcript.history("s1", after=6)).items == ()
    assert (await transcript.history("s1", after=4, limit=1)).more


async def test_no_items_at_all(transcript: Transcript) -> None:
    await five(transcript, commits=False)

    assert (await transcript.history("s1", limit=0)).items == ()
    assert (await transcript.history("nobody")).items == ()
    assert (await transcript.history("nobody")).rev == 0


# --- sessions


async def test_sessions_do_not_hear_each_other(kept: Kept, commits: bool) -> None:
    await kept.records.create_session(session("s2"))
    await say(
        kept.transcript,
        said(1, TextChunk("a", "one")),
        said(9, TextChunk("a", "two"), session="s2"),
        commits=commits,
    )

    assert await events(kept.transcript, "s1") == [TextChunk("a", "one")]
    assert await events(kept.transcript, "s2") == [TextChunk("a", "two")]
    assert (await kept.transcript.history("s1")).rev == 1


async def test_the_record_knows_the_newest_rev_that_was_stored(kept: Kept) -> None:
    kept.transcript.append(said(41, TextChunk("a", "x")))
    kept.transcript.append(said(42, StateChanged(State.ACTIVE, Phase.IDLE)))
    await kept.transcript.flush()

    found = await kept.records.session("s1")
    assert found is not None and found.rev == 42


async def test_a_deleted_session_has_no_history_and_takes_nothing_more(kept: Kept) -> None:
    kept.transcript.append(said(1, TextChunk("a", "x" * 10_000)))
    kept.transcript.append(said(2, ToolCallChanged(dataclasses.replace(CALL, output="x" * 600_000))))
    await kept.transcript.flush()
    kept.transcript.append(said(3, TextChunk("a", "unsaved")))
    await kept.records.delete_session("s1")
    marked = await kept.transcript.history("s1")
    kept.transcript.append(said(4, TextChunk("a", "late")))
    await kept.transcript.flush()
    await kept.records.erase_session("s1")
    await kept.records.create_session(session("s1"))
    again = await kept.transcript.history("s1")

    assert (marked.items, marked.rev) == ((), 0)
    assert (again.items, again.rev) == ((), 0)


async def test_room_is_given_when_little_waits(transcript: Transcript) -> None:
    transcript.append(said(1, TextChunk("a", "x")))

    await transcript.room("s1")
    await transcript.room("nobody")


# --- one turn


async def turn(transcript: Transcript, prompt: str = "p1") -> list[Event]:
    return [item.event for item in await transcript.turn(prompt)]


async def test_a_turn_is_what_was_said_in_it_without_its_prompt(kept: Kept, commits: bool) -> None:
    await kept.records.queue_prompt(prompt("p2"))
    await kept.records.ask(question("q1"), menu())
    await say(
        kept.transcript,
        said(1, PromptChanged(prompt("p1", state=PromptState.STARTED))),
        said(2, TextChunk("m", "Half ")),
        said(3, ToolCallChanged(ToolCall("c1", "Run"))),
        said(4, Notice("n1", "Of no turn"), turn=None),
        said(5, QuestionAsked(question("q1"))),
        said(6, TextChunk("m", "a word")),
        said(7, TurnEnded(Outcome.DONE)),
        said(8, PromptChanged(prompt("p1", state=PromptState.ENDED))),
        said(9, TextChunk("m", "Another"), turn="p2"),
        commits=commits,
    )
    await kept.records.decide("q1", ALLOWED, LINE)

    items = list(await kept.transcript.turn("p1"))
    whole = await kept.transcript.history("s1")
    assert [item.event for item in items] == [
        TextChunk("m", "Half a word"),
        ToolCallChanged(ToolCall("c1", "Run")),
        QuestionAsked(question("q1", settled=ALLOWED)),
        TurnEnded(Outcome.DONE),
    ]
    assert items == [item for item in whole.items if item.turn == "p1" and not isinstance(item.event, PromptChanged)]
    assert await turn(kept.transcript, "p2") == [TextChunk("m", "Another")]


async def test_a_turn_goes_on_over_what_is_committed(transcript: Transcript, commits: bool) -> None:
    await say(transcript, said(1, TextChunk("m", "Half ")), said(2, ToolCallChanged(ToolCall("c1"))), commits=True)
    await say(transcript, said(3, TextChunk("m", "a word")), said(4, TextChunk("n", "!")), commits=commits)

    assert await turn(transcript) == [
        TextChunk("m", "Half a word"),
        ToolCallChanged(ToolCall("c1")),
        TextChunk("n", "!"),
    ]


async def test_a_large_turn_is_given_whole(transcript: Transcript, commits: bool) -> None:
    large = ToolCallChanged(dataclasses.replace(CALL, output="x" * 700_000))
    many: list[Event] = [TextChunk(f"m{number}", str(number)) for number in range(300)]
    spoken = [said(rev, event) for rev, event in enumerate([large, *many], start=1)]
    await say(transcript, *spoken, commits=commits)

    assert await turn(transcript) == [large, *many]


async def test_a_turn_that_is_unknown_or_deleted_is_empty(kept: Kept, commits: bool) -> None:
    await say(kept.transcript, said(1, TextChunk("m", "Half")), commits=commits)
    await kept.records.delete_session("s1")

    assert await turn(kept.transcript) == []
    assert await turn(kept.transcript, "unknown") == []
