"""What a question looks like while it is open, and once it is settled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
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
REJECTS = Line("A reply rejects it and is your next prompt.", Tone.FAINT)
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


async def body(one: Question, *, approvers: str = "allowed") -> list[Block]:
    """What stands above the buttons, without the lines that tell how to answer."""
    drawing = await question(one, approvers=approvers)
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
                Line("📄 /srv/a.py:3"),
                Line("📄 /srv/b.py"),
            ],
        ),
        (
            call("t", "Edit x", "edit", diffs=(edit(path="/srv/x"),), locations=(Location("/srv/x"),)),
            [
                Line("🔐 Edit a file", Tone.STRONG),
                Line("📄 /srv/x · +2 −1"),
                Code(" a\n-b\n+B\n c\n+d", "diff"),
            ],
        ),
        (
            call("t", "", "edit", diffs=(edit("a\n", "a\n", "/srv/x"),)),
            [Line("🔐 Edit a file", Tone.STRONG), Line("📄 /srv/x · unchanged")],
        ),
        (call("t", "Permission", "other"), [Line("🔐 Use a tool", Tone.STRONG)]),
        (
            call("t", "Create issue", "other", input='{"title": "Broken"}'),
            [Line("🔐 Use a tool", Tone.STRONG), Line("Create issue"), Code('{"title": "Broken"}')],
        ),
        (
            call("t", f"echo {SECRET}", "execute", command=f"echo {SECRET}"),
            [Line("🔐 Run a command", Tone.STRONG), Code(f"echo {MASKED}", "sh")],
        ),
    ],
)
async def test_kind_title_command_paths_and_diff_are_shown(about: ToolCall, blocks: list[Block]) -> None:
    assert await body(asked(about)) == blocks


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (call("t", "Read /srv/project/src/a.py", "read", locations=(Location("/srv/project/src/a.py"),)), []),
        (call("t", "Write `src/a.py`", "edit", diffs=(edit(path="/srv/project/src/a.py"),)), []),
        (call("t", "Run npm test", "execute", command="npm test"), []),
        (
            call("t", "Read /srv/project/a.py (1 - 50)", "read", locations=(Location("/srv/project/a.py"),)),
            ["Read a.py (1 - 50)"],
        ),
        (call("t", "Delete a.py", "edit", diffs=(edit(path="/srv/project/a.py"),)), ["Delete a.py"]),
        (
            call("t", "Move a.py to b.py", "move", locations=(Location("/srv/project/b.py"), Location("a.py"))),
            ["Move a.py to b.py"],
        ),
        (call("t", "grep TODO", "search", locations=(Location("/srv/project"),)), ["grep TODO"]),
        (call("t", "Fetch https://example.com", "fetch"), ["Fetch https://example.com"]),
        (
            call("t", "Copy /srv/project2/a to /srv/project", "other", locations=(Location("/srv/project"),)),
            ["Copy /srv/project2/a to /srv/project"],
        ),
        (
            call(
                "t",
                "Copy /srv/project/a.py.bak over /srv/project/a.py",
                "other",
                locations=(Location("/srv/project/a.py"),),
            ),
            ["Copy /srv/project/a.py.bak over a.py"],
        ),
        (
            call("t", "Copy /old/srv/project/a there", "other", locations=(Location("/srv/project/a"),)),
            ["Copy /old/srv/project/a there"],
        ),
        (
            call("t", "Copy (/srv/project/a/b)", "other", locations=(Location("/srv/project/a"),)),
            ["Copy (a/b)"],
        ),
    ],
)
async def test_the_title_is_told_where_it_adds_something(about: ToolCall, said: list[str]) -> None:
    lines = [block.text for block in await body(asked(about)) if isinstance(block, Line)]

    assert [line for line in lines[1:] if not line.startswith("📄")] == said


async def test_paths_are_seen_from_the_workspace() -> None:
    where = (Location("/srv/project/src/b.py", 3), Location("src/c.py"), Location("src/../src/c.py"))
    about = call("t", "", "edit", diffs=(edit(path="/srv/project/src/a.py"),), locations=where)

    lines = [block.text for block in await body(asked(about)) if isinstance(block, Line)]

    assert lines[1:] == ["📄 src/b.py:3", "📄 src/c.py", "📄 src/a.py · +2 −1"]


async def test_a_path_that_leads_out_of_the_workspace_is_never_shortened(tmp_path: Path) -> None:
    workspace, outside = tmp_path / "work", tmp_path / "outside"
    workspace.mkdir()
    outside.mkdir()
    (workspace / "link").symlink_to(outside)
    where = [f"{workspace}/../outside/a", f"{workspace}/link/b", f"{outside}/c", "link/../work/d"]
    about = call("t", "", "read", locations=tuple(map(Location, where)))

    drawing = await question(asked(about), record=replace(RECORD, workspace=str(workspace)))

    lines = [block.text for block in drawing.stretches[0].blocks if isinstance(block, Line)]
    assert lines[1:5] == [
        f"📄 {outside}/a",
        f"📄 {workspace}/link/b → {outside}/b",
        f"📄 {outside}/c",
        "📄 d",
    ]


async def test_a_workspace_behind_a_link_is_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    about = call("t", "", "read", locations=(Location(f"{tmp_path}/link/a"), Location(f"{tmp_path}/real/b")))

    drawing = await question(asked(about), record=replace(RECORD, workspace=f"{tmp_path}/link"))

    lines = [block.text for block in drawing.stretches[0].blocks if isinstance(block, Line)]
    assert lines[1:3] == ["📄 a", "📄 b"]


async def test_a_title_names_each_path_once_as_it_stands_below_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/out")
    link = f"{tmp_path}/link"
    about = call("t", f"Copy {link}/a", "other", locations=(Location(link), Location(f"{link}/a"), Location("/out/a")))

    drawing = await question(asked(about), record=replace(RECORD, workspace=str(tmp_path)))

    assert drawing.stretches[0].blocks[1] == Line(f"Copy {link}/a → /out/a")


async def test_an_address_is_shown_as_it_is(tmp_path: Path) -> None:
    about = call("t", "", "fetch", locations=(Location("https://example.com/a/../b"), Location("git+ssh://host/x")))

    drawing = await question(asked(about), record=replace(RECORD, workspace=str(tmp_path)))

    lines = [block.text for block in drawing.stretches[0].blocks if isinstance(block, Line)]
    assert lines[1:3] == ["📄 https://example.com/a/../b", "📄 git+ssh://host/x"]


async def test_a_folder_that_is_named_like_an_address_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a:").symlink_to("/out")
    where = ("a://new", "a://../x", "/srv/b://c", "1://../../e")
    about = call("t", "", "edit", locations=tuple(map(Location, where)))

    drawing = await question(asked(about), record=replace(RECORD, workspace=str(tmp_path)))

    lines = [block.text for block in drawing.stretches[0].blocks if isinstance(block, Line)]
    assert lines[1:5] == [
        "📄 a://new → /out/new",
        "📄 a://../x → /x",
        "📄 /srv/b:/c",
        f"📄 {tmp_path.parent}/e",
    ]


async def test_where_paths_lie_is_looked_up_once_for_a_question(tmp_path: Path) -> None:
    about = call("t", "", "edit", locations=(Location(f"{tmp_path}/a"),))
    record = replace(RECORD, workspace=str(tmp_path))
    opened = await question(replace(asked(about), id="first"), record=record)
    (tmp_path / "a").symlink_to("/out")
    again = await question(replace(asked(about), id="first"), record=record)
    another = await question(replace(asked(about), id="second"), record=record)

    assert [drawing.stretches[0].blocks[1] for drawing in (opened, again, another)] == [
        Line("📄 a"),
        Line("📄 a"),
        Line(f"📄 {tmp_path}/a → /out"),
    ]


async def test_a_long_input_is_a_file_as_well() -> None:
    given = "\n".join(f"key {number}: value" for number in range(300))
    drawing = await question(asked(call("t", "Ask", "other", input=given)))

    file, buttons = drawing.stretches
    assert file.file == Document("input-q1.txt", "text/plain", given)
    code = buttons.blocks[2]
    assert isinstance(code, Code)
    assert code.text.endswith("more lines, all in the file above")


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
    code = buttons.blocks[1]
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


async def test_of_many_choices_the_first_are_named() -> None:
    field = Field("n", "Number", "choice", tuple((str(number), f"Number {number}") for number in range(200)))

    blocks = await body(asked(None, fields=(field, Field("name", "Name"))))

    named = ", ".join(f"Number {number}" for number in range(12))
    assert blocks[1] == Item("•", "Number", f"{named} and 188 more")


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


async def test_times_are_told_in_the_zone_of_the_settings() -> None:
    opened = await question(asked(), zone="Europe/Berlin")
    done = await question(settled(kind="allow_once", label="Yes", by=ALICE, allowed=True), zone="America/Sao_Paulo")

    assert opened.stretches[0].blocks[-1] == Line("Open until 23:43 CET.", Tone.FAINT)
    assert done.stretches[0].blocks[-1] == Line("✅ Yes — Alice, 19:13 UTC-03", Tone.STRONG)


async def test_a_settled_form_shows_what_was_answered() -> None:
    size = (("s", "Small"), ("l", "Large"))
    fields = (
        Field("name", "Name"),
        Field("size", "Size", "choice", size),
        Field("sizes", "Sizes", "choices", size),
        Field("key", "Key"),
        Field("why", "Why", required=False),
        Field("long", "Long"),
    )
    values = (("name", "Bob\nBuilder"), ("size", "s"), ("sizes", '["s","l","x"]'), ("key", SECRET), ("long", "x" * 900))
    how = Settlement("answered", NOW, "submit", "Submit", ALICE, allowed=True, values=values)
    drawing = await question(replace(asked(None, fields=fields), settled=how))

    assert drawing.stretches[0].blocks == (
        Line("❓ Which colour?", Tone.STRONG),
        Item("•", "Name", "Bob Builder"),
        Item("•", "Size", "Small"),
        Item("•", "Sizes", "Small, Large, x"),
        Item("•", "Key", MASKED),
        Item("•", "Long", "x" * 299 + "…"),
        Line("✅ Answered — Alice, 22:13 UTC", Tone.STRONG),
    )


async def test_a_declined_form_shows_no_fields() -> None:
    how = Settlement("answered", NOW, "decline", "Decline", ALICE)
    drawing = await question(replace(asked(None, fields=(Field("name", "Name"),)), settled=how))

    assert drawing.stretches[0].blocks[1:] == (Line("⛔ Declined — Alice, 22:13 UTC", Tone.STRONG),)


async def test_a_settled_question_keeps_its_file_in_its_place() -> None:
    command = "x" * 3000
    one = replace(settled(how="timeout"), call=call("t", "", "execute", command=command))

    drawing = await question(one)

    assert [sheet.file is not None for sheet in drawing.stretches] == [True, False]
