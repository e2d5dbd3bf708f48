"""The pen against the simulator: what each call does, and by which name each failure goes."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from openacp_bot.adapters.telegram.parameters import draft_id
from openacp_bot.adapters.telegram.pen import TelegramPen
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.chat.blocks import Line, Prose, Tone
from openacp_bot.chat.pen import (
    Forbidden,
    Manner,
    MarkupRefused,
    MessageGone,
    Moved,
    NotDone,
    PerhapsDone,
    PlaceGone,
    Refused,
    Retry,
    RetryAfter,
)
from openacp_bot.core.inbound import Choice, Look
from openacp_bot.core.model import Blob, Place, ThreadRef
from openacp_bot.core.views import Document
from tests.sims.connect import connected
from tests.sims.telegram import (
    BAD_GATEWAY,
    CUT_AFTER,
    SERVER_ERROR,
    UNAUTHORIZED,
    Chat,
    Fault,
    Message,
    Telegram,
    User,
    flood,
    refuse,
)

HELLO = Rich("hello")


def png(width: int, height: int) -> bytes:
    """The beginning of one, which is where its size stands."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + bytes(9)


@pytest.fixture
async def pen(telegram: Telegram) -> AsyncIterator[TelegramPen]:
    async with connected(telegram) as bot:
        yield TelegramPen(bot, streams=True)


def address(chat: Chat, topic: int | None = None) -> ThreadRef:
    return ThreadRef("telegram", str(chat.id), str(topic) if topic else "")


def place(where: ThreadRef | None = None, space: str = "", title: str = "A title") -> Place:
    return Place("p1", "s1", "telegram", where.space if where else space, where, title)


async def opened(pen: TelegramPen, work: Chat) -> ThreadRef:
    where, _ = await pen.open_place(place(space=str(work.id)), None)
    return where


def only(telegram: Telegram, chat: Chat) -> Message:
    (message,) = telegram.sent(chat)
    return message


# --- messages ------------------------------------------------------------------------------------


async def test_a_message_has_its_styles_its_buttons_and_its_sound(
    pen: TelegramPen, telegram: Telegram, work: Chat
) -> None:
    (page,) = pen.dialect.pages([Line("Run make?", Tone.STRONG), Prose("`make`")])
    keyboard = ((Choice("Allow", "m.0", Look.GOOD), Choice("Reject", "m.1", Look.DANGER)), (Choice("Later", "m.2"),))

    await pen.send(address(work), page, keyboard, Manner(rings=True))

    message = only(telegram, work)
    assert telegram.html(message) == "<b>Run make?</b>\n\n<code>make</code>"
    assert [[button.get("style") for button in row] for row in message.keyboard] == [["success", "danger"], [None]]
    assert message.rings and message.topic is None


