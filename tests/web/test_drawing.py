"""Values as the page gets them: diffs, ends, decisions, and what stays behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.adapters.web.diffs import SHOWN, drawn_diff
from openacp_bot.adapters.web.drawing import LONG, drawn_choices, drawn_event, drawn_reply, drawn_view
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.wording import end_line, settled_line
from openacp_bot.core.events import Outcome, QuestionAsked, QuestionSettled, ToolCallChanged, TurnEnded
from openacp_bot.core.inbound import Choice, Form, Reply, Row
from openacp_bot.core.model import AgentSpec, Diff, Field, Phase, Question, Settlement, ToolCall, UserRef
from openacp_bot.core.views import NewChat, SessionRow, SessionView
from tests.chat.scenes import RECORD

FILES = SignedFiles("key")


def test_a_change_shows_its_lines_with_what_is_around() -> None:
    old = "".join(f"{number}\n" for number in range(20))
    drawn = drawn_diff(Diff("a.py", old, old.replace("10\n", "ten\n")))

    assert (drawn["added"], drawn["removed"], drawn["new"]) == (1, 1, False)
    assert [sign for sign, _ in drawn["lines"]] == ["@", " ", " ", " ", "-", "+", " ", " ", " "]
    assert ("-", "10") in drawn["lines"]
    assert ("+", "ten") in drawn["lines"]


def test_a_new_file_is_all_added() -> None:
    drawn = drawn_diff(Diff("a.py", None, "--- a\n+++ b\n@@ c\n"))

    assert drawn["new"] is True
    assert drawn["lines"] == [("+", "--- a"), ("+", "+++ b"), ("+", "@@ c")]


@pytest.mark.parametrize(("old", "new"), [("", ""), ("a\n", "a\n"), (None, "")])
def test_no_change_has_no_lines(old: str | None, new: str) -> None:
    assert drawn_diff(Diff("a", old, new))["lines"] == []


def test_the_lines_of_a_huge_file_stand_between_their_gaps() -> None:
    lines = [f"{number}\n" for number in range(5000)]
    changed = [*lines[:1500], "new\n", *lines[1501:]]
    drawn = drawn_diff(Diff("a", "".join(lines), "".join(changed)))

    assert drawn["lines"] == [
        ("@", "-1498,7 +1498,7"),
        *((" ", str(number)) for number in (1497, 1498, 1499)),
        ("-", "1500"),
        ("+", "new"),
        *((" ", str(number)) for number in (1501, 1502, 1503)),
    ]


@pytest.mark.parametrize("old", [None, "", "a\n"])
def test_a_gap_at_the_start_of_a_file_is_not_shown(old: str | None) -> None:
    assert [sign for sign, _ in drawn_diff(Diff("a", old, "b\n"))["lines"]] in (["+"], ["-", "+"])


def test_a_huge_diff_says_how_much_it_leaves_out() -> None:
    drawn = drawn_diff(Diff("a", None, "x\n" * (SHOWN + 5)))

    assert (len(drawn["lines"]), drawn["left_out"], drawn["added"]) == (SHOWN, 5, SHOWN + 5)


@pytest.mark.parametrize(
    ("end", "line"),
    [
        (TurnEnded(Outcome.DONE, seconds=42.3, tools=3), "✓ 42 s · 3 tools"),
        (TurnEnded(Outcome.DONE, seconds=0.42, tools=1), "✓ 0.4 s · 1 tool"),
        (TurnEnded(Outcome.DONE), "✓ done"),
        (TurnEnded(Outcome.CANCELLED, seconds=125), "Stopped · 2 min 5 s"),
        (TurnEnded(Outcome.CRASHED, "boom"), "The agent crashed"),
        (TurnEnded(Outcome.REFUSED), "The agent refused to go on"),
    ],
)
def test_ends_are_told_in_a_line(end: TurnEnded, line: str) -> None:
    assert end_line(end) == line


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_line_and_a_tone(outcome: Outcome) -> None:
    drawn = drawn_event(TurnEnded(outcome, "why"), FILES)

    assert drawn["line"]
    assert drawn["tone"] in ("good", "plain", "bad")
    assert drawn["detail"] == "why"


@pytest.mark.parametrize(
    ("settlement", "line"),
    [
        (
            Settlement("answered", 1, "allow_once", "Allow", UserRef("web", "local", "you"), allowed=True),
            "Allowed by you: Allow",
        ),
        (Settlement("answered", 1, "reject_once", "No", UserRef("web", "local")), "Rejected by you: No"),
        (Settlement("answered", 1, "decline", "Decline", UserRef("web", "local")), "Declined by you"),
        (Settlement("answered", 1, "submit", "Submit", UserRef("web", "local"), allowed=True), "Answered by you"),
        (Settlement("answered", 1, "choice", "Tea", UserRef("web", "local"), allowed=True), "Answered by you: Tea"),
        (Settlement("answered", 1, "", "", UserRef("discord", "7"), allowed=True), "Allowed by 7 (Discord)"),
        (Settlement("rule", 1, "", "", None, "deny rm*"), "Refused by rule deny rm*"),
        (Settlement("timeout", 1), "No answer in time, so it was refused"),
        (Settlement("interrupted", 1), "Interrupted: the agent ended before an answer"),
    ],
)
def test_decisions_are_told(settlement: Settlement, line: str) -> None:
    assert settled_line(settlement) == line


@pytest.mark.parametrize(
    ("title", "shown"),
    [("`make all`", "make all"), ("`` a ``", "a"), ("Run `make`", "Run `make`"), ("`a` and `b`", "`a` and `b`")],
)
def test_a_title_that_is_quoted_whole_is_shown_plain(title: str, shown: str) -> None:
    assert drawn_event(ToolCallChanged(ToolCall("1", title)), FILES)["title"] == shown


def asked(settled: Settlement, *fields: Field) -> Question:
    return Question("q", "s", None, "Who?", None, 1.0, None, fields=fields, settled=settled)


def test_what_a_form_was_answered_with_is_drawn_by_its_labels() -> None:
    size = Field("size", "", "choice", (("s", "Small"), ("l", "Large")))
    how = Settlement("answered", 1, "submit", "Submit", values=(("name", "Ada\nLovelace"), ("size", "l"), ("why", " ")))
    question = asked(how, Field("name", "Name"), size, Field("why", "Why"))

    assert drawn_event(QuestionAsked(question), FILES)["settled"]["given"] == [
        {"label": "Name", "value": "Ada\nLovelace"},
        {"label": "size", "value": "Large"},
    ]


def test_an_answer_to_a_form_that_is_not_held_is_drawn_by_its_names() -> None:
    how = Settlement("answered", 1, "submit", "Submit", values=(("size", "l"),))

    assert drawn_event(QuestionSettled("q", how), FILES)["settled"]["given"] == [{"label": "size", "value": "l"}]


def test_a_workspace_in_our_home_is_shown_from_it() -> None:
    row = SessionRow(replace(RECORD, workspace=f"{Path.home()}/code"), Phase.IDLE)

    assert drawn_view(SessionView(row, (), (), (), None))["folder"] == "~/code"


def test_long_outputs_are_cut_and_say_so() -> None:
    drawn = drawn_event(ToolCallChanged(ToolCall("1", output="x" * (LONG + 7))), FILES)

    assert drawn["output"].endswith("x\n… 7 more characters")
    assert drawn["title"] == "other"


def test_an_agents_environment_never_reaches_the_page() -> None:
    agent = AgentSpec("a", "a-command", env={"TOKEN": "secret"}, args=("--key=secret",))

    assert "secret" not in json.dumps(drawn_choices(NewChat((agent,), "a", ("/w",), "/w")))


def test_a_reply_brings_everything_that_can_be_shown() -> None:
    choice = Choice("Do", "m.0")
    reply = Reply("t", (Row("●", "r", session="s", choices=(choice,)),), (choice,), Form("m.1", "f", (Field("n", ""),)))
    drawn = drawn_reply(reply)

    assert drawn["choices"] == [{"label": "Do", "token": "m.0", "look": "plain", "opens": "new"}]
    assert drawn["rows"][0]["session"] == "s"
    assert drawn["form"]["fields"][0]["label"] == "n"
