"""Three seconds from the moment when an interaction was made: whatever else is held, late, wrong or broken."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest

from openacp_bot.core.inbound import Choice, Form, Opens, Reply
from openacp_bot.core.model import Field
from openacp_bot.core.settings import AccessList
from tests.discord.house import House, house, shown
from tests.fakes import ScriptedHub
from tests.sims.discord import (
    BANNED,
    CUT_AFTER,
    SERVER_ERROR,
    UNREADABLE,
    Channel,
    Discord,
    Fault,
    Message,
    Person,
    flood,
    refuse,
)

GO = (Choice("Go", "m1.0"),)
FORM = Form("f1.0", "Rename", (Field("title", "Title", default="Now"),))
GONE = refuse(404, 10062, "Unknown interaction")


async def buttons(home: House, ann: Person, channel: Channel, *choices: Choice) -> Message:
    home.hub.replies.append(Reply("Choose.", choices=choices or GO))
    ann.write(channel, "ask me")
    message = await shown(home.discord, channel, "Choose.")
    await home.until_stored(message)
    return message


# --- what else happens to REST -----------------------------------------------------------------------


@pytest.mark.parametrize("fault", [flood(8.0, "global"), flood(8.0), BANNED, SERVER_ERROR], ids=str)
async def test_a_call_of_the_bot_that_is_held_holds_no_press(
    home: House, ann: Person, agents: Channel, fault: Fault
) -> None:
    pressed = await buttons(home, ann, agents)
    home.discord.fail("create_message", 1, fault)
    home.hub.replies.append(Reply("To be held."))
    ann.write(agents, "once more")
    await home.until(lambda: any(call.status == fault.status for call in home.discord.calls))
    home.hub.replies.append(Reply("Went.", quiet=True))

    assert (await ann.press(pressed, "Go").answered()).answer == 6


async def test_a_flood_of_answers_is_waited_out_where_there_is_time(home: House, ann: Person, agents: Channel) -> None:
    home.discord.fail("create_interaction_response", 1, flood(0.3))
    home.hub.replies.append(Reply("Here.", private=True))

    assert (await ann.slash(agents, "new").said()).text == "Here."


FAULTS = {"500": SERVER_ERROR, "cut after": CUT_AFTER, "cut before": Fault(), "unreadable": UNREADABLE}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_first_answer_is_tried_until_its_time_is_over(
    home: House, ann: Person, agents: Channel, fault: Fault
) -> None:
    home.discord.fail("create_interaction_response", 2, fault)
    home.hub.replies.append(Reply("Here.", private=True))

    assert (await ann.slash(agents, "new").said()).text == "Here."


async def test_an_answer_that_cannot_be_said_at_all_ends_nothing(
    home: House, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openacp_bot")
    home.discord.fail("create_interaction_response", 100, UNREADABLE)
    home.hub.replies += [RuntimeError("a bug"), Reply("Here.", private=True)]
    ann.slash(agents, "new")
    await home.until(lambda: "was not taken" in caplog.text)
    home.discord.faults.end("create_interaction_response")

    assert (await ann.slash(agents, "new").said()).text == "Here."


async def test_no_token_of_an_interaction_is_logged(
    home: House, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "openacp_bot")
    home.discord.fail("create_interaction_response", 50, CUT_AFTER)
    home.discord.fail("create_followup", 50, SERVER_ERROR)
    home.hub.replies += [Reply("One.", private=True), RuntimeError("a bug")]
    asked = [ann.slash(agents, "new"), ann.slash(agents, "new")]
    await home.until(lambda: caplog.text.count("was not taken") == 2)

    assert not [one for one in asked if one.token in caplog.text]


# --- what became of it -------------------------------------------------------------------------------


async def test_what_was_done_is_not_to_be_tried_again(home: House, ann: Person, agents: Channel) -> None:
    pressed = await buttons(home, ann, agents)
    home.discord.fail("create_interaction_response", 1, GONE)
    home.hub.replies.append(Reply("It was done, in many words.", private=True))
    ann.press(pressed, "Go")

    await shown(home.discord, agents, "This was done, but Discord did not take the answer.")


async def test_a_question_that_was_not_taken_is_asked_for_once_more(home: House, ann: Person, agents: Channel) -> None:
    home.discord.fail("create_interaction_response", 1, GONE)
    home.hub.replies.append(Reply("Really?", choices=GO, private=True))
    ann.slash(agents, "new")

    await shown(home.discord, agents, "Ask once more.")


async def test_in_direct_messages_a_private_answer_comes_all_the_same(home: House, ann: Person) -> None:
    direct = ann.direct()
    pressed = await buttons(home, ann, direct)
    home.discord.fail("create_interaction_response", 1, GONE)
    home.hub.replies.append(Reply("A list.", choices=GO, private=True))
    ann.press(pressed, "Go")

    await shown(home.discord, direct, "A list.")


async def test_a_placeholder_goes_where_nothing_is_to_be_said(home: House, ann: Person, agents: Channel) -> None:
    pressed = await buttons(home, ann, agents, Choice("Form", "m1.0", opens=Opens.FORM))
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("Nothing more.", quiet=True))
    interaction = await ann.press(pressed, "Form").answered()
    assert interaction.answer == 5
    home.hub.hold.set()

    await home.discord.until(lambda: interaction.messages == [] or None)


# --- after the first answer --------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [SERVER_ERROR, CUT_AFTER, flood(0.3), flood(0.3, "global")], ids=str)
async def test_a_placeholder_is_filled_in_the_end(home: House, ann: Person, agents: Channel, fault: Fault) -> None:
    home.discord.fail("edit_followup", 2, fault)
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("At last.", private=True))
    interaction = await ann.slash(agents, "new").answered()
    home.hub.hold.set()

    assert (await interaction.said()).text == "At last."
    assert len(interaction.messages) == 1


async def test_a_token_that_ran_out_in_mid_work_leaves_the_answer_to_the_channel(
    home: House, ann: Person, agents: Channel
) -> None:
    home.discord.token_seconds = 0.6
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("At last."))
    interaction = await ann.slash(agents, "new").answered()
    await home.until(lambda: time.time() > interaction.token_until)
    home.hub.hold.set()

    await shown(home.discord, agents, "At last.")


async def test_a_step_whose_message_was_deleted_meanwhile_is_said_once(
    home: House, ann: Person, agents: Channel
) -> None:
    step = Choice("Next", "m1.0", opens=Opens.HERE)
    pressed = await buttons(home, ann, agents, step)
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("Second.", choices=(step,), replaces=True))
    await ann.press(pressed, "Next").answered()
    home.discord.remove(pressed)
    home.hub.hold.set()

    await shown(home.discord, agents, "Second.")
    await home.until_settled()
    assert [one.text for one in home.discord.sent(agents)] == ["Second."]


async def test_a_button_that_is_not_ours_is_told_to_core_as_it_is(home: House, ann: Person, agents: Channel) -> None:
    button = {"type": 2, "style": 1, "label": "Old", "custom_id": "of-another-life"}
    row = {"type": 1, "components": [button]}
    message = home.discord.post(agents, home.discord.bot, text="Old", components=(row,))
    home.hub.replies.append(Reply("This button is no longer valid.", refused=True))

    answer = await ann.press(message, "Old").said()

    assert answer.ephemeral and answer.text == "This button is no longer valid."


# --- age, by two clocks ------------------------------------------------------------------------------


async def test_what_comes_later_than_discord_waits_is_not_carried_out(
    home: House, ann: Person, agents: Channel
) -> None:
    home.hub.replies.append(Reply("One."))
    await ann.slash(agents, "new").said()
    home.discord.late = 5.0
    home.hub.replies.append(Reply("Two."))
    ann.slash(agents, "new")
    await home.until(lambda: any(call.code == 10062 for call in home.discord.calls))
    home.discord.late = 0.0

    assert (await ann.slash(agents, "new").said()).text == "Two."
    assert len(home.hub.heard) == 2


async def test_what_comes_late_is_acknowledged_at_once(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies.append(Reply("One."))
    await ann.slash(agents, "new").said()
    home.discord.late = 1.0
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("Two."))
    interaction = await ann.slash(agents, "new").answered()
    assert interaction.answer == 5
    home.hub.hold.set()

    await home.discord.until(lambda: (interaction.original and interaction.original.text == "Two.") or None)


@pytest.mark.parametrize("seconds", [-60.0, 60.0])
async def test_a_clock_that_is_wrong_from_the_start_changes_nothing(
    home: House, ann: Person, agents: Channel, seconds: float
) -> None:
    home.discord.clock = seconds
    for _ in range(3):
        home.hub.replies.append(Reply("Which title?", form=FORM))
        assert (await ann.slash(agents, "new").opened()).title == "Rename"


async def test_a_clock_that_is_set_anew_makes_one_answer_slower(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies += [Reply("Which title?", form=FORM), Reply("Two."), Reply("Which title?", form=FORM)]
    await ann.slash(agents, "new").opened()
    home.discord.clock = -60.0  # ours runs ahead now

    assert (await ann.slash(agents, "new").said()).text == "Two."
    await ann.slash(agents, "new").opened()


# --- bugs --------------------------------------------------------------------------------------------


async def test_a_bug_is_answered_with_a_sentence_and_where_the_log_tells_of_it(
    home: House, ann: Person, agents: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    home.hub.replies.append(RuntimeError("a bug"))
    interaction = ann.slash(agents, "new")

    message = await interaction.said()

    assert message.ephemeral and "error inside openacp-bot" in message.text
    assert str(interaction.id) in message.text and str(interaction.id) in caplog.text


async def test_a_bug_behind_a_placeholder_is_told_in_it(home: House, ann: Person, agents: Channel) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(RuntimeError("a bug"))
    interaction = await ann.slash(agents, "new").answered()
    assert interaction.answer == 5
    home.hub.hold.set()

    assert "error inside openacp-bot" in (await interaction.said()).text


async def test_a_bug_behind_a_press_is_told_to_the_one_who_pressed(home: House, ann: Person, agents: Channel) -> None:
    pressed = await buttons(home, ann, agents)
    home.hub.replies.append(RuntimeError("a bug"))

    message = await ann.press(pressed, "Go").said()

    assert message.ephemeral and "error inside openacp-bot" in message.text


async def test_a_bug_in_what_is_suggested_suggests_nothing(home: House, ann: Person, agents: Channel) -> None:
    """The scripted front door sees nothing for it, which is a bug here."""
    assert await ann.autocomplete(agents, "agent", "name", "") == []


async def test_a_bug_before_it_is_known_who_asks_ends_nothing(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    users, is_broken = AccessList(users=frozenset({str(ann.id)})), False

    def access() -> AccessList:
        if is_broken:
            raise RuntimeError("a bug")
        return users

    async with house(discord, tmp_path, ScriptedHub(), agents, access=access) as home:
        await home.up()
        is_broken = True
        interaction = ann.slash(agents, "new")
        await home.until(lambda: str(interaction.id) in caplog.text)
        is_broken = False
        home.hub.replies.append(Reply("Here."))

        assert (await ann.slash(agents, "new").said()).text == "Here."