async def test_a_message_is_silent_and_replies_even_to_what_is_gone(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    asked = telegram.say(alice, work, "hi")

    await pen.send(address(work), HELLO, (), Manner(answers=str(asked.id)))
    telegram.delete(asked)
    await pen.send(address(work), HELLO, (), Manner(answers=str(asked.id)))

    one, other = telegram.sent(work)
    assert one.reply_to is asked and not one.rings
    assert other.reply_to is None


async def test_a_question_without_buttons_asks_for_a_reply(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    await pen.send(address(work), HELLO, (), Manner(asks=True))

    (call,) = telegram.called("sendMessage")
    assert call.params["reply_markup"] == {"force_reply": True, "selective": True}


async def test_a_message_is_edited_once_and_to_the_same_again(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    number = await pen.send(address(work), HELLO, ((Choice("Stop", "m.0"),),), Manner())

    await pen.edit(address(work), number, Rich("better"))
    await pen.edit(address(work), number, Rich("better"))

    message = only(telegram, work)
    assert (message.text, message.labels) == ("better", [])


async def test_what_is_gone_is_said_to_be_gone(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    number = await pen.send(address(work), HELLO, (), Manner())
    await pen.delete(address(work), number)

    with pytest.raises(MessageGone):
        await pen.edit(address(work), number, Rich("better"))
    with pytest.raises(MessageGone):
        await pen.delete(address(work), number)


async def test_the_words_of_a_file_can_be_edited_too(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    document = Document("answer.md", "text/markdown", "# All")
    number = await pen.send_file(address(work), document, Rich("whole"), ((Choice("A", "m.0"),),), Manner())

    for way in (pytest.raises(Retry), nullcontext()):
        calls = len(telegram.calls)
        with way:
            await pen.edit(address(work), number, Rich("the whole answer"))
        assert len(telegram.calls) == calls + 1

    message = only(telegram, work)
    assert (message.text, message.labels) == ("the whole answer", [])


# --- files ---------------------------------------------------------------------------------------


async def test_an_image_is_shown_and_anything_else_is_a_document(
    pen: TelegramPen, telegram: Telegram, work: Chat, tmp_path: Path
) -> None:
    (tmp_path / "x.bin").write_bytes(b"12345")
    picture = base64.b64encode(png(20, 20)).decode()

    await pen.send_file(address(work), Blob("image/png", "shot.png", data=picture), None, (), Manner())
    await pen.send_file(address(work), Blob("", "x.bin", path=str(tmp_path / "x.bin")), None, (), Manner(rings=True))

    photo, document = telegram.sent(work)
    assert photo.media and photo.media.kind == "photo" and not photo.rings
    assert document.media and (document.media.kind, document.media.file.data) == ("document", b"12345")
    assert document.media.file.name == "x.bin" and document.rings


async def test_an_image_that_telegram_cannot_show_goes_as_a_document(
    pen: TelegramPen, telegram: Telegram, work: Chat
) -> None:
    thin = base64.b64encode(png(3000, 10)).decode()

    for way in (pytest.raises(Retry), nullcontext()):
        calls = len(telegram.calls)
        with way:
            await pen.send_file(address(work), Blob("image/png", "thin.png", data=thin), None, (), Manner())
        assert len(telegram.calls) == calls + 1

    media = only(telegram, work).media
    assert media and (media.kind, media.file.name) == ("document", "thin.png")


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (Blob("a/b", "gone.txt", path="/does/not/exist"), "No such file"),
        (Blob("a/b", "odd.txt", data="***"), "damaged"),
        (Blob("a/b", "none.txt"), "empty"),
        (Blob("a/b", "big.txt", data=base64.b64encode(bytes(50_000_001)).decode()), "50 MB"),
    ],
    ids=["gone", "damaged", "empty", "too large"],
)
async def test_a_file_that_cannot_go_is_refused_with_a_sentence(
    pen: TelegramPen, work: Chat, blob: Blob, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        await pen.send_file(address(work), blob, None, (), Manner())


async def test_a_caption_is_cut_rather_than_refused(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    await pen.send_file(address(work), Document("a", "", "x"), Rich("😀" * 600), (), Manner())

    assert only(telegram, work).text == "😀" * 511 + "…"


# --- places --------------------------------------------------------------------------------------


async def test_a_topic_is_opened_renamed_and_deleted(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    where, url = await pen.open_place(place(space=str(work.id), title="x" * 200), None)
    topic = telegram.topic(work, int(where.topic))
    assert topic.name == "x" * 128
    assert url == f"https://t.me/c/{str(work.id).removeprefix('-100')}/{where.topic}"

    await pen.rename_place(place(where), "Better")
    await pen.rename_place(place(where), "Better")
    assert topic.name == "Better"

    await pen.close_place(place(where))
    await pen.delete_place(place(where))
    assert topic.deleted


async def test_a_private_topic_has_no_link() -> None:
    async with Telegram(topics_in_private=True) as telegram:
        alice = telegram.person("Alice")
        chat = telegram.private(alice)
        async with connected(telegram) as bot:
            pen = TelegramPen(bot, streams=True)
            where, url = await pen.open_place(place(space=str(chat.id)), None)
            await pen.send(where, HELLO, (), Manner())

        assert url == "" and only(telegram, chat).topic == int(where.topic)
        assert telegram.oddities == []


async def test_a_closed_topic_is_reopened_by_what_is_sent(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    topic = telegram.open_topic(alice, work, "Mine")
    telegram.close_topic(alice, work, topic)
    telegram.fail("sendMessage", how=refuse(400, "Bad Request: TOPIC_CLOSED"))

    for way in (pytest.raises(Retry), pytest.raises(Retry), nullcontext()):
        calls = len(telegram.calls)
        with way:
            await pen.send(address(work, topic.id), HELLO, (), Manner())
        assert len(telegram.calls) == calls + 1

    assert not topic.closed and only(telegram, work).topic == topic.id


async def test_a_deleted_topic_is_a_lost_place(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    where = await opened(pen, work)
    number = await pen.send(where, HELLO, (), Manner())
    telegram.delete_topic(work, int(where.topic))

    with pytest.raises(PlaceGone):
        await pen.send(where, HELLO, (), Manner())
    with pytest.raises(PlaceGone):
        await pen.rename_place(place(where), "New")
    with pytest.raises((PlaceGone, MessageGone)):
        await pen.edit(where, number, Rich("better"))


async def test_a_missing_right_is_refused_with_what_to_tap(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    telegram.grant(work, frozenset())

    with pytest.raises(Refused, match=r"not in that list: Add administrator.*“Manage Topics”"):
        await pen.open_place(place(space=str(work.id)), None)


async def test_a_group_without_topics_refuses_them_with_what_to_tap(
    pen: TelegramPen, telegram: Telegram, alice: User
) -> None:
    chat = telegram.supergroup("Flat", alice)

    with pytest.raises(Refused, match="switch on “Topics”"):
        await pen.open_place(place(space=str(chat.id)), None)


# --- what passes ---------------------------------------------------------------------------------


async def test_drafts_are_for_private_chats_and_have_a_stop_button(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    chat = telegram.private(alice)
    assert pen.drafts(address(chat)) and not pen.drafts(address(work))

    await pen.draft(address(chat), "turn", None)
    await pen.draft(address(chat), "turn", Rich("so far"))

    (draft,) = telegram.drafts(chat)
    assert (draft.text, draft.can_stop, draft.id) == ("so far", True, draft_id("turn"))


async def test_nothing_streams_where_streaming_is_off(telegram: Telegram, alice: User) -> None:
    async with connected(telegram) as bot:
        assert not TelegramPen(bot, streams=False).drafts(address(telegram.private(alice)))


async def test_typing_is_shown_where_it_belongs(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    where = await opened(pen, work)

    await pen.typing(where)
    await pen.typing(address(work))

    assert [typing.topic for typing in telegram.typing] == [int(where.topic), None]


async def test_a_group_has_one_gate_for_all_its_topics(
    pen: TelegramPen, telegram: Telegram, alice: User, work: Chat
) -> None:
    group, private = pen.gate(address(work, 7)), pen.gate(address(telegram.private(alice)))

    assert group == pen.gate(address(work)) != private
    assert (pen.pace(group).calls, pen.pace(group).per) == (20, 60.0)
    assert pen.pace(private).apart == 1.0


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "of_a_send", "of_an_edit"),
    [
        (flood(7), RetryAfter, RetryAfter),
        (SERVER_ERROR, NotDone, NotDone),
        (BAD_GATEWAY, PerhapsDone, NotDone),
        (CUT_AFTER, PerhapsDone, NotDone),
        (UNAUTHORIZED, NotDone, NotDone),
        (refuse(400, "Bad Request: can't parse entities: unexpected end"), MarkupRefused, MarkupRefused),
        (refuse(400, "Bad Request: ENTITY_BOUNDS_INVALID"), MarkupRefused, MarkupRefused),
        (refuse(403, "Forbidden: bot was kicked from the supergroup chat"), Forbidden, Forbidden),
        (refuse(400, "Bad Request: not enough rights to send text messages to the chat"), Forbidden, Forbidden),
        (refuse(400, "Bad Request: SOMETHING_NEW"), Refused, Refused),
    ],
    ids=lambda value: getattr(value, "description", None) or getattr(value, "__name__", None) or "cut",
)
async def test_every_failure_goes_by_one_name(
    pen: TelegramPen,
    telegram: Telegram,
    work: Chat,
    fault: Fault,
    of_a_send: type[Exception],
    of_an_edit: type[Exception],
) -> None:
    number = await pen.send(address(work), HELLO, (), Manner())
    telegram.fail("sendMessage", how=fault)
    telegram.fail("editMessageText", how=fault)

    with pytest.raises(of_a_send) as sent:
        await pen.send(address(work), HELLO, (), Manner())
    with pytest.raises(of_an_edit) as edited:
        await pen.edit(address(work), number, Rich("better"))

    assert (sent.type, edited.type) == (of_a_send, of_an_edit)
    assert telegram.token not in str(sent.value)


async def test_a_closed_gate_says_for_how_long(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    telegram.fail("sendMessage", how=flood(7))

    with pytest.raises(RetryAfter) as refused:
        await pen.send(address(work), HELLO, (), Manner())

    assert refused.value.seconds == 7


async def test_without_a_connection_nothing_was_done(pen: TelegramPen, telegram: Telegram, work: Chat) -> None:
    await telegram.down()

    with pytest.raises(NotDone):
        await pen.send(address(work), HELLO, (), Manner())


async def test_a_group_that_became_another_says_which(pen: TelegramPen, telegram: Telegram, alice: User) -> None:
    chat = telegram.group("Friends", alice)
    new = telegram.migrate(chat)

    with pytest.raises(Moved) as moved:
        await pen.send(address(chat), HELLO, (), Manner())

    assert moved.value.space == str(new.id)
