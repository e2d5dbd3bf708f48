"""The promises of core.ports.Ledger about cards; those about places are with the places."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.errors import StoreError
from openacp_bot.core.model import PromptState, ThreadRef, Wanted
from openacp_bot.core.ports import Ledger, Records
from tests.contracts.values import ALLOWED, HERE, LINE, NOW, menu, place, prompt, question, session

TURN = Card("c1", CardKind.TURN, "t1", place="pl1", session="s1", created_at=NOW)
NOTICE = Card("c2", CardKind.NOTICE, "s1:n1", place="pl1", session="s1", body="Queued", created_at=NOW)
REPLY = Card("c3", CardKind.REPLY, "u1", where=HERE, body="Hi", answers="77", created_at=NOW)
DISCORD = ThreadRef("discord", "9", "5")


@pytest.fixture(autouse=True)
async def a_place_per_platform(records: Records) -> None:
    await records.create_session(session("s1"), place=place("pl1", "s1"))
    await records.create_session(session("s2"))
    await records.add_place(place("pl2", "s2", DISCORD, adapter="discord", space="9"))


async def open_at(ledger: Ledger, adapter: str = "telegram") -> Sequence[Card]:
    return list(await ledger.open_cards(adapter))


async def ids(ledger: Ledger) -> Sequence[str]:
    return [card.id for card in await ledger.open_cards("telegram")]


async def pages(ledger: Ledger) -> Sequence[Page]:
    card = await ledger.card(CardKind.TURN, "t1")
    assert card is not None
    return card.pages


# --- opened


async def test_an_opened_card_is_open_on_its_platform_only(ledger: Ledger) -> None:
    there = Card("c4", CardKind.REPLY, "u2", where=DISCORD, created_at=NOW)
    for card in (TURN, REPLY, NOTICE, there):
        assert await ledger.open(card) == card

    assert await open_at(ledger) == [TURN, REPLY, NOTICE]
    assert await open_at(ledger, "discord") == [there]


async def test_a_card_says_when_it_was_opened(ledger: Ledger) -> None:
    opened = await ledger.open(dataclasses.replace(TURN, created_at=0.0))

    assert opened.created_at == NOW
    assert await open_at(ledger) == [opened]


async def test_the_card_that_stands_already_is_given_back_with_its_pages(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.sending("c1", 0)
    await ledger.shown("c1", 0, "7")
    await ledger.settle("c1")

    standing = await ledger.open(Card("c9", CardKind.TURN, "t1", where=HERE))

    assert standing == dataclasses.replace(TURN, pages=(Page(0, "7", PageState.SHOWN, tries=1),))
    assert await open_at(ledger) == []


async def test_cards_differ_by_kind_and_ref(ledger: Ledger) -> None:
    await ledger.open(TURN)
    for card in (
        dataclasses.replace(TURN, id="c2", kind=CardKind.QUESTION),
        dataclasses.replace(TURN, id="c3", ref="t2"),
    ):
        assert await ledger.open(card) == card
        assert await ledger.card(card.kind, card.ref) == card

    assert await ids(ledger) == ["c1", "c2", "c3"]
    assert await ledger.card(CardKind.NOTICE, "t1") is None


async def test_a_card_comes_with_the_pages_it_was_opened_with(ledger: Ledger) -> None:
    given = dataclasses.replace(REPLY, pages=(Page(0, "7", PageState.SHOWN, rings=True, tries=2),))
    await ledger.open(given)

    assert await open_at(ledger) == [given]


@pytest.mark.parametrize("place", ["unknown", ""])
async def test_a_card_needs_a_place_or_an_address(ledger: Ledger, place: str) -> None:
    with pytest.raises(StoreError):
        await ledger.open(dataclasses.replace(TURN, place=place))

    assert await open_at(ledger) == []


# --- shown


async def test_a_page_is_sending_before_it_is_shown_and_while_it_is_sent_again(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.sending("c1", 0, rings=True)
    first = await pages(ledger)
    await ledger.shown("c1", 0, "7")
    shown = await pages(ledger)
    await ledger.sending("c1", 0)

    assert first == (Page(0, None, PageState.SENDING, rings=True, tries=1),)
    assert shown == (Page(0, "7", PageState.SHOWN, rings=True, tries=1),)
    assert await pages(ledger) == (Page(0, "7", PageState.SENDING, rings=False, tries=2),)


async def test_a_page_may_be_shown_that_nobody_said_was_sent(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.shown("c1", 0, "7")

    assert await pages(ledger) == (Page(0, "7", PageState.SHOWN, tries=1),)


async def test_pages_come_in_order(ledger: Ledger) -> None:
    await ledger.open(TURN)
    for number in (200, 0, 101, 1):
        await ledger.sending("c1", number)

    assert [page.number for page in await pages(ledger)] == [0, 1, 101, 200]


async def test_pages_are_forgotten_when_their_messages_are_gone(ledger: Ledger) -> None:
    await ledger.open(TURN)
    for number in (0, 1, 2):
        await ledger.shown("c1", number, str(number))
    await ledger.forget("c1", [0, 2, 9])

    assert [page.number for page in await pages(ledger)] == [1]
    assert await ledger.card_at(HERE, "0") is None


async def test_a_settled_card_is_not_open(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.open(NOTICE)
    await ledger.settle("c1", "message is gone")

    assert await open_at(ledger) == [NOTICE]
    assert await ledger.card(CardKind.TURN, "t1") == TURN


async def test_putting_off_counts_attempts(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.put_off("c1", 50.0)
    await ledger.put_off("c1", 70.0)

    (card,) = await open_at(ledger)
    assert (card.attempts, card.not_before) == (2, 70.0)


async def test_other_words_open_a_card_again(ledger: Ledger) -> None:
    await ledger.open(NOTICE)
    await ledger.shown("c2", 0, "7")
    await ledger.put_off("c2", 50.0)
    await ledger.settle("c2")
    await ledger.rewrite("c2", "Started")

    page = Page(0, "7", PageState.SHOWN, tries=1)
    assert await open_at(ledger) == [dataclasses.replace(NOTICE, body="Started", pages=(page,))]


async def test_what_is_told_of_a_card_that_is_gone_is_forgotten(ledger: Ledger) -> None:
    await ledger.sending("gone", 0)
    await ledger.shown("gone", 0, "7")
    await ledger.forget("gone", [0])
    await ledger.put_off("gone", 50.0)
    await ledger.settle("gone")
    await ledger.rewrite("gone", "Hi")

    assert await ledger.card_at(HERE, "7") is None


# --- found by its message


async def test_a_card_is_found_by_its_message_whatever_the_topic(ledger: Ledger) -> None:
    for card in (TURN, REPLY):
        await ledger.open(card)
        await ledger.shown(card.id, 0, f"message of {card.id}")

    for where in (HERE, ThreadRef("telegram", "-100"), ThreadRef("telegram", "-100", "other")):
        for id in ("c1", "c3"):
            found = await ledger.card_at(where, f"message of {id}")
            assert found is not None and found.id == id


async def test_a_message_of_another_chat_is_not_taken_for_it(ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.shown("c1", 0, "7")

    assert await ledger.card_at(HERE, "8") is None
    assert await ledger.card_at(ThreadRef("telegram", "-200", "5"), "7") is None
    assert await ledger.card_at(ThreadRef("discord", "-100", "5"), "7") is None


async def test_cards_move_with_their_chat(records: Records, ledger: Ledger) -> None:
    for card in (TURN, REPLY):
        await ledger.open(card)
        await ledger.shown(card.id, 0, card.id)
    await records.move_space("telegram", "-100", "-200")

    moved = ThreadRef("telegram", "-200", "5")
    assert [card.where for card in await open_at(ledger)] == [None, moved]
    for id in ("c1", "c3"):
        found = await ledger.card_at(moved, id)
        assert found is not None and found.id == id
        assert await ledger.card_at(HERE, id) is None


# --- opened by the store itself


async def test_a_turn_opens_its_card_in_the_home_of_its_session(records: Records, ledger: Ledger) -> None:
    for id in ("p1", "p2"):
        await records.queue_prompt(prompt(id))
    await records.start_turn("p1", NOW)
    await records.start_turn("p1", NOW)

    assert await open_at(ledger) == [Card("p1", CardKind.TURN, "p1", place="pl1", session="s1", created_at=NOW)]


@pytest.mark.parametrize(
    ("asked_at", "at", "message", "answers"),
    [
        (NOW + 5, "pl1", "77", "77"),
        (NOW + 9.5, "pl1", "77", ""),  # platforms tell times in whole seconds
        (NOW + 20, "pl1", "77", ""),
        (NOW + 5, "pl2", "77", ""),
        (NOW + 5, None, "77", ""),
        (NOW + 5, "pl1", "", ""),
    ],
)
async def test_the_turn_of_a_prompt_that_waited_behind_another_answers_its_message(
    records: Records, ledger: Ledger, asked_at: float, at: str | None, message: str, answers: str
) -> None:
    waits = dataclasses.replace(prompt("p2"), asked_at=asked_at, place=at, message=message)
    for one in (prompt("p1"), waits, prompt("other", "s2")):
        await records.queue_prompt(one)
    for id, ended in (("other", NOW + 60), ("p1", NOW + 10)):
        await records.start_turn(id, NOW + 1)
        await records.end_turn(id, state=PromptState.ENDED, outcome="done", at=ended)
    await records.start_turn("p2", NOW + 61)

    first, second = await open_at(ledger)
    assert (first.answers, second.answers) == ("", answers)
    assert await ledger.card(CardKind.TURN, "p2") == second


async def test_a_question_opens_its_card_in_the_home_of_its_session(records: Records, ledger: Ledger) -> None:
    await records.ask(question("q1"), menu())
    await records.decide("q1", ALLOWED, LINE)

    assert await open_at(ledger) == [Card("q1", CardKind.QUESTION, "q1", place="pl1", session="s1", created_at=NOW)]


async def test_the_newest_place_is_the_home_where_cards_are_opened(records: Records, ledger: Ledger) -> None:
    await records.add_place(place("pl3", "s1", None))
    await records.queue_prompt(prompt("p1"))
    await records.start_turn("p1", NOW)

    (card,) = await open_at(ledger)
    assert card.place == "pl3"


@pytest.mark.parametrize("wanted", [Wanted.CLOSED, Wanted.GONE])
async def test_nothing_is_opened_where_no_place_is_wanted_open(
    records: Records, ledger: Ledger, wanted: Wanted
) -> None:
    await records.add_place(place("pl3", "s1", None, wanted=wanted))
    await records.create_session(session("nowhere"))
    for id in ("s1", "nowhere"):
        await records.queue_prompt(prompt(f"p-{id}", id))
        assert await records.start_turn(f"p-{id}", NOW)
        await records.ask(question(f"q-{id}", id), menu(f"m-{id}"))

    assert await open_at(ledger) == []


async def test_a_turn_that_does_not_start_opens_no_card(records: Records, ledger: Ledger) -> None:
    await records.queue_prompt(prompt("p1"))
    await records.change_prompts(["p1"], state=PromptState.DROPPED)
    await records.start_turn("p1", NOW)
    with pytest.raises(StoreError):
        await records.ask(question("q1", "unknown"), menu())

    assert await open_at(ledger) == []


async def test_cards_of_what_a_crash_interrupted_are_still_to_be_made_true(records: Records, ledger: Ledger) -> None:
    await records.queue_prompt(prompt("p1"))
    await records.start_turn("p1", NOW)
    await records.ask(question("q1"), menu())
    await ledger.sending("p1", 0)

    await records.recover(NOW + 60)

    assert [(card.id, len(card.pages)) for card in await open_at(ledger)] == [("p1", 1), ("q1", 0)]


# --- of a session that was deleted


async def test_nothing_is_left_to_show_of_a_deleted_session(records: Records, ledger: Ledger) -> None:
    await records.queue_prompt(prompt("p1"))
    await records.start_turn("p1", NOW)
    await records.ask(question("q1"), menu())
    moved_out = Card("c4", CardKind.TURN, "p0", where=DISCORD, session="s1")
    for card in (NOTICE, dataclasses.replace(REPLY, place="pl1", where=None), moved_out):
        await ledger.open(card)

    await records.delete_session("s1")

    assert await open_at(ledger) == []
    assert await open_at(ledger, "discord") == []


async def test_the_answer_to_a_deletion_is_still_given(records: Records, ledger: Ledger) -> None:
    answers = [
        dataclasses.replace(REPLY, session="s1"),
        Card("c4", CardKind.NOTICE, "s1:n2", where=HERE, session="s1", created_at=NOW),
    ]
    in_another = Card("c5", CardKind.REPLY, "u5", place="pl2", session="s1", created_at=NOW)
    for card in (*answers, in_another):
        await ledger.open(card)

    await records.delete_session("s1")
    await records.erase_session("s1")

    assert await open_at(ledger) == answers
    assert await open_at(ledger, "discord") == [in_another]


async def test_what_was_shown_of_a_deleted_session_is_erased_with_it(records: Records, ledger: Ledger) -> None:
    await ledger.open(TURN)
    await ledger.shown("c1", 0, "7")
    await records.delete_session("s1")
    await ledger.open(NOTICE)
    await records.erase_session("s1")
    await ledger.shown("c1", 1, "8")

    assert await ledger.card(CardKind.TURN, "t1") is None
    assert await ledger.card(CardKind.NOTICE, "s1:n1") is None
    assert await ledger.card_at(HERE, "7") is None
    assert await ledger.card_at(HERE, "8") is None


# --- small facts


async def test_a_closed_gate_is_known_until_it_opens(ledger: Ledger) -> None:
    await ledger.close_gate("telegram:-100", 50.0)
    await ledger.close_gate("telegram:-100", 60.0)
    await ledger.close_gate("discord:9", 40.0)

    assert await ledger.closed_gates(45.0) == {"telegram:-100": 60.0}
    assert await ledger.closed_gates(60.0) == {}


async def test_a_surface_notes_small_facts_for_itself(ledger: Ledger) -> None:
    await ledger.note("telegram", "offset", "1")
    await ledger.note("telegram", "offset", "2")
    await ledger.note("telegram", "name", "bot")
    await ledger.note("discord", "offset", "9")

    assert await ledger.notes("telegram") == {"offset": "2", "name": "bot"}
    assert await ledger.notes("web") == {}


async def test_a_page_that_is_set_aside_keeps_its_message_and_rings_no_more(ledger: Ledger) -> None:
    card = await ledger.open(Card("c1", CardKind.REPLY, "k1", where=ThreadRef("telegram", "-100"), body="{}"))
    await ledger.sending(card.id, 0, rings=True)
    await ledger.shown(card.id, 0, "m1")

    await ledger.set_aside(card.id, 0, -1)

    (found,) = await ledger.open_cards("telegram")
    assert [(page.number, page.message, page.rings) for page in found.pages] == [(-1, "m1", False)]
