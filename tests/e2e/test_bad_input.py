"""Whatever is wrong is answered with a sentence that says what to do."""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.house import HERE, House

pytestmark = pytest.mark.wall_clock

STUB = [str(HERE.parent / "stub_agent.py")]


def agents(folder: Path) -> dict[str, Any]:
    """Agents that cannot be used, each for its own reason."""
    python = sys.executable
    return {
        "missing": {"command": "no-such-agent"},
        "elsewhere": {"command": str(folder / "nowhere" / "agent")},
        "talker": {"command": "echo", "args": ["Hello, I am no agent."]},
        "future": {"command": python, "args": [*STUB, "--version", "2"]},
        "locked": {"command": python, "args": [*STUB, "--login"]},
        "broken": {"command": python, "args": [*STUB, "--exit", "7", "--stderr", "Cannot find my key."]},
    }


SENTENCES = {
    "missing": r"missing is not installed: no-such-agent was not found on PATH\. Install it",
    "elsewhere": r"elsewhere is not installed: .*/nowhere/agent does not exist",
    "talker": r"no JSON-RPC, first: “Hello, I am no agent\.”\. Does its command start an ACP agent\?",
    "future": r"future speaks version 2 of the Agent Client Protocol; openacp-bot speaks version 1",
    "locked": r"(?s)Sign in.*Terminal.*stub_agent\.py --login --login",
    "broken": r"(?s)broken ended while it was starting \(exit code 7\).*Cannot find my key\.",
}


@pytest.mark.parametrize("agent", SENTENCES)
async def test_an_agent_that_cannot_be_used_says_why_and_keeps_the_message(house: House, agent: str) -> None:
    house.configure(agents=agents(house.folder))
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat(agent)
        await tab.send("hello")
        await tab.until(lambda: tab.head["state"] == "error" and tab.notices and tab.queue == ["hello"])

        assert re.search(SENTENCES[agent], tab.notices[-1]), tab.notices
        assert tab.token("Try again")
        assert "Traceback" not in daemon.log


async def test_a_banner_before_the_protocol_does_no_harm(house: House) -> None:
    house.configure("--banner", "5", "--stderr", "booting")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        await tab.send("garbage; hello; garbage")
        await tab.until(lambda: tab.is_idle(1))

        assert tab.answers == ["Hello from the stub."]


