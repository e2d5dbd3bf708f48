"""Forms in chats without dialogs: one field after the other, by text or by buttons."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openacp_bot.core.errors import UserError
from openacp_bot.core.events import Asked, AskWithdrawn, QuestionAsked, QuestionSettled
from openacp_bot.core.forms import value_of
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Field, Phase, Question, TitleRank
from openacp_bot.core.settings import PermissionPolicy
from tests.core.chat import BOB, TEAM, Chat, labels, refused
from tests.core.lodge import Lodge, lodge, queued
from tests.core.slow import SlowStore
from tests.virtual_time import virtual

COLOURS = (("r", "Red"), ("g", "Green"))
FIELDS = (
    Field("name", "Your name"),
    Field("size", "Size", kind="integer", hint="in metres"),
    Field("colour", "Colour", kind="choice", options=COLOURS),
    Field("note", "Note", required=False, default="none"),
)


async def asked(core: Lodge, *fields: Field) -> Question:
    core.agent.say(Asked("f1", "What shall it be?", fields=fields or FIELDS))
    await core.pass_time(0.1)
    events = [event.question for event in core.screen.events(QuestionAsked) if isinstance(event, QuestionAsked)]
    return events[-1]


async def at_work(core: Lodge) -> Chat:
    _, topic = await Chat(core).new(topic="7")
    await topic.say("work")
    return topic


def step(reply: Reply | None) -> str:
    """The field that is asked for."""
    assert reply is not None and reply.form is not None and len(reply.form.fields) == 1, reply
    return reply.form.fields[0].name


@virtual
async def test_submit_asks_field_by_field_and_then_answers(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        reply = await topic.press(question.options[0].id)
        assert step(reply) == "name" and labels(reply) == ["Cancel"] and "(1 of 4)" in (reply or Reply("")).text
        assert step(await topic.say("Ada")) == "size"
        reply = await topic.say("12")
        assert step(reply) == "colour" and labels(reply) == ["Red", "Green", "Cancel"]
        reply = await topic.push(reply, "Green")
        assert step(reply) == "note" and labels(reply) == ["Skip", "Cancel"] and reply.replaces
        done = await topic.push(reply, "Skip")
        assert (done.text, done.replaces) == ("Answered.", True)

        values = {"name": "Ada", "size": "12", "colour": "g", "note": "none"}
        assert core.agent.answers == [("f1", None, values)] and core.agent.prompts == ["work"]
        assert len(core.screen.events(QuestionSettled)) == 1


@virtual
async def test_a_reply_to_the_question_fills_its_first_field(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, *FIELDS[:2])
        assert step(await topic.say("Ada", answers=question.id)) == "size"
        await topic.say("3")

        assert core.agent.answers == [("f1", None, {"name": "Ada", "size": "3"})]


@virtual
async def test_a_reply_to_a_question_with_one_text_field_answers_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, FIELDS[0])
        await topic.say("Ada", answers=question.id)

        assert core.agent.answers == [("f1", None, {"name": "Ada"})] and core.agent.prompts == ["work"]


@pytest.mark.parametrize(("field", "typed"), [(FIELDS[1], "twelve"), (FIELDS[2], "blue"), (FIELDS[1], "1.5")])
@virtual
async def test_a_wrong_answer_is_asked_for_again_with_a_sentence(field: Field, typed: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, FIELDS[0], field)
        await topic.press(question.options[0].id)
        await topic.say("Ada")
        reply = await topic.say(typed)
        assert step(reply) == field.name and typed in (reply or Reply("")).text and core.agent.answers == []
        await topic.say("1")

        assert core.agent.answers == [("f1", None, {"name": "Ada", field.name: "1" if field is FIELDS[1] else "r"})]


@virtual
async def test_leaving_a_form_touches_neither_the_turn_nor_the_question(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        reply = await topic.press(question.options[0].id)
        left = await topic.push(reply, "Cancel")
        assert left is not None and "Nothing was changed" in left.text
        assert core.agent.cancels == 0 and core.agent.answers == []
        session = core.manager.longest_idle()[0]
        assert session.phase is Phase.WAITING and len(session.questions) == 1
        await topic.say("just a message")
        assert queued(core, session.id) == ["just a message"]
        await topic.say("/cancel")

        assert core.agent.cancels == 1


@virtual
async def test_cancel_leaves_a_form_and_stops_the_turn_behind_it(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        await topic.say("waits")
        await topic.command("rename")
        reply = await topic.say("/cancel")

        assert reply is not None and reply.text == (
            "The form was left, and the running turn is cancelled too. What was answered so far is kept. "
            "1 queued message was not sent."
        )
        assert core.agent.cancels == 1


@virtual
async def test_cancel_leaves_a_form_where_nothing_runs(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("rename")
        assert (await topic.say("/cancel") or Reply("")).text == "Nothing was changed."
        await topic.say("hello")

        assert core.agent.prompts == ["hello"] and core.phase(id) is Phase.RUNNING


@virtual
async def test_another_command_ends_the_form_and_is_done(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        await topic.command("rename")
        assert "Workspace:" in (await topic.say("/status") or Reply("")).text
        await topic.say("no title")

        (session,) = core.manager.longest_idle()
        assert queued(core, session.id) == ["no title"] and session.record.title != "no title"


@virtual
async def test_a_form_goes_on_after_a_restart(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("rename")
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        answer = await Chat(core, topic="7").say("After the night")

        assert answer is not None and "After the night" in answer.text
        assert (await core.record(id)).title == "After the night"


@virtual
async def test_a_form_expects_an_answer_for_ten_minutes_from_each_question_on(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, *FIELDS[:2])
        await topic.press(question.options[0].id)
        await core.pass_time(500)
        assert step(await topic.say("Ada")) == "size"
        await core.pass_time(500)
        assert (await topic.say("4")) is not None and core.agent.answers
        await topic.command("rename")
        await core.pass_time(601)
        await topic.say("too late")

        (session,) = core.manager.longest_idle()
        assert session.record.title != "too late"


@virtual
async def test_a_button_of_a_field_that_is_no_longer_asked_for_does_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, FIELDS[2], FIELDS[0])
        first = await topic.press(question.options[0].id)
        await topic.say("red")

        assert "no longer valid" in refused(await topic.push(first, "Green"))
        assert "for the person who asked" in refused(await topic.by(BOB).push(first, "Red"))


@virtual
async def test_the_cancel_of_a_field_that_is_no_longer_asked_for_leaves_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, *FIELDS[:2])
        first = await topic.press(question.options[0].id)
        await topic.say("Ada")
        assert "no longer valid" in refused(await topic.push(first, "Cancel"))
        await topic.say("3")

        assert core.agent.answers == [("f1", None, {"name": "Ada", "size": "3"})]


@virtual
async def test_an_answer_to_the_agent_does_not_leave_a_form(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        core.agent.ask("q1")
        await core.pass_time(0.1)
        ((question,), id) = ((session := core.manager.longest_idle()[0]).questions, session.id)
        await topic.command("rename")
        await topic.press(question.options[0].id)
        await topic.say("A title")

        assert (await core.record(id)).title == "A title"


@virtual
async def test_a_forgotten_form_takes_no_message_to_the_session_after_three_minutes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("rename")
        await core.pass_time(170)
        await topic.say("in time")
        assert (await core.record(id)).title == "in time"
        form = await topic.command("rename")
        await core.pass_time(190)
        await topic.say("go on")

        assert core.agent.prompts == ["go on"] and (await core.record(id)).title == "in time"
        assert "no longer valid" in refused(await topic.push(form, "Cancel"))


@virtual
async def test_where_no_session_takes_messages_a_form_waits_ten_minutes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core)
        await chat.push(await chat.command("new", "fake"), "Type a path")
        await core.pass_time(590)
        reply = await chat.say(".")

        assert reply is not None and reply.session


@virtual
async def test_only_who_may_answer_is_asked(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM, permissions=PermissionPolicy(approvers="requester")) as core:
        topic = await at_work(core)
        question = await asked(core)
        assert "may not answer" in refused(await topic.by(BOB).press(question.options[0].id))
        await topic.by(BOB).say("Bob's words", answers=question.id)

        (session,) = core.manager.longest_idle()
        assert queued(core, session.id) == ["Bob's words"] and core.agent.answers == []


@virtual
async def test_decline_answers_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        await topic.press(question.options[1].id)

        assert core.agent.answers == [("f1", "decline", None)]


@virtual
async def test_an_album_or_a_file_is_no_answer(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        id, topic = await Chat(core).new(topic="7")
        await topic.command("rename")
        await topic.say("look", files=topic.attached("a.txt"))
        assert (await core.record(id)).title_rank is not TitleRank.PERSON
        await topic.say("A title")

        assert (await core.record(id)).title == "A title"


@virtual
async def test_many_options_are_listed_by_number(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        options = tuple((f"v{n}", f"Option {n}") for n in range(1, 41))
        question = await asked(core, Field("x", "X"), Field("one", "One", kind="choice", options=options))
        await topic.press(question.options[0].id)
        reply = await topic.say("x")
        assert labels(reply) == ["Cancel"] and "40. Option 40" in (reply or Reply("")).text
        await topic.say("40")

        assert core.agent.answers == [("f1", None, {"x": "x", "one": "v40"})]


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (Field("f", "F"), "  words ", "words"),
        (Field("f", "F", kind="number"), "1.5", "1.5"),
        (Field("f", "F", kind="integer"), "-3", "-3"),
        (Field("f", "F", kind="choice", options=COLOURS), "GREEN", "g"),
        (Field("f", "F", kind="choice", options=COLOURS), "2", "g"),
        (Field("f", "F", kind="choice", options=(("2", "Two"), ("1", "One"))), "2", "2"),
        (Field("f", "F", kind="choices", options=COLOURS), "red, 2", '["r", "g"]'),
        (Field("f", "F", kind="boolean", options=(("true", "Yes"), ("false", "No"))), "y", "true"),
        (Field("f", "F", kind="boolean", options=(("true", "Yes"), ("false", "No"))), "off", "false"),
    ],
)
def test_typed_answers_are_understood(field: Field, typed: str, value: str) -> None:
    assert value_of(field, typed) == value


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (Field("f", "F", kind="number"), "nan"),
        (Field("f", "F", kind="integer"), "1.0"),
        (Field("f", "F", kind="choice", options=COLOURS), "3"),
        (Field("f", "F", kind="choice", options=COLOURS), "0"),
        (Field("f", "F", kind="choices", options=COLOURS), "red, blue"),
        (Field("f", "F", kind="boolean", options=(("true", "Yes"), ("false", "No"))), "maybe"),
    ],
)
def test_other_answers_are_refused_with_what_was_typed(field: Field, typed: str) -> None:
    with pytest.raises(UserError, match=typed.rpartition(" ")[2]):
        value_of(field, typed)


async def settled_meanwhile(core: Lodge, topic: Chat, question: Question, how: str) -> None:
    """The question is settled while somebody fills in its form."""
    match how:
        case "declined":
            await topic.by(BOB).press(question.options[1].id)
        case "died":
            core.agent.die()
        case "withdrawn":
            core.agent.say(AskWithdrawn("f1"))
        case "its turn is over":
            core.agent.finish()
    await core.pass_time(0.5)


@pytest.mark.parametrize("how", ["declined", "died", "withdrawn", "its turn is over"])
@virtual
async def test_a_form_whose_question_is_settled_takes_no_message(how: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        await topic.press(question.options[0].id)
        assert step(await topic.say("Ada")) == "size"
        await settled_meanwhile(core, topic, question, how)
        reply = await topic.say("a prompt of its own")
        await core.pass_time(1)

        assert reply is None or reply.form is None
        waiting = [prompt.text for prompt in core.manager.longest_idle()[0].queue]
        assert "a prompt of its own" in [*core.agent.prompts, *waiting]


@pytest.mark.parametrize("label", ["Red", "Skip", "Cancel"])
@virtual
async def test_buttons_of_a_form_whose_question_is_settled_are_no_longer_valid(label: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, FIELDS[2 if label == "Red" else 3], FIELDS[0])
        reply = await topic.press(question.options[0].id)
        await settled_meanwhile(core, topic, question, "declined")

        assert "no longer valid" in refused(await topic.push(reply, label))


@virtual
async def test_cancel_after_a_forms_question_was_settled_stops_the_turn(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        await topic.press(question.options[0].id)
        await settled_meanwhile(core, topic, question, "declined")
        reply = await topic.say("/cancel")

        assert reply is not None and "form" not in reply.text and core.agent.cancels == 1


@virtual
async def test_answer_pressed_again_while_its_form_is_open_asks_no_second_time(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core, *FIELDS[:2])
        first = await topic.press(question.options[0].id)
        assert step(await topic.say("Ada")) == "size"
        again = await topic.press(question.options[0].id)
        assert again is not None and (again.text, again.quiet, again.form) == ("It is asked below already.", True, None)
        assert step(await topic.by(BOB).press(question.options[0].id)) == "name"
        await topic.say("12")

        assert first is not None
        assert core.agent.answers == [("f1", None, {"name": "Ada", "size": "12"})]


@virtual
async def test_answer_asks_again_once_its_form_was_left(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        await topic.push(await topic.press(question.options[0].id), "Cancel")

        assert step(await topic.press(question.options[0].id)) == "name"


@virtual
async def test_a_question_that_a_message_has_answered_is_closed_with_what_was_said(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        topic = await at_work(core)
        question = await asked(core)
        await topic.press(question.options[0].id)

        second = await topic.say("Ada")
        wrong = await topic.say("tall")
        third = await topic.say("12")

        assert second is not None and second.closes and second.closed_as == "✏️ Your name — Ada"
        assert wrong is not None and wrong.closes not in ("", second.closes) and wrong.closed_as == "✏️ Size — tall"
        assert third is not None and third.closes not in ("", wrong.closes) and third.closed_as == "✏️ Size — 12"
