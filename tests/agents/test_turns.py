"""What a turn of the stub agent becomes, over a real process."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from openacp_bot.core.events import (
    AgentNotice,
    Asked,
    CommandsChanged,
    FileSent,
    Outcome,
    PlanChanged,
    TextChunk,
    ThoughtChunk,
    TitleChanged,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
    UsageChanged,
)
from openacp_bot.core.model import AgentSpec, Diff, Location, PlanEntry, TitleRank
from tests.agents.kit import launched, only, words

pytestmark = pytest.mark.wall_clock


async def test_text_streams_in_order_and_the_end_comes_last(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("chunks 2000")

    assert words(events) == "".join(f"{number} " for number in range(2000))
    assert events[-1] == TurnEnded(Outcome.DONE)


async def test_a_message_is_one_item_until_something_else_comes_between(workspace: Path) -> None:
    async with launched(workspace) as agent:
        first = only(TextChunk, await agent.turn("echo a; think b; echo c; tool; echo d"))
        second = only(TextChunk, await agent.turn("hello"))

    items = [event.item for event in first]
    assert len(set(items)) == 3
    assert {event.item for event in second}.isdisjoint(items)
    assert len({event.item for event in second}) == 1


async def test_ids_of_messages_differ_between_launches(workspace: Path) -> None:
    items = set()
    for _ in range(2):
        async with launched(workspace) as agent:
            items |= {event.item for event in only(TextChunk, await agent.turn("hello"))}

    assert len(items) == 2


async def test_a_change_of_message_id_starts_a_new_message(workspace: Path) -> None:
    async with launched(workspace) as agent:
        chunks = only(TextChunk, await agent.turn("ids"))

    by_item: dict[str, str] = {}
    for chunk in chunks:
        by_item[chunk.item] = by_item.get(chunk.item, "") + chunk.text
    assert list(by_item.values()) == ["one two ", "three"]


async def test_every_kind_of_state_becomes_its_event(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("think hm; plan; commands; title A good name; usage; notice; compaction; image; file")

    assert only(ThoughtChunk, events)[0].text == "hm"
    assert only(PlanChanged, events)[0].entries[1] == PlanEntry("Change", "in_progress", "medium")
    assert [(c.name, c.hint) for c in only(CommandsChanged, events)[0].commands] == [("review", "what")]
    assert only(TitleChanged, events) == [TitleChanged("A good name", TitleRank.AGENT)]
    assert only(UsageChanged, events) == [UsageChanged(1200, 200000, 0.25, "USD")]
    assert [notice.text for notice in only(AgentNotice, events)] == [
        "⚠️ Nearly out of credit",
        "The agent has compacted its context.",
    ]
    assert [(file.blob.mime, file.blob.name) for file in only(FileSent, events)] == [
        ("image/png", ""),
        ("text/markdown", "plan.md"),
    ]


async def test_a_tool_call_carries_what_is_known_of_it(workspace: Path) -> None:
    async with launched(workspace) as agent:
        read = only(ToolCallChanged, await agent.turn("tool"))[-1].call
        edit = only(ToolCallChanged, await agent.turn("edit /x.txt"))[-1].call

    assert (read.title, read.kind, read.status, read.output) == ("Read notes", "read", "completed", "the notes")
    assert read.locations == (Location("/notes.txt", 3),)
    assert edit.diffs == (Diff("/x.txt", "old\n", "new\n"),)


async def test_streamed_output_is_appended_and_not_repeated_at_the_end(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("run")

    assert "".join(event.text for event in only(ToolOutput, events)) == "..done\n\n[exit code 2]\n"
    call = only(ToolCallChanged, events)[-1].call
    assert (call.command, call.status, call.output) == ("ls -l", "completed", "")


async def test_an_open_tool_call_is_closed_before_the_turn_ends(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("unfinished")

    closing, end = events[-2:]
    assert isinstance(closing, ToolCallChanged)
    assert closing.call.status == "ended"
    assert isinstance(end, TurnEnded)


@pytest.mark.parametrize(
    ("prompt", "outcome", "detail"),
    [
        ("stop max_tokens", Outcome.MAX_TOKENS, ""),
        ("stop max_turn_requests", Outcome.MAX_REQUESTS, ""),
        ("stop refusal", Outcome.REFUSED, ""),
        ("stop cancelled", Outcome.CANCELLED, ""),
        ("odd stop", Outcome.UNKNOWN, "stub stopped: bored"),
        ("null", Outcome.UNKNOWN, "stub stopped without a reason."),
        ("error no money", Outcome.FAILED, "Internal error: no money"),
    ],
)
async def test_how_a_turn_ends(workspace: Path, prompt: str, outcome: Outcome, detail: str) -> None:
    async with launched(workspace) as agent:
        assert (await agent.turn(prompt))[-1] == TurnEnded(outcome, detail)


async def test_a_login_that_is_wanted_in_the_middle_names_the_ways(workspace: Path) -> None:
    async with launched(workspace) as agent:
        end = (await agent.turn("login"))[-1]

    assert isinstance(end, TurnEnded)
    assert end.outcome is Outcome.FAILED
    assert "Sign in: Opens a browser." in end.detail
    assert "STUB_LOGIN=1" in end.detail
    assert end.detail.endswith("--login")


@pytest.mark.parametrize("prompt", ["wait", "wait error", "slow 1000 0.01"])
async def test_after_our_cancel_a_turn_is_cancelled(workspace: Path, prompt: str) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt(f"echo go; {prompt}")
        await agent.until(TextChunk)
        agent.agent.cancel()

        assert (await agent.rest())[-1] == TurnEnded(Outcome.CANCELLED)
        assert await agent.said("echo again") == "again"


async def test_a_cancel_right_behind_the_prompt_reaches_the_agent_after_it(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    async with launched(workspace) as agent:
        agent.agent.prompt("wait", [file])
        agent.agent.cancel()

        assert (await agent.rest())[-1] == TurnEnded(Outcome.CANCELLED)


@pytest.mark.parametrize(("end", "outcome"), [("end_turn", Outcome.CANCELLED), ("max_tokens", Outcome.MAX_TOKENS)])
async def test_a_turn_that_ends_as_if_done_after_our_cancel_is_cancelled(
    workspace: Path, end: str, outcome: Outcome
) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt(f"echo go; deaf 0.1; stop {end}")
        await agent.until(TextChunk)
        agent.agent.cancel()

        assert (await agent.rest())[-1] == TurnEnded(outcome)


HARD_OF_HEARING = """
import json, os, sys, time
def told(): return json.loads(sys.stdin.readline())
def tell(**message): print(json.dumps(message), flush=True)
tell(id=told()["id"], result={"protocolVersion": 1})
tell(id=told()["id"], result={"sessionId": "s"})
prompt = told()["id"]
options = [{"optionId": "a", "name": "A", "kind": "allow_once"}]
params = {"sessionId": "s", "toolCall": {"toolCallId": "c"}, "options": options}
tell(id=1, method="session/request_permission", params=params)
while not os.path.exists("done"): time.sleep(0.005)
tell(id=prompt, result={"stopReason": "end_turn"})
time.sleep(60)
"""


async def test_a_turn_that_ended_before_our_cancel_was_sent_is_done(workspace: Path) -> None:
    spec = AgentSpec("deaf", sys.executable, ("-c", HARD_OF_HEARING))
    async with launched(workspace, spec=spec) as agent:
        agent.agent.prompt("go")
        asked = await agent.until(Asked)
        agent.agent.answer(asked.id, "x" * 1024 * 1024)  # fills the pipe, as nobody reads it
        agent.agent.cancel()
        (workspace / "done").touch()

        assert (await agent.rest())[-1] == TurnEnded(Outcome.DONE)


async def test_a_cancel_without_a_turn_sends_nothing(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.cancel()

        assert await agent.said("echo fine") == "fine"


async def test_a_second_prompt_while_one_runs_is_our_own_bug(workspace: Path) -> None:
    async with launched(workspace) as agent:
        agent.agent.prompt("wait")
        with pytest.raises(RuntimeError):
            agent.agent.prompt("hello")


async def test_late_text_is_another_message_after_the_end(workspace: Path) -> None:
    async with launched(workspace) as agent:
        events = await agent.turn("echo early; late too late")
        late = await agent.until(TextChunk)

    assert words(events) == "early"
    assert late.text == "too late"
    assert late.item != only(TextChunk, events)[0].item


async def test_unknown_kinds_methods_and_lines_are_survived_and_told_once(
    workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with launched(workspace) as agent:
        said = await agent.said(
            "odd update; odd update; notify x/y; request craft/drain; garbage; terminal; echo alive"
        )

    assert said.endswith("alive")
    assert said.count("-32601") == 2
    assert caplog.text.count("telepathy") == 1
    assert "unknown notification: x/y" in caplog.text
    assert "unknown request: craft/drain" in caplog.text
    assert "no protocol messages" in caplog.text


async def test_a_line_of_ten_megabytes_arrives_whole(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert await agent.said("big 10; echo end") == "x" * (10 * 1024 * 1024) + "end"


@pytest.mark.parametrize("flag", ["--string-ids", "--string-answers"])
async def test_ids_may_be_strings_in_both_directions(workspace: Path, flag: str) -> None:
    async with launched(workspace, flag, "--options") as agent:
        said = await agent.said(f"read {workspace}/none")

    assert "-32002" in said


async def test_files_go_as_what_the_agent_takes(workspace: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.png", "b.wav", "c.md", "d.bin")]
    for file in files:
        file.write_bytes(b"\x00\x01" if file.suffix == ".bin" else b"words")
    async with launched(workspace) as plain, launched(workspace, "--takes", "image,audio,embedded") as rich:
        as_links = words(await plain.turn("echo .", files))
        as_blocks = words(await rich.turn("echo .", files))
        assert (plain.agent.takes_audio, rich.agent.takes_audio) == (False, True)

    assert as_links.startswith("[blocks: text resource_link resource_link resource_link resource_link]")
    assert f"Attached file: {files[0]}" in as_links
    assert as_blocks.startswith("[blocks: text image audio resource resource_link]")
    assert str(files[0]) not in as_blocks


async def test_a_file_link_is_handed_out_only_where_the_agent_may_read(workspace: Path) -> None:
    (workspace / "report.pdf").write_bytes(b"%PDF")
    async with launched(workspace) as agent:
        own = await agent.turn(f"link {workspace}/report.pdf")
        foreign = await agent.turn("link /etc/passwd")

    assert [file.blob.path for file in only(FileSent, own)] == [f"{workspace}/report.pdf"]
    assert not only(FileSent, foreign)
    assert words(foreign) == "[passwd](file:///etc/passwd)"


async def test_silence_is_counted_from_the_last_traffic(workspace: Path) -> None:
    async with launched(workspace) as agent:
        await agent.turn("hello")
        before = agent.agent.silent_for
        await asyncio.sleep(0.05)

        assert agent.agent.silent_for > before
