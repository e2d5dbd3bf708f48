"""Who goes first, what stands above what, and who is told what."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

from openacp_bot.core.events import Notice, PromptChanged, TextChunk
from openacp_bot.core.inbound import Choice, Reply
from openacp_bot.core.model import Prompt, PromptState, ThreadRef, UserRef, Wanted
from tests.chat.stage import END, GENERAL, SPACE, Stage
from tests.virtual_time import virtual


@virtual
async def test_a_question_never_overtakes_the_text_before_it() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "I want to edit. " * 10)
        await stage.ask(place, "t1", "q1")
        stage.answer(place, "t1", "q1")
        stage.say(place, "t1", "Thanks.")
        stage.end(place, "t1")
        await stage.all_settled()

    texts = stage.platform.texts()
    assert "".join(texts[:3]) == ("I want to edit. " * 10).strip()
    assert texts[3:] == ["q1? Allowed", f"Thanks.\n{END}"]


@virtual
async def test_the_last_words_before_a_question_are_there_when_it_is_asked() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await asyncio.sleep(60)
        await stage.start(place, "t1")
        stage.say(place, "t1", "I want ")
        await stage.until(lambda: bool(stage.platform.messages))
        stage.say(place, "t1", "to edit.")
        await stage.ask(place, "t1", "q1")

        seconds = await stage.until(lambda: len(stage.platform.messages) == 2)

        assert stage.platform.texts() == ["I want to edit.", "q1?"]
        assert stage.platform.messages[1].rings
        assert seconds < 1


@virtual
async def test_an_open_question_stays_open_and_loses_its_buttons_when_settled() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        await stage.ask(place, "t1", "q1")
        await stage.until(lambda: bool(stage.platform.messages))
        await asyncio.sleep(600)
        assert stage.platform.messages[0].keyboard
        stage.answer(place, "t1", "q1")
        await stage.until(lambda: not stage.platform.messages[0].keyboard)
        stage.end(place, "t1")
        await stage.all_settled()

    assert stage.platform.texts() == ["q1? Allowed", END]


@virtual
async def test_a_person_is_answered_before_streams_even_when_the_window_is_nearly_spent() -> None:
    stage = Stage()
    places = [await stage.place(f"p{number}") for number in range(5)]
    async with stage.running():
        for place in places:
            await stage.start(place, f"t-{place.id}")
        for second in range(150):
            for place in places:
                stage.say(place, f"t-{place.id}", f"{second} ")
            await asyncio.sleep(1)
        waits = []
        for number in range(3):
            await stage.outbox.reply(GENERAL, Reply(f"Status {number}"), key=f"u{number}")
            said = f"Status {number}"
            waits.append(await stage.until(partial(stage.sees, said)))

        assert max(waits) < 1
        assert stage.platform.floods == 0


@virtual
async def test_streams_share_the_edits_and_none_is_forgotten() -> None:
    stage = Stage()
    places = [await stage.place(f"p{number}") for number in range(5)]
    async with stage.running(goodbye=0):
        await asyncio.sleep(60)
        for place in places:
            await stage.start(place, f"t-{place.id}")
        for second in range(180):
            for place in places:
                stage.say(place, f"t-{place.id}", f"{second} ")
            await asyncio.sleep(1)

    edits = [len(shown.edits) for shown in stage.platform.messages]
    assert max(edits) - min(edits) <= 1
    assert sum(edits) >= 40
    gaps = [later - at for shown in stage.platform.messages for (at, _), (later, _) in pairwise(shown.edits)]
    assert max(gaps) < 60 / 17 * 5 * 1.6
    assert stage.platform.floods == 0


@virtual
async def test_a_notice_rewrites_itself_and_stands_in_the_sessions_place() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        stage.notice(place, Notice("idle", "Ends soon."))
        await stage.until(lambda: bool(stage.platform.messages))
        stage.notice(place, Notice("idle", "Has ended."))
        await stage.until(lambda: stage.platform.texts() == ["Has ended."])
        stage.notice(place, Notice("other", "Bye", ring=True))
        await stage.all_settled()

    assert [(shown.text, shown.rings) for shown in stage.platform.messages] == [("Has ended.", False), ("Bye", True)]
    assert {shown.where for shown in stage.platform.messages} == {place.ref}


@virtual
async def test_a_notice_to_an_address_goes_there_and_nowhere_else() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        stage.notice(place, Notice("n1", "Here", to=GENERAL))
        stage.notice(place, Notice("n2", "Elsewhere", to=ThreadRef("discord", "9")))
        stage.notice(None, Notice("n3", "Nowhere"))
        await stage.until(lambda: bool(stage.platform.messages))
        await stage.all_settled()

    assert [(shown.text, shown.where) for shown in stage.platform.messages] == [("Here", GENERAL)]


@virtual
async def test_late_text_is_a_message_of_its_own() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        stage.tell(place, None, TextChunk("m", "One more "))
        stage.tell(place, None, TextChunk("m", "thing."))
        await stage.until(lambda: bool(stage.platform.messages))
        await stage.all_settled()

    assert stage.platform.texts() == ["One more thing."]


@virtual
async def test_a_reply_redraws_the_message_whose_button_was_pressed() -> None:
    stage = Stage()
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Archive it?"), key="u1", answers="m-of-person")
        await stage.until(lambda: bool(stage.platform.messages))
        message = stage.platform.messages[0]
        await stage.outbox.reply(GENERAL, Reply("Archived.", replaces=True), key="u2", pressed=message.id)
        await stage.until(lambda: message.text == "Archived.")
        await stage.outbox.reply(GENERAL, Reply("Sessions"), key="u3", pressed=message.id)
        await stage.until(lambda: len(stage.platform.messages) == 2)
        await stage.all_settled()

    assert stage.platform.texts() == ["Archived.", "Sessions"]
    assert message.answers == "m-of-person"


@virtual
async def test_a_message_that_no_card_knows_is_adopted() -> None:
    stage = Stage()
    async with stage.running():
        old = stage.platform.add(GENERAL, "An old list", rings=False)
        await stage.outbox.reply(GENERAL, Reply("Page 2", replaces=True), key="u1", pressed=old)
        await stage.all_settled()

    assert stage.platform.texts() == ["Page 2"]


@virtual
async def test_a_queued_reply_goes_when_its_prompt_starts() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Queued, number 1.", prompt="t1", session="s-p1"), key="u1")
        await stage.until(lambda: bool(stage.platform.messages))
        await asyncio.sleep(300)
        stage.gone.add("t1")
        stage.tell(place, None, _started("t1"))
        await stage.all_settled()

    assert stage.platform.messages == []


@virtual
async def test_a_queued_reply_goes_although_the_store_hears_a_moment_later_that_its_prompt_was_dropped() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Queued, number 1.", prompt="t1", session="s-p1"), key="u1")
        await stage.until(lambda: bool(stage.platform.messages))
        await asyncio.sleep(300)
        stage.tell(place, None, _started("t1"))
        await asyncio.sleep(30)

    assert stage.platform.messages == []


@virtual
async def test_in_a_busy_group_a_queued_reply_goes_soon_after_its_prompt_has_started() -> None:
    stage = Stage()
    places = [await stage.place(f"p{number}") for number in range(3)]
    async with stage.running(goodbye=0):
        await stage.outbox.reply(GENERAL, Reply("Queued, number 1.", prompt="t1", session="s-p1"), key="u1")
        for place in places:
            await stage.start(place, f"t-{place.id}")
        for second in range(90):
            for place in places:
                stage.say(place, f"t-{place.id}", f"{second} ")
            if second == 60:
                stage.gone.add("t1")
                stage.tell(places[1], None, _started("t1"))
            await asyncio.sleep(1)

        assert not stage.sees("Queued, number 1.")


@virtual
async def test_a_queued_reply_goes_though_half_of_the_budget_is_spent_and_nothing_else_waits() -> None:
    stage = Stage()
    place = await stage.place()
    async with stage.running(goodbye=0):
        await stage.outbox.reply(GENERAL, Reply("Queued, number 1.", prompt="t1", session="s-p1"), key="u0")
        for number in range(12):
            await stage.outbox.reply(GENERAL, Reply("Hi"), key=f"u{number + 1}")
        await stage.until(lambda: len(stage.platform.messages) == 13)
        stage.gone.add("t1")
        stage.tell(place, None, _started("t1"))

        assert await stage.until(lambda: not stage.sees("Queued, number 1.")) < 15


@virtual
async def test_a_reply_waits_a_little_for_the_topic_that_it_speaks_of() -> None:
    stage = Stage()
    place = await stage.place(opened=False)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("New session", session="s-p1"), key="u1")
        await asyncio.sleep(1)
        await stage.change(place.id, wanted=Wanted.OPEN)
        await stage.all_settled()

    (reply,) = stage.platform.messages
    assert reply.text.startswith("New session https://chat/") and not reply.edits


@virtual
async def test_a_reply_whose_topic_takes_long_is_shown_and_redrawn() -> None:
    stage = Stage()
    async with stage.running():
        place = await stage.place(opened=False)
        await stage.outbox.reply(GENERAL, Reply("New session", session="s-p1"), key="u1")
        await stage.until(lambda: stage.platform.texts() == ["New session (opening)"])
        await stage.change(place.id, wanted=Wanted.OPEN)
        await stage.all_settled()

    (reply,) = stage.platform.messages
    assert reply.text.startswith("New session https://chat/")


@virtual
async def test_several_chats_do_not_wait_for_each_other() -> None:
    stage = Stage()
    busy = [await stage.place(f"p{number}") for number in range(30)]
    async with stage.running(goodbye=0):
        for place in busy:
            await stage.start(place, f"t-{place.id}")
            stage.say(place, f"t-{place.id}", "Hello")
        await asyncio.sleep(5)
        await stage.outbox.reply(ThreadRef("chat", "-200"), Reply("Hi"), key="u1")

        assert await stage.until(lambda: "Hi" in stage.platform.texts("")) < 1
        assert len([1 for _, _, where in stage.platform.calls if where.space == SPACE]) == 20


def _started(prompt: str) -> PromptChanged:
    return PromptChanged(Prompt(prompt, "s", UserRef("chat", "1"), "", 0.0, state=PromptState.STARTED))


@virtual
async def test_a_question_that_was_answered_by_a_message_loses_its_buttons() -> None:
    stage = Stage()
    asked = Reply("Which directory?", choices=(Choice("Cancel", "m.0"),))
    async with stage.running():
        await stage.outbox.reply(GENERAL, asked, key="u1")
        await stage.all_settled()
        await stage.outbox.reply(GENERAL, Reply("Started.", closes="u1", closed_as="✏️ Directory — x"), key="u2")
        await stage.all_settled()

    assert stage.platform.texts() == ["✏️ Directory — x", "Started."]
    assert [message.keyboard for message in stage.platform.messages] == [(), ()]
