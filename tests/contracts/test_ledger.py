"""The promises of core.ports.Ledger."""

from __future__ import annotations

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.model import ThreadRef, Wanted
from openacp_bot.core.ports import Card, CardKind, Page, PageState
from tests.contracts.conftest import Booked
from tests.contracts.values import menu, place, prompt, question, session

TURN = Card("c1", "pl1", CardKind.TURN, "p1", rank=3)


@pytest.fixture(autouse=True)
async def a_place_per_platform(booked: Booked) -> None:
    await booked.records.create_session(session("s1"), place=place("pl1", "s1"))
    await booked.records.create_session(session("s2"))
    await booked.records.add_place(place("pl2", "s2", ThreadRef("discord", "9", "5"), adapter="discord", space="9"))


async def test_an_opened_card_is_open_on_its_platform_only(booked: Booked) -> None:
    assert await booked.ledger.open(TURN) == TURN

    assert list(await booked.ledger.open_cards("telegram")) == [TURN]
    assert list(await booked.ledger.open_cards("discord")) == []


async def test_the_card_that_stands_already_is_given_back_with_its_pages(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    await booked.ledger.sending("c1", 0)
    await booked.ledger.shown("c1", 0, "message 7")

    standing = await booked.ledger.open(Card("c9", "pl1", CardKind.TURN, "p1", rank=1))

    assert standing.id == "c1"
    assert standing.pages == (Page(0, "message 7", PageState.SHOWN),)


async def test_cards_of_one_place_differ_by_kind_and_ref(booked: Booked) -> None:
    cards = [
        TURN,
        Card("c2", "pl1", CardKind.QUESTION, "p1", rank=0),
        Card("c3", "pl1", CardKind.NOTICE, "n1", rank=1, final=True, body="Queued"),
    ]
    for card in cards:
        await booked.ledger.open(card)

    assert list(await booked.ledger.open_cards("telegram")) == cards


async def test_a_card_comes_with_the_pages_it_was_opened_with(booked: Booked) -> None:
    card = Card("c1", "pl1", CardKind.REPLY, "r1", rank=0, body="Hi", pages=(Page(0, "7", PageState.SHOWN),))
    await booked.ledger.open(card)

    assert list(await booked.ledger.open_cards("telegram")) == [card]


async def test_a_page_is_sending_before_it_is_shown_and_while_it_is_sent_again(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    await booked.ledger.sending("c1", 0)
    first = (await booked.ledger.open_cards("telegram"))[0].pages
    await booked.ledger.shown("c1", 0, "7")
    await booked.ledger.sending("c1", 0)
    again = (await booked.ledger.open_cards("telegram"))[0].pages

    assert first == (Page(0, None, PageState.SENDING),)
    assert again == (Page(0, "7", PageState.SENDING),)


async def test_pages_come_in_order(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    for number in (2, 0, 11, 1):
        await booked.ledger.sending("c1", number)

    (card,) = await booked.ledger.open_cards("telegram")
    assert [page.number for page in card.pages] == [0, 1, 2, 11]


async def test_a_settled_card_is_not_open(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    await booked.ledger.settle("c1", "message is gone")

    assert list(await booked.ledger.open_cards("telegram")) == []


async def test_putting_off_counts_attempts(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    await booked.ledger.put_off("c1", 50.0)
    await booked.ledger.put_off("c1", 70.0)

    (card,) = await booked.ledger.open_cards("telegram")
    assert (card.attempts, card.not_before) == (2, 70.0)


async def test_a_card_needs_a_place(booked: Booked) -> None:
    with pytest.raises(StoreError):
        await booked.ledger.open(Card("c1", "nowhere", CardKind.TURN, "p1", rank=3))


async def test_cards_follow_their_place_to_another_address(booked: Booked) -> None:
    await booked.ledger.open(TURN)
    await booked.ledger.opening("pl1")
    await booked.records.change_place("pl1", ref=ThreadRef("telegram", "-200", "8"))

    assert list(await booked.ledger.open_cards("telegram")) == [TURN]


async def test_nothing_is_left_to_show_of_a_deleted_session(booked: Booked) -> None:
    await booked.records.queue_prompt(prompt("p1"))
    await booked.records.ask(question("q1"), menu())
    notice = Card("c3", "pl1", CardKind.NOTICE, "n1", rank=1, body="Deleted")
    for card in (TURN, Card("c2", "pl1", CardKind.QUESTION, "q1", rank=0), notice):
        await booked.ledger.open(card)

    await booked.records.delete_session("s1")

    assert list(await booked.ledger.open_cards("telegram")) == [notice]
    gone = await booked.records.place("pl1")
    assert gone is not None and gone.wanted is Wanted.GONE


async def test_a_closed_gate_is_known_until_it_opens(booked: Booked) -> None:
    await booked.ledger.close_gate("telegram:-100", 50.0)
    await booked.ledger.close_gate("telegram:-100", 60.0)
    await booked.ledger.close_gate("discord:9", 40.0)

    assert await booked.ledger.closed_gates(45.0) == {"telegram:-100": 60.0}
    assert await booked.ledger.closed_gates(60.0) == {}
