"""A reply to a question's message answers the question."""

from __future__ import annotations

from dataclasses import replace

from openacp_bot.chat.answering import answering
from openacp_bot.core.cards import CardKind
from openacp_bot.core.inbound import Edited, Inbound, Message, Origin
from openacp_bot.core.model import Place, UserRef
from tests.chat.stage import Stage
from tests.virtual_time import virtual


def message(place: Place) -> Message:
    assert place.ref is not None
    return Message(Origin("k1", place.ref, UserRef("chat", "1"), 0.0), "m1", "no, run test", quote="q1?")


async def asked(stage: Stage, place: Place) -> str:
    """The message of a question, as soon as people see it."""
    await stage.start(place, "t1")
    await stage.ask(place, "t1", "q1")
    await stage.until(lambda: stage.sees("q1?"))
    return stage.platform.messages[0].id


async def heard(stage: Stage, inbound: Inbound, replies_to: str) -> Inbound:
    return await answering(stage.store, stage.outbox, inbound, replies_to)


@virtual
async def test_a_reply_to_a_question_answers_it_and_quotes_nothing() -> None:
    stage = Stage()
    place = await stage.place()
    told = message(place)
    async with stage.running():
        question = await asked(stage, place)

        # Nobody knows its id yet: the call that sent it has not come back.
        assert await stage.store.card_at(told.origin.where, question) is None
        assert await heard(stage, told, question) == replace(told, answers="q1", quote="")
        assert await heard(stage, told, "") == told


@virtual
async def test_an_edit_answers_nothing() -> None:
    stage = Stage()
    place = await stage.place()
    edited = Edited(message(place).origin, "m1", "yes")
    async with stage.running():
        assert await heard(stage, edited, await asked(stage, place)) == edited


@virtual
async def test_a_reply_to_anything_else_keeps_its_quote() -> None:
    stage = Stage()
    place = await stage.place()
    told = message(place)
    async with stage.running():
        await stage.turn(place, "Hello.")
        await stage.all_settled()
        (shown,) = stage.platform.messages
        card = await stage.store.card_at(told.origin.where, shown.id)

        assert card is not None and card.kind is CardKind.TURN
        assert await heard(stage, told, shown.id) == told
        assert await heard(stage, told, "999") == told
