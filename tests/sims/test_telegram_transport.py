"""Polling, webhook, files, flood control and faults of the simulator through the real aiogram."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile, InputMediaDocument, InputMediaPhoto, Update
from aiohttp import web

from tests.sims.connect import connected, refused
from tests.sims.telegram import (
    BAD_GATEWAY,
    CONFLICT,
    CUT_AFTER,
    CUT_BEFORE,
    SERVER_ERROR,
    UNAUTHORIZED,
    Fault,
    Limits,
    Telegram,
    flood,
    hang,
)

pytestmark = pytest.mark.wall_clock


def png(width: int, height: int) -> BufferedInputFile:
    return BufferedInputFile(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height), "a.png")


# --- polling ---------------------------------------------------------------------------------------


async def test_a_poll_waits_for_news_and_an_offset_confirms(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(bot.get_updates(timeout=20))
        await sim.wait_for(lambda: sim.updates.polling)
        sim.say(ann, chat, "one")
    sim.say(ann, chat, "two")
    sim.say(ann, chat, "three")

    (first,) = poll.result()
    assert _texts(await bot.get_updates(limit=2)) == ["one", "two"]
    assert _texts(await bot.get_updates(offset=first.update_id + 1)) == ["two", "three"]
    assert _texts(await bot.get_updates(offset=-1)) == ["three"]
    assert _texts(await bot.get_updates(offset=first.update_id)) == ["three"]


async def test_a_second_poll_ends_the_first(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    async with connected(sim) as other, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_conflict(bot))
        await sim.wait_for(lambda: sim.updates.polling)
        second = tasks.create_task(other.get_updates(timeout=20))
        assert "terminated by other getUpdates request" in await first
        sim.say(ann, sim.private(ann), "x")
        assert _texts(await second) == ["x"]


async def test_a_poll_ends_with_its_connection(sim: Telegram, bot: Bot) -> None:
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(bot.get_updates(timeout=20))
        await sim.wait_for(lambda: sim.updates.polling)
        poll.cancel()
        await sim.wait_for(lambda: not sim.updates.polling)


async def test_the_same_offset_again_is_stretched(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    await bot.get_updates(offset=7)
    async with asyncio.TaskGroup() as tasks:
        again = tasks.create_task(bot.get_updates(offset=7))
        await sim.wait_for(lambda: sim.updates.polling)
        sim.say(ann, sim.private(ann), "x")
    assert _texts(again.result()) == ["x"]


async def test_the_kinds_asked_for_are_remembered(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    message = sim.say(ann, sim.private(ann), "x")
    sim.react(ann, message, "👍")
    assert len(await bot.get_updates(allowed_updates=["message_reaction"])) == 1
    sim.say(ann, sim.private(ann), "y")
    sim.react(ann, message, "👎")
    (_, update) = await bot.get_updates()
    assert update.message_reaction


# --- webhook ---------------------------------------------------------------------------------------


async def test_a_webhook_gets_each_update_until_it_takes_it() -> None:
    async with Telegram(http_webhooks=True) as sim, connected(sim) as bot, _hook() as (url, heard, answers):
        ann = sim.person("Ann")
        chat = sim.private(ann)
        async with asyncio.TaskGroup() as tasks:
            poll = tasks.create_task(_conflict(bot))
            await sim.wait_for(lambda: sim.updates.polling)
            await bot.set_webhook(url, secret_token="s3cret")
            assert "terminated by setWebhook request" in await poll
        with pytest.raises(TelegramRetryAfter):
            await bot.set_webhook(url)
        with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        answers.append(web.Response(status=500))
        answers.append(web.json_response({"method": "sendMessage", "chat_id": chat.id, "text": "in reply"}))

        sim.say(ann, chat, "x")
        sim.say(ann, chat, "y")

        await sim.wait_for(lambda: not sim.updates.waiting)
        assert [text for text, _ in heard] == ["x", "x", "y"]
        assert {secret for _, secret in heard} == {"s3cret"}
        assert [message.text for message in sim.sent(chat)] == ["in reply"]
        assert "500" in ((await bot.get_webhook_info()).last_error_message or "")
        await bot.delete_webhook()
        assert await bot.get_updates(offset=1) == []


async def test_webhooks_that_telegram_refuses(sim: Telegram, bot: Bot) -> None:
    await refused(bot.set_webhook("http://example.org/"), "bad webhook: An HTTPS URL must be provided for webhook")
    await refused(bot.set_webhook("https://example.org:8080/"),
                  "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")  # fmt: skip
    await refused(bot.set_webhook("https://example.org/", secret_token="a b"),
                  "secret token contains unallowed characters")  # fmt: skip
    await refused(bot.set_webhook("https://example.org/", max_connections=101),
                  "max_connections must be between 1 and 100")  # fmt: skip


# --- files -----------------------------------------------------------------------------------------


async def test_files_go_out_and_come_back(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)

    sent = await bot.send_document(chat.id, BufferedInputFile(b"data", "a.py"), caption="<b>c</b>", parse_mode="HTML")
    assert sent.document and (sent.document.file_name, sent.document.file_size) == ("a.py", 4)
    again = await bot.send_document(chat.id, sent.document.file_id)
    voice = sim.send_file(ann, chat, b"ogg", "voice", caption="listen")
    photo = await bot.send_photo(chat.id, png(800, 600))

    assert voice.media and photo.photo and again.document
    assert again.document.file_id == sent.document.file_id
    update = (await bot.get_updates())[0]
    assert update.message and update.message.voice and update.message.caption == "listen"
    downloaded = await bot.download(update.message.voice)
    assert downloaded and downloaded.read() == b"ogg"
    assert [sim.html(message) for message in sim.sent(chat)] == ["<b>c</b>", "", ""]
    await bot.edit_message_caption(chat_id=chat.id, message_id=sent.message_id, caption="d")
    await refused(bot.edit_message_text("d", chat_id=chat.id, message_id=sent.message_id),
                  "there is no text in the message to edit")  # fmt: skip


async def test_albums_go_both_ways(sim: Telegram, bot: Bot) -> None:
    ann = sim.person("Ann")
    chat = sim.private(ann)
    for _ in range(2):
        sim.send_file(ann, chat, kind="photo", album="77")

    sent = await bot.send_media_group(
        chat.id, [InputMediaDocument(media=BufferedInputFile(b"x", name), caption=name) for name in ("a", "b")]
    )

    assert [update.message and update.message.media_group_id for update in await bot.get_updates()] == ["77", "77"]
    assert len({message.media_group_id for message in sent}) == 1
    assert [(message.text, message.media and message.media.file.data) for message in sim.sent(chat)] == [
        ("a", b"x"), ("b", b"x"),
    ]  # fmt: skip
    mixed = [InputMediaDocument(media=BufferedInputFile(b"x", "a")), InputMediaPhoto(media=png(9, 9))]
    await refused(bot.send_media_group(chat.id, mixed),  # type: ignore[arg-type]  # a list of two kinds
                  "document and audio can't be mixed with other media types in an album")  # fmt: skip


async def test_files_that_telegram_refuses() -> None:
    async with Telegram(most_upload=1000, most_photo=500, most_download=100) as sim, connected(sim) as bot:
        ann = sim.person("Ann")
        chat = sim.private(ann)
        big = sim.send_file(ann, chat, b"x", size=101)
        assert big.media

        with pytest.raises(TelegramEntityTooLarge, match="Request Entity Too Large"):
            await bot.send_document(chat.id, BufferedInputFile(b"x" * 1001, "a"))
        await refused(bot.get_file(big.media.file.id), "file is too big")
        await refused(bot.get_file("nothing"), "wrong file_id or the file is temporarily unavailable")
        await refused(bot.send_document(chat.id, ""), "there is no document in the request")
        await refused(bot.send_document(chat.id, "nothing"), "wrong file identifier/HTTP URL specified")
        await refused(bot.send_document(chat.id, BufferedInputFile(b"", "a")), "file must be non-empty")
        await refused(bot.send_document(chat.id, BufferedInputFile(b"x", "a"), caption="x" * 1025),
                      "message caption is too long")  # fmt: skip
        for picture, words in (
            (BufferedInputFile(b"no picture", "a.png"), "IMAGE_PROCESS_FAILED"),
            (png(9_000, 1_001), "PHOTO_INVALID_DIMENSIONS"),
            (png(210, 10), "PHOTO_INVALID_DIMENSIONS"),
            (BufferedInputFile(b"x" * 501, "a.png"), "file of size 501 bytes is too big for a photo"),
        ):
            await refused(bot.send_photo(chat.id, picture), words)


# --- flood control ---------------------------------------------------------------------------------


async def test_a_group_shares_one_budget_among_all_that_changes_it() -> None:
    async with Telegram(limits=Limits(group_per_minute=4)) as sim, connected(sim) as bot:
        forum, other = sim.forum("Team", sim.person("Ann")), sim.forum("Other", sim.person("Bob"))
        made = await bot.create_forum_topic(forum.id, "x")
        sent = await bot.send_message(forum.id, "x", message_thread_id=made.message_thread_id)
        await bot.edit_message_text("y", chat_id=forum.id, message_id=sent.message_id)
        await bot.delete_message(forum.id, sent.message_id)

        with pytest.raises(TelegramRetryAfter) as slowed:
            await bot.send_message(forum.id, "x")

        assert 55 <= slowed.value.retry_after <= 60
        assert slowed.value.message.endswith(f"Too Many Requests: retry after {slowed.value.retry_after}")
        assert sim.floods == 1
        assert sim.calls[-1].retry_after == slowed.value.retry_after
        await bot.send_chat_action(forum.id, "typing")
        await bot.send_message(other.id, "x")
        assert sim.floods == 1


async def test_drafts_have_a_budget_of_their_own() -> None:
    async with Telegram(limits=Limits()) as sim, connected(sim) as bot:
        chat = sim.private(sim.person("Ann"))
        await bot.send_message_draft(chat.id, 1, text="x")
        await bot.send_message(chat.id, "x")
        with pytest.raises(TelegramRetryAfter) as slowed:
            await bot.send_message(chat.id, "y")
        assert slowed.value.retry_after == 1


async def test_refused_calls_prolong_nothing() -> None:
    async with Telegram(limits=Limits(private_per_second=1, slack=0.7)) as sim, connected(sim) as bot:
        chat = sim.private(sim.person("Ann"))
        await bot.send_message(chat.id, "x")
        until = time.monotonic() + 5
        while len(sim.sent(chat)) < 2 and time.monotonic() < until:
            try:
                await bot.send_message(chat.id, "y")
            except TelegramRetryAfter:
                continue
        assert len(sim.sent(chat)) == 2
        assert sim.floods == len([call for call in sim.calls if call.status == 429]) > 0


# --- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (SERVER_ERROR, TelegramServerError),
        (BAD_GATEWAY, ClientDecodeError),
        (UNAUTHORIZED, TelegramUnauthorizedError),
        (CONFLICT, TelegramConflictError),
        (CUT_BEFORE, TelegramNetworkError),
        (hang(0.05), TelegramNetworkError),
        (flood(7), TelegramRetryAfter),
    ],
    ids=str,
)
async def test_a_fault_hits_as_many_calls_as_ordered(
    sim: Telegram, bot: Bot, fault: Fault, error: type[Exception]
) -> None:
    chat = sim.private(sim.person("Ann"))
    sim.fail("sendMessage", 2, fault)

    for _ in range(2):
        with pytest.raises(error):
            await bot.send_message(chat.id, "lost")
    await bot.send_message(chat.id, "arrived")

    assert [message.text for message in sim.messages(chat)] == ["arrived"]
    assert [call.status for call in sim.called("sendMessage")] == [fault.status, fault.status, 200]


async def test_a_connection_cut_after_the_work_leaves_the_message(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    sim.fail("*", how=CUT_AFTER)
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.id, "there")
    assert [message.text for message in sim.messages(chat)] == ["there"]


async def test_down_is_refused_and_up_is_the_same_port(sim: Telegram, bot: Bot) -> None:
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(_broken(bot))
        await sim.wait_for(lambda: sim.updates.polling)
        await sim.down()
        await poll
    with pytest.raises(TelegramNetworkError):
        await bot.get_me()
    await sim.up()
    assert (await bot.get_me()).id == sim.bot.id


async def test_slowness_delays_answers(sim: Telegram, bot: Bot) -> None:
    chat = sim.private(sim.person("Ann"))
    sim.slow(30)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(bot.send_message(chat.id, "x"))
        await sim.wait_for(lambda: sim.messages(chat))
        assert not sending.done()
        sending.cancel()


async def test_waiting_says_what_was_called(sim: Telegram, bot: Bot) -> None:
    await bot.get_me()
    with pytest.raises(AssertionError, match="getMe 200"):
        await sim.wait_for(lambda: False, seconds=0.01)


async def _conflict(bot: Bot) -> str:
    with pytest.raises(TelegramConflictError) as conflict:
        await bot.get_updates(timeout=20)
    return conflict.value.message


async def _broken(bot: Bot) -> None:
    with pytest.raises(TelegramNetworkError):
        await bot.get_updates(timeout=20)


def _texts(updates: list[Update]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


@asynccontextmanager
async def _hook() -> AsyncIterator[tuple[str, list[tuple[str, str]], list[web.Response]]]:
    """A webhook: its address, what it heard (text, secret), what it answers next (else 200)."""
    heard: list[tuple[str, str]] = []
    answers: list[web.Response] = []

    async def hear(request: web.Request) -> web.Response:
        update = await request.json()
        heard.append((update["message"]["text"], request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        return answers.pop(0) if answers else web.Response()

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", heard, answers
    finally:
        await runner.cleanup()
