"""One session's turns: from a message to its end, in every order that people and agents find."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from openacp_bot.core.errors import AgentError, ModelRefused
from openacp_bot.core.events import Outcome, PromptChanged, QuestionSettled, TextChunk, ToolCallChanged, TurnEnded
from openacp_bot.core.model import Phase, PromptState, State, ToolCall
from openacp_bot.core.ports import How
from tests.core.lodge import changed, lodge, turn_of
from tests.virtual_time import virtual


@virtual
async def test_a_message_reaches_the_agent_and_its_answer_every_screen(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "say hello")
        core.agent.say("hel", "lo")
        core.agent.finish()
        await core.pass_time(1)

        assert core.agent.prompts == ["say hello"]
        assert core.text() == "hello"
        assert core.ends() == [Outcome.DONE]
        assert core.phase(id) is Phase.IDLE
        assert (await core.record(id)).state is State.ACTIVE


@virtual
async def test_history_holds_prompt_answer_tool_and_end_in_order(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "do it")
        core.agent.say("on it", ToolCallChanged(ToolCall("c", "Build", status="in_progress")))
        core.agent.say(ToolCallChanged(ToolCall("c", "Build", status="completed")))
        core.agent.finish()
        await core.pass_time(1)

        kinds = [type(event) for event in await core.history(id)]
        assert kinds == [PromptChanged, TextChunk, ToolCallChanged, TurnEnded]


@virtual
async def test_messages_during_a_turn_queue_and_run_in_order(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        for text in ("one", "two", "three"):
            await core.send(id, text)
        assert [prompt.text for prompt in core.live(id).queue] == ["two", "three"]
        for _ in range(3):
            core.agent.finish()
            await core.pass_time(1)

        assert core.agent.prompts == ["one", "two", "three"]


@virtual
async def test_a_message_can_be_sent_before_the_agent_is_up(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.delay = 30
        reply = await core.command("new", "fake . -- first words")
        assert reply is not None
        assert core.phase(reply.session) is Phase.LAUNCHING
        await core.send(reply.session, "second words")
        await core.pass_time(31)

        assert core.agent.prompts == ["first words"]
        assert [prompt.text for prompt in core.live(reply.session).queue] == ["second words"]


@virtual
async def test_the_same_message_twice_is_one_prompt(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "once", key="k")
        await core.send(id, "once", key="k")
        core.agent.finish()
        await core.pass_time(1)

        assert core.agent.prompts == ["once"]


@virtual
async def test_cancel_keeps_the_answer_drops_the_queue_and_the_session_stays_active(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "long story")
        await core.send(id, "queued")
        core.agent.say("once upon")
        reply = await core.command("cancel", session=id)
        await core.pass_time(1)

        assert reply is not None and "1 queued message was not sent" in reply.text
        assert core.text() == "once upon"
        assert core.ends() == [Outcome.CANCELLED]
        assert core.live(id).queue == ()
        assert (await core.record(id)).state is State.ACTIVE
        assert core.launcher.agents == [core.agent]
        dropped = [e.prompt for e in await core.history(id) if isinstance(e, PromptChanged)][-1]
        assert (dropped.text, dropped.state) == ("queued", PromptState.DROPPED)


@virtual
async def test_a_cancelled_prompt_can_be_sent_again(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "first")
        await core.send(id, "queued")
        reply = await core.command("cancel", session=id)
        await core.pass_time(1)
        assert reply is not None and reply.choices[0].label.startswith("Send again")
        await core.press(reply.choices[0].token, session=id)

        assert core.agent.prompts == ["first", "queued"]


@virtual
async def test_an_agent_that_ignores_cancel_is_killed_and_launched_again_in_its_slot(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        stubborn = core.agent
        stubborn.obeys_cancel = False
        await core.send(id, "work")
        await core.command("cancel", session=id)
        await core.pass_time(11)

        assert core.ends() == [Outcome.CANCELLED]
        assert core.agent is not stubborn and core.agent.how is How.RESUMED
        assert core.phase(id) is Phase.IDLE
        assert core.manager.slots_used == 1


@virtual
async def test_a_second_cancel_kills_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.obeys_cancel = False
        await core.send(id, "work")
        await core.command("cancel", session=id)
        await core.command("cancel", session=id)
        await core.pass_time(1)

        assert len(core.launcher.agents) == 2
        assert core.ends() == [Outcome.CANCELLED]


@virtual
async def test_cancel_during_the_launch_drops_what_waits_and_nothing_runs_later(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.delay = 30
        reply = await core.command("new", "fake . -- never to be sent")
        assert reply is not None
        said = await core.command("cancel", session=reply.session)
        await core.pass_time(60)

        assert said is not None and "1 queued message was not sent" in said.text
        assert core.agent.prompts == []
        assert core.phase(reply.session) is Phase.IDLE


@virtual
async def test_a_death_in_a_turn_is_an_error_with_the_last_words_and_continue(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "then this")
        core.agent.say("half an ans")
        core.agent.die(3, "out of memory")
        await core.pass_time(1)

        record = await core.record(id)
        assert core.ends() == [Outcome.CRASHED]
        assert record.state is State.ERROR and "out of memory" in record.reason
        assert core.text() == "half an ans"
        offer = core.notices()[-1]
        assert [choice.label for choice in offer.choices] == ["Continue", "Run the queue", "Clear"]
        assert offer.text == "What was answered so far is kept. 1 message behind it waits."
        assert (offer.ring, offer.soon) == (False, True)  # the turn's end has said why, and rang
        assert core.manager.slots_used == 0
        assert [prompt.text for prompt in await core.store.queued(id)] == ["then this"]


@virtual
async def test_continue_asks_the_agent_to_check_first_and_then_runs_the_queue(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        await core.send(id, "then this")
        core.agent.die()
        await core.pass_time(1)
        await core.press(core.notices()[-1].choices[0].token, session=id)
        await core.pass_time(1)
        assert "interrupted" in core.agent.prompts[0] and '"work"' in core.agent.prompts[0]
        core.agent.finish()
        await core.pass_time(1)

        assert core.agent.prompts[1:] == ["then this"]


@virtual
async def test_a_death_between_turns_is_noticed_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.die(1, "crashed while idle")
        await core.pass_time(0.1)
        assert (await core.record(id)).state is State.ERROR

        other = await core.new()
        core.agent.die(0, "")
        await core.pass_time(0.1)
        assert (await core.record(other)).state is State.FINISHED


@virtual
async def test_a_message_wakes_a_session_in_error(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        core.agent.die()
        await core.pass_time(1)
        await core.send(id, "are you there?")
        await core.pass_time(1)

        assert core.agent.prompts == ["are you there?"]
        assert (await core.record(id)).state is State.ACTIVE
        assert core.launcher.launched_with[-1]["resume"] == "conversation-0"


@virtual
async def test_a_prompt_whose_launch_fails_is_kept_and_try_again_runs_it(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.fail = [AgentError("fake is not installed")]
        reply = await core.command("new", "fake . -- keep me")
        assert reply is not None
        await core.pass_time(1)
        record = await core.record(reply.session)
        notice = core.notices()[-1]
        assert record.state is State.ERROR and record.reason == "fake is not installed"
        assert [choice.label for choice in notice.choices] == ["Try again", "Clear"]
        await core.press(notice.choices[0].token, session=reply.session)
        await core.pass_time(1)

        assert core.agent.prompts == ["keep me"]


@virtual
async def test_a_start_model_that_the_agent_refuses_can_be_given_up(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.fail = [ModelRefused("fake did not set Model to “huge”.")]
        reply = await core.command("new", "fake . --model huge -- keep me")
        assert reply is not None
        await core.pass_time(1)
        notice = core.notices()[-1]
        assert [choice.label for choice in notice.choices] == ["Try again", "Model: the agent's own", "Clear"]
        answer = await core.press(notice.choices[1].token, session=reply.session)
        await core.pass_time(1)

        assert answer is not None and not answer.refused
        assert [launch["model"] for launch in core.launcher.launched_with] == ["huge", ""]
        assert core.agent.prompts == ["keep me"] and (await core.record(reply.session)).model == ""


@virtual
async def test_silence_is_told_and_wait_gives_more_time(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "think hard")
        await core.pass_time(601)
        assert [choice.label for choice in core.notices()[-1].choices] == ["Wait", "Stop"]
        await core.pass_time(1000)
        await core.press(core.notices()[-1].choices[0].token, session=id)
        await core.pass_time(500)

        assert core.phase(id) is Phase.RUNNING
        assert core.agent.cancels == 0


@virtual
async def test_three_times_the_silence_cancels_and_ends_in_error(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "think hard")
        await core.pass_time(1802)

        assert core.ends() == [Outcome.STUCK]
        assert (await core.record(id)).state is State.ERROR
        assert core.manager.slots_used == 0


@virtual
async def test_an_open_tool_call_only_warns(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "run the tests")
        core.agent.say(ToolCallChanged(ToolCall("c", "pytest", "execute", "in_progress")))
        await core.pass_time(7200)
        assert len(core.notices()) == 1 and "pytest" in core.notices()[0].text
        core.agent.finish()
        await core.pass_time(1)

        assert core.ends() == [Outcome.DONE]


@virtual
async def test_an_idle_session_is_cancelled_and_its_next_message_wakes_it(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "hello")
        core.agent.finish()
        await core.pass_time(3590)
        assert core.phase(id) is Phase.IDLE
        await core.pass_time(20)
        assert (await core.record(id)).state is State.CANCELLED
        assert core.launcher.running == set()
        await core.send(id, "good morning")
        await core.pass_time(1)

        assert core.agent.prompts == ["good morning"]
        assert core.agent.conversation == "conversation-0"


@virtual
async def test_a_running_turn_is_not_idleness(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, idle_timeout=timedelta(minutes=1))
        id = await core.new()
        await core.send(id, "work for long")
        for _ in range(20):
            await core.pass_time(30)
            core.agent.say(".")

        assert core.phase(id) is Phase.RUNNING


@virtual
async def test_late_text_belongs_to_no_turn(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "hello")
        core.agent.say("answer")
        core.agent.finish()
        core.agent.say(TextChunk("m2", "by the way"))
        await core.pass_time(1)

        late = [said for said in core.screen.said if said.event == TextChunk("m2", "by the way")]
        assert [said.turn for said in late] == [None]


@virtual
async def test_open_tool_calls_are_closed_when_the_agent_dies(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "work")
        core.agent.say(ToolCallChanged(ToolCall("c", "make", status="in_progress")))
        core.agent.die()
        await core.pass_time(1)

        calls = [event.call.status for event in await core.history(id) if isinstance(event, ToolCallChanged)]
        assert calls == ["ended"]


@virtual
async def test_a_lost_memory_is_told_and_our_record_is_handed_over(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "my cat is called Minka")
        core.agent.say("noted")
        core.agent.finish()
        await core.pass_time(1)
        await core.command("finish", session=id)
        await core.pass_time(1)
        core.launcher.resumes = How.NEW_WITHOUT_HISTORY
        await core.send(id, "what is my cat called?")
        await core.pass_time(1)
        assert any("could not reload its memory" in notice.text for notice in core.notices())
        assert "USER: my cat is called Minka" in core.agent.prompts[0]
        assert core.agent.prompts[0].endswith("what is my cat called?")
        core.agent.finish()
        await core.pass_time(1)
        await core.send(id, "thanks")

        assert core.agent.prompts[1] == "thanks"


@virtual
async def test_a_prompt_that_waited_long_says_its_age(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings = changed(core.settings, silence=timedelta(hours=5))
        id = await core.new()
        await core.send(id, "long work")
        await core.send(id, "queued")
        await core.pass_time(1300)
        core.agent.finish()
        await core.pass_time(1)

        assert core.agent.prompts[1] == "[This message was written 21 min ago and waited in the queue.]\n\nqueued"


@virtual
async def test_everything_of_a_turn_comes_before_its_end(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        await core.send(id, "go")
        core.agent.ask("q1")
        core.agent.say("tail")
        core.agent.finish()
        await core.pass_time(1)

        turn = turn_of(core.screen.said)
        of_turn = [said.event for said in core.screen.said if said.turn == turn]
        assert [type(event) for event in of_turn[-2:]] == [PromptChanged, TurnEnded]
        assert any(isinstance(event, QuestionSettled) for event in of_turn[:-2])
        assert id


@pytest.mark.parametrize("button", [0, 1])
@virtual
async def test_an_offer_after_a_refused_launch_is_taken_up_once(button: int, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.fail = [ModelRefused("fake did not set Model to “huge”.")]
        reply = await core.command("new", "fake . --model huge -- keep me")
        assert reply is not None
        await core.pass_time(1)
        offer = core.notices()[-1]
        await core.press(offer.choices[button].token, session=reply.session)
        await core.pass_time(1)
        taken = core.notices()[-1]
        assert (taken.id, taken.choices, taken.ring) == (offer.id, (), False)
        assert taken.text.startswith("❌ fake did not set Model")
        await core.command("finish", session=reply.session)
        await core.pass_time(1)
        for choice in offer.choices[:2]:
            again = await core.press(choice.token, session=reply.session)
            assert again is not None and again.refused and "no longer valid" in again.text
        await core.pass_time(1)

        assert core.manager.slots_used == 0
        assert (await core.record(reply.session)).model == ("huge" if button == 0 else "")


@virtual
async def test_a_session_that_runs_keeps_its_model(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.launcher.fail = [ModelRefused("fake did not set Model to “huge”.")]
        reply = await core.command("new", "fake . --model huge -- keep me")
        assert reply is not None
        await core.pass_time(1)
        offer = core.notices()[-1]
        await core.send(reply.session, "once more")
        await core.pass_time(1)
        answer = await core.press(offer.choices[1].token, session=reply.session)

        assert answer is not None and answer.refused and answer.text.startswith("It runs already")
        assert (await core.record(reply.session)).model == "huge"
