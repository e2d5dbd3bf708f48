"""Nonces: what a platform takes once for each, so that nothing stands twice and nothing is marked as a repeat."""

from __future__ import annotations

import asyncio

from openacp_bot.chat.pen import NotDone, PerhapsDone
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.inbound import Reply
from tests.chat.platform import LIMIT
from tests.chat.stage import END, GENERAL, Stage
from tests.virtual_time import virtual

LONGEST = 25  # Discord


def deduping() -> Stage:
    stage = Stage()
    stage.pen.dedupes = True
    return stage


@virtual
async def test_an_ambiguous_answer_stands_once_and_is_not_marked() -> None:
    for done in (True, False):
        stage = deduping()
        place = await stage.place()
        stage.platform.fail("send", PerhapsDone("lost"), done=done)
        async with stage.running():
            await stage.turn(place, "Hi")
            await stage.all_settled()

        assert stage.platform.texts() == [f"Hi\n{END}"]
        first, again = stage.platform.nonces
        assert first == again != ""


@virtual
async def test_what_was_sent_before_a_crash_is_sent_again_with_the_same_nonce() -> None:
    stage = deduping()
    place = await stage.place()
    stage.platform.fail("send", PerhapsDone("lost"), n=99, done=True)
    async with stage.running(goodbye=0):
        await stage.turn(place, "Hi")
        await stage.until(lambda: bool(stage.platform.messages))
    stage.platform.faults.clear()
    async with stage.running():
        await stage.all_settled()

    assert stage.platform.texts() == [f"Hi\n{END}"]
    assert len(set(stage.platform.nonces)) == 1


@virtual
async def test_a_growing_answer_whose_first_sending_was_ambiguous_is_whole_in_one_message() -> None:
    stage = deduping()
    place = await stage.place()
    stage.platform.fail("send", PerhapsDone("lost"), done=True)
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        await asyncio.sleep(10)
        stage.say(place, "t1", "two")
        stage.end(place, "t1")
        await stage.all_settled()

    assert [text.removesuffix(f"\n{END}") for text in stage.platform.texts() if text != END] == ["One two"]


@virtual
async def test_what_certainly_failed_keeps_its_nonce() -> None:
    stage = deduping()
    stage.platform.fail("send", NotDone("no connection"), n=3)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await stage.all_settled()

    assert stage.platform.texts() == ["Hi"]
    assert len(stage.platform.nonces) == 4 and len(set(stage.platform.nonces)) == 1


@virtual
async def test_a_message_that_somebody_deleted_is_sent_anew_with_another_nonce() -> None:
    """With the same one the platform would say that it stands already."""
    stage = deduping()
    place = await stage.place()
    async with stage.running():
        await stage.start(place, "t1")
        stage.say(place, "t1", "One ")
        await stage.until(lambda: stage.sees("One"))
        stage.platform.remove(stage.platform.messages[0].id)
        stage.say(place, "t1", "two")
        await stage.until(lambda: stage.sees("One two"))
        stage.end(place, "t1")
        await stage.all_settled()

    first, anew, *_ = stage.platform.nonces
    assert first != anew
    assert stage.platform.texts()[0] == "One two"


@virtual
async def test_every_page_of_every_card_has_a_nonce_of_its_own_that_is_short_enough() -> None:
    stage = deduping()
    ids = ("0123456789abcdef-first", "fedcba9876543210-second")
    async with stage.running():
        for number, id in enumerate(ids):
            place = await stage.place(f"p{number}")
            await stage.start(place, id)
            stage.say(place, id, "word " * LIMIT)
            stage.end(place, id)
        await stage.store.open(Card("0123456789abcdee", CardKind.NOTICE, "n", where=GENERAL, body=""))
        await stage.outbox.reply(GENERAL, Reply("Hi"), key="u1")
        await stage.until(lambda: stage.sees("Hi") and len(stage.platform.ringing()) == len(ids))

    nonces = stage.platform.nonces
    assert len(nonces) > 10
    assert len(set(nonces)) == len(nonces)
    assert all(0 < len(nonce) <= LONGEST for nonce in nonces)
