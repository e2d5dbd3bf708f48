"""What a question looks like while it is open, and once it is settled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from openacp_bot.chat.blocks import Block, Code, Item, Line, Prose, Tone
from openacp_bot.chat.sheet import Rank, Sheet
from openacp_bot.core.cards import CardKind
from openacp_bot.core.model import Diff, Field, Location, Option, Question, Settlement, ToolCall, UserRef
from openacp_bot.core.views import Document
from tests.chat.scenes import (
    ALICE,
    DORA,
    HOME,
    LOCAL,
    MASKED,
    NOW,
    PROMPT,
    RECORD,
    SECRET,
    LookingHub,
    call,
    card,
    drawer,
    edit,
    labels,
    question,
)

OPTIONS = (Option("m.0", "Allow once", "allow_once"), Option("m.1", "Reject", "reject_once"))
REJECTS = Line("A reply to this message rejects it and is your next prompt.", Tone.FAINT)
UNTIL = Line("Open until 22:43 UTC.", Tone.FAINT)
RUN = call("t1", "`npm test`", "execute", command="npm test", status="pending")


def asked(about: ToolCall | None = RUN, **fields: Any) -> Question:
    given: dict[str, Any] = {"title": about.title if about else "Which colour?", "options": OPTIONS, **fields}
    return Question(
        id="q1",
        session=RECORD.id,
        turn=PROMPT.id,
        requester=ALICE,
        asked_at=NOW,
        expires_at=NOW + 1800,
        call=about,
        **given,
    )


def settled(**fields: Any) -> Question:
    return replace(asked(), settled=Settlement(**{"how": "answered", "at": NOW, **fields}))


async def body(one: Question, **kwargs: str) -> list[Block]:
    """What stands above the buttons, without the lines that tell how to answer."""
    drawing = await question(one, **kwargs)
    return [block for block in drawing.stretches[-1].blocks if block not in (REJECTS, UNTIL)]


# --- what is wanted ----------------------------------------------------------------------------------


async def test_a_command_is_asked_for_in_full_with_the_agents_options_as_buttons() -> None:
    drawing = await question(asked())

    (sheet,) = drawing.stretches
    assert sheet.blocks == (Line("🔐 Run a command", Tone.STRONG), Code("npm test", "sh"), REJECTS, UNTIL)
    assert labels(sheet.keyboard) == [["Allow once", "Reject"]]
    assert (sheet.rings, sheet.asks_text, drawing.rank) == (True, False, Rank.PERSON)
    assert (drawing.final, drawing.live) == (False, False)


@pytest.mark.parametrize(
    ("about", "blocks"),
    [
        (
            call("t", "Run the tests", "execute", command="npm test"),
            [Line("🔐 Run a command", Tone.STRONG), Line("Run the tests"), Code("npm test", "sh")],
        ),
        (
            call("t", "Read a.py", "read", locations=(Location("/srv/a.py", 3), Location("/srv/b.py"))),
            [
                Line("🔐 Read a file", Tone.STRONG),
                Line("Read a.py"),
                Line("📄 /srv/a.py:3"),
                Line("📄 /srv/b.py"),
            ],
        ),
        (
            call("t", "Edit x", "edit", diffs=(edit(path="/srv/x"),), locations=(Location("/srv/x"),)),
            [
                Line("🔐 Edit a file", Tone.STRONG),
                Line("Edit x"),
                Line("📄 /srv/x · +2 −1"),
                Code("@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d", "diff"),
            ],
        ),
        (
            call("t", "", "edit", diffs=(edit("a\n", "a\n", "/srv/x"),)),
            [Line("🔐 Edit a file", Tone.STRONG), Line("📄 /srv/x · unchanged")],
        ),
        (call("t", "Permission", "other"), [Line("🔐 Use a tool", Tone.STRONG)]),
        (
            call("t", f"echo {SECRET}", "execute", command=f"echo {SECRET}"),
            [Line("🔐 Run a command", Tone.STRONG), Code(f"echo {MASKED}", "sh")],
        ),
    ],
)
async def test_kind_title_command_paths_and_diff_are_shown(about: ToolCall, blocks: list[Block]) -> None:
    assert await body(asked(about)) == blocks


async def test_a_body_is_shown_as_the_agents_words() -> None:
    assert (await body(asked(body="**Really?**")))[-1] == Prose("**Really?**")


async def test_a_long_diff_is_a_file_above_the_buttons_and_begins_on_the_message() -> None:
    diff = Diff("/srv/x.py", None, "".join(f"line {number:03}\n" for number in range(400)))
    drawing = await question(asked(call("t", "Write", "edit", diffs=(diff,))))

    file, buttons = drawing.stretches
    assert file.blocks == (Line("The whole change:"),)
    assert isinstance(file.file, Document)
    assert (file.file.name, file.file.mime) == ("change-q1.diff", "text/x-diff")
    assert file.file.text.startswith("--- /dev/null\n+++ b/srv/x.py\n@@ -0,0 +1,400 @@\n+line 000\n")
    assert file.file.text.endswith("+line 399\n")
    assert (file.rings, file.keyboard) == (False, ())
    code = buttons.blocks[-3]
    assert isinstance(code, Code)
    assert len(code.text) < 2600
    assert code.text.endswith("+line 249\n… 150 more lines, all in the file above")
    assert buttons.rings


async def test_of_several_diffs_those_that_find_no_room_are_named() -> None:
    long = "".join(f"line {number:03}\n" for number in range(400))
    diffs = (Diff("/srv/a", None, long), Diff("/srv/b", None, "b\n"))

    blocks = await body(asked(call("t", "", "edit", diffs=diffs)))

    assert [type(block) for block in blocks] == [Line, Line, Code, Line]
    assert blocks[-1] == Line("📄 /srv/b · new, +1")


async def test_a_command_of_many_lines_is_a_file_as_well() -> None:
    command = "\n".join(f"echo {number}" for number in range(1000))
    drawing = await question(asked(call("t", "Run", "execute", command=command)))

    file, buttons = drawing.stretches
    assert file.file == Document("command-q1.sh", "text/x-shellscript", command)
    code = buttons.blocks[2]
    assert isinstance(code, Code)
    assert code.text.endswith("more lines, all in the file above")


async def test_an_unknown_question_shows_nothing() -> None:
    assert await drawer(LookingHub()).drawing(card(CardKind.QUESTION, "gone", place=HOME.id)) is None


# --- forms -------------------------------------------------------------------------------------------


async def test_a_form_lists_what_it_takes() -> None:
    fields = (
        Field("name", "Name", hint="short"),
        Field("size", "", "choice", (("s", "Small"), ("l", "Large")), required=False, default="l"),
    )

    blocks = await body(asked(None, fields=fields, body="For the file"))

    assert blocks == [
        Line("❓ Which colour?", Tone.STRONG),
        Prose("For the file"),
        Item("•", "Name", "short"),
        Item("•", "size", "Small, Large · now: Large · optional"),
    ]


async def test_a_form_of_one_text_says_how_to_answer_it() -> None:
    blocks = await body(asked(None, fields=(Field("name", "Your name"),)))

    assert blocks[-1] == Line("Reply to this message with: Your name", Tone.FAINT)


# --- who may answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approvers", "requester", "said"),
    [
        ("allowed", ALICE, None),
        ("requester", ALICE, "Only Alice may answer."),
        ("requester", DORA, "Only Dora (Discord) may answer."),
        ("requester", LOCAL, "Only who asked on the page may answer."),
        ("requester", None, None),
        ("admins", ALICE, "Only admins may answer."),
    ],
)
async def test_who_may_answer_is_said_where_not_all_may(
    approvers: str, requester: UserRef | None, said: str | None
) -> None:
    blocks = await body(replace(asked(), requester=requester), approvers=approvers)

    assert blocks[2:] == ([Line(said, Tone.FAINT)] if said else [])


# --- settled -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settlement", "line"),
    [
        (
            {"kind": "allow_once", "label": "Allow once", "by": ALICE, "allowed": True},
            "✅ Allow once — Alice, 22:13 UTC",
        ),
        ({"kind": "reject_once", "label": "Reject", "by": DORA}, "⛔ Reject — Dora (Discord), 22:13 UTC"),
        ({"kind": "reject_once", "label": "a reply instead", "by": ALICE}, "⛔ A reply instead — Alice, 22:13 UTC"),
        (
            {"kind": "allow_once", "label": "Allow once", "by": LOCAL, "allowed": True},
            "✅ Allow once — on the page, 22:13 UTC",
        ),
        ({"kind": "submit", "label": "Submit", "by": ALICE, "allowed": True}, "✅ Answered — Alice, 22:13 UTC"),
        ({"kind": "decline", "label": "Decline", "by": ALICE}, "⛔ Declined — Alice, 22:13 UTC"),
        ({"kind": "choice", "label": "Blue", "by": ALICE, "allowed": True}, "✅ Blue — Alice, 22:13 UTC"),
        ({"how": "rule", "rule": "3", "allowed": True}, "✅ Allowed by rule 3, 22:13 UTC"),
        ({"how": "timeout"}, "⚠️ No answer in time, so it was refused, 22:13 UTC"),
        ({"how": "cancelled"}, "⚠️ Cancelled with its turn, 22:13 UTC"),
        ({"how": "interrupted"}, "⚠️ Interrupted: the agent ended before an answer, 22:13 UTC"),
        ({"how": "withdrawn"}, "⚠️ Withdrawn by the agent, 22:13 UTC"),
    ],
)
async def test_a_settled_question_says_what_was_decided_by_whom_and_when(settlement: dict[str, Any], line: str) -> None:
    drawing = await question(settled(**settlement))

    assert drawing.stretches == (
        Sheet((Line("🔐 Run a command", Tone.STRONG), Code("npm test", "sh"), Line(line, Tone.STRONG))),
    )
    assert drawing.final


async def test_a_settled_question_keeps_its_file_in_its_place() -> None:
    command = "x" * 3000
    one = replace(settled(how="timeout"), call=call("t", "", "execute", command=command))

    drawing = await question(one)

    assert [sheet.file is not None for sheet in drawing.stretches] == [True, False]
