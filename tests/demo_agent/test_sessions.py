"""Sessions over time: load, resume, list, close, delete, options; and the wire itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from acp.exceptions import RequestError

from openacp_bot.demo_agent.__main__ import state_folder
from tests.demo_agent.visit import LIMIT, Visit, visit


def told(here: Visit, start: int = 0) -> list[tuple[str, str]]:
    """The conversation as kinds and texts; chunks of one kind in a row are one."""
    story: list[tuple[str, str]] = []
    for update in here.updates()[start:]:
        kind = update["sessionUpdate"]
        if kind.endswith("_chunk"):
            text = update["content"].get("text", "")
            if story and story[-1][0] == kind:
                story[-1] = (kind, story[-1][1] + text)
            else:
                story.append((kind, text))
    return story


async def test_a_loaded_session_tells_its_whole_conversation_before_it_answers(home: Path, work: Path) -> None:
    async with visit(home) as first:
        session = await first.opened(work)
        await first.say(session, "make notes.txt")
        await first.say(session, "think about the sea")
        await first.say(session, "plan")
        before = [part for part in told(first) if part[0] != "user_message_chunk"]
        calls = first.calls()

    async with visit(home) as second:
        await second.greet()
        loaded = await second.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])
        answered = next(i for i, frame in enumerate(second.frames) if "modes" in frame.get("result", {}))

        said = [text for kind, text in told(second) if kind == "user_message_chunk"]
        assert said == ["make notes.txt", "think about the sea", "plan"]
        assert "".join(text for _, text in told(second) if text not in said) == "".join(text for _, text in before)
        for key, call in second.calls().items():
            assert call["status"] == calls[key]["status"] == "completed"
        assert [e["status"] for e in second.updates("plan")[-1]["entries"]] == ["completed"] * 4
        assert loaded.modes is not None
        late = [f["params"]["update"]["sessionUpdate"] for f in second.frames[answered + 1 :]]
        assert late in ([], ["available_commands_update"])

        # and it goes on, without greeting again
        start = len(second.updates())
        assert await second.say(session, "something") == "end_turn"
        assert "Hello!" not in "".join(text for _, text in told(second, start))


async def test_a_conversation_survives_the_death_of_the_process(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as first:
        session = await first.opened(work)
        turn = asyncio.create_task(first.say(session, "slow answer"))
        await first.heard("This answer takes")
        first.process.kill()
        with pytest.raises(ConnectionError):
            await turn

    async with visit(home) as second:
        await second.greet()
        await second.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])

        assert second.text("user_message_chunk") == "slow answer"


async def test_what_was_said_is_kept_when_stdin_closes_during_a_turn(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as first:
        session = await first.opened(work)
        turn = asyncio.create_task(first.say(session, "slow answer"))
        await first.heard("This answer takes")
        assert first.process.stdin is not None
        first.process.stdin.close()
        with pytest.raises(ConnectionError):
            await turn
        async with asyncio.timeout(LIMIT):
            assert await first.process.wait() == 0

    async with visit(home) as second:
        await second.greet()
        await second.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])

        assert "This answer takes" in second.text()


async def test_a_resumed_session_tells_nothing_again(home: Path, work: Path) -> None:
    async with visit(home) as first:
        session = await first.opened(work)
        await first.say(session, "hello")

    async with visit(home) as second:
        await second.greet()
        await second.agent.resume_session(cwd=str(work), session_id=session, mcp_servers=[])

        assert second.text() == ""
        assert await second.say(session, "something") == "end_turn"
        assert "Hello!" not in second.text()


@pytest.mark.parametrize("key", ["unknown", "../../etc/passwd", ""])
async def test_an_unknown_session_is_not_found(home: Path, work: Path, key: str) -> None:
    async with visit(home) as here:
        await here.greet()

        for attempt in (
            here.agent.load_session(cwd=str(work), session_id=key, mcp_servers=[]),
            here.agent.resume_session(cwd=str(work), session_id=key, mcp_servers=[]),
            here.agent.close_session(session_id=key),
            here.say(key, "hello"),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.code == -32002


async def test_sessions_are_listed_by_directory_the_latest_first(home: Path, work: Path) -> None:
    other = work / "other"
    other.mkdir()
    async with visit(home) as here:
        one = await here.opened(work)
        await here.say(one, "title One")
        two = (await here.agent.new_session(cwd=str(other), mcp_servers=[])).session_id
        await here.say(two, "hello")
        await here.agent.new_session(cwd=str(work), mcp_servers=[])  # never spoken to: not kept

        every = (await here.agent.list_sessions()).sessions
        mine = (await here.agent.list_sessions(cwd=str(work))).sessions

        assert {known.session_id for known in every} == {one, two}
        assert [(known.session_id, known.title, known.cwd) for known in mine] == [(one, "One", str(work))]


async def test_a_long_list_comes_in_pages(home: Path, work: Path) -> None:
    async with visit(home) as here:
        await here.greet()
        folder = state_folder({"XDG_STATE_HOME": str(home / ".local" / "state")})
        folder.mkdir(parents=True)
        for number in range(60):
            (folder / f"s{number}.json").write_text(json.dumps({"id": f"s{number}", "cwd": str(work)}))
        (folder / "broken.json").write_text("{")

        first = await here.agent.list_sessions()
        second = await here.agent.list_sessions(cursor=first.next_cursor)

        assert (len(first.sessions), len(second.sessions), second.next_cursor) == (50, 10, None)
        assert len({known.session_id for known in (*first.sessions, *second.sessions)}) == 60


async def test_a_closed_session_stops_and_can_be_loaded_again(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "slow answer"))
        await here.heard("This answer")

        await here.agent.close_session(session_id=session)

        assert await turn == "cancelled"
        with pytest.raises(RequestError):
            await here.say(session, "hello")
        await here.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])
        assert await here.say(session, "title Again") == "end_turn"


async def test_a_deleted_session_is_gone_even_while_it_speaks(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "slow answer"))
        await here.heard("This answer")

        await here.call("session/delete", sessionId=session)

        assert await turn == "cancelled"
        assert (await here.agent.list_sessions()).sessions == []
        with pytest.raises(RequestError):
            await here.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])


async def test_mode_and_model_are_options_and_are_remembered(home: Path, work: Path) -> None:
    async with visit(home) as first:
        session = await first.opened(work)
        await first.say(session, "hello")
        answer = await first.agent.set_config_option(config_id="model", session_id=session, value="demo-large")
        await first.agent.set_config_option(config_id="mode", session_id=session, value="auto")

        assert [(o.id, o.category, o.current_value) for o in answer.config_options] == [
            ("mode", "mode", "ask"),
            ("model", "model", "demo-large"),
        ]
        assert [u["currentModeId"] for u in first.updates("current_mode_update")] == ["auto"]
        await first.say(session, "hello")
        assert first.updates("usage_update")[-1]["size"] == 200_000

    async with visit(home) as second:
        await second.greet()
        loaded = await second.agent.load_session(cwd=str(work), session_id=session, mcp_servers=[])

        assert loaded.modes is not None and loaded.modes.current_mode_id == "auto"


async def test_an_impossible_option_is_refused_with_what_is_possible(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        with pytest.raises(RequestError, match="demo-small or demo-large"):
            await here.agent.set_config_option(config_id="model", session_id=session, value="gpt")
        with pytest.raises(RequestError, match="ask or auto"):
            await here.agent.set_session_mode(session_id=session, mode_id="yolo")


async def test_commands_are_offered_after_the_session_is_open(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        await here.say(session, "hello")

        (update,) = here.updates("available_commands_update")
        assert {"plan", "edit", "run"} <= {command["name"] for command in update["availableCommands"]}


@pytest.mark.parametrize("cwd", ["relative", "/no/such/directory"])
async def test_a_session_needs_a_directory_that_is_there(home: Path, cwd: str) -> None:
    async with visit(home) as here:
        await here.greet()

        with pytest.raises(RequestError) as caught:
            await here.agent.new_session(cwd=cwd, mcp_servers=[])

        assert caught.value.code == -32602


async def test_an_unknown_method_is_refused(home: Path) -> None:
    async with visit(home) as here:
        with pytest.raises(RequestError) as caught:
            await here.call("session/fork")

        assert caught.value.code == -32601


async def test_it_works_where_no_history_can_be_kept(home: Path, work: Path) -> None:
    (home / ".local").write_text("a file where a directory should be")
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, "hello") == "end_turn"


def answers(home: Path, *lines: str) -> list[dict[str, Any]]:
    """What a process that was told these lines printed, parsed; it must print nothing else."""
    ended = subprocess.run(
        [sys.executable, "-m", "openacp_bot.demo_agent"],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        env={"HOME": str(home)},
        timeout=LIMIT,
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_garbage_is_answered_with_an_error_and_survived(home: Path) -> None:
    hello = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {"protocolVersion": 1}})

    replies = answers(home, "not json", "[1]", "42", "", '{"id": 99, "result": {}}', hello)

    assert [reply.get("error", {}).get("code") for reply in replies] == [-32700, -32600, -32600, None]
    assert replies[-1]["id"] == "a"
    assert replies[-1]["result"]["protocolVersion"] == 1


def test_it_ends_when_stdin_closes(home: Path) -> None:
    assert answers(home) == []


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; import openacp_bot.demo_agent.__main__; "
        "tops = {name.partition('.')[0] for name in sys.modules}; "
        "print(sorted(n for n in tops - set(sys.stdlib_module_names) if not n.startswith('_')));"
        "print(sorted(n for n in sys.modules if n.startswith('openacp_bot.') and 'demo_agent' not in n))"
    )
    # -S: no site-packages, so that what pip's editable hooks import does not count
    root = str(Path(__file__).parents[2])

    ended = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, cwd=root, check=True)

    assert ended.stdout.split("\n")[:2] == ["['openacp_bot']", "[]"]
