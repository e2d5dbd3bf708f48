"""The adapter whole: what people do reaches core, and what core says reaches them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.adapters.telegram.config import WebhookConfig
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError, UserError
from openacp_bot.core.inbound import Choice, Look, Message, PlaceReported, Reply, Report, Row
from openacp_bot.core.model import FileRef, ThreadRef
from tests.fakes import ScriptedHub
from tests.sims.telegram import CUT_BEFORE, GROUP_RIGHTS, SERVER_ERROR, Chat, Fault, Telegram, User, flood
from tests.telegram.house import QUICK, House, free_port, house, shown

CHOICES = (Choice("Allow", "m1.0", Look.GOOD), Choice("Reject", "m1.1", Look.DANGER))


# --- messages ------------------------------------------------------------------------------------


async def test_a_message_reaches_core_and_its_answer_replies_to_it(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.replies.append(Reply("There is no session here.", rows=(Row("🟢", "One"),)))
    said = telegram.say(alice, work, "hello")

    answer = await shown(telegram, work, "There is no session here.")

    assert answer.reply_to is said and not answer.rings and "One" in answer.text
    (heard,) = home.hub.heard
    assert isinstance(heard, Message) and heard.text == "hello" and heard.addressed


async def test_a_message_in_a_topic_is_answered_there(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    topic = telegram.open_topic(alice, work, "By hand")
    home.hub.replies.append(Reply("Here."))
    telegram.say(alice, work, "hello", topic=topic)

    assert (await shown(telegram, work, "Here.")).topic == topic.id
    (heard,) = home.hub.heard
    assert isinstance(heard, Message) and heard.title == "By hand" and heard.quote == ""


async def test_a_reply_to_a_question_names_it_and_quotes_nothing(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    question = telegram.post(work, telegram.bot, text="Run make?")
    await home.ledger.open(Card("c1", CardKind.QUESTION, "q1", where=ThreadRef("telegram", str(work.id))))
    await home.ledger.sending("c1", 0)
    await home.ledger.shown("c1", 0, str(question.id))

    telegram.say(alice, work, "no, run test", reply_to=question)

    heard = await home.hub.until(lambda: home.hub.heard and home.hub.heard[0])
    assert isinstance(heard, Message) and (heard.answers, heard.quote) == ("q1", "")


async def test_strangers_get_silence_whatever_they_do(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    eve = telegram.person("Eve")
    telegram.join(work, eve)
    home.hub.replies.append(Reply("Choose.", choices=CHOICES))
    telegram.say(alice, work, "ask me")
    buttons = await shown(telegram, work, "Choose.")
    home.hub.heard.clear()
    calls = len(telegram.calls)

    telegram.edit(telegram.say(eve, work, "hello"), "edited")
    telegram.say(eve, telegram.private(eve), "/start")
    telegram.say_anonymously(work, "hello")
    press = telegram.press(eve, buttons, "Allow")
    query = telegram.ask_inline(eve, "x")
    telegram.react(eve, buttons, "👍")
    telegram.say(alice, work, "last")
    await home.hub.until(lambda: home.hub.heard)
    await telegram.wait_for(lambda: not telegram.updates.waiting)

    assert [getattr(heard, "text", None) for heard in home.hub.heard] == ["last"]
    assert press.answer is None and not telegram.inline_answers[query]
    assert {call.method for call in telegram.calls[calls:]} <= {"getUpdates"}


async def test_nothing_is_asked_of_telegram_on_account_of_a_stranger(
    telegram: Telegram, home: House, alice: User, work: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    eve = telegram.person("Eve")
    await telegram.wait_for(lambda: len(telegram.called("setMyCommands")) == 3)
    telegram.grant(work, frozenset())
    await home.until(lambda: "“Manage Topics”" in home.adapter.status)  # so the first look has ended
    telegram.calls.clear()

    for _ in range(10):
        telegram.say(eve, telegram.private(eve), "/start")
    stranger = {"id": eve.id, "is_bot": False, "first_name": "Eve"}
    ours = {"id": telegram.bot.id, "is_bot": True, "first_name": "Bot"}
    for chat in ({"id": eve.id, "type": "private", "first_name": "Eve"}, {"id": -7, "type": "group", "title": "Hers"}):
        for status in ("kicked", "member"):
            telegram.updates.add(
                "my_chat_member",
                {
                    "chat": chat, "from": stranger, "date": 1,
                    "old_chat_member": {"status": "left", "user": ours},
                    "new_chat_member": {"status": status, "user": ours, "until_date": 0},
                },
            )  # fmt: skip
    await telegram.wait_for(lambda: not telegram.updates.waiting)
    for text in ("one", "two"):  # what a look asks would be on its way by now
        telegram.say(alice, work, text)
        await home.hub.until(lambda: home.hub.heard and getattr(home.hub.heard[-1], "text", "") == text)  # noqa: B023

    assert {call.method for call in telegram.calls} == {"getUpdates"}
    assert caplog.text.count("Eve") == 0 and caplog.text.count(f"telegram:{eve.id}") == 1
    assert caplog.text.count("“Hers”") == 1


async def test_some_time_lies_between_two_looks_at_the_chats(
    telegram: Telegram, alice: User, work: Chat, tmp_path: Path
) -> None:
    hub, slow = ScriptedHub(), replace(QUICK, apart=600.0)
    async with house(telegram, tmp_path, hub, alice.id, chats=(work.id,), patience=slow) as home:
        await home.up()
        await telegram.wait_for(lambda: telegram.called("setMyCommands"))
        looks = len(telegram.called("getChat"))
        for number in range(5):
            telegram.say(alice, telegram.private(alice), "/start")
            await hub.until(lambda: len(hub.heard) == number + 1)  # noqa: B023 - waited for at once

        assert len(telegram.called("getChat")) == looks == 1


async def test_members_get_an_empty_inline_answer(telegram: Telegram, home: House, alice: User) -> None:
    query = telegram.ask_inline(alice, "x")

    assert (await telegram.wait_for(lambda: telegram.inline_answers[query]))["results"] == []


async def test_an_unknown_group_is_ignored_with_one_line(
    telegram: Telegram, home: House, alice: User, work: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = telegram.forum("Elsewhere", alice)
    telegram.say(alice, elsewhere, "one")
    telegram.say(alice, elsewhere, "two")
    telegram.say(alice, work, "three")
    await home.hub.until(lambda: home.hub.heard)

    assert [getattr(heard, "text", None) for heard in home.hub.heard] == ["three"]
    assert caplog.text.count(f"add {elsewhere.id} to telegram.chat_ids") == 1


async def test_an_album_is_one(telegram: Telegram, home: House, alice: User) -> None:
    chat = telegram.private(alice)
    telegram.send_file(alice, chat, kind="photo", album="a1", caption="these")
    telegram.send_file(alice, chat, kind="photo", album="a1")

    await home.hub.until(lambda: len(home.hub.heard) == 2)
    one, other = home.hub.heard
    assert isinstance(one, Message) and isinstance(other, Message)
    assert one.album == other.album != "" and len(one.files) == len(other.files) == 1


async def test_what_was_left_out_is_said_beside_the_answer(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.replies.append(Reply("Taken."))
    telegram.send_file(alice, work, caption="look", size=134_000_000)

    await shown(telegram, work, "Taken.")
    assert "105 MB" in (await shown(telegram, work, "left out")).text


async def test_a_file_that_came_can_be_fetched(telegram: Telegram, home: House, alice: User, tmp_path: Path) -> None:
    telegram.send_file(alice, telegram.private(alice), b"data", name="a.txt")
    heard = await home.hub.until(lambda: home.hub.heard and home.hub.heard[0])
    assert isinstance(heard, Message)

    path = await home.adapter.fetch(heard.files[0], tmp_path, 1000)

    assert (path.parent, path.read_bytes()) == (tmp_path, b"data")


async def test_what_cannot_be_stored_is_told_again_until_it_is(
    telegram: Telegram, home: House, alice: User, work: Chat
) -> None:
    home.hub.replies += [StoreError("The disk is full."), StoreError("The disk is full."), Reply("Done.")]
    telegram.say(alice, work, "one")

    await shown(telegram, work, "Done.")
    assert len(home.hub.heard) == 1


# --- chats ---------------------------------------------------------------------------------------


async def test_what_persons_do_to_topics_is_reported_and_what_we_do_is_not(
    telegram: Telegram, home: House, alice: User, work: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    topic = telegram.open_topic(alice, work, "By hand")
    telegram.rename_topic(telegram.bot, work, topic, "Ours")
    telegram.rename_topic(alice, work, topic, "Better")
    telegram.close_topic(alice, work, topic)
    telegram.reopen_topic(alice, work, topic)
    telegram.say(alice, work, "hello", topic=topic)

    await home.hub.until(lambda: len(home.hub.heard) == 3)
    renamed, closed, heard = home.hub.heard
    assert isinstance(renamed, PlaceReported) and (renamed.what, renamed.detail) == (Report.RENAMED, "Better")
    assert isinstance(closed, PlaceReported) and closed.what is Report.CLOSED
    assert isinstance(heard, Message) and heard.title == "Better"
    assert "stranger" not in caplog.text


async def test_a_group_that_moves_is_followed_for_good(
    telegram: Telegram, alice: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    group = telegram.group("Friends", alice)
    hub = ScriptedHub()
    async with house(telegram, tmp_path, hub, alice.id, chats=(group.id,), general="all") as home:
        await home.up()
        new = telegram.migrate(group)
        telegram.say(alice, new, "one")
        await hub.until(lambda: len(hub.heard) == 2)
        moved, heard = hub.heard
        assert isinstance(moved, PlaceReported) and moved.what is Report.MOVED
        assert moved.ref == ThreadRef("telegram", str(new.id)) and moved.origin.where.space == str(group.id)
        assert isinstance(heard, Message) and heard.origin.where.space == str(new.id)

    async with house(telegram, tmp_path, hub, alice.id, chats=(group.id,), general="all"):
        telegram.say(alice, new, "two")
        await hub.until(lambda: len(hub.heard) == 3)
    assert f"the group {group.id} is now {new.id}; change it in telegram.chat_ids" in caplog.text


async def test_a_group_that_moved_while_we_were_down_is_followed_too(
    telegram: Telegram, alice: User, tmp_path: Path
) -> None:
    group = telegram.group("Friends", alice)
    new = telegram.migrate(group)
    telegram.updates.waiting.clear()
    hub = ScriptedHub()
    async with house(telegram, tmp_path, hub, alice.id, chats=(group.id,), general="all"):
        moved = await hub.until(lambda: hub.heard and hub.heard[0])
        assert isinstance(moved, PlaceReported) and moved.what is Report.MOVED
        telegram.say(alice, new, "one")
        await hub.until(lambda: len(hub.heard) == 2)


async def test_what_is_wrong_in_a_chat_stands_in_the_status_until_it_is_mended(
    telegram: Telegram, home: House, work: Chat
) -> None:
    assert home.adapter.status == f"up as @{telegram.bot.username}"

    telegram.grant(work, frozenset())
    await home.until(lambda: "“Manage Topics”" in home.adapter.status)
    telegram.kick_bot(work)
    await home.until(lambda: "is not in the chat" in home.adapter.status)
    telegram.grant(work, GROUP_RIGHTS)
    await home.until(lambda: home.adapter.status == f"up as @{telegram.bot.username}")


async def test_the_menus_stand_soon_after_the_start(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    await telegram.wait_for(lambda: telegram.menu(alice, work) == ["new", "bypass"])


async def test_by_webhook_it_is_the_same_adapter(tmp_path: Path) -> None:
    async with Telegram(http_webhooks=True) as telegram:
        alice = telegram.person("Alice")
        chat = telegram.private(alice)
        port = free_port()
        hook = WebhookConfig(f"http://127.0.0.1:{port}/", "127.0.0.1", port, "s3cret")
        hub = ScriptedHub()
        hub.replies.append(Reply("Choose.", choices=CHOICES))
        async with house(telegram, tmp_path, hub, alice.id, webhook=hook) as home:
            await home.up()
            telegram.say(alice, chat, "one")
            buttons = await shown(telegram, chat, "Choose.")
            hub.replies.append(Reply("Allowed.", quiet=True))
            assert (await telegram.press(alice, buttons, "Allow").answered()).text == "Allowed."

        telegram.say(alice, chat, "two")
        async with house(telegram, tmp_path, hub, alice.id):  # polling again
            await hub.until(lambda: len(hub.heard) == 3)
        assert not telegram.webhook["url"] and telegram.oddities == []


# --- trouble -------------------------------------------------------------------------------------


async def test_an_answer_outlives_an_outage(telegram: Telegram, home: House, alice: User, work: Chat) -> None:
    home.hub.hold = asyncio.Event()
    home.hub.replies.append(Reply("After all."))
    telegram.say(alice, work, "hello")
    await telegram.wait_for(lambda: not telegram.updates.polling)
    await telegram.down()
    home.hub.hold.set()
    await home.until(lambda: "cannot be reached" in home.adapter.status)
    await telegram.up()

    assert (await shown(telegram, work, "After all.")).text == "After all."
    assert len(telegram.sent(work)) == 1


@pytest.mark.parametrize("fault", [flood(1), SERVER_ERROR, CUT_BEFORE], ids=["429", "500", "cut"])
async def test_an_answer_is_not_lost_and_stands_once(
    telegram: Telegram, home: House, alice: User, work: Chat, fault: Fault
) -> None:
    telegram.fail("sendMessage", how=fault)
    home.hub.replies.append(Reply("After all."))
    telegram.say(alice, work, "hello")

    await shown(telegram, work, "After all.")
    assert len(telegram.sent(work)) == 1


async def test_an_answer_outlives_the_adapter(telegram: Telegram, alice: User, work: Chat, tmp_path: Path) -> None:
    hub, hasty = ScriptedHub(), replace(QUICK, goodbye=0.0)
    async with house(telegram, tmp_path, hub, alice.id, chats=(work.id,), general="all", patience=hasty) as home:
        await home.up()
        telegram.fail("sendMessage", 100)
        hub.replies.append(Reply("After all."))
        telegram.say(alice, work, "hello")
        await hub.until(lambda: hub.heard)
        await telegram.wait_for(lambda: telegram.called("sendMessage"))
    telegram.faults.clear()

    async with house(telegram, tmp_path, hub, alice.id, chats=(work.id,), general="all"):
        await shown(telegram, work, "After all.")
    assert len(telegram.sent(work)) == 1 and len(hub.heard) == 1


async def test_a_file_that_is_nowhere_is_refused(home: House, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="could not be fetched"):
        await home.adapter.fetch(FileRef("telegram", "unknown", "a.txt"), tmp_path, 10)


@pytest.mark.parametrize("is_polled", [False, True], ids=["webhook", "polling"])
async def test_a_text_that_waited_when_we_were_stopped_is_taken_by_the_next_process(
    tmp_path: Path, is_polled: bool
) -> None:
    async with Telegram(http_webhooks=True) as telegram:
        alice = telegram.person("Alice")
        chat = telegram.private(alice)
        port = free_port()
        hook = WebhookConfig(f"http://127.0.0.1:{port}/", "127.0.0.1", port, "s3cret")
        hub, patient = ScriptedHub(), replace(QUICK, together=60.0)
        async with house(telegram, tmp_path, hub, alice.id, webhook=hook, patience=patient) as home:
            await home.up()
            telegram.say(alice, chat, "hold on")
            await telegram.wait_for(lambda: not telegram.updates.waiting)
        assert hub.heard == []

        async with house(telegram, tmp_path, hub, alice.id, webhook=None if is_polled else hook) as home:
            await home.up()
            telegram.say(alice, chat, "/next")
            await hub.until(lambda: len(hub.heard) == 2)

        assert [one.text for one in hub.heard if isinstance(one, Message)] == ["hold on", "/next"]
