"""What a turn looks like while it runs, and once it has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openacp_bot.chat.blocks import Code, Line, Prose, Quote, Tone
from openacp_bot.chat.sheet import Rank, Sheet
from openacp_bot.core.cards import CardKind
from openacp_bot.core.events import (
    Event,
    Notice,
    Outcome,
    PlanChanged,
    QuestionAsked,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import (
    Blob,
    FileRef,
    Location,
    PlanEntry,
    PromptKind,
    PromptState,
    Question,
    Verbosity,
)
from openacp_bot.core.views import Document
from tests.chat.scenes import (
    ALICE,
    DORA,
    LOCAL,
    MASKED,
    NOW,
    SECRET,
    SURFACE,
    LookingHub,
    blocks,
    card,
    drawer,
    edit,
    picture,
    text,
    thought,
    tool,
    turn,
)

ASKED = QuestionAsked(Question("q1", "5e5510", "7a11b2c3d4", "May I?", ALICE, NOW, None))
DONE = TurnEnded(Outcome.DONE, seconds=42, tools=3)


# --- while it runs -----------------------------------------------------------------------------------


async def test_a_turn_without_anything_to_show_has_no_stretches() -> None:
    drawing = await turn(doing="thinking")

    assert (drawing.stretches, drawing.live, drawing.final, drawing.end) == ((), True, False, ())


async def test_the_hub_is_looked_at_as_the_surface_itself() -> None:
    hub = LookingHub()
    await turn(text("Hi"), hub=hub)

    assert hub.by == [SURFACE]


async def test_an_unknown_turn_shows_nothing() -> None:
    assert await drawer(LookingHub()).drawing(card(CardKind.TURN, "gone")) is None


async def test_text_and_tools_stand_in_the_order_in_which_they_came_above_the_status() -> None:
    drawing = await turn(
        text("Let me look.", "m1"),
        tool("t1", "Read src/parser.py"),
        tool("t2", "`npm test`", "execute", status="in_progress", command="npm test"),
        text("Found it.", "m2"),
        doing="running: `npm test`",
    )

    assert blocks(drawing) == [
        (
            Prose("Let me look."),
            Quote("📖 Read src/parser.py\n⏳ npm test"),
            Prose("Found it."),
            Line("⏳ running: npm test", Tone.FAINT),
        )
    ]
    assert drawing.rank is Rank.CARD


@pytest.mark.parametrize("verbosity", [Verbosity.MEDIUM, Verbosity.HIGH])
async def test_what_the_strip_says_to_be_running_is_not_said_below_it_again(verbosity: Verbosity) -> None:
    running = tool("t1", "npm test", "execute", status="in_progress", command="npm test")

    drawing = await turn(running, PlanChanged((PlanEntry("Test"),)), doing="running: npm test", verbosity=verbosity)

    assert blocks(drawing) == [(Quote("⏳ npm test"), Line("☐ Test"))]


async def test_what_runs_is_said_below_a_strip_that_has_ended_or_is_folded() -> None:
    running = tool("t9", "npm test", "execute", status="in_progress")
    status = Line("⏳ running: npm test", Tone.FAINT)

    ended = await turn(tool("t1"), doing="running: npm test")
    folded = await turn(*(tool(f"t{number}") for number in range(6)), running, doing="running: npm test")

    assert [blocks(one)[0][-1] for one in (ended, folded)] == [status, status]


async def test_blank_text_and_notices_are_not_shown() -> None:
    drawing = await turn(text("\n \n"), Notice("n", "Said elsewhere"), ToolOutput("t1", "x"), doing="thinking")

    assert drawing.stretches == ()


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [(Verbosity.LOW, []), (Verbosity.MEDIUM, [(Line("⏳ thinking", Tone.FAINT),)])],
)
async def test_thoughts_alone_show_that_it_thinks(verbosity: Verbosity, shown: list[Any]) -> None:
    assert blocks(await turn(thought("Hmm"), verbosity=verbosity, doing="thinking")) == shown


async def test_thoughts_are_folded_at_high_and_hidden_at_medium() -> None:
    high = await turn(thought("Hmm"), text("So"), verbosity=Verbosity.HIGH)
    medium = await turn(thought("Hmm"), text("So"))

    assert blocks(high) == [(Quote("💭 Hmm", folded=True), Prose("So"))]
    assert blocks(medium) == [(Prose("So"),)]


async def test_of_a_long_thought_the_newest_is_shown() -> None:
    drawing = await turn(thought("a" * 100 + "b" * 1500), verbosity=Verbosity.HIGH)

    assert blocks(drawing) == [(Quote(f"💭 … {'b' * 1500}", folded=True),)]


async def test_a_secret_that_is_still_growing_is_held_back() -> None:
    growing = await turn(text(f"The key is {SECRET[:9]}"))
    closed = await turn(text(f"The key is {SECRET}"), tool())

    assert blocks(growing) == [(Prose("The key is "),)]
    assert blocks(closed)[0][0] == Prose(f"The key is {MASKED}")


# --- stretches -----------------------------------------------------------------------------------------


async def test_a_question_ends_a_stretch_and_what_follows_stands_below_it() -> None:
    drawing = await turn(text("Before", "m1"), ASKED, text("After", "m2"))

    assert drawing.stretches == (Sheet((Prose("Before"),), then="q1"), Sheet((Prose("After"),)))


async def test_no_status_line_stands_alone_below_a_question() -> None:
    drawing = await turn(text("Before"), ASKED, doing="waiting for an answer")

    assert drawing.stretches == (Sheet((Prose("Before"),), then="q1"), Sheet())


async def test_a_stretch_keeps_its_number_although_nothing_is_to_be_seen_before_it() -> None:
    drawing = await turn(ASKED, text("After"))

    assert drawing.stretches == (Sheet(then="q1"), Sheet((Prose("After"),)))


async def test_a_file_is_a_stretch_of_its_own_and_never_the_last() -> None:
    sent = picture()
    drawing = await turn(text("See"), sent)

    assert drawing.stretches == (Sheet((Prose("See"),)), Sheet(file=sent.blob), Sheet())


async def test_the_plan_stands_below_the_last_words_above_the_status() -> None:
    plan = PlanChanged(
        (PlanEntry("Look", "completed"), PlanEntry("Fix\nit", "in_progress"), PlanEntry("Test", "pending"))
    )
    lines = (Line("☑ Look"), Line("▶ Fix it"), Line("☐ Test"))

    one = await turn(plan, text("Hi"), doing="thinking")
    assert blocks(one) == [(Prose("Hi"), *lines, Line("⏳ thinking", Tone.FAINT))]

    asking = await turn(plan, text("Hi"), ASKED)
    assert blocks(asking) == [(Prose("Hi"), *lines), ()]

    gone_on = await turn(plan, text("Hi", "m1"), ASKED, text("So", "m2"))
    assert blocks(gone_on) == [(Prose("Hi"),), (Prose("So"), *lines)]

    alone = await turn(plan)
    assert blocks(alone) == [lines]


# --- the prompt ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "quote"),
    [
        ({"author": LOCAL}, "🖥 You, on the page:\nPlease fix it"),
        ({"author": DORA}, "💬 Dora, on Discord:\nPlease fix it"),
        ({"message": ""}, "💬 Alice:\nPlease fix it"),
        ({"kind": PromptKind.CONTINUE}, "▶️ Continue (Alice)"),
        ({"kind": PromptKind.CONTINUE, "author": LOCAL}, "▶️ Continue (on the page)"),
        ({"kind": PromptKind.RUN}, "⚙️ From outside:\nPlease fix it"),
        ({"author": LOCAL, "text": f"use {SECRET}"}, f"🖥 You, on the page:\nuse {MASKED}"),
        ({"author": LOCAL, "text": "", "files": (FileRef("web", "f", "a.txt"),)}, "🖥 You, on the page:\n📎 a.txt"),
    ],
)
async def test_a_prompt_from_elsewhere_is_quoted_at_once(prompt: dict[str, Any], quote: str) -> None:
    assert blocks(await turn(**prompt)) == [(Quote(quote, strong_first=True),)]


async def test_a_long_prompt_from_elsewhere_is_cut() -> None:
    drawing = await turn(author=LOCAL, text="x" * 600)

    (quote,) = drawing.stretches[0].blocks
    assert isinstance(quote, Quote)
    assert quote.text == f"🖥 You, on the page:\n{'x' * 499}…"


async def test_the_quoted_prompt_stands_above_the_answer_with_the_status_below() -> None:
    drawing = await turn(author=LOCAL, doing="thinking")

    assert blocks(drawing) == [
        (Quote("🖥 You, on the page:\nPlease fix it", strong_first=True), Line("⏳ thinking", Tone.FAINT))
    ]


# --- tools -------------------------------------------------------------------------------------------


async def strip(*events: Event) -> list[str]:
    drawing = await turn(*events)
    (quote,) = drawing.stretches[0].blocks
    assert isinstance(quote, Quote)
    return quote.text.split("\n")


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (tool(title="Read /srv/project/src/a.py"), "📖 Read src/a.py"),
        (tool(title="Read /old/srv/project/src/a.py"), "📖 Read /old/srv/project/src/a.py"),
        (tool(title="List /srv/project/"), "📖 List /srv/project/"),
        (tool(title="", command="npm test", kind="execute"), "💻 npm test"),
        (tool(title="bash", command="npm test", kind="execute"), "💻 bash npm test"),
        (tool(title="Run the tests", command="npm test", kind="execute"), "💻 Run the tests"),
        (tool(title="edit", kind="edit", diffs=(edit(),)), "✏️ edit src/parser.py · +2 −1"),
        (tool(title="Write", kind="edit", diffs=(edit(None, "a\nb\n", "/etc/x"),)), "✏️ Write /etc/x · new, +2"),
        (tool(title="Edit both", kind="edit", diffs=(edit(), edit())), "✏️ Edit both · 2 files +4 −2"),
        (tool(title="parser.py", diffs=(edit("a\n", "a\n"),)), "📖 parser.py"),
        (tool(title="", kind="fetch"), "🌐 fetch"),
        (tool(title="", locations=(Location("/srv/project/a.py", 7),)), "📖 a.py:7"),
        (tool(title="Shoot", kind="other", blobs=(Blob("image/png"),)), "🔧 Shoot · 📎 1 file"),
        (tool(title="Wait", status="pending"), "⏳ Wait"),
        (tool(title="Wait", status="ended"), "⏹ Wait"),
        (tool(title="Odd", kind="other"), "🔧 Odd"),
        (
            tool(title="Test", status="failed", output="```\nran 3\nError: no such file\n```"),
            "❌ Test · Error: no such file",
        ),
        (tool(title="Test", status="failed"), "❌ Test"),
        (tool(title=f"echo {SECRET}", status="failed", output=SECRET), f"❌ echo {MASKED} · {MASKED}"),
        (tool(title="x" * 200), f"📖 {'x' * 89}…"),
        (tool(title=f"Read {Path.home()}/notes/a.md"), "📖 Read ~/notes/a.md"),
    ],
)
async def test_the_line_of_a_tool_call(call: Event, line: str) -> None:
    assert await strip(call) == [line]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"output": "collecting\n12 passed\n\n---\n"}, "💻 npm test · 12 passed"),
        ({"output": "12 passed\nexit code 0\n"}, "💻 npm test · 12 passed"),
        ({"output": "```console\n12 passed\n```"}, "💻 npm test · 12 passed"),
        ({"output": "```console\n```"}, "💻 npm test"),
        ({"output": f"{'x' * 9000}\n12 passed\n"}, "💻 npm test · 12 passed"),
        ({"output": f"{'x' * 9000} {SECRET}"}, f"💻 npm test · {'x' * 49}…"),
        ({"output": "[Exited with code: 0]"}, "💻 npm test"),
        ({"output": "x" * 90}, f"💻 npm test · {'x' * 49}…"),
        ({"output": f"token {SECRET}"}, f"💻 npm test · token {MASKED}"),
        ({"output": "-----BEGIN PRIVATE KEY-----\nMIIabc\n" + "MIIdef\n" * 1000}, "💻 npm test · [private key •••]"),
        ({"output": "\x1b[1m\x1b[32m12 passed\x1b[0m"}, "💻 npm test · 12 passed"),
        ({"output": "npm test"}, "💻 npm test"),
        ({"output": "12 passed", "status": "in_progress"}, "⏳ npm test"),
        ({"output": "12 passed", "kind": "read"}, "📖 npm test"),
    ],
)
async def test_what_a_command_said_last_is_its_short_result(fields: dict[str, Any], line: str) -> None:
    given = {"kind": "execute", "command": "npm test", **fields}

    assert await strip(tool(title="npm test", **given)) == [line]


async def test_the_short_result_may_have_been_streamed() -> None:
    lines = await strip(tool(title="npm test", kind="execute"), ToolOutput("t1", "one\n12 passed\n"))

    assert lines == ["💻 npm test · 12 passed"]


async def test_at_high_the_result_below_is_not_told_in_the_line_too() -> None:
    drawing = await turn(tool(title="ls", kind="execute", output="a.py"), verbosity=Verbosity.HIGH)

    assert drawing.stretches[0].blocks[0] == Quote("💻 ls")


async def test_streamed_output_tells_why_a_call_failed() -> None:
    lines = await strip(tool(title="Test", status="failed"), ToolOutput("t1", "one\n[exit code 2]\n"))

    assert lines == ["❌ Test · [exit code 2]"]


async def test_a_private_key_is_masked_as_a_whole_before_its_last_line_is_told() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIabc\nMIIdef\n"

    assert await strip(tool(title="Test", status="failed", output=key)) == ["❌ Test · [private key •••]"]


async def test_thoughts_and_streamed_output_do_not_part_a_strip() -> None:
    assert len(await strip(tool("t1"), ToolOutput("t1", "x"), thought("Hm"), tool("t2"))) == 2


@pytest.mark.parametrize(("calls", "folded"), [(6, False), (7, True)])
async def test_a_long_strip_is_folded(calls: int, folded: bool) -> None:
    drawing = await turn(*(tool(f"t{number}") for number in range(calls)))

    (quote,) = drawing.stretches[0].blocks
    assert isinstance(quote, Quote)
    assert quote.folded is folded


async def test_at_low_a_stretch_tells_only_how_many_tools_it_used() -> None:
    drawing = await turn(
        tool("t1"), text("Hi", "m1"), tool("t2", status="failed"), ASKED, tool("t3"), verbosity=Verbosity.LOW
    )

    assert blocks(drawing) == [
        (Prose("Hi"), Line("🔧 2 tools, 1 failed", Tone.FAINT)),
        (Line("🔧 1 tool", Tone.FAINT),),
    ]


async def test_at_high_a_call_brings_its_input_its_diff_and_its_output() -> None:
    drawing = await turn(
        tool("t1", "Search", "search", input='{"q": "x"}', output="```text\nfound\n```"),
        tool("t2", "`npm test`", "execute", command="npm test", status="in_progress"),
        ToolOutput("t2", "ok\n"),
        tool("t3", "Edit src/parser.py", "edit", input='{"old": "b"}', diffs=(edit(),)),
        verbosity=Verbosity.HIGH,
    )

    assert blocks(drawing) == [
        (
            Quote("🔎 Search"),
            Line("Input", Tone.FAINT),
            Code('{"q": "x"}', folded=True),
            Line("Result", Tone.FAINT),
            Code("found", folded=True),
            Quote("⏳ npm test"),
            Line("Result", Tone.FAINT),
            Code("ok", folded=True),
            Quote("✏️ Edit src/parser.py · +2 −1"),
            Code(" a\n-b\n+B\n c\n+d", "diff"),
        )
    ]


async def test_at_high_long_output_says_how_much_is_left_out() -> None:
    drawing = await turn(tool(output="x" * 3500), verbosity=Verbosity.HIGH)

    assert drawing.stretches[0].blocks[-1] == Code(f"{'x' * 1500}\n… 2,000 more characters", folded=True)


async def test_at_high_a_secret_across_the_cut_is_masked() -> None:
    drawing = await turn(tool(output="x" * 1490 + f" {SECRET} " + "x" * 900), verbosity=Verbosity.HIGH)

    (code,) = (block for block in drawing.stretches[0].blocks if isinstance(block, Code))
    assert code.text.startswith(f"{'x' * 1490} {MASKED}\n… ")


async def test_at_high_secrets_are_masked_in_input_output_and_diff() -> None:
    drawing = await turn(
        tool(command=f"echo {SECRET}", output=SECRET, diffs=(edit("", SECRET),)), verbosity=Verbosity.HIGH
    )

    assert SECRET not in repr(drawing)
    assert repr(drawing).count(MASKED) == 3


# --- the end -----------------------------------------------------------------------------------------


async def test_a_turn_that_is_done_ends_with_time_and_tools() -> None:
    drawing = await turn(text("Fixed."), tool(), DONE)

    assert blocks(drawing) == [(Prose("Fixed."), Quote("📖 Read parser.py"))]
    assert drawing.end == (Line("✅ 42 s · 3 tools"),)
    assert (drawing.live, drawing.final, drawing.rank) == (False, True, Rank.FINAL)
    assert drawing.whole == Document("answer-7a11b2.md", "text/markdown", "Fixed.\n\n> 📖 Read parser.py\n")


@pytest.mark.parametrize(
    ("seconds", "tools", "line"),
    [
        (0.42, 0, "✅ 0.4 s"),
        (0.02, 0, "✅ done"),
        (42, 1, "✅ 42 s · 1 tool"),
        (185, 2, "✅ 3 min 5 s · 2 tools"),
        (3720, 0, "✅ 1 h 2 min"),
        (0, 0, "✅ done"),
    ],
)
async def test_the_end_line_counts_in_units_that_are_readable(seconds: float, tools: int, line: str) -> None:
    assert (await turn(TurnEnded(Outcome.DONE, seconds=seconds, tools=tools))).end == (Line(line),)


async def test_a_turn_that_ended_without_a_word_has_only_its_end() -> None:
    drawing = await turn(DONE)

    assert (drawing.stretches, drawing.end, drawing.whole) == ((), (Line("✅ 42 s · 3 tools"),), None)


@pytest.mark.parametrize(
    ("outcome", "line", "rank"),
    [
        (Outcome.CANCELLED, "⛔ Stopped · 12 s", Rank.FINAL),
        (Outcome.MAX_TOKENS, "⚠️ It hit its limit of tokens · 12 s", Rank.FINAL),
        (Outcome.MAX_REQUESTS, "⚠️ It hit its limit of requests in one turn · 12 s", Rank.FINAL),
        (Outcome.REFUSED, "⚠️ The agent refused to go on · 12 s", Rank.FINAL),
        (Outcome.INTERRUPTED, "⚠️ Interrupted · 12 s", Rank.FINAL),
        (Outcome.UNKNOWN, "⚠️ The agent ended for a reason of its own · 12 s", Rank.FINAL),
        (Outcome.FAILED, "❌ The agent failed · 12 s", Rank.ERROR),
        (Outcome.CRASHED, "❌ The agent crashed · 12 s", Rank.ERROR),
        (Outcome.STUCK, "❌ The agent went silent and was stopped · 12 s", Rank.ERROR),
    ],
)
async def test_every_other_outcome_is_told_in_words(outcome: Outcome, line: str, rank: Rank) -> None:
    drawing = await turn(TurnEnded(outcome, seconds=12))

    assert (drawing.end, drawing.rank) == ((Line(line),), rank)


async def test_a_crash_is_told_with_the_last_lines_of_stderr() -> None:
    stderr = "\n".join(f"line {number}" for number in range(30))
    drawing = await turn(TurnEnded(Outcome.CRASHED, f"Its process ended (exit code 1).\n{stderr}\n{SECRET}"))

    last = "\n".join(f"line {number}" for number in range(16, 30))
    assert drawing.end == (
        Line("❌ The agent crashed"),
        Line("Its process ended (exit code 1)."),
        Code(f"{last}\n{MASKED}"),
    )


async def test_a_closed_prompt_waits_a_moment_for_the_turns_last_word() -> None:
    closed: dict[str, Any] = {"state": PromptState.ENDED, "outcome": "end_turn", "ended_at": NOW + 42}

    early = await turn(text("Hi"), tool(), now=NOW + 43, **closed)
    late = await turn(text("Hi"), tool(), now=NOW + 60, **closed)

    assert (early.live, early.final) == (True, False)
    assert (late.live, late.final, late.end) == (False, True, (Line("✅ 42 s · 1 tool"),))


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ({"state": PromptState.INTERRUPTED}, "⚠️ Interrupted"),
        ({"state": PromptState.INTERRUPTED, "outcome": "crashed"}, "❌ The agent crashed"),
        ({"state": PromptState.ENDED, "outcome": "?"}, "⚠️ The agent ended for a reason of its own"),
        ({"state": PromptState.DROPPED, "started_at": None}, "⛔ Stopped"),
    ],
)
async def test_a_turn_whose_end_was_never_heard_ends_as_its_prompt_did(prompt: dict[str, Any], line: str) -> None:
    drawing = await turn(**prompt)

    assert (drawing.final, drawing.end) == (True, (Line(line),))


async def test_the_whole_answer_is_markdown_with_everything_in_it() -> None:
    drawing = await turn(
        text("# Title\n", "m1"),
        tool("t1", output="a ``` fence", input="in"),
        picture(),
        text("End", "m2"),
        DONE,
        verbosity=Verbosity.HIGH,
    )

    assert drawing.whole is not None
    assert drawing.whole.text == (
        "# Title\n\n> 📖 Read parser.py\n\nInput\n\n```\nin\n```\n\nResult\n\n````\na ``` fence\n````\n\nEnd\n"
    )
