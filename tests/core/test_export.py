"""A conversation as a document, a turn and a question as they are, and who may look at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.core.errors import UserError
from openacp_bot.core.events import QuestionAsked, ToolCallChanged, TurnEnded
from openacp_bot.core.inbound import Message, Reply
from openacp_bot.core.model import PromptState, ToolCall, UserRef, Verbosity
from openacp_bot.core.settings import AccessList
from openacp_bot.core.views import CommandMenu, Conversation, OneQuestion, OneSession, OneTurn, Query
from tests.core.chat import ALICE, BOB, STRANGER, TEAM, Chat, button
from tests.core.lodge import YOU, Lodge, lodge
from tests.virtual_time import virtual

SURFACE = UserRef("telegram", "")
TOKEN = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def conversed(core: Lodge) -> tuple[str, Chat]:
    """One turn with a tool, a question and an end, then a message that was not sent."""
    id, topic = await Chat(core).new(topic="7")
    await topic.say("Clean up\nthe folder", files=topic.attached("plan.txt"))
    await core.pass_time(1)
    core.agent.say("I look. ", ToolCallChanged(ToolCall("t", "List", "execute", "completed", command="ls `x`")))
    core.agent.ask("q1")
    await core.pass_time(1)
    (question,) = core.live(id).questions
    await topic.press(question.options[0].id)
    core.agent.say(f"Done, with {TOKEN}.")
    await topic.say("never sent")
    await topic.say("/cancel")
    await core.pass_time(1)
    return id, topic


async def document(core: Lodge, id: str) -> str:
    return (await core.hub.look(Conversation(id), SURFACE)).text


@virtual
async def test_the_document_tells_who_asked_what_was_done_and_what_was_answered(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, _ = await conversed(core)
        text = await document(core, id)

        assert text.startswith("# A fine title\n\n- Session: ")
        assert "- Agent: fake\n" in text and f"- Workspace: {core.settings.base_dir}\n" in text
        assert "## Alice, 1970-01-01 00:16:4" in text and " UTC\n\nClean up\nthe folder\n\n- 📎 plan.txt" in text
        assert "- 🔧 execute: `` ls `x` ``\n" in text
        assert "- ❓ Run make → Allow once by Alice, 1970-01-01 " in text
        assert "*Stopped · " in text
        assert "(not sent)\n\nnever sent" in text
        assert text.index("I look.") < text.index("🔧") < text.index("❓") < text.index("*Stopped · ")


@virtual
async def test_the_document_says_why_a_question_was_not_answered(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        core.agent.ask("q1")
        await core.pass_time(1)
        await topic.command("cancel")
        await core.pass_time(1)

        assert "- ❓ Run make → Cancelled with its turn, 1970-01-01 " in await document(core, id)


@virtual
async def test_secrets_are_masked_in_the_document_and_its_name(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, secrets=("hush-hush-hush",)) as core:
        id, topic = await conversed(core)
        await topic.command("rename", "hush-hush-hush")
        await topic.say("say hush-hush-hush")
        found = await core.hub.look(Conversation(id), SURFACE)

        assert TOKEN not in found.text and "123456•••" in found.text
        assert "hush" not in found.text and "hush" not in found.name
        assert found.mime == "text/markdown" and found.name.endswith(f"-{id[:6]}.md")


@virtual
async def test_a_long_conversation_is_whole(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        for n in range(300):
            await topic.say(f"question {n}.")
            core.agent.say(f"answer {n}.")
            core.agent.finish()
            await core.pass_time(1)
        text = await document(core, id)

        assert all(f"question {n}." in text and f"answer {n}." in text for n in range(300))
        assert text.count("## Alice") == 300


@virtual
async def test_a_turn_is_seen_as_it_is_and_as_it_was(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, verbosity=Verbosity.HIGH) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        core.agent.say("I look. ", ToolCallChanged(ToolCall("t", "List", "execute", "in_progress")))
        await core.pass_time(0.1)
        turn = core.live(id).turn
        assert turn is not None
        seen = await core.hub.look(OneTurn(turn.id), SURFACE)
        assert (seen.prompt.text, seen.prompt.state, seen.doing) == ("work", PromptState.STARTED, "running: List")
        assert seen.record.id == id and seen.verbosity is Verbosity.HIGH and len(seen.items) == 2
        core.agent.finish()
        await topic.command("verbosity", "low")
        await core.pass_time(1)
        seen = await core.hub.look(OneTurn(turn.id), SURFACE)

        assert (seen.prompt.state, seen.doing, seen.verbosity) == (PromptState.ENDED, "", Verbosity.LOW)
        assert isinstance(seen.items[-1].event, TurnEnded)


@virtual
async def test_a_question_is_seen_open_and_settled(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        core.agent.ask("q1")
        await core.pass_time(0.1)
        (event,) = core.screen.events(QuestionAsked)
        assert isinstance(event, QuestionAsked)
        query = OneQuestion(event.question.id)
        assert (await core.hub.look(query, SURFACE)).question.settled is None
        await topic.press(event.question.options[0].id)
        settled = (await core.hub.look(query, SURFACE)).question.settled

        assert settled is not None and settled.label == "Allow once"


@virtual
async def test_only_the_owner_admins_and_the_surface_itself_may_look(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        core.agent.ask("q1")
        await core.pass_time(0.1)
        (question,), turn = core.live(id).questions, core.live(id).turn
        assert turn is not None
        queries: list[Query[object]] = [Conversation(id), OneTurn(turn.id), OneQuestion(question.id), OneSession(id)]  # type: ignore[list-item]
        for query in queries:
            for who in (SURFACE, ALICE, YOU):
                assert await core.hub.look(query, who)
            for who in (BOB, STRANGER, UserRef("discord", "")):
                with pytest.raises(UserError):
                    await core.hub.look(query, who)


@virtual
async def test_what_does_not_exist_cannot_be_seen(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        queries: list[Query[object]] = [Conversation("x"), OneTurn("x"), OneQuestion("x")]  # type: ignore[list-item]
        for query in queries:
            with pytest.raises(UserError, match="no longer exists"):
                await core.hub.look(query, SURFACE)


@pytest.mark.parametrize("everyone", [True, False])
@virtual
async def test_a_surface_does_nothing_by_itself(everyone: bool, tmp_path: Path) -> None:
    async with lodge(tmp_path, access={"telegram": AccessList(everyone=everyone)}) as core:
        chat = Chat(core, SURFACE)
        assert await chat.say("hello") is None
        assert await chat.command("new", "fake .") is None
        assert await core.hub.handle(Message(chat.origin(), "1", "/help")) is None

        assert not await core.store.sessions_like("")


@virtual
async def test_an_archived_session_hands_out_its_history(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await conversed(core)
        await topic.push(await topic.command("archive"), "Confirm")
        chat = Chat(core)
        answer = await chat.push(await chat.command("sessions", "archived"), "History")

        assert answer.history == answer.session == id and "A fine title" in answer.text


@virtual
async def test_history_is_for_those_of_its_chat_its_owner_and_admins(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await conversed(core)
        await topic.push(await topic.command("archive"), "Confirm")
        bob = topic.at("").by(BOB)
        listed = await bob.command("sessions", "archived")
        assert (await bob.push(listed, "History")).history == id
        elsewhere = Chat(core, BOB, space="-200")
        answer = await elsewhere.press(button(listed, "History"))

        assert answer is not None and answer.refused and not answer.history


@virtual
async def test_the_menu_says_whose_answers_are_private(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        menu = {one.name: one for one in await core.hub.look(CommandMenu(), SURFACE)}

        assert menu["status"].private and menu["help"].private and not menu["new"].private
        assert menu["bypass"].admin  # a surface shows everybody's commands, and core checks who runs them
        assert (await Chat(core).command("help") or Reply("")).private
