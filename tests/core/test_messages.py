"""What people type: prompts, slashes, edits, replies, repetitions; and strangers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.commands.house import MESSAGE_LIMIT
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import AgentCommand, CommandsChanged, QuestionAsked, QuestionSettled
from openacp_bot.core.inbound import Command, Edited, Ground, Inbound, Message, PlaceReported, Pressed, Report
from openacp_bot.core.model import Phase, PromptState, Question
from openacp_bot.core.settings import PermissionPolicy
from openacp_bot.core.views import OneTurn
from tests.core.chat import ALICE, BOB, STRANGER, TEAM, Chat, button, refused
from tests.core.lodge import YOU, Lodge, changed, lodge, queued
from tests.core.slow import SlowStore
from tests.virtual_time import virtual

THEIRS = CommandsChanged((AgentCommand("compact", "make it short"), AgentCommand("Web-Search"), AgentCommand("status")))


# --- slashes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/compact", "/compact"),
        ("/compact keep the plan", "/compact keep the plan"),
        ("/compact\nkeep\n  the plan", "/compact\nkeep\n  the plan"),
        ("/web-search cats", "/web-search cats"),
        ("//status", "/status"),
        ("/agent compact keep the plan", "/compact keep the plan"),
        ("/agent /status", "/status"),
        ("//anything at all", "/anything at all"),
        ("/usr/bin/x fails", "/usr/bin/x fails"),
        ("/etc/hosts", "/etc/hosts"),
        ("/ is the root", "/ is the root"),
        ("/😀", "/😀"),
        ("see /status", "see /status"),
        ("-- hello", "-- hello"),
    ],
)
@virtual
async def test_what_is_the_agents_reaches_the_agent_intact(typed: str, sent: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.say(THEIRS)
        await core.pass_time(0.1)
        assert await core.send(id, typed) is None

        assert core.agent.prompts == [sent]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/statsu", "Did you mean /status?"),
        ("/compat", "Did you mean /compact?"),
        ("/xyzzy", "//xyzzy is sent to the agent as it is"),
        ("/canccel@our_bot now", "Did you mean /cancel?"),
    ],
)
@virtual
async def test_an_unknown_command_is_not_sent_and_gets_a_hint(typed: str, says: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.say(THEIRS)
        await core.pass_time(0.1)

        assert says in refused(await core.send(id, typed))
        assert core.agent.prompts == []


@virtual
async def test_a_command_of_the_agent_begins_no_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        for reply in (await chat.say("/agent compact"), await chat.command("agent", name="compact")):
            assert "There is no session here. /new starts one" in refused(reply)

        assert core.launcher.agents == []


@pytest.mark.parametrize("state", ["asleep", "launching"])
@virtual
async def test_a_command_for_an_agent_that_is_not_up_is_passed_through(state: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        if state == "asleep":
            id = await core.new()
            await core.command("finish", session=id)
            await core.pass_time(1)
        else:
            core.launcher.delay = 5
            reply = await core.command("new", "fake .")
            id = reply.session if reply else ""
        assert "Did you mean /status? //statsu is sent" in refused(await core.send(id, "/statsu"))
        await core.send(id, "/compact")
        await core.pass_time(6)

        assert core.agent.prompts == ["/compact"]


@virtual
async def test_what_an_agent_offered_before_it_slept_is_its_own_even_if_it_is_like_ours(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.say(CommandsChanged((AgentCommand("init"),)))
        await core.pass_time(0.1)
        await core.command("finish", session=id)
        await core.pass_time(1)
        await core.send(id, "/init")
        await core.pass_time(1)

        assert core.agent.prompts == ["/init"]


@virtual
async def test_where_names_clash_ours_wins(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.say(THEIRS)
        await core.pass_time(0.1)
        reply = await core.send(id, "/status")

        assert reply is not None and "Workspace:" in reply.text and core.agent.prompts == []


@pytest.mark.parametrize("typed", ["/cancel", "/CANCEL", "/cancel@our_bot", "/cancel\t", "/cancel\n"])
@virtual
async def test_a_command_is_known_in_every_spelling(typed: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, typed)

        assert core.agent.cancels == 1


# --- bad messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n"])
@virtual
async def test_an_empty_message_is_refused(text: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        assert "empty" in refused(await core.send(await core.new(), text))


@virtual
async def test_an_over_long_message_is_refused_with_the_limit(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        assert "200,001 characters; 200,000" in refused(await core.send(id, "x" * (MESSAGE_LIMIT + 1)))
        assert await core.send(id, "x" * MESSAGE_LIMIT) is None

        assert len(core.agent.prompts) == 1


@virtual
async def test_a_message_where_there_is_no_session_says_what_to_do(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        assert "/new starts one" in refused(await Chat(core, ALICE, ground=Ground.NONE).say("hello"))
        assert "no longer exists" in refused(await core.send("0123456789ab", "hello"))


@virtual
async def test_a_quote_stands_before_the_words_and_changes_neither(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core, ALICE).new(topic="7")
        await topic.say("I disagree:\n> not this\nbut that", quote="first\nsecond")

        assert core.agent.prompts == ["> first\n> second\n\nI disagree:\n> not this\nbut that"]


# --- repetitions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("write_turns", [0, 5])
@virtual
async def test_the_same_key_at_the_same_time_is_handled_once_and_answered_alike(
    write_turns: int, tmp_path: Path
) -> None:
    store = SlowStore(asyncio.get_running_loop().time, write_turns=write_turns)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        await core.send(id, "first")
        replies = await asyncio.gather(*(core.send(id, "second", key="same") for _ in range(3)))
        created = await asyncio.gather(
            *(core.hub.handle(Command(core.origin(key="one new"), "new", "fake .")) for _ in range(3))
        )

        assert queued(core, id) == ["second"]
        assert replies[0] is not None and replies == [replies[0]] * 3
        assert len({reply.session for reply in created if reply}) == 1
        assert len(await core.store.sessions_like("")) == 2


@virtual
async def test_the_same_key_after_a_restart_does_nothing_and_is_answered_alike(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        first = await core.send(id, "once", key="k")
    async with lodge(tmp_path, store=store) as core:
        assert await core.send(id, "once", key="k") == first
        await core.pass_time(1)

        assert [prompt.text for prompt in store.prompts] == ["once"]


@virtual
async def test_what_could_not_be_stored_can_be_sent_again_with_its_key(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        store.refuses = "The disk is full."
        both = await asyncio.gather(*(core.send(id, "x", key="k") for _ in range(2)), return_exceptions=True)
        assert [type(one) for one in both] == [StoreError, StoreError]
        store.refuses = ""
        await core.send(id, "x", key="k")
        await core.pass_time(1)

        assert core.agent.prompts == ["x"]


@virtual
async def test_a_thousand_messages_behind_one_that_fails_do_no_harm(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        store.write_turns = 50
        store.refuses = "The disk is full."
        slow = asyncio.gather(core.send("x", "fails"), return_exceptions=True)
        await asyncio.sleep(0)
        store.write_turns = 0
        others = await asyncio.gather(*(core.send("x", str(n)) for n in range(1100)), return_exceptions=True)
        (failed,) = await slow

        assert {type(one) for one in (failed, *others)} == {StoreError}


# --- replies to questions -------------------------------------------------------------------------------


async def ask(core: Lodge) -> Question:
    core.agent.ask("q1")
    await core.pass_time(1)
    (asked,) = (event.question for event in core.screen.events(QuestionAsked) if isinstance(event, QuestionAsked))
    return asked


@virtual
async def test_a_reply_by_somebody_who_may_not_answer_is_only_a_message(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, permissions=PermissionPolicy(approvers="admins")) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        await topic.say("work")
        question = await ask(core)
        await topic.by(BOB).say("no, do this", answers=question.id)

        assert core.phase(id) is Phase.WAITING and core.agent.answers == []
        assert queued(core, id) == ["no, do this"]


@virtual
async def test_a_reply_that_is_refused_leaves_the_question_open(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, queue_limit=0)
        id = await core.new()
        core.settings = changed(core.settings, queue_limit=1)
        await core.send(id, "work")
        await core.send(id, "fills the queue")
        question = await ask(core)
        refused(await core.send(id, "instead", answers=question.id))

        assert core.phase(id) is Phase.WAITING and not core.screen.events(QuestionSettled)


@virtual
async def test_a_reply_to_an_old_question_is_an_ordinary_message(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "queued before")
        question = await ask(core)
        await core.press(question.options[0].id)
        await core.send(id, "late", answers=question.id)

        assert queued(core, id) == ["queued before", "late"]


# --- strangers ------------------------------------------------------------------------------------------


@virtual
async def test_strangers_get_silence_for_everything_and_change_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        await topic.say("run", id="1")
        await topic.say("queued", id="2")
        place = await core.store.place_of(id)
        assert place is not None
        listed = await topic.command("queue")
        stranger = topic.by(STRANGER)
        inbounds: list[Inbound] = [
            Message(stranger.origin(), "9", "hello"),
            Message(stranger.origin(), "10", "/start"),
            Edited(stranger.origin(), "2", "mine now"),
            Edited(stranger.origin(), "2", None),
            *(Command(stranger.origin(), name, "fake .") for name in ("new", "cancel", "delete", "help", "nonsense")),
            Pressed(stranger.origin(), button(listed, "Clear").token),
            Pressed(stranger.origin(), "nonsense"),
            PlaceReported(stranger.origin(), Report.MOVED, place.id, stranger.at("8").where),
        ]
        said = len(core.screen.said)
        assert [await core.hub.handle(inbound) for inbound in inbounds] == [None] * len(inbounds)

        assert len(core.screen.said) == said and queued(core, id) == ["queued"]
        assert await core.store.place_of(id) == place
        assert not [inbound for inbound in inbounds if await core.store.seen(inbound.origin.key)]


@virtual
async def test_a_message_that_comes_while_the_daemon_stops_is_kept(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        id = await core.new()
        await core.manager.stop(1)
        reply = await core.send(id, "later")
        new = await core.command("new", "fake .")

        assert reply is not None and "waits for the restart" in reply.text
        assert (reply.prompt, reply.session) == (store.prompts[0].id, id)
        assert (await core.hub.look(OneTurn(reply.prompt), YOU)).kept
        assert "stopping" in refused(new)
        assert [(prompt.text, prompt.state) for prompt in store.prompts] == [("later", PromptState.QUEUED)]
