"""Commands, presses and forms: acknowledged in time whatever core or Discord does, answered where it belongs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.events import PlaceChanged, Said
from openacp_bot.core.inbound import Choice, Command, Form, Look, Opens, Pressed, Reply
from openacp_bot.core.model import Field, Phase, Place, Question, SessionRecord, Source, ThreadRef, UserRef
from openacp_bot.core.views import (
    CommandInfo,
    OneQuestion,
    OneSession,
    Param,
    Query,
    QuestionView,
    SessionRow,
    SessionView,
    Suggestions,
)
from tests.discord.house import House, house, shown, where
from tests.fakes import ScriptedHub
from tests.sims.discord import CUT_AFTER, UNAVAILABLE, Channel, Discord, Person, refuse
from tests.sims.discord import Message as Seen

CHOICES = (Choice("Allow", "m1.0", Look.GOOD), Choice("Reject", "m1.1", Look.DANGER))
FIELD = Field("title", "Title", default="Now")
RECORD = SessionRecord("s1", "stub", "", "", "/work", Source.MANUAL, "discord:1", 0.0, 0.0)


async def asked(home: House, ann: Person, channel: Channel, reply: Reply) -> Seen:
    """A message with buttons, said in answer to Ann."""
    home.hub.replies.append(reply)
    ann.write(channel, "ask me")
    message = await shown(home.discord, channel, reply.text)
    await home.until_stored(message)
    return message


# --- once, and in time -----------------------------------------------------------------------------


async def test_an_interaction_that_comes_twice_is_taken_once(home: House, ann: Person, agents: Channel) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies += [Reply("New session."), Reply("Once more.")]
    interaction = ann.slash(agents, "new")
    home.discord.repeat(interaction)
    home.hub.hold.set()

    assert (await interaction.said()).text == "New session."
    home.discord.repeat(interaction)
    await ann.slash(agents, "new").said()

    assert [type(one) for one in home.hub.heard] == [Command, Command]
    assert sum(one.text == "New session." for one in home.discord.sent(agents)) == 1


async def test_what_takes_longer_is_acknowledged_first(home: House, ann: Person, agents: Channel) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("At last."))
    interaction = await ann.slash(agents, "new").answered()
    home.hub.hold.set()

    message = await interaction.said()
    await home.discord.until(lambda: message.text == "At last." or None)
    assert not message.ephemeral


async def test_core_comes_to_its_end_although_discord_took_no_acknowledgement(
    home: House, ann: Person, agents: Channel
) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("At last."))
    gone = refuse(404, 10062, "Unknown interaction")
    home.discord.fail("create_interaction_response", 2, gone)
    ann.slash(agents, "new")
    await home.until(lambda: any(one.code == 10062 for one in home.discord.calls))
    home.hub.hold.set()

    await shown(home.discord, agents, "At last.")


async def test_an_answer_whose_reception_is_in_doubt_is_not_doubled(home: House, ann: Person, agents: Channel) -> None:
    home.discord.fail("create_interaction_response", 1, CUT_AFTER)
    home.hub.replies.append(Reply("Only once.", choices=CHOICES))
    message = await ann.slash(agents, "new").said()
    await home.until_stored(message)

    assert [one.text for one in home.discord.sent(agents)] == ["Only once."]


async def test_what_was_for_one_person_is_not_said_to_all_when_it_comes_too_late(
    home: House, ann: Person, agents: Channel
) -> None:
    home.discord.fail("create_interaction_response", 1, refuse(404, 10062, "Unknown interaction"))
    home.hub.replies.append(Reply("A secret.", private=True))
    ann.slash(agents, "new")

    await shown(home.discord, agents, "did not take the answer")
    assert "secret" not in home.discord.transcript(agents)


async def test_an_answer_that_discord_fails_to_take_comes_as_a_message(
    home: House, ann: Person, agents: Channel
) -> None:
    home.discord.fail("create_interaction_response", 1, UNAVAILABLE)
    home.hub.replies.append(Reply("New session."))
    ann.slash(agents, "new")

    await shown(home.discord, agents, "New session.")


# --- where the answer stands -----------------------------------------------------------------------


async def test_a_quiet_answer_to_a_press_is_an_acknowledgement(home: House, ann: Person, agents: Channel) -> None:
    buttons = await asked(home, ann, agents, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("Allow.", quiet=True))

    interaction = await ann.press(buttons, "Allow").answered()

    assert interaction.answer == 6 and interaction.messages == []
    pressed = home.hub.heard[-1]
    assert isinstance(pressed, Pressed) and pressed.token == "m1.0" and not pressed.origin.dialogs


async def test_a_refusal_is_for_the_one_who_pressed(home: House, ann: Person, agents: Channel) -> None:
    buttons = await asked(home, ann, agents, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("This button is no longer valid.", refused=True))

    message = await ann.press(buttons, "Allow").said()

    assert message.ephemeral and message.text == "This button is no longer valid."
    assert buttons.labels == ["Allow", "Reject"]


async def test_a_slow_press_is_acknowledged_and_answered_all_the_same(
    home: House, ann: Person, agents: Channel
) -> None:
    buttons = await asked(home, ann, agents, Reply("Choose.", choices=CHOICES))
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("Too late for that.", refused=True))
    interaction = await ann.press(buttons, "Allow").answered()
    assert interaction.answer == 6
    home.hub.hold.set()

    await home.discord.until(lambda: interaction.follow_ups or None)
    assert [(one.text, one.ephemeral) for one in interaction.follow_ups] == [("Too late for that.", True)]


async def test_a_step_takes_the_place_of_the_one_before(home: House, ann: Person, agents: Channel) -> None:
    choices = (Choice("Next", "m1.0", opens=Opens.HERE),)
    buttons = await asked(home, ann, agents, Reply("First.", choices=choices))
    home.hub.replies.append(Reply("Second.", choices=choices, replaces=True))

    await ann.press(buttons, "Next").answered()

    await home.discord.until(lambda: buttons.text == "Second." or None)
    assert len(home.discord.sent(agents)) == 1


async def test_a_first_answer_that_stands_as_it_should_is_not_edited(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies.append(Reply("Really?", choices=CHOICES))
    message = await ann.slash(agents, "new").said()
    await home.until_stored(message)
    ann.write(agents, "go on")
    await home.until_noted(f"heard:{agents.guild.id}", max(agents.messages))  # type: ignore[union-attr]
    await home.until_settled()

    assert len(message.looks) == 1 and message.labels == ["Allow", "Reject"]


async def test_what_follows_on_a_private_list_stays_private(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies.append(Reply("A list.", choices=CHOICES, private=True))
    listed = await ann.slash(agents, "new").said()
    assert listed.ephemeral
    home.hub.replies.append(Reply("Really?", choices=CHOICES))

    answer = await ann.press(listed, "Allow").said()

    assert answer.ephemeral and answer.labels == ["Allow", "Reject"]


async def test_a_private_answer_learns_of_the_thread_that_is_opened(home: House, ann: Person, agents: Channel) -> None:
    place = Place("p1", "s1", "discord", str(agents.id), None, "A title")
    home.hub.views[OneSession("s1")] = _session(place)
    home.hub.replies.append(Reply("New session.", session="s1", private=True))
    answer = await ann.slash(agents, "new").said()
    assert "as soon as it is open" in answer.text

    ref = ThreadRef("discord", str(agents.id), "77")
    opened = replace(place, ref=ref, url="https://discord.com/channels/1/77", refused="")
    home.hub.views[OneSession("s1")] = _session(opened)
    home.adapter.show(None, Said("s1", None, 1, 0.0, PlaceChanged(opened)))

    await home.discord.until(lambda: "channels/1/77" in answer.text or None)
    assert "as soon as it is open" not in answer.text


def _session(place: Place) -> SessionView:
    return SessionView(SessionRow(RECORD, Phase.IDLE, place), (), (), (), None)


# --- forms -----------------------------------------------------------------------------------------


async def test_a_form_is_a_modal_and_what_is_filled_in_is_a_press(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies.append(Reply("Which title?", form=Form("f1.0", "Rename", (FIELD,))))
    modal = await ann.slash(agents, "new").opened()
    assert modal.title == "Rename" and modal.fields[0]["value"] == "Now"
    home.hub.replies.append(Reply("Renamed."))

    await ann.submit(modal, {"Title": "Then"}).said()

    pressed = home.hub.heard[-1]
    assert isinstance(pressed, Pressed) and (pressed.token, dict(pressed.values)) == ("f1.0", {"title": "Then"})


async def test_no_form_is_opened_in_answer_to_a_form(home: House, ann: Person, agents: Channel) -> None:
    form = Form("f1.0", "Rename", (FIELD,))
    home.hub.replies += [Reply("Which title?", form=form), Reply("Another title?", form=form)]
    modal = await ann.slash(agents, "new").opened()

    message = await ann.submit(modal, {"Title": "Then"}).said()

    assert message.ephemeral and message.text == "Another title?"


async def test_a_form_that_comes_too_late_says_so(home: House, ann: Person, agents: Channel) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("Which title?", form=Form("f1.0", "Rename", (FIELD,))))
    interaction = await ann.slash(agents, "new").answered()
    home.hub.hold.set()

    message = await interaction.said()
    await home.discord.until(lambda: "took too long" in message.text or None)


async def _question(home: House, agents: Channel, *fields: Field) -> Seen:
    """The message of a question with these fields."""
    button = {"type": 2, "style": 3, "label": "Answer", "custom_id": "f:q1.0"}
    message = home.discord.post(
        agents, home.discord.bot, text="Which one?", components=({"type": 1, "components": [button]},)
    )
    pages = (Page(0, str(message.id), PageState.SHOWN),)
    await home.ledger.open(Card("c1", CardKind.QUESTION, "q1", where=where(agents), pages=pages))
    question = Question("q1", "s1", None, "Which one?", None, 0.0, None, fields=fields)
    home.hub.views[OneQuestion("q1")] = QuestionView(RECORD, question)
    return message


async def test_a_question_s_fields_are_a_modal_without_asking_core(home: House, ann: Person, agents: Channel) -> None:
    fields = (Field("a", "A"), Field("b", "B", kind="choices", options=(("x", "X"), ("y", "Y")), required=False))
    question = await _question(home, agents, *fields)
    modal = await ann.press(question, "Answer").opened()
    assert home.hub.heard == []
    home.hub.replies.append(Reply("Answered.", quiet=True))

    await ann.submit(modal, {"a": "one", "b[]": ["x", "y"]}).answered()

    pressed = home.hub.heard[-1]
    assert isinstance(pressed, Pressed) and dict(pressed.values) == {"a": "one", "b": '["x", "y"]'}


async def test_a_question_s_form_that_was_refused_comes_back_as_it_was_filled_in(
    home: House, ann: Person, agents: Channel
) -> None:
    fields = (Field("a", "A"), Field("b", "B", kind="choices", options=(("x", "X"), ("y", "Y")), required=False))
    question = await _question(home, agents, *fields)
    home.hub.replies.append(Reply("“three” is no number.", refused=True))
    modal = await ann.press(question, "Answer").opened()
    await ann.submit(modal, {"a": "three", "b[]": ["y"]}).said()
    again = await ann.press(question, "Answer").opened()

    assert again.fields[0]["value"] == "three"
    assert [one["default"] for one in again.fields[1]["options"]] == [False, True]


async def test_more_fields_than_a_modal_has_are_asked_step_by_step(home: House, ann: Person, agents: Channel) -> None:
    question = await _question(home, agents, *(Field(f"f{number}", f"F{number}") for number in range(6)))
    step = Form("q1.0", "Which one?", (Field("f0", "F0"),))
    home.hub.replies.append(Reply("Which one?\n(1 of 6)", form=step, choices=(Choice("Cancel", "m2.0"),)))

    interaction = await ann.press(question, "Answer").answered()

    assert interaction.modal is None
    pressed = home.hub.heard[-1]
    assert isinstance(pressed, Pressed) and not pressed.origin.dialogs
    await shown(home.discord, agents, "1 of 6")


# --- what is asked ---------------------------------------------------------------------------------


class Suggesting(ScriptedHub):
    """Offers directories."""

    asked: Suggestions | None = None

    async def look(self, query: Query[Any], who: UserRef) -> Any:
        if isinstance(query, Suggestions):
            self.asked = query
            return (("/work", "/work"), ("/" + "x" * 100, "too long"), ("/w", "y" * 200))
        return await super().look(query, who)


async def test_suggestions_know_what_stands_already_and_leave_out_what_is_too_long(
    discord: Discord, ann: Person, agents: Channel, tmp_path: Path
) -> None:
    hub = Suggesting()
    params = (Param("agent", "who", suggests=True), Param("workspace", "where", suggests=True))
    hub.menu = (CommandInfo("new", "start a session", "", params=params),)
    async with house(discord, tmp_path, hub, agents, ann) as home:
        await home.up()
        assert await ann.autocomplete(agents, "new", "workspace", "wo", agent="stub") == ["/work", "/w"]
    assert hub.asked is not None and dict(hub.asked.given) == {"agent": "stub"}


async def test_the_agent_s_own_commands(home: House, ann: Person, agents: Channel) -> None:
    home.hub.replies.append(None)
    answer = await ann.slash(agents, "agent", name="/compact", message="all of it").said()

    said = home.hub.heard[-1]
    assert isinstance(said, Command) and said.name == "agent"
    assert dict(said.values) == {"name": "/compact", "message": "all of it"}
    assert answer.ephemeral


async def test_in_another_channel_the_refusal_names_the_one_where_it_works(
    home: House, ann: Person, agents: Channel
) -> None:
    assert agents.guild is not None
    other = home.discord.text_channel(agents.guild, "random")
    refused = await ann.slash(other, "new").said()

    assert refused.ephemeral and f"This works in <#{agents.id}>," in refused.text
    assert home.hub.heard == []
