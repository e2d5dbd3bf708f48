"""What was sent while the daemon was away, and replies that take the place of their buttons."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.inbound import Look, Opens, Reply
from openacp_bot.core.model import Phase
from tests.core.chat import TEAM, Chat, button, refused
from tests.core.lodge import lodge, queued
from tests.virtual_time import virtual


@pytest.mark.parametrize("slash", [True, False])
@pytest.mark.parametrize("name", ["cancel", "new", "delete", "pin", "archive", "bypass"])
@virtual
async def test_an_old_order_is_not_carried_out_and_says_its_age(name: str, slash: bool, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        answer = await (
            topic.say(f"/{name}", age=3 * 3600, late=True) if slash else topic.command(name, age=3 * 3600, late=True)
        )

        assert refused(answer) == (
            f"This /{name} was sent 3 h ago, while I was away, and was not done. Send it again if you still want it."
        )
        assert core.phase(id) is Phase.RUNNING and not (await core.record(id)).pinned
        assert len(await core.store.sessions_like("")) == 1


@pytest.mark.parametrize("line", ["/help", "/status", "/sessions", "/start", "/menu", "/queue"])
@virtual
async def test_old_questions_are_answered(line: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        answer = await topic.say(line, age=3600, late=True)

        assert answer is not None and not answer.refused


@virtual
async def test_clearing_the_queue_is_an_order(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("waits")
        assert "was not done" in refused(await topic.say("/queue clear", age=3600, late=True))

        assert queued(core, id) == ["waits"]


@pytest.mark.parametrize("age", [3600.0, -3600.0])
@virtual
async def test_an_order_counts_however_much_the_clocks_differ(age: float, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("/pin", age=age)

        assert (await core.record(id)).pinned


@virtual
async def test_an_old_message_is_taken_and_told_its_age(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("please", age=3600)

        assert core.agent.prompts == ["[This message was written 1 h ago and waited in the queue.]\n\nplease"]


# --- replies ------------------------------------------------------------------------------------------------


@virtual
async def test_a_queued_message_says_which_it_is(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        reply = await topic.say("next")

        assert reply is not None and reply.prompt == core.live(id).queue[0].id


@pytest.mark.parametrize("verb", ["archive", "delete"])
@virtual
async def test_a_confirmation_becomes_its_result(verb: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        sure = await topic.command(verb)
        confirm = button(sure, "Confirm")
        assert sure is not None and not sure.replaces
        assert confirm.look is (Look.GOOD if verb == "archive" else Look.DANGER) and confirm.opens is Opens.HERE

        assert (await topic.push(sure, "Confirm")).replaces


@virtual
async def test_removing_becomes_its_result(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        sure = await topic.push(await topic.command("sessions"), "Remove all")

        assert (await topic.push(sure, "Confirm")).replaces


@virtual
async def test_every_step_of_the_wizard_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        greeting = await chat.command("start")
        agents = await chat.push(greeting, "New session")
        assert not agents.replaces
        steps = [agents]
        for label in ("fake", "Model", "small", "Base directory"):
            steps.append(await chat.push(steps[-1], label))

        assert [step.replaces for step in steps[1:]] == [True] * 4 and steps[-1].session


@virtual
async def test_a_row_that_leads_elsewhere_leaves_its_list_as_it_is(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        await Chat(core).new(topic="7")
        chat = Chat(core)
        listed = await chat.command("sessions")
        answers: list[Reply] = [await chat.push(listed, label) for label in ("Rename", "Open")]

        assert not any(answer.replaces for answer in answers)
