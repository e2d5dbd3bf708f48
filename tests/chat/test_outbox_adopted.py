"""Answers that stand already, as an interaction was answered with them: the outbox goes on with their messages."""

from __future__ import annotations

import asyncio

from openacp_bot.core.cards import CardKind
from openacp_bot.core.inbound import Reply
from tests.chat.stage import GENERAL, Stage
from tests.virtual_time import virtual


@virtual
async def test_an_answer_that_stands_already_is_not_sent() -> None:
    stage = Stage()
    shown = stage.platform.add(GENERAL, "Hello", True)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hello"), key="u1", shown=shown)
        await stage.all_settled()
        await asyncio.sleep(60)

    assert stage.platform.texts() == ["Hello"]
    assert stage.platform.nonces == []


@virtual
async def test_it_is_edited_once_the_topic_that_it_speaks_of_is_there() -> None:
    stage = Stage()
    await stage.place(opened=False)
    shown = stage.platform.add(GENERAL, "New session (opening)", True)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("New session", session="s-p1"), key="u1", shown=shown)
        await stage.all_settled()

    (place,) = await stage.store.known_places("chat")
    assert stage.platform.texts("") == [f"New session {place.url}"]
    assert stage.platform.find(shown).rings


@virtual
async def test_it_is_found_again_after_a_crash_and_by_its_message() -> None:
    stage = Stage()
    await stage.place(opened=False)
    shown = stage.platform.add(GENERAL, "New session (opening)", True)
    async with stage.running(goodbye=0):
        await stage.outbox.reply(GENERAL, Reply("New session", session="s-p1"), key="u1", shown=shown)
        card = await stage.store.card_at(GENERAL, shown)
    async with stage.running():
        await stage.all_settled()

    assert card is not None and (card.kind, card.ref) == (CardKind.REPLY, "u1")
    assert [text.startswith("New session https://") for text in stage.platform.texts("")] == [True]


@virtual
async def test_the_same_answer_twice_is_one_card() -> None:
    stage = Stage()
    shown = stage.platform.add(GENERAL, "Hello", True)
    async with stage.running():
        for _ in range(2):
            await stage.outbox.reply(GENERAL, Reply("Hello"), key="u1", shown=shown)
        await stage.all_settled()

    assert stage.platform.texts() == ["Hello"]


@virtual
async def test_one_that_somebody_deleted_meanwhile_is_sent() -> None:
    stage = Stage()
    shown = stage.platform.add(GENERAL, "Hello", True)
    stage.platform.remove(shown)
    async with stage.running():
        await stage.outbox.reply(GENERAL, Reply("Hello"), key="u1", shown=shown)
        await stage.all_settled()

    assert stage.platform.texts() == ["Hello"]
