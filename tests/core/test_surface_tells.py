"""What a surface tells besides: a message that opens a session, and a deletion by nobody known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from openacp_bot.core.model import UserRef
from tests.core.chat import TEAM, Chat
from tests.core.lodge import lodge
from tests.virtual_time import virtual

# --- a message that opens a session in a topic of its own -----------------------------------------------


@virtual
async def test_a_message_that_opens_a_session_asks_for_a_topic_and_is_its_first_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        reply = await Chat(core).say("Fix the tests\nall of them", opens=True)
        assert reply is not None and reply.session and not reply.quiet
        record, place = await core.record(reply.session), await Chat(core).place(reply.session)
        await core.pass_time(1)

        assert (record.title, record.pinned, record.agent) == ("Fix the tests", False, "fake")
        assert (place.ref, place.space, place.asked_in) == (None, "-100", Chat(core).where)
        assert core.agent.prompts == ["Fix the tests\nall of them"]


@virtual
async def test_each_message_that_opens_a_session_begins_another(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        first = await Chat(core).say("One", opens=True)
        second = await Chat(core).say("Two", opens=True)

        assert first and second and first.session and second.session and first.session != second.session


@virtual
async def test_a_message_that_opens_a_session_and_comes_twice_opens_one(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        first = await Chat(core).say("One", opens=True, key="same", id="m1")
        again = await Chat(core).say("One", opens=True, key="same", id="m1")

        assert first is not None and (again is None or again.session == first.session)
        assert len(await core.store.sessions_like("")) == 1


# --- a deletion, told by the surface --------------------------------------------------------------------


@virtual
async def test_a_deleted_message_leaves_the_queue_though_nobody_knows_who_deleted_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        await topic.say("first", id="m1")
        await topic.say("second", id="m2")
        await topic.say("third", id="m3")
        surface = topic.by(UserRef("telegram", ""))
        await surface.edit("m2", None)
        core.agent.finish()
        await core.pass_time(5)

        assert core.agent.prompts[-1].endswith("third")
        assert not any("second" in text for text in core.agent.prompts)


@virtual
async def test_a_surface_can_change_no_words_and_say_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        await topic.say("first", id="m1")
        await topic.say("second", id="m2")
        surface = topic.by(UserRef("telegram", ""))

        assert await surface.edit("m2", "changed") is None
        assert await surface.say("from nobody") is None
        core.agent.finish()
        await core.pass_time(5)
        assert core.agent.prompts[-1].endswith("second")


@virtual
async def test_a_deletion_of_an_unconfigured_surface_is_not_heard(tmp_path: Path) -> None:
    """Its id is empty too, but nobody configured it."""
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="10")
        await topic.say("first", id="m1")
        await topic.say("second", id="m2")
        await replace(topic, who=UserRef("discord", "")).edit("m2", None)
        core.agent.finish()
        await core.pass_time(5)

        assert core.agent.prompts[-1].endswith("second")