async def test_an_unknown_agent_is_named_with_the_known_ones(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        reply = await tab.do("command", name="new", values={"agent": "stubb", "workspace": "."})

        assert reply["refused"]
        assert reply["text"] == "There is no agent “stubb”. Did you mean “stub”? Known: stub, demo."


async def test_a_missing_workspace_is_offered_for_creation(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        reply = await tab.do("command", name="new", values={"agent": "stub", "workspace": "new/place"})
        assert reply["refused"] and reply["text"].endswith("does not exist. Create it?")
        assert not (house.workspace / "new").exists()

        created = await tab.press("Create")
        await tab.show(created["session"])
        await tab.send("cwd")
        await tab.until(lambda: tab.is_idle(1))
        assert tab.answer == str(house.workspace / "new" / "place")


async def test_a_file_and_our_own_data_are_no_workspaces(house: House) -> None:
    (house.workspace / "file").write_text("")
    async with house.daemon() as daemon, daemon.tab() as tab:
        file = await tab.do("command", name="new", values={"agent": "stub", "workspace": "file"})
        data = await tab.do("command", name="new", values={"agent": "stub", "workspace": str(house.data)})

        assert file["refused"] and "is a file. A workspace must be a directory." in file["text"]
        assert data["refused"] and "the daemon's own data" in data["text"]
        assert await tab.sidebar() == []


async def test_a_workspace_that_went_away_is_told_when_the_session_wakes(house: House) -> None:
    place = house.workspace / "place"
    place.mkdir()
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat(workspace="place")
        await tab.send("hello")
        await tab.until(lambda: tab.is_idle(1))
        await tab.command("finish")
        await tab.until(lambda: tab.head["state"] == "finished")
        place.rmdir()
        await tab.send("echo again")
        await tab.until(lambda: tab.notices)
        assert f"The workspace {place} does not exist." in tab.notices[-1]

        place.mkdir()
        await tab.press("Try again")
        await tab.until(lambda: tab.is_idle(2))
        assert tab.answers[-1] == "again"


@pytest.mark.parametrize(("text", "why"), [("x" * 200_001, "200,001 characters"), ("  \n ", "empty")])
async def test_a_message_that_cannot_be_sent_is_refused_with_its_reason(house: House, text: str, why: str) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        reply = await tab.send(text)

        assert reply["refused"] and why in reply["text"]
        assert tab.queue == []
    assert house.rows("SELECT count(*) FROM prompts") == [(0,)]


async def test_the_longest_message_reaches_the_agent_whole(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        text = "echo " + "ä" * 199_995
        await tab.send(text)
        await tab.until(lambda: tab.is_idle(1))
    assert house.prompts() == [text]


async def test_a_message_submitted_twice_is_asked_once(house: House) -> None:
    id = str(uuid.uuid4())
    house.configure("--resume")
    async with house.daemon() as daemon, daemon.tab() as tab:
        session = await tab.new_chat()
        async with daemon.tab(session) as other:
            await tab.say(op="send", id=id, session=session, text="echo once")
            await other.do("send", id=id, text="echo once")
            await tab.do("send", id=id, text="echo once")
            await tab.until(lambda: tab.is_idle(1))
        daemon.kill()
    async with house.daemon() as daemon, daemon.tab(session) as tab:
        await tab.do("send", id=id, text="echo once")  # it was never told that it arrived
        await tab.send("echo twice")
        await tab.until(lambda: "twice" in tab.answers)
        assert [text for text, _ in tab.said] == ["echo once", "echo twice"]
    assert house.prompts() == ["echo once", "echo twice"]


async def test_a_session_started_twice_is_one(house: House) -> None:
    id = str(uuid.uuid4())
    asked = {"session": "", "name": "new", "values": {"agent": "stub", "workspace": ".", "message": "hello"}}
    async with house.daemon() as daemon, daemon.tab() as tab:
        first = await tab.do("command", id=id, **asked)
        second = await tab.do("command", id=id, **asked)

        assert first["session"] == second["session"]
        assert len(await tab.sidebar()) == 1


# --- the door ------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_websocket_from_a_foreign_page_is_refused(house: House, origin: str) -> None:
    async with house.daemon() as daemon, daemon.browser() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", headers={"Origin": origin})
        assert refused.value.status == 403

        async with client.ws_connect("/ws", headers={"Origin": daemon.url}) as socket:
            assert json.loads(await socket.receive_str())["op"] == "welcome"


async def test_without_key_or_cookie_nothing_opens(house: House) -> None:
    async with house.daemon() as daemon, aiohttp.ClientSession(daemon.url) as stranger:
        for path, params in (("/", {}), ("/", {"key": "x" * 43}), ("/file", {})):
            async with stranger.get(path, params=params) as answer:
                assert answer.status == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stranger.ws_connect("/ws")
        assert refused.value.status == 401
        async with stranger.get("/healthz", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421


async def test_a_tab_that_talks_nonsense_is_closed_and_the_others_stay(house: House) -> None:
    async with house.daemon() as daemon, daemon.tab() as tab:
        await tab.new_chat()
        for nonsense in ("{", "[]", '{"op": "explode"}', '{"op": "send", "id": "1", "text": "x"}', "null"):
            async with daemon.tab() as babbler:
                await babbler.socket.send_str(nonsense)
                closed = await babbler.socket.receive(timeout=10)
                assert closed.type is aiohttp.WSMsgType.CLOSE and closed.data == 1003
        await tab.send("hello")
        await tab.until(lambda: tab.is_idle(1))
        assert "Traceback" not in daemon.log
