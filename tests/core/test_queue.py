"""The queue: its places, its changes, its limit; and edits of messages that are, or were, in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.commands.house import MESSAGE_LIMIT
from openacp_bot.core.inbound import Opens, Reply
from openacp_bot.core.model import Ending
from openacp_bot.core.views import OneTurn
from tests.core.chat import ALICE, TEAM, Chat, button, choices, labels, refused
from tests.core.lodge import YOU, changed, lodge, queued
from tests.core.slow import SlowStore
from tests.virtual_time import virtual

# --- the queue ------------------------------------------------------------------------------------------


@virtual
async def test_queued_messages_say_their_place(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        assert await core.send(id, "one") is None
        first, second = await core.send(id, "two"), await core.send(id, "three")

        assert first is not None and first.text == "Queued, number 1." and first.quiet
        assert second is not None and second.text == "Queued, number 2." and labels(second) == ["Send now", "Remove"]


@virtual
async def test_a_queued_prompt_knows_the_place_that_it_now_has(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        said = [await core.send(id, text) for text in ("one", "two", "three", "four")]
        two, three, four = (reply.prompt for reply in said if reply is not None)

        async def ahead() -> list[int]:
            return [(await core.hub.look(OneTurn(prompt), YOU)).ahead for prompt in (two, three, four)]

        assert await ahead() == [1, 2, 3]
        core.agent.finish()
        await core.pass_time(1)
        assert await ahead() == [0, 1, 2]
        await core.press(button(said[2], "Remove").token)
        assert await ahead() == [0, 0, 1]
        core.agent.die()
        await core.pass_time(1)
        assert await ahead() == [0, 0, 1]  # held, with nobody at work


@virtual
async def test_a_first_message_that_nothing_is_ahead_of_is_not_called_queued(tmp_path: Path) -> None:
    """Its turn begins while the session is still being named after it."""
    async with lodge(tmp_path, store=SlowStore(asyncio.get_running_loop().time)) as core:
        id = await core.new()

        assert await core.send(id, "one") is None
        second = await core.send(id, "two")
        assert second is not None and second.text == "Queued, number 1."


@virtual
async def test_the_queue_is_changed_by_values(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a", "b", "c"):
            await core.send(id, text)
        a, b, c = (prompt.id for prompt in core.live(id).queue)
        await core.command("queue", session=id, do="edit", prompt=a, text="A")
        await core.command("queue", session=id, do="remove", prompt=b)
        assert queued(core, id) == ["A", "c"] == [prompt.text for prompt in await core.store.queued(id)]
        for text in ("", "  ", "x" * (MESSAGE_LIMIT + 1)):
            refused(await core.command("queue", session=id, do="edit", prompt=a, text=text))
        for do in ("edit", "remove", "now"):
            assert "no longer queued" in refused(await core.command("queue", session=id, do=do, prompt=b, text="x"))
        assert "takes nothing, or clear" in refused(await core.command("queue", session=id, do="dance", prompt=a))
        await core.command("queue", session=id, do="now", prompt=c)
        await core.pass_time(1)
        assert core.agent.prompts == ["run", "c"] and queued(core, id) == ["A"]
        await core.command("queue", session=id, do="again", prompt=b)
        assert queued(core, id) == ["A", "b"]
        await core.command("queue", "clear", id)

        assert queued(core, id) == [] and list(await core.store.queued(id)) == []


@virtual
async def test_the_queue_of_a_session_that_sleeps_is_changed_too(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a", "b", "c"):
            await core.send(id, text)
        core.agent.die()
        await core.pass_time(1)
        a, b, _ = (prompt.id for prompt in await core.store.queued(id))
        await core.command("queue", session=id, do="edit", prompt=a, text="A")
        await core.command("queue", session=id, do="remove", prompt=b)
        assert [prompt.text for prompt in await core.store.queued(id)] == ["A", "c"]
        listed = await core.command("queue", session=id)
        assert listed is not None and "2 messages wait. They wait for Continue" in listed.text
        await core.press(button(listed, "Send now").token)
        await core.pass_time(1)

        assert core.agent.prompts == ["A"]


@virtual
async def test_a_press_in_the_list_of_the_queue_does_it_and_draws_the_list_anew(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a", "b", "c", "d"):
            await core.send(id, text)
        listed = await core.command("queue", session=id)
        assert _shown(listed) == ("4 messages wait.", ["a", "b", "c", "d"], False)
        assert {choice.opens for choice in choices(listed)} == {Opens.HERE}
        listed = await core.press(button(listed, "Remove").token)
        assert _shown(listed) == ("Removed. 3 messages wait.", ["b", "c", "d"], True)
        listed = await core.press(choices(listed)[2].token)
        assert _shown(listed) == ("Sending it now. 2 messages wait.", ["b", "d"], True)
        await core.pass_time(1)
        assert core.agent.prompts == ["run", "c"] and queued(core, id) == ["b", "d"]
        cleared = await core.press(button(listed, "Clear").token)

        assert _shown(cleared) == ("Cleared. 2 queued messages were not sent.", [], True)
        assert labels(cleared) == ["Send again: b", "Send again: d"]
        assert queued(core, id) == []


@virtual
async def test_the_last_message_that_goes_leaves_an_empty_list(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a"):
            await core.send(id, text)
        listed = await core.command("queue", session=id)

        assert _shown(await core.press(button(listed, "Remove").token)) == ("Removed. The queue is empty.", [], True)


@pytest.mark.parametrize("label", ["Remove", "Send now"])
@virtual
async def test_a_list_whose_message_has_gone_meanwhile_says_so_and_what_waits_now(label: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a", "b"):
            await core.send(id, text)
        listed = await core.command("queue", session=id)
        core.agent.finish()
        await core.pass_time(1)
        listed = await core.press(button(listed, label).token)

        assert _shown(listed) == ("This message is no longer queued. 1 message waits.", ["b"], True)
        assert core.agent.prompts == ["run", "a"]


@virtual
async def test_a_press_on_the_line_that_says_queued_leaves_it_to_that_line(tmp_path: Path) -> None:
    """It shows by itself what becomes of its message."""
    async with lodge(tmp_path) as core:
        id = await core.new()
        lines = [await core.send(id, text) for text in ("run", "a", "b")]
        removed = await core.press(button(lines[1], "Remove").token)
        sent = await core.press(button(lines[2], "Send now").token)

        assert _shown(removed) == ("Removed.", [], False) and removed is not None and removed.quiet
        assert _shown(sent) == ("Sending it now.", [], False) and sent is not None and sent.quiet


@virtual
async def test_from_the_list_of_an_archived_session_nothing_is_sent(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("run", "a"):
            await core.send(id, text)
        listed = await core.command("queue", session=id)
        await core.command("archive", session=id)
        await core.pass_time(20)

        assert "archived" in refused(await core.press(button(listed, "Send now").token))
        assert core.agent.prompts == ["run"]


@pytest.mark.parametrize("at_once", [False, True])
@virtual
async def test_the_queue_has_a_limit(at_once: bool, tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, store=store) as core:
        core.settings = changed(core.settings, queue_limit=3)
        id = await core.new()
        await core.send(id, "run")
        await core.pass_time(1)
        sends = [core.send(id, f"m{n}") for n in range(6)]
        replies = await asyncio.gather(*sends) if at_once else [await send for send in sends]
        await core.pass_time(1)

        assert queued(core, id) == ["m0", "m1", "m2"]
        assert [reply is not None and reply.refused for reply in replies] == [False] * 3 + [True] * 3
        assert "The queue is full (3 messages wait)" in refused(replies[-1])
        assert [reply.not_taken if reply else 0 for reply in replies] == [0, 0, 0, 1, 1, 1]


# --- edits ----------------------------------------------------------------------------------------------


@virtual
async def test_editing_a_queued_message_changes_the_prompt_and_deleting_removes_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        for number in ("1", "2", "3"):
            await topic.say(f"text {number}", id=number)
        await topic.edit("2", "better")
        await topic.edit("3", None)

        assert queued(core, id) == ["better"] == [prompt.text for prompt in await core.store.queued(id)]


@pytest.mark.parametrize("text", ["", "  ", "x" * (MESSAGE_LIMIT + 1)])
@virtual
async def test_an_edit_that_is_no_message_changes_nothing(text: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core, ALICE).new(topic="7")
        await topic.say("run", id="1")
        await topic.say("keep", id="2")
        refused(await topic.edit("2", text))

        assert queued(core, id) == ["keep"]


@virtual
async def test_editing_a_message_that_has_run_offers_to_send_it_as_new_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core, ALICE).new(topic="7")
        await topic.say("frist", id="1")
        core.agent.finish()
        await core.pass_time(1)
        offer = await topic.edit("1", "first")
        assert labels(offer) == ["Send as new"]
        for _ in range(2):
            await topic.press(button(offer, "Send as new"))
            core.agent.finish()
            await core.pass_time(1)

        assert core.agent.prompts == ["frist", "first"]
        assert await topic.edit("1", None) is None
        assert await topic.edit("never seen", "x") is None


@virtual
async def test_an_edit_finds_its_message_in_its_own_chat_only(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        one = Chat(core, ALICE, space="-100")
        two = Chat(core, ALICE, space="-200")
        (id_one, topic_one), (id_two, topic_two) = await one.new(topic="7"), await two.new(topic="7")
        for topic in (topic_one, topic_two):
            await topic.say("run", id="1")
            await topic.say("queued", id="2")
            await core.pass_time(1)
        await topic_one.edit("2", "changed here")

        assert (queued(core, id_one), queued(core, id_two)) == (["changed here"], ["queued"])


@pytest.mark.parametrize(
    ("message", "text", "whole"),
    [
        ("77", "this:", "this:\n> it broke\n\nwhy?\nForwarded"),
        ("78", "how?", "thsi:\n> it broke\n\nhow?\nForwarded"),
        ("79", "Other", "thsi:\n> it broke\n\nwhy?\nOther"),
        ("78", None, "thsi:\nForwarded"),
    ],
)
@pytest.mark.parametrize("is_live", [True, False])
@virtual
async def test_an_edit_of_one_of_several_messages_leaves_the_others(
    is_live: bool, message: str, text: str | None, whole: str, tmp_path: Path
) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("thsi:", album="x", id="77")
        await topic.say("why?", album="x", id="78", quote="it broke")
        await topic.say("Forwarded", album="x", id="79")
        await core.pass_time(2)
        if not is_live:
            core.live(id).end(Ending.STOPPED, within=0)
            await core.pass_time(20)
        reply = await topic.edit(message, text)

        assert reply is not None and not reply.refused
        assert [prompt.text for prompt in await core.store.queued(id)] == [whole]
        assert not is_live or queued(core, id) == [whole]


@virtual
async def test_an_edited_reply_keeps_what_it_quotes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.say("work")
        await topic.say("whta is this?", id="80", quote="def f(): ...")
        await topic.edit("80", "what is this?")
        await topic.edit("80", "what is that?")
        assert queued(core, id) == ["> def f(): ...\n\nwhat is that?"]
        listed = (await core.store.queued(id))[0]
        await core.command("queue", session=id, do="edit", prompt=listed.id, text="whole")
        await topic.edit("80", "once more")

        assert queued(core, id) == ["once more"]


@virtual
async def test_retry_and_send_as_new_keep_what_a_message_quotes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        _, topic = await Chat(core).new(topic="7")
        await topic.say("whta is this?", id="80", quote="def f(): ...")
        core.agent.finish()
        await core.pass_time(1)
        await topic.command("retry")
        core.agent.finish()
        await core.pass_time(1)
        await topic.push(await topic.edit("80", "what is this?"), "Send as new")

        quoted = "> def f(): ...\n\n"
        assert core.agent.prompts == [f"{quoted}whta is this?", f"{quoted}whta is this?", f"{quoted}what is this?"]


def _shown(reply: Reply | None) -> tuple[str, list[str], bool]:
    """What a list says, its rows, and whether it stands in place of the one that was pressed."""
    assert reply is not None
    return reply.text, [row.title for row in reply.rows], reply.replaces
