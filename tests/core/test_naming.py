"""Titles: who may replace whose, and what a usable one is."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.core import naming
from openacp_bot.core.events import Outcome, PlaceChanged, TitleChanged
from openacp_bot.core.model import SessionRecord, Source, TitleRank
from tests.core.chat import TEAM, Chat
from tests.core.lodge import Lodge, changed, lodge
from tests.virtual_time import virtual

LONG = "word " * 40


def record(rank: TitleRank = TitleRank.ID, title: str = "") -> SessionRecord:
    return SessionRecord(
        "abcdef123456", "demo", "", "", "/w", Source.MANUAL, "web:local", 0, 0, title=title, title_rank=rank
    )


# --- pure ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("has", "comes"), list(itertools.product(TitleRank, TitleRank)))
def test_a_title_is_replaced_by_a_higher_rank_or_by_the_same_person(has: TitleRank, comes: TitleRank) -> None:
    may = comes > has or has is comes is TitleRank.PERSON

    assert naming.outranks(record(has), comes) is may


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("fix the tests", "fix the tests"),
        ("  \n\n  fix \t the   tests \n and more", "fix the tests"),
        ("", ""),
        (" \n\t ", ""),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        (LONG, "word word word word word word word word word word word word…"),
    ],
)
def test_the_first_line_that_says_something_is_cut_at_60(text: str, title: str) -> None:
    assert naming.first_line(text) == title
    assert len(title) <= 60


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Fix the flaky tests", "Fix the flaky tests"),
        ('"Fix the tests."', "Fix the tests"),
        ("**Fix the tests**\n\nThis title says…", "Fix the tests"),
        ("# Fix the tests", "Fix the tests"),
        ("Title: Fix the tests", "Fix the tests"),
        ("«Die Tests»", "Die Tests"),
        ("", None),
        (None, None),
        ("   \n ", None),
        ('"."', None),
        ("I would suggest that a good title for this conversation is Tests", None),
        ("Write a title of at most 5 words", None),
        ("x" * 80, "x" * 49 + "…"),
    ],
)
def test_an_answer_is_made_a_title_or_refused(answer: str | None, title: str | None) -> None:
    assert naming.cleaned(answer, "make it work") == title


@given(st.text(), st.text())
def test_a_title_is_one_line_of_at_most_50_characters(answer: str, message: str) -> None:
    title = naming.cleaned(answer, message)

    assert title is None or (0 < len(title) <= naming.ASKED_LIMIT and len(title.splitlines()) == 1)


@given(st.text())
def test_a_persons_title_is_one_line_that_every_platform_can_show(text: str) -> None:
    title = naming.by_person(text)

    assert len(title) <= naming.PERSON_LIMIT and len(title.splitlines()) <= 1 and title == title.strip()


def test_without_a_title_a_session_is_called_by_its_id() -> None:
    assert naming.fallback(record()) == record().shown_title == "Session abcdef"


# --- in a session ----------------------------------------------------------------------------------------


async def titled(core: Lodge, id: str) -> tuple[str, TitleRank]:
    stored = await core.record(id)
    return stored.shown_title, stored.title_rank


@virtual
async def test_a_session_is_called_by_its_first_message_and_then_by_the_asked_title(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        assert await titled(core, id) == (f"Session {id[:6]}", TitleRank.ID)
        await core.send(id, "fix the tests\nall of them")
        assert await titled(core, id) == ("fix the tests", TitleRank.FIRST_MESSAGE)
        await core.pass_time(1)

        assert await titled(core, id) == ("A fine title", TitleRank.ASKED)
        shown = [event for event in core.screen.events(TitleChanged) if isinstance(event, TitleChanged)]
        assert [event.title for event in shown] == ["fix the tests", "A fine title"]
        assert core.agent.prompts == ["fix the tests\nall of them"]


@virtual
async def test_the_first_message_of_new_names_the_session_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.delay = 30
        reply = await core.command("new", "fake . -- tidy up here")

        assert reply is not None and await titled(core, reply.session) == ("tidy up here", TitleRank.FIRST_MESSAGE)


@virtual
async def test_the_agent_is_asked_for_a_title_only_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("one", "two"):
            await core.send(id, text)
            core.agent.finish()
            await core.pass_time(1)
        first = core.agent
        await core.command("finish", session=id)
        await core.pass_time(1)
        await core.send(id, "three")
        await core.pass_time(1)

        assert len(first.side_prompts) == 1 and "one" in first.side_prompts[0]
        assert core.agent is not first and core.agent.side_prompts == []


@virtual
async def test_where_naming_fails_the_session_is_called_by_its_id(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.title = None
        await core.send(id, "hello")
        await core.pass_time(1)

        assert await titled(core, id) == (f"Session {id[:6]}", TitleRank.ASKED)


@virtual
async def test_naming_by_first_message_asks_nobody(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, naming="first_message")
        id = await core.new()
        await core.send(id, "hello there")
        await core.pass_time(1)

        assert await titled(core, id) == ("hello there", TitleRank.FIRST_MESSAGE)
        assert core.agent.side_prompts == []


@pytest.mark.parametrize("mode", ["agent", "first_message"])
@virtual
async def test_a_topic_is_told_that_a_better_title_follows_only_if_the_agent_is_asked(
    mode: str, tmp_path: Path
) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        core.settings = changed(core.settings, naming=mode)
        _, topic = await Chat(core).new(topic="7")
        await topic.say("hello there")
        await core.pass_time(1)
        told = [one for one in core.screen.events(PlaceChanged) if isinstance(one, PlaceChanged)]
        first = next(one for one in told if one.place.title == "hello there")

        assert first.is_passing is (mode == "agent")
        assert not told[-1].is_passing


@virtual
async def test_the_agents_own_first_title_is_believed_and_its_later_ones_are_not(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "hello")
        core.agent.say(TitleChanged("Its own", TitleRank.AGENT))
        await core.pass_time(1)
        assert await titled(core, id) == ("Its own", TitleRank.AGENT)
        core.agent.say(TitleChanged("Another", TitleRank.AGENT))
        await core.pass_time(1)

        assert await titled(core, id) == ("Its own", TitleRank.AGENT)


@virtual
async def test_a_persons_name_is_never_overwritten_but_by_a_person(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.command("rename", "Mine", id)
        await core.send(id, "hello")
        core.agent.say(TitleChanged("Its own", TitleRank.AGENT))
        core.agent.finish(Outcome.DONE)
        await core.pass_time(1)
        assert await titled(core, id) == ("Mine", TitleRank.PERSON)
        assert core.agent.side_prompts == []
        await core.command("rename", "  Mine,\n too ", id)

        assert await titled(core, id) == ("Mine, too", TitleRank.PERSON)


@virtual
async def test_the_next_prompt_does_not_wait_for_the_title(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "one")
        core.agent.finish()
        await core.send(id, "two")

        assert core.agent.prompts == ["one", "two"]
        assert (await core.record(id)).title_rank is TitleRank.FIRST_MESSAGE
