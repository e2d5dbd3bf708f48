"""Asides: in a group what concerns one person is shown to them alone, and to everybody where that cannot be."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.adapters.telegram.article_dialect import ArticleDialect
from openacp_bot.adapters.telegram.asides import Answered, AsideName
from openacp_bot.adapters.telegram.pen import TelegramPen
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.chat.blocks import Prose
from openacp_bot.chat.pen import Manner, Retry
from openacp_bot.core.inbound import Choice, Form, Message, Pressed, Reply
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.views import CommandInfo
from tests.fakes import ScriptedHub
from tests.sims.connect import connected
from tests.sims.telegram import Chat, Telegram, User, refuse
from tests.telegram.house import House, house, shown

STATUS = Reply("All is well.", private=True)
LIST = Reply("Sessions", choices=(Choice("Next", "m.1"),), private=True, replaces=True)


@pytest.fixture
async def home(telegram: Telegram, alice: User, work: Chat, tmp_path: Path) -> AsyncIterator[House]:
    hub = ScriptedHub()
    async with house(
        telegram, tmp_path, hub, alice.id, chats=(work.id,), general="all", ephemeral_answers=True
    ) as home:
        await home.up()
        yield home


async def test_the_answer_to_a_command_is_seen_by_who_asked(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.replies.append(STATUS)
    telegram.say(alice, work, "/status")
    answer = await shown(telegram, work, "All is well.")

    assert answer.receiver is alice


async def test_so_is_that_to_a_command_which_core_calls_private(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.menu = (CommandInfo("status", "", "", private=True), CommandInfo("new", "", ""))
    home.hub.replies += [Reply("Mine."), Reply("Ours.")]
    telegram.say(alice, work, "/status now")
    telegram.say(alice, work, "/new")

    assert (await shown(telegram, work, "Mine.")).receiver is alice
    assert (await shown(telegram, work, "Ours.")).receiver is None


async def test_its_buttons_redraw_it(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    home.hub.replies += [replace(LIST, replaces=False), replace(LIST, text="Page two")]
    telegram.say(alice, work, "/sessions")
    answer = await shown(telegram, work, "Sessions")
    await home.until_stored(work.id, str(AsideName(alice.id, answer.id)))
    await telegram.press(alice, answer, "Next").answered()
    await shown(telegram, work, "Page two")

    assert [(one.text, one.receiver) for one in telegram.sent(work)] == [("Page two", alice)]
    assert isinstance(home.hub.heard[-1], Pressed)


async def test_the_answer_to_a_press_is_seen_by_who_pressed(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.replies += [replace(LIST, private=False), replace(LIST, text="For you", replaces=False)]
    telegram.say(alice, work, "/sessions")
    everybody = await shown(telegram, work, "Sessions")
    await telegram.press(alice, everybody, "Next").answered()

    assert everybody.receiver is None
    assert (await shown(telegram, work, "For you")).receiver is alice


@pytest.mark.parametrize(
    "reply",
    [
        Reply("for everybody"),
        Reply("for everybody", private=True, form=Form("m.0", "Name", ())),
        Reply("for everybody " * 300, private=True),
    ],
    ids=["not private", "a form", "long"],
)
async def test_what_is_for_everybody_or_wants_an_answer_is_an_ordinary_message(
    telegram: Telegram, home: House, alice: User, work: Chat, reply: Reply
) -> None:
    home.hub.replies.append(reply)
    telegram.say(alice, work, "/x")

    assert (await shown(telegram, work, "for everybody")).receiver is None


async def test_in_a_private_chat_everything_is_private_anyway(telegram: Telegram, home: House, alice: User) -> None:
    home.hub.replies.append(STATUS)
    telegram.say(alice, telegram.private(alice), "/status")

    assert (await shown(telegram, telegram.private(alice), "All is well.")).receiver is None


async def test_what_is_refused_is_said_to_everybody(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    telegram.fail("sendMessage", how=refuse(400, "Bad Request: USER_ID_INVALID"))
    home.hub.replies.append(STATUS)
    telegram.say(alice, work, "/status")
    answer = await shown(telegram, work, "All is well.")

    assert answer.receiver is None and answer.reply_to is not None


async def test_a_person_may_answer_an_aside(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    home.hub.replies += [STATUS, Reply("Thanks.")]
    telegram.say(alice, work, "/status")
    answer = await shown(telegram, work, "All is well.")
    telegram.post(work, alice, text="and now?", reply_to=answer, receiver=telegram.bot)
    await shown(telegram, work, "Thanks.")

    heard = home.hub.heard[-1]
    assert isinstance(heard, Message) and heard.id.startswith("~")


async def test_off_unless_it_is_asked_for(telegram: Telegram, alice: User, work: Chat, tmp_path: Path) -> None:
    hub = ScriptedHub()
    hub.replies.append(STATUS)
    async with house(telegram, tmp_path, hub, alice.id, chats=(work.id,)) as home:
        await home.up()
        telegram.say(alice, work, "/status")
        assert (await shown(telegram, work, "All is well.")).receiver is None


# --- the pen ---------------------------------------------------------------------------------------


@pytest.fixture
async def pen(telegram: Telegram) -> AsyncIterator[TelegramPen]:
    async with connected(telegram) as bot:
        yield TelegramPen(bot, streams=True, has_articles=True)


def asked(telegram: Telegram, alice: User, work: Chat, *, ago: float = 0.0) -> tuple[ThreadRef, str]:
    message = telegram.say(alice, work, "/status")
    return ThreadRef("telegram", str(work.id)), str(
        Answered(str(message.id), str(alice.id), "", time.time() + 10 - ago)
    )


async def test_too_late_it_is_an_ordinary_reply(pen: TelegramPen, telegram: Telegram, alice: User, work: Chat) -> None:
    where, answers = asked(telegram, alice, work, ago=60)
    await pen.send(where, Rich("late"), (), Manner(answers=answers))

    (message,) = telegram.sent(work)
    assert message.receiver is None and message.reply_to is not None


async def test_an_aside_is_changed_and_deleted_and_never_said_again(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    where, answers = asked(telegram, alice, work)
    name = await pen.send(where, Rich("one"), (), Manner(answers=answers))
    await pen.edit(where, name, Rich("two"))
    await pen.edit(where, name, Rich("two"))
    (message,) = telegram.sent(work)
    assert (message.text, message.receiver) == ("two", alice)
    await pen.delete(where, name)
    await pen.edit(where, name, Rich("three"))

    assert telegram.sent(work) == []


async def test_an_article_may_be_an_aside(pen: TelegramPen, telegram: Telegram, alice: User, work: Chat) -> None:
    where, answers = asked(telegram, alice, work)
    (page,) = ArticleDialect(has_articles=True).pages([Prose("# Title")])
    name = await pen.send(where, page, (), Manner(answers=answers))
    await pen.edit(where, name, page)

    assert AsideName.read(name) is not None and telegram.sent(work)[0].receiver is alice


async def test_one_that_was_refused_goes_to_everybody_next(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    where, answers = asked(telegram, alice, work)
    telegram.fail("sendMessage", how=refuse(400, "Bad Request: EPHEMERAL_MESSAGE_NOT_ALLOWED"))
    with pytest.raises(Retry):
        await pen.send(where, Rich("one"), (), Manner(answers=answers))
    await pen.send(where, Rich("one"), (), Manner(answers=answers))

    assert telegram.sent(work)[0].receiver is None
