"""What a session's own topic begins with, and who is told that they share a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Ground
from openacp_bot.core.model import Wanted
from openacp_bot.core.neighbours import CARD
from tests.core.chat import BOB, TEAM, Chat
from tests.core.lodge import Lodge, changed, lodge
from tests.virtual_time import virtual


def cards(core: Lodge) -> list[str]:
    return [notice.text for notice in core.notices() if notice.id == CARD]


def told(core: Lodge, session: str) -> list[str]:
    """The notices of one session."""
    events = core.screen.events(Notice, session=session)
    return [event.text for event in events if isinstance(event, Notice)]


@virtual
async def test_a_topic_of_its_own_begins_with_agent_directory_and_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with lodge(tmp_path, access=TEAM) as core:
        (tmp_path / "work" / "sub").mkdir()
        await Chat(core).new("fake .", topic="7")
        await Chat(core).new("other sub --model large -- go", topic="8")

        assert cards(core) == ["fake · ~/work\nJust write.", "other · ~/work/sub · large"]


@virtual
async def test_it_is_quiet_part_of_the_conversation_and_no_conversation_to_hand_over(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, _ = await Chat(core).new(topic="7")
        (notice,) = core.notices()

        assert (notice.ring, notice.to) == (False, None)
        assert await core.history(id) == [notice]


@virtual
async def test_the_page_a_chat_and_a_topic_opened_by_hand_have_none(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await core.new()
        await Chat(core, space="1", ground=Ground.CHAT).command("new", "fake .")
        await Chat(core, topic="9").say("hello")
        await core.pass_time(1)

        assert cards(core) == []


@virtual
async def test_the_new_topic_of_a_restored_session_tells_it_again(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.push(await topic.command("archive"), "Confirm")
        await core.pass_time(1)
        await core.store.made((await topic.place(id)).id, Wanted.GONE, named="")
        said = len(told(core, id))
        await Chat(core).command("restore", id)

        again = told(core, id)[said:]
        assert len(again) == 1 and again[0].startswith("fake · ") and again[0].endswith("\nJust write.")
        events = [event for event in core.screen.events(Notice, session=id) if isinstance(event, Notice)]
        assert len({event.id for event in events}) == 2  # else it would be an edit of what stood in the old topic


@virtual
async def test_where_a_session_was_just_announced_nobody_is_told_of_it_once_more(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        core.settings = changed(core.settings, naming="first_message")
        first, topic = await Chat(core).new(topic="7")
        second, _ = await topic.new(topic="8")
        third, _ = await Chat(core).new(topic="9")

        assert [len(told(core, id)) for id in (first, second, third)] == [1, 1, 1]


@virtual
async def test_it_names_those_that_share_the_directory_and_they_are_told_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        core.settings, sessions = changed(core.settings, naming="first_message"), []
        for number in range(6):
            id, topic = await Chat(core).new(topic=str(number + 7))
            await topic.say(f"work {number}")
            sessions.append(id)

        assert "shares" not in cards(core)[0]
        assert "It shares this directory with “work 0”." in cards(core)[1]
        assert "It shares this directory with “work 0”, “work 1” and “work 2”." in cards(core)[3]
        assert "It shares this directory with “work 0”, “work 1”, “work 2” and 2 other sessions." in cards(core)[5]
        assert [len(told(core, id)) for id in sessions] == [2, 1, 1, 1, 1, 1]


@virtual
async def test_it_names_those_of_its_chat_and_counts_the_others_as_everybody_there_reads_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, hers = await Chat(core, space="-200").new(topic="7")
        await hers.command("rename", "Her secret")
        await hers.say("work")
        _, here = await Chat(core).new(topic="8")
        await here.command("rename", "Of this chat")
        await Chat(core, BOB).new(topic="9")

        first, second = cards(core)[1:3]

        assert "Her secret" not in first and "It shares this directory with 1 other session." in first
        assert "Her secret" not in second and "with “Of this chat” and 1 other session." in second
