"""Files that persons send reach the agent as files in its workspace."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import FileRef, Phase
from openacp_bot.core.uploads import MOST_BYTES, safe_name
from tests.core.chat import TEAM, Chat
from tests.core.lodge import Lodge, lodge, queued
from tests.virtual_time import virtual


def uploads(core: Lodge) -> Path:
    return core.settings.base_dir / ".openacp" / "uploads"


@virtual
async def test_a_file_lies_in_the_workspace_before_its_prompt_is_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("read this", files=topic.attached("report.pdf"), quote="that one")
        await core.pass_time(0.1)
        ((path,),) = core.agent.files
        turn = core.live(id).turn

        assert core.agent.prompts == ["> that one\n\nread this"]
        assert turn is not None and path == uploads(core) / f"{turn.id[:6]}-report.pdf"
        assert path.read_bytes() == b"report.pdf"
        assert sorted(os.listdir(path.parent)) == sorted([".gitignore", path.name])
        assert (uploads(core) / ".gitignore").read_text() == "*\n"
        assert uploads(core).stat().st_mode & 0o777 == 0o700


@virtual
async def test_files_alone_are_a_message_and_name_the_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("", files=topic.attached("a.txt", "a.txt"))
        assert (await core.record(id)).title == "a.txt, a.txt"
        await core.pass_time(1)

        assert core.agent.prompts == [""]
        assert [path.name.partition("-")[2] for path in core.agent.files[0]] == ["a.txt", "a-2.txt"]
        assert "a.txt" in core.agent.side_prompts[0] and (await core.record(id)).title == "A fine title"


@virtual
async def test_what_cannot_be_fetched_is_told_to_both_and_the_prompt_is_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        big = FileRef("telegram", "big", "big.iso", size=MOST_BYTES + 1)
        await topic.say("look", files=(FileRef("telegram", "gone", "gone.png"), big, *topic.attached("here.png")))
        await core.pass_time(0.1)
        told = [notice.text for notice in core.notices() if notice.text.startswith("⚠️")]

        assert told == [
            "⚠️ “gone.png” is not there any more.",
            "⚠️ “big.iso” was left out: it is larger than 100 MB.",
        ]
        (prompt,) = core.agent.prompts
        assert prompt.splitlines()[0] == "look" and "“gone.png” is not there" in prompt and "big.iso" in prompt
        assert len(core.agent.files[0]) == 1


@virtual
async def test_nothing_is_asked_if_nothing_is_left_of_a_message(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("", files=(FileRef("telegram", "gone", "gone.png"),))
        await core.pass_time(0.1)

        assert core.agent.prompts == [] and core.phase(id) is Phase.IDLE
        assert [notice.text for notice in core.notices() if notice.text.startswith("⚠️")] == [
            "⚠️ “gone.png” is not there any more."
        ]
        assert core.ends() == [Outcome.CANCELLED]
        await topic.say("hello")
        assert core.agent.prompts == ["hello"]


@virtual
async def test_an_agent_that_takes_no_audio_is_told_of_once_a_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        core.agent.takes_audio = False
        for number in (1, 2):
            (voice,) = topic.attached("voice.ogg")
            await topic.say(f"listen {number}", files=(replace(voice, mime="audio/ogg"),))
            await core.pass_time(0.1)
            core.agent.finish()
            await core.pass_time(0.1)
        told = [notice for notice in core.notices() if notice.id == "unheard"]

        assert core.agent.prompts == ["listen 1", "listen 2"]
        assert [(notice.ring, notice.soon) for notice in told] == [(False, True)] and "fake takes no audio" in told[
            0
        ].text


@pytest.mark.parametrize(("takes_audio", "mime"), [(True, "audio/ogg"), (False, "image/png")])
@virtual
async def test_nothing_is_said_of_files_that_the_agent_takes(takes_audio: bool, mime: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        core.agent.takes_audio = takes_audio
        (file,) = topic.attached("file")
        await topic.say("look", files=(replace(file, mime=mime),))
        await core.pass_time(0.1)

        assert core.agent.prompts == ["look"] and all(notice.id != "unheard" for notice in core.notices())


@virtual
async def test_a_fetch_that_hangs_is_given_up_after_a_minute(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        core.files.delay = 3600
        await topic.say("look", files=topic.attached("slow.png"))
        await core.pass_time(59)
        assert core.agent.prompts == [] and core.live(id).doing == "fetching the files"
        await core.pass_time(2)

        assert "“slow.png” could not be fetched: it took longer than 60 s." in core.agent.prompts[0]
        assert os.listdir(uploads(core)) == [".gitignore"]


@virtual
async def test_cancel_works_while_fetching_and_nothing_is_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        core.files.delay = 50
        await topic.say("look", files=topic.attached("slow.png"))
        await core.pass_time(1)
        await topic.say("/cancel")
        await core.pass_time(1)
        assert core.ends() == [Outcome.CANCELLED] and core.phase(id) is Phase.IDLE
        await core.pass_time(60)
        await topic.say("next")

        assert core.agent.prompts == ["next"] and core.agent.cancels == 0
        assert os.listdir(uploads(core)) == [".gitignore"]


@virtual
async def test_finish_and_the_agents_death_end_the_fetching_too(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        core.files.delay = 50
        _, topic = await Chat(core).new(topic="7")
        await topic.say("look", files=topic.attached("slow.png"))
        core.agent.die()
        await core.pass_time(1)
        assert core.ends() == [Outcome.CRASHED]
        other, topic = await Chat(core).new(topic="8")
        await topic.say("look", files=topic.attached("slow.png"))
        await topic.command("finish")
        await core.pass_time(6)

        assert core.phase(other) is Phase.ASLEEP and all(not agent.prompts for agent in core.launcher.agents)


@virtual
async def test_messages_queue_behind_a_prompt_whose_files_are_coming(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        core.files.delay = 5
        await topic.say("one", files=topic.attached("a.png"))
        await topic.say("two")
        assert queued(core, id) == ["two"]
        await core.pass_time(6)

        assert core.agent.prompts == ["one"] and not core.screen.events(TurnEnded)


@virtual
async def test_a_folder_that_leads_out_of_the_workspace_is_not_used(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        outside = tmp_path / "outside"
        outside.mkdir()
        (core.settings.base_dir / ".openacp").symlink_to(outside)
        await topic.say("look", files=topic.attached("a.png"))
        await core.pass_time(0.1)

        assert "leads elsewhere" in core.agent.prompts[0] and os.listdir(outside) == []


@virtual
async def test_a_link_in_place_of_a_file_is_never_written_through(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        uploads(core).mkdir(parents=True)
        (uploads(core) / ".gitignore").symlink_to(tmp_path / "elsewhere")
        await topic.say("look", files=topic.attached("a.png"))
        await core.pass_time(0.1)

        assert len(core.agent.files[0]) == 1 and not (tmp_path / "elsewhere").exists()


@virtual
async def test_retry_brings_the_files_again(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("", files=topic.attached("a.png"))
        core.agent.finish()
        await core.pass_time(1)
        answer = await topic.command("retry")
        await core.pass_time(1)

        assert answer is not None and "a.png" in answer.text
        assert [len(files) for files in core.agent.files] == [1, 1]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo 1.JPG", "photo_1.JPG"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("", "file"),
        ("..", "file"),
        ("a\nb\x00c;$(rm).txt", "a_b_c_rm_.txt"),
        ("Übersicht – März.pdf", "Übersicht_März.pdf"),
        ("x" * 200 + ".tar", "x" * 76 + ".tar"),
        ("no ending " * 20, ("no_ending_" * 20)[:80]),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@virtual
async def test_nothing_is_said_of_a_recording_that_could_not_be_fetched(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        core.agent.takes_audio = False
        voice = FileRef("telegram", "gone", "voice.ogg", mime="audio/ogg")
        await topic.say("listen", files=(voice, *topic.attached("here.png")))
        await core.pass_time(0.1)

        assert len(core.agent.files[0]) == 1
        assert [notice.id for notice in core.notices() if notice.id == "unheard"] == []
