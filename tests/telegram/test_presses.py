"""Buttons: every press is acknowledged at once, and its answer stands where it belongs."""

from __future__ import annotations

import asyncio

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Choice, Command, Look, Pressed, Reply
from openacp_bot.core.model import ThreadRef
from tests.sims.telegram import Chat, Telegram, User
from tests.sims.telegram import Message as Seen
from tests.telegram.house import House, shown

CHOICES = (Choice("Allow", "m1.0", Look.GOOD), Choice("Reject", "m1.1", Look.DANGER))


async def asked(telegram: Telegram, home: House, alice: User, chat: Chat, reply: Reply) -> Seen:
    """A message with buttons, said in answer to Alice."""
    home.hub.replies.append(reply)
    telegram.say(alice, chat, "ask me")
    return await shown(telegram, chat, reply.text)


async def test_a_short_quiet_answer_is_a_toast_and_no_message(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("Allow.", quiet=True))

    answer = await telegram.press(alice, buttons, "Allow").answered()

    assert (answer.text, answer.alert) == ("Allow.", False)
    pressed = home.hub.heard[-1]
    assert isinstance(pressed, Pressed) and pressed.token == "m1.0"
    assert pressed.origin.where == ThreadRef("telegram", str(work.id))
    assert len(telegram.sent(work)) == 1


async def test_a_refusal_is_an_alert(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("This button is no longer valid.", refused=True))

    answer = await telegram.press(alice, buttons, "Allow").answered()

    assert (answer.text, answer.alert) == ("This button is no longer valid.", True)


async def test_what_has_buttons_is_a_message(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("Really?", choices=CHOICES, quiet=True))

    answer = await telegram.press(alice, buttons, "Allow").answered()

    assert answer.text == "" and (await shown(telegram, work, "Really?")).labels == ["Allow", "Reject"]


async def test_a_page_of_a_list_takes_the_place_of_the_one_before(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    page = await asked(telegram, home, alice, work, Reply("Page 1", choices=(Choice("Next", "m1.0"),)))
    home.hub.replies.append(Reply("Page 2", choices=(Choice("Back", "m2.0"),), replaces=True))

    await telegram.press(alice, page, "Next").answered()

    await telegram.wait_for(lambda: page.text == "Page 2")
    assert page.labels == ["Back"] and telegram.sent(work) == [page]


async def test_a_slow_answer_does_not_keep_the_button_spinning(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(Reply("Done at last.", quiet=True))
    home.hub.hold = asyncio.Event()
    press = telegram.press(alice, buttons, "Allow")

    assert (await press.answered()).text == ""
    home.hub.hold.set()
    await shown(telegram, work, "Done at last.")


@pytest.mark.parametrize("words", [Reply("Pinned.", quiet=True), Reply("No longer valid.", refused=True)])
async def test_words_that_come_too_late_for_a_toast_are_a_message(
    telegram: Telegram, home: House, alice: User, work: Chat, words: Reply
) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies.append(words)

    telegram.press(alice, buttons, "Allow").expired = True

    assert (await shown(telegram, work, words.text)).reply_to is buttons


async def test_a_press_that_cannot_be_stored_says_why(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    buttons = await asked(telegram, home, alice, work, Reply("Choose.", choices=CHOICES))
    home.hub.replies += [StoreError("The disk is full."), Reply("Allowed.", quiet=True)]

    answer = await telegram.press(alice, buttons, "Allow").answered()

    assert answer.text == "The disk is full."
    await home.hub.until(lambda: isinstance(home.hub.heard[-1], Pressed))


async def test_a_press_on_an_old_message_is_heard_in_its_topic(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    """Telegram says of a message that it no longer holds only which chat it is in."""
    topic = telegram.open_topic(alice, work, "By hand")
    home.hub.replies.append(Reply("Choose.", choices=CHOICES))
    telegram.say(alice, work, "ask me", topic=topic)
    buttons = await shown(telegram, work, "Choose.")
    await home.until_stored(work.id, buttons.id)

    telegram.press(alice, buttons, "Allow")
    whole = telegram.updates.waiting[-1]["callback_query"]["message"]
    telegram.updates.waiting[-1]["callback_query"]["message"] = {
        "message_id": whole["message_id"], "date": 0, "chat": whole["chat"]
    }  # fmt: skip

    pressed = await home.hub.until(lambda: next((one for one in home.hub.heard if isinstance(one, Pressed)), None))
    assert isinstance(pressed, Pressed) and pressed.origin.where.topic == str(topic.id)


async def test_the_stop_button_of_a_draft_cancels(telegram: Telegram, home: House, alice: User) -> None:
    chat = telegram.private(alice)
    telegram.updates.add(
        "stopped_message_generation",
        {"chat": {"id": chat.id, "type": "private", "first_name": "Alice"}, "draft_id": 5},
    )

    heard = await home.hub.until(lambda: home.hub.heard and home.hub.heard[0])
    assert isinstance(heard, Command) and (heard.name, heard.origin.who.id) == ("cancel", str(alice.id))
