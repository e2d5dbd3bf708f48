"""What a watched session looks like while it goes on, over real WebSockets."""

from __future__ import annotations

import re

import pytest

from openacp_bot.core.events import (
    Outcome,
    QuestionSettled,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import Option, Question, Settlement, ToolCall, UserRef
from tests.web.stage import Stage, words

pytestmark = pytest.mark.wall_clock


async def test_text_streams_as_deltas_and_ends_rendered(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        source = "# Title\n\nSome **bold** words.\n\n```python\nprint('hi')\n```\n\n- a\n- b\n"
        for start in range(0, len(source), 7):
            on.hub.say(session, TextChunk("1", source[start : start + 7]), "t1")
            if start % 21 == 0:
                await tab.hear_op("items")
        on.hub.say(session, TurnEnded(Outcome.DONE, seconds=42, tools=3), "t1")
        await tab.until(lambda: "t1:end" in tab.items)

    assert "<h2>Title</h2>" in tab.text("t1:m:1")
    assert "<strong>bold</strong>" in tab.text("t1:m:1")
    assert '<span class="nb">print</span>' in tab.text("t1:m:1")
    assert "<li>b</li>" in tab.text("t1:m:1")
    assert tab.items["t1:end"]["line"] == "✓ 42 s · 3 tools"


async def test_chunks_gather_into_few_frames_and_none_is_lost(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        before = len(tab.frames)
        for number in range(5000):
            on.hub.say(session, TextChunk("1", f"w{number} "), "t1")
        on.hub.say(session, TurnEnded(Outcome.DONE), "t1")
        await tab.until(lambda: "t1:end" in tab.items)

    assert words(tab.text("t1:m:1")) == " ".join(f"w{number}" for number in range(5000))
    assert len(tab.frames) - before < 20


async def test_a_large_unfinished_block_travels_as_text_and_is_rendered_when_something_follows(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        for number in range(300):
            on.hub.say(session, TextChunk("1", f"- item *{number}*\n"), "t1")
        await tab.until(lambda: "item *299*" in tab.text("t1:m:1"))
        assert "<li>" not in tab.text("t1:m:1")

        on.hub.say(session, ToolCallChanged(ToolCall("c", "A tool")), "t1")
        await tab.until(lambda: "t1:t:c" in tab.items)
        await tab.until(lambda: "item <em>299</em>" in tab.text("t1:m:1"))


async def test_tool_output_streams_apart_and_only_its_end_is_kept(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        on.hub.say(session, ToolCallChanged(ToolCall("c", "make", command="make all")), "t1")
        on.hub.say(session, ToolOutput("c", "first\n"), "t1")
        await tab.until(lambda: "t1:o:c" in tab.items)
        for _ in range(400):
            on.hub.say(session, ToolOutput("c", "x" * 1000), "t1")
        on.hub.say(session, ToolOutput("c", "last"), "t1")
        await tab.until(lambda: tab.items["t1:o:c"]["plain"].endswith("last"))

    assert tab.items["t1:o:c"]["call"] == "t1:t:c"
    assert tab.items["t1:t:c"]["command"] == "make all"
    assert len(tab.items["t1:o:c"]["plain"]) < 300_000
    assert tab.items["t1:o:c"]["skipped"] > 0


async def test_what_agents_say_is_never_markup(on: Stage) -> None:
    evil = "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) ![y](http://a/b.png)"
    session = on.hub.make(evil)
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        on.hub.say(session, TextChunk("1", evil + "\n\n" + evil), "t1")
        on.hub.say(session, ThoughtChunk("1", evil), "t1")
        on.hub.say(session, TurnEnded(Outcome.CRASHED, evil), "t1")
        await tab.until(lambda: "t1:end" in tab.items)

    for key in ("t1:m:1", "t1:h:1"):
        drawn = tab.text(key)
        assert "&lt;script&gt;" in drawn
        assert not re.search(r"<(img|script)|href=.javascript", drawn)


async def test_a_settled_question_is_shown_as_settled(on: Stage) -> None:
    session = on.hub.make()
    you = UserRef("telegram", "7", "Ada")
    async with on.tab() as tab:
        await tab.watch(session.record.id)
        question = Question("q1", session.record.id, "t1", "Run it?", None, 1.0, None)
        on.hub.ask(session, question_with_options(question))
        await tab.until(lambda: "q:q1" in tab.items)
        assert [option["label"] for option in tab.items["q:q1"]["options"]] == ["Yes", "No"]
        on.hub.say(session, QuestionSettled("q1", Settlement("answered", 9.0, "allow_once", "Yes", you, allowed=True)))
        await tab.until(lambda: tab.items["q:q1"]["settled"] is not None)

    line = "Allowed by Ada (Telegram): Yes"
    assert tab.items["q:q1"]["settled"] == {"line": line, "at": 9.0, "allowed": True, "given": []}


def question_with_options(question: Question) -> Question:
    options = (Option("m.0", "Yes", "allow_once"), Option("m.1", "No", "reject_once"))
    return Question(question.id, question.session, question.turn, question.title, None, 1.0, None, options=options)
