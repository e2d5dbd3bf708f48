"""Working: files and commands, permission, confinement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.demo_agent.visit import LIMIT, Visit, visit


def only_call(here: Visit) -> dict[str, object]:
    (call,) = here.calls().values()
    return call


async def test_files_are_listed_and_read(home: Path, work: Path) -> None:
    (work / "a.txt").write_text("one\ntwo\n")
    (work / "sub").mkdir()
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "please list the files")
        await here.say(session, "read a.txt")

        assert "- `a.txt`\n- `sub/`" in here.text()
        assert "`a.txt` has 2 lines:\n\n```txt\none\ntwo\n```" in here.text()
        assert [call["kind"] for call in here.calls().values()] == ["search", "read"]
        assert {call["status"] for call in here.calls().values()} == {"completed"}


async def test_a_file_is_made_and_an_existing_one_is_left_alone(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "make sub/hello.txt with Hello, world")
        await here.say(session, "make sub/hello.txt with something else")

        assert (work / "sub" / "hello.txt").read_text() == "Hello, world\n"
        assert "is there already" in here.text()
        assert only_call(here)["status"] == "completed"


async def test_an_edit_asks_with_the_diff_and_then_changes_the_file(home: Path, work: Path) -> None:
    path = work / "notes.txt"
    path.write_text("Hello, world\n")
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, 'edit notes.txt replace "world" with "moon"') == "end_turn"

        question = next(f["params"] for f in here.frames if f.get("method") == "session/request_permission")
        assert [option["name"] for option in question["options"]] == ["Allow once", "Always allow", "Reject"]
        assert question["toolCall"]["content"] == [
            {"type": "diff", "path": str(path), "oldText": "Hello, world\n", "newText": "Hello, moon\n"}
        ]
        assert path.read_text() == "Hello, moon\n"
        assert only_call(here)["status"] == "completed"


async def test_a_rejected_edit_changes_nothing_and_says_so(home: Path, work: Path) -> None:
    (work / "notes.txt").write_text("Hello\n")
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = "reject"

        assert await here.say(session, "edit notes.txt") == "end_turn"

        assert (work / "notes.txt").read_text() == "Hello\n"
        assert only_call(here)["status"] == "failed"
        assert "nothing was changed" in here.text()


async def test_an_edit_of_nothing_makes_an_example_first(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "edit hello.py")

        made, edited = here.calls().values()
        assert (made["title"], edited["title"]) == ("Make hello.py", "Edit hello.py")
        compile((work / "hello.py").read_text(), "hello.py", "exec")
        assert (work / "hello.py").read_text().endswith("# One more line, added by the demo agent.\n")


async def test_an_edit_keeps_a_json_file_valid(home: Path, work: Path) -> None:
    (work / "a.json").write_text('{"one": 1}')
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "edit a.json")

        assert (work / "a.json").read_text() == '{\n  "one": 1,\n  "edited_by": "the demo agent"\n}\n'


async def test_what_is_to_be_replaced_must_be_there(home: Path, work: Path) -> None:
    (work / "notes.txt").write_text("Hello\n")
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, 'edit notes.txt replace "x" with "y"')
        await here.say(session, 'edit other.txt replace "x" with "y"')

        assert "does not contain “x”" in here.text()
        assert "There is no file `other.txt`" in here.text()
        assert not (work / "other.txt").exists()


async def test_always_allow_asks_once_for_a_kind_of_tool(home: Path, work: Path) -> None:
    (work / "notes.txt").write_text("Hello\n")
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = "always"

        await here.say(session, "edit notes.txt")
        await here.say(session, "edit notes.txt")
        assert here.guest.asked.qsize() == 1

        await here.say(session, "run true")
        assert here.guest.asked.qsize() == 2


async def test_mode_auto_does_not_ask(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        await here.agent.set_session_mode(session_id=session, mode_id="auto")

        await here.say(session, "run touch made")

        assert (work / "made").exists()
        assert here.guest.asked.empty()


async def test_a_file_that_changed_while_the_question_was_open_is_left_alone(home: Path, work: Path) -> None:
    path = work / "notes.txt"
    path.write_text("Hello\n")
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.hold.clear()
        turn = asyncio.create_task(here.say(session, "edit notes.txt"))
        await asyncio.wait_for(here.guest.asked.get(), LIMIT)

        path.write_text("Changed by somebody else\n")
        here.guest.hold.set()

        assert await turn == "end_turn"
        assert path.read_text() == "Changed by somebody else\n"
        assert "changed while I was waiting" in here.text()


async def test_a_cancel_during_a_question_ends_the_turn_and_the_call(home: Path, work: Path) -> None:
    (work / "notes.txt").write_text("Hello\n")
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.hold.clear()
        turn = asyncio.create_task(here.say(session, "edit notes.txt"))
        await asyncio.wait_for(here.guest.asked.get(), LIMIT)

        await here.agent.cancel(session_id=session)

        assert await turn == "cancelled"
        here.guest.hold.set()  # the late answer is ignored
        assert await here.say(session, "hello") == "end_turn"
        assert (work / "notes.txt").read_text() == "Hello\n"
        assert only_call(here)["status"] == "failed"


async def test_a_question_answered_cancelled_ends_the_turn_as_cancelled(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = None

        assert await here.say(session, "run touch made") == "cancelled"

        assert not (work / "made").exists()
        assert only_call(here)["status"] == "failed"


async def test_a_command_shows_its_output_and_exit_code(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "run pwd; echo oops >&2; exit 3")

        call = only_call(here)
        assert call["rawInput"] == {"command": "pwd; echo oops >&2; exit 3", "cwd": str(work)}
        assert call["rawOutput"] == {"exitCode": 3, "output": f"{work}\noops\n"}
        assert call["content"] == [
            {"type": "content", "content": {"type": "text", "text": f"{work}\noops\nexit code 3"}}
        ]
        assert call["status"] == "failed"


async def test_a_rejected_command_does_not_run(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = "reject"

        assert await here.say(session, "run touch made") == "end_turn"

        assert not (work / "made").exists()
        assert "nothing was changed" in here.text()


async def test_a_flood_of_output_is_cut(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "run yes | head -c 200000")

        raw = only_call(here)["rawOutput"]
        assert isinstance(raw, dict)
        assert raw["output"].endswith("… 167,232 more bytes")
        assert raw["exitCode"] == 0


async def test_cancelling_ends_a_running_command_with_its_children(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "run sleep 60 & echo $! > child; sleep 60"))
        await until(lambda: number_in(work / "child") > 0)
        child = number_in(work / "child")
        assert is_running(child)

        await here.agent.cancel(session_id=session)

        assert await turn == "cancelled"
        await until(lambda: not is_running(child))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - the file system and other processes tell nobody
            await asyncio.sleep(0.01)


def number_in(path: Path) -> int:
    text = path.read_text().strip() if path.exists() else ""
    return int(text or 0)


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "link/secret.txt", "secret-link"])
async def test_nothing_outside_the_directory_is_read_or_edited(home: Path, work: Path, name: str) -> None:
    outside = work.parent / "secret.txt"
    outside.write_text("secret\n")
    (work / "link").symlink_to(work.parent)
    (work / "secret-link").symlink_to(outside)
    async with visit(home) as here:
        session = await here.opened(work)
        here.guest.option = "always"

        for wish in (f"read {name}", f"edit {name}", f"make {name} with x", f"list files in {name}"):
            await here.say(session, wish)

        assert here.text().count("outside this session's directory") == 4
        assert here.calls() == {}
        assert outside.read_text() == "secret\n"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("missing.txt", "There is no file"), ("sub/", "is a directory"), ("binary.bin", "is not a text file")],
)
async def test_what_cannot_be_read_is_said(home: Path, work: Path, name: str, sentence: str) -> None:
    (work / "sub").mkdir()
    (work / "binary.bin").write_bytes(b"\xff\xfe\x00")
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, f"read {name}") == "end_turn"

        assert sentence in here.text()
        assert only_call(here)["status"] == "failed"
