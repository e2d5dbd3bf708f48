"""Permission questions: rules first, the right person, one answer each, and never left open on a screen."""

from __future__ import annotations

from pathlib import Path

from openacp_bot.core.events import (
    Asked,
    AskOption,
    AskWithdrawn,
    Outcome,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
)
from openacp_bot.core.model import Diff, Field, Phase, Question, Settlement, State, ToolCall, UserRef
from openacp_bot.core.settings import AccessList, PermissionPolicy, Rule
from tests.core.lodge import Lodge, lodge
from tests.virtual_time import virtual

ALICE = UserRef("telegram", "1", "Alice")
BOB = UserRef("telegram", "2", "Bob")
TEAM = {"telegram": AccessList(users=frozenset({"1", "2", "3"}), admins=frozenset({"3"}))}


def asked(core: Lodge) -> list[Question]:
    return [event.question for event in core.screen.events(QuestionAsked) if isinstance(event, QuestionAsked)]


def settled(core: Lodge) -> list[Settlement]:
    return [event.settlement for event in core.screen.events(QuestionSettled) if isinstance(event, QuestionSettled)]


@virtual
async def test_an_answer_reaches_the_agent_and_says_who_decided(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(1)
        (question,) = asked(core)
        assert core.phase(id) is Phase.WAITING
        assert [option.label for option in question.options] == ["Allow once", "Reject", "Allow for this session"]
        await core.press(question.options[0].id, session=id)

        assert core.agent.answers == [("q1", "yes", None)]
        (settlement,) = settled(core)
        assert (settlement.label, settlement.allowed, settlement.by) == (
            "Allow once",
            True,
            UserRef("web", "local", "you"),
        )
        assert core.phase(id) is Phase.RUNNING


@virtual
async def test_several_questions_are_each_answerable_in_any_order(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.ask("q2")
        await core.pass_time(1)
        first, second = asked(core)
        await core.press(second.options[1].id)
        assert core.phase(id) is Phase.WAITING
        await core.press(first.options[0].id)

        assert core.agent.answers == [("q2", "no", None), ("q1", "yes", None)]


@virtual
async def test_a_second_press_is_told_that_it_is_too_late(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(1)
        (question,) = asked(core)
        await core.press(question.options[0].id)
        reply = await core.press(question.options[1].id)

        assert reply is not None and reply.refused and "no longer open" in reply.text
        assert core.agent.answers == [("q1", "yes", None)]
        assert id


@virtual
async def test_allow_for_this_session_answers_the_same_command_from_then_on(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(1)
        await core.press(asked(core)[0].options[2].id)
        core.agent.ask("q2")
        await core.pass_time(1)
        assert core.agent.answers == [("q1", "yes", None), ("q2", "yes", None)]
        core.agent.ask("q3", call=ToolCall("c3", "Run rm", "execute", command="rm -rf /"))
        await core.pass_time(1)

        assert core.phase(id) is Phase.WAITING
        assert (await core.record(id)).grants[0].command == "make"


@virtual
async def test_cancel_answers_every_open_question_with_cancelled(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.ask("q2")
        await core.pass_time(1)
        await core.command("cancel", session=id)
        await core.pass_time(1)

        assert core.agent.answers == [("q1", None, None), ("q2", None, None)]
        assert [one.how for one in settled(core)] == ["cancelled", "cancelled"]
        assert core.ends() == [Outcome.CANCELLED]


@virtual
async def test_a_question_that_comes_during_the_cancel_is_answered_cancelled_unseen(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.obeys_cancel = False
        await core.send(id, "build")
        await core.command("cancel", session=id)
        core.agent.ask("late")
        await core.pass_time(1)

        assert core.agent.answers == [("late", None, None)]
        assert asked(core) == []


@virtual
async def test_no_question_outlives_its_agent(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.die()
        await core.pass_time(1)

        assert [one.how for one in settled(core)] == ["interrupted"]
        question = await core.store.question(asked(core)[0].id)
        assert question is not None and question.settled is not None
        assert id


@virtual
async def test_no_question_outlives_its_turn(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(1)
        core.agent.finish()
        await core.pass_time(1)

        assert [one.how for one in settled(core)] == ["cancelled"]
        assert core.phase(id) is Phase.IDLE


@virtual
async def test_a_question_is_reminded_of_at_half_time_and_closed_at_the_end(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(901)
        assert [notice.ring for notice in core.notices() if "Still waiting" in notice.text] == [True]
        await core.pass_time(900)

        assert [one.how for one in settled(core)] == ["timeout"]
        assert core.agent.answers == [("q1", None, None)]
        assert core.phase(id) is Phase.RUNNING
        assert not any("silent" in notice.id for notice in core.notices())


@virtual
async def test_a_reply_to_the_question_rejects_it_and_is_the_next_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        await core.send(id, "queued before")
        core.agent.ask("q1")
        await core.pass_time(1)
        await core.send(id, "use ninja instead", answers=asked(core)[0].id)

        assert core.agent.answers == [("q1", "no", None)]
        assert [prompt.text for prompt in core.live(id).queue] == ["use ninja instead", "queued before"]


@virtual
async def test_a_withdrawn_question_closes_without_an_answer(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.say(AskWithdrawn("q1"))
        await core.pass_time(1)

        assert [one.how for one in settled(core)] == ["withdrawn"]
        assert core.phase(id) is Phase.RUNNING


@virtual
async def test_rules_deny_before_they_allow_and_a_denial_is_told(tmp_path: Path) -> None:
    rules = (Rule("allow", kind="execute"), Rule("deny", command="make*"))
    async with lodge(tmp_path, permissions=PermissionPolicy(rules=rules)) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.ask("q2", call=ToolCall("c", "ls", "execute", command="ls"))
        await core.pass_time(1)

        assert core.agent.answers == [("q1", "no", None), ("q2", "yes", None)]
        assert [notice.text for notice in core.notices()] == ["⛔ Denied (rule 2): Run make"]
        assert asked(core) == []
        assert id


@virtual
async def test_bypass_approves_all_but_what_is_denied_and_ends_with_the_process(tmp_path: Path) -> None:
    rules = (Rule("deny", command="rm*"), Rule("ask", command="make*"))
    async with lodge(tmp_path, permissions=PermissionPolicy(rules=rules)) as core:
        id = await core.new()
        await core.command("bypass", "on", session=id)
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.ask("q2", call=ToolCall("c", "rm", "execute", command="rm x"))
        await core.pass_time(1)
        assert core.agent.answers == [("q1", "yes", None), ("q2", "no", None)]
        core.agent.finish()
        await core.command("finish", session=id)
        await core.pass_time(1)

        record = await core.record(id)
        assert record.state is State.FINISHED and not record.bypass


@virtual
async def test_only_the_requester_may_answer_where_that_is_the_policy(tmp_path: Path) -> None:
    async with lodge(tmp_path, permissions=PermissionPolicy(approvers="requester"), access=TEAM) as core:
        id = await core.new()
        await core.send(id, "build", who=ALICE)
        core.agent.ask("q1")
        await core.pass_time(1)
        (question,) = asked(core)
        refused = await core.press(question.options[0].id, who=BOB)
        stranger = await core.press(question.options[0].id, who=UserRef("telegram", "666"))
        assert refused is not None and refused.refused and stranger is None
        assert core.agent.answers == []
        await core.press(question.options[0].id, who=ALICE)

        assert core.agent.answers == [("q1", "yes", None)]
        assert id


@virtual
async def test_where_admins_approve_others_may_not(tmp_path: Path) -> None:
    async with lodge(tmp_path, permissions=PermissionPolicy(approvers="admins"), access=TEAM) as core:
        id = await core.new()
        await core.send(id, "build", who=ALICE)
        core.agent.ask("q1")
        await core.pass_time(1)
        (question,) = asked(core)
        refused = await core.press(question.options[0].id, who=ALICE)
        assert refused is not None and refused.refused
        await core.press(question.options[0].id, who=UserRef("telegram", "3"))

        assert core.agent.answers == [("q1", "yes", None)]
        assert id


@virtual
async def test_option_ids_of_any_length_travel_as_our_own_short_ones(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        long = "x" * 300
        core.agent.ask("q1", AskOption(long, "Yes: always", "allow_always"), AskOption("?", "Strange", "unheard_of"))
        await core.pass_time(1)
        (question,) = asked(core)
        assert all(len(option.id.encode()) <= 64 for option in question.options)
        await core.press(question.options[0].id)

        assert core.agent.answers == [("q1", long, None)]
        assert id


@virtual
async def test_a_form_with_one_choice_has_buttons_and_another_wants_its_fields(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "set up")
        colour = Field("colour", "Colour", "choice", options=(("r", "Red"), ("g", "Green")))
        core.agent.say(Asked("f1", "Which colour?", fields=(colour,)))
        core.agent.say(Asked("f2", "Who are you?", fields=(Field("name", "Name"),)))
        await core.pass_time(1)
        buttons, form = asked(core)
        assert [option.label for option in buttons.options] == ["Red", "Green", "Decline"]
        await core.press(buttons.options[1].id)
        empty = await core.press(form.options[0].id)
        assert empty is not None and empty.text == "Please fill in: Name."
        await core.press(form.options[0].id, name="Ada")

        assert core.agent.answers == [("f1", None, {"colour": "g"}), ("f2", None, {"name": "Ada"})]
        assert id


@virtual
async def test_a_filled_form_says_answered_and_keeps_what_was_given(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await core.send(await core.new(), "set up")
        fields = (Field("name", "Name"), Field("why", "Why", required=False))
        core.agent.say(Asked("f1", "Who are you?", fields=fields))
        await core.pass_time(1)
        (form,) = asked(core)
        reply = await core.press(form.options[0].id, name="Ada", why="", other="x")

        assert reply is not None and reply.text == "Answered."
        (settlement,) = settled(core)
        assert settlement.values == (("name", "Ada"),)
        stored = await core.store.question(form.id)
        assert stored is not None and stored.settled == settlement


@virtual
async def test_a_declined_form_keeps_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await core.send(await core.new(), "set up")
        core.agent.say(Asked("f1", "Who are you?", fields=(Field("name", "Name"),)))
        await core.pass_time(1)
        await core.press(asked(core)[0].options[1].id, name="Ada")

        (settlement,) = settled(core)
        assert (settlement.kind, settlement.values) == ("decline", ())


@virtual
async def test_a_choice_among_more_than_buttons_can_show_is_a_form(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        await core.send(await core.new(), "set up")
        many = tuple((str(number), f"Number {number}") for number in range(200))
        core.agent.say(Asked("f1", "Which?", fields=(Field("n", "Number", "choice", options=many),)))
        await core.pass_time(1)
        (form,) = asked(core)
        assert ([option.label for option in form.options], len(form.fields)) == (["Submit", "Decline"], 1)
        await core.press(form.options[0].id, n="150")

        assert core.agent.answers == [("f1", None, {"n": "150"})]


@virtual
async def test_every_decision_is_audited(tmp_path: Path) -> None:
    rules = (Rule("deny", command="rm*"),)
    async with lodge(tmp_path, permissions=PermissionPolicy(rules=rules)) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        core.agent.ask("q2", call=ToolCall("c", "Edit", "edit", diffs=(Diff("/w/a.py", "x", "y"),)))
        core.agent.ask("q3", call=ToolCall("c", "rm", "execute", command="rm x"))
        await core.pass_time(1)
        await core.press(asked(core)[0].options[0].id)
        await core.press(asked(core)[1].options[1].id)

        lines = [(line.who, line.what, line.decision, line.rule) for line in core.store.audited]
        assert lines == [
            ("rule", "execute: rm x", "denied", "rule 1"),
            ("web:local", "execute: make", "Allow once", ""),
            ("web:local", "edit: /w/a.py", "Reject", ""),
        ]
        assert id


@virtual
async def test_an_unknown_or_foreign_button_says_that_it_is_no_longer_valid(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        for token in ("", "x", "nosuchmenu.0", "nosuchmenu.99999", "a.b.c", "....."):
            reply = await core.press(token)
            assert reply is not None and reply.text == "This button is no longer valid."


@virtual
async def test_history_shows_how_a_question_ended(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "build")
        core.agent.ask("q1")
        await core.pass_time(1)
        await core.press(asked(core)[0].options[1].id)
        core.agent.finish()
        await core.pass_time(1)

        history = await core.history(id)
        question = next(event.question for event in history if isinstance(event, QuestionAsked))
        assert question.settled is not None and question.settled.label == "Reject" and not question.settled.allowed
        assert isinstance(history[0], PromptChanged)
