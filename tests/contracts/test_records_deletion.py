"""The promises of core.ports.Records about what was deleted, and about what has expired."""

from __future__ import annotations

import pytest

from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Choice, Expecting, Reply, Row
from openacp_bot.core.model import PromptState, Source, State, Wanted
from openacp_bot.core.ports import Ledger, Records, SessionFilter
from tests.contracts.values import ALLOWED, ANN, HERE, LINE, NOW, menu, place, prompt, question, session

DAY = 86400


async def a_full_session(records: Records, id: str) -> None:
    await records.create_session(session(id, source=Source.SCHEDULED, workspace=f"/srv/{id}"))
    await records.queue_prompt(prompt(f"begun-{id}", id))
    await records.queue_prompt(prompt(f"waiting-{id}", id, message=f"message-{id}"))
    await records.start_turn(f"begun-{id}", NOW)
    await records.ask(question(f"q-{id}", id), menu(f"m-{id}", session=id))
    await records.add_usage(id, NOW, 10, 0.5, "EUR")


# --- deleted


async def test_a_deleted_session_is_seen_nowhere(records: Records) -> None:
    for id in ("gone", "left"):
        await a_full_session(records, id)

    assert await records.delete_session("gone", key="u1")

    assert await records.session("gone") is None
    assert await records.prompt("begun-gone") is None
    assert await records.prompt_of(HERE, "message-gone") is None
    assert list(await records.queued("gone")) == []
    assert list(await records.last_prompts("gone")) == []
    assert await records.question("q-gone") is None
    assert await records.menu("m-gone") is None
    assert list(await records.sessions_like("gone")) == []
    assert list(await records.workspaces()) == ["/srv/left"]
    assert sum((await records.counts()).values()) == 1
    assert sum((await records.removable(SessionFilter())).values()) == 1
    for group in ("active", "scheduled", "live"):
        found, total = await records.sessions(SessionFilter(group))
        assert ([record.id for record in found], total) == (["left"], 1)


async def test_others_are_seen_as_before(records: Records) -> None:
    for id in ("gone", "left"):
        await a_full_session(records, id)

    await records.delete_session("gone")
    await records.erase_session("gone")

    assert await records.session("left") is not None
    assert await records.prompt("begun-left") is not None
    assert await records.prompt_of(HERE, "message-left") is not None
    assert [waiting.id for waiting in await records.queued("left")] == ["waiting-left"]
    assert [last.id for last in await records.last_prompts("left")] == ["begun-left"]
    assert await records.question("q-left") is not None
    assert await records.menu("m-left") is not None


async def test_an_archived_session_can_be_deleted(records: Records) -> None:
    await records.create_session(session(archived_at=NOW))
    await records.delete_session("s1")

    assert await records.sessions(SessionFilter("archived")) == ([], 0)


async def test_a_deleted_sessions_places_are_wanted_gone(records: Records) -> None:
    await records.create_session(session(), place=place("pl1"))
    await records.delete_session("s1")

    left = await records.place("pl1")
    assert left is not None and (left.session, left.wanted) == (None, Wanted.GONE)
    assert await records.place_of("s1") is None
    assert await records.place_at(HERE) == left


async def test_the_place_of_a_deleted_session_is_forgotten_once_it_is_gone(records: Records, ledger: Ledger) -> None:
    await records.create_session(session(), place=place("pl1"))
    await records.create_session(session("s2"), place=place("pl2", "s2", None))
    await records.delete_session("s1")
    await records.delete_session("s2")
    await ledger.made("pl1", Wanted.GONE)
    unopened = await records.place("pl2")
    await records.tidy(NOW)

    assert unopened is not None and unopened.title == ""
    assert await records.place("pl1") is None
    assert await records.place("pl2") is None


async def test_the_place_of_a_deleted_session_that_is_just_being_opened_is_kept(
    records: Records, ledger: Ledger
) -> None:
    await records.create_session(session(), place=place("pl1", "s1", None))
    await ledger.opening("pl1")
    await records.delete_session("s1")
    await records.tidy(NOW)

    left = await records.change_place("pl1", ref=HERE)
    assert left is not None and (left.wanted, left.title) == (Wanted.GONE, "")


async def test_the_place_of_an_archived_session_stays(records: Records, ledger: Ledger) -> None:
    await records.create_session(session(), place=place("pl1"))
    await records.change_place("pl1", wanted=Wanted.CLOSED)
    await ledger.made("pl1", Wanted.GONE)
    await records.tidy(NOW)

    left = await records.place("pl1")
    assert left is not None and (left.ref, left.title) == (None, "Work")


async def test_what_was_said_to_inbounds_about_a_session_is_erased_with_it(records: Records) -> None:
    for id in ("5e55a1", "5e55b2"):
        await records.create_session(session(id))
        await records.answered(f"about-{id}", Reply(f"Renamed {id}", session=id))
    await records.answered("list", Reply("2", rows=(Row("", "First words", session="5e55a1"),)))
    await records.delete_session("5e55a1")
    await records.erase_session("5e55a1")

    told = [await records.answer_to(key) is not None for key in ("about-5e55a1", "list", "about-5e55b2")]
    assert told == [False, False, True]
    assert await records.seen("about-5e55a1")


async def test_a_deleted_session_takes_nothing_more(records: Records) -> None:
    await a_full_session(records, "s1")
    await records.delete_session("s1")

    with pytest.raises(StoreError):
        await records.queue_prompt(prompt("new", "s1"), key="u1")
    with pytest.raises(StoreError):
        await records.ask(question("new", "s1"), menu("new"))
    with pytest.raises(StoreError):
        await records.add_place(place("pl1", "s1"))
    assert not await records.start_turn("waiting-s1", NOW)
    assert not await records.decide("q-s1", ALLOWED, LINE)
    await records.change_session("s1", pinned=True)
    await records.change_prompts(["waiting-s1"], text="Other")
    await records.add_usage("s1", NOW, 10, None, "")
    await records.mint(menu("late", session="s1"))

    assert not await records.seen("u1")
    assert await records.session("s1") is None
    assert await records.prompt("waiting-s1") is None
    assert await records.menu("late") is None
    assert await records.place("pl1") is None


async def test_a_turn_may_end_after_its_session_was_deleted(records: Records) -> None:
    await a_full_session(records, "s1")
    await records.delete_session("s1")
    await records.end_turn("begun-s1", state=PromptState.ENDED, outcome="end_turn", at=NOW + 60)
    await records.erase_session("s1")
    await records.end_turn("begun-s1", state=PromptState.ENDED, outcome="end_turn", at=NOW + 60)

    assert await records.prompt("begun-s1") is None


async def test_a_deleted_session_keeps_its_ids_until_it_is_erased(records: Records) -> None:
    await a_full_session(records, "s1")
    await records.delete_session("s1")
    with pytest.raises(StoreError):
        await records.create_session(session("s1"))
    with pytest.raises(StoreError):
        await records.mint(menu("m-s1"))
    await records.erase_session("s1")

    assert await records.create_session(session("s1"), prompt=prompt("begun-s1"))
    await records.mint(menu("m-s1"))
    found = await records.session("s1")
    assert found is not None and found.prompts == 1
    assert list(await records.last_prompts("s1")) == []
    assert await records.question("q-s1") is None


async def test_a_sticky_key_is_free_as_soon_as_its_session_is_deleted(records: Records) -> None:
    await records.create_session(session("s1", sticky="task:nightly"))
    await records.delete_session("s1")

    assert await records.create_session(session("s2", sticky="task:nightly"))


async def test_only_what_is_deleted_is_erased(records: Records) -> None:
    await a_full_session(records, "s1")
    await records.erase_session("s1")
    await records.erase_session("unknown")

    assert await records.session("s1") is not None
    assert await records.question("q-s1") is not None
    assert await records.menu("m-s1") is not None
    assert len(await records.queued("s1")) == 1


async def test_deleting_and_erasing_twice_is_no_error(records: Records) -> None:
    await records.create_session(session())
    for _ in range(2):
        assert await records.delete_session("s1")
    for _ in range(2):
        await records.erase_session("s1")

    assert await records.session("s1") is None


async def test_usage_of_a_session_that_is_gone_is_not_an_error(records: Records) -> None:
    await records.add_usage("gone", NOW, 10, None, "")

    assert await records.session("gone") is None


# --- expired


async def test_tidying_forgets_what_has_expired_and_keeps_the_rest(records: Records) -> None:
    await records.create_session(session(state=State.ACTIVE), prompt=prompt())
    await records.mint(menu("expired", expires_at=NOW + 60))
    await records.mint(menu("fresh", expires_at=NOW + 61))
    await records.mint(menu("lasting"))
    what = Expecting(HERE, ANN.key, "m1.0", "path", {}, NOW + 60)
    await records.expect(what, where=HERE, who=ANN.key)
    await records.expect(Expecting(HERE, "b", "m1.0", "path", {}, NOW + 61), where=HERE, who="b")

    await records.tidy(NOW + 60)

    assert await records.menu("expired") is None
    assert await records.menu("fresh") is not None
    assert await records.menu("lasting") is not None
    assert await records.expected(HERE, ANN.key, NOW) is None
    assert await records.expected(HERE, "b", NOW) is not None
    found = await records.session("s1")
    assert found is not None and found.state is State.ACTIVE


async def test_inbound_keys_are_remembered_for_60_days(records: Records) -> None:
    await records.admit("u1")
    await records.tidy(NOW + 60 * DAY - 1)
    remembered = await records.seen("u1")
    await records.tidy(NOW + 60 * DAY)

    assert remembered
    assert not await records.seen("u1")
    assert await records.admit("u1")


async def test_the_answer_to_an_inbound_is_remembered_for_a_day(records: Records) -> None:
    reply = Reply("Done.", choices=(Choice("Open", "m1.0"),), session="s1")
    await records.create_session(session(), key="u1")
    unknown = await records.answer_to("u1")
    await records.answered("u1", reply)
    await records.answered("u2", reply)
    await records.tidy(NOW + DAY - 1)
    known = [await records.answer_to(key) for key in ("u1", "u2", "u3")]
    await records.tidy(NOW + DAY)

    assert unknown is None and known == [reply, reply, None]
    assert [await records.answer_to(key) for key in ("u1", "u2")] == [None, None]


async def test_settled_cards_go_after_14_days_and_open_ones_stay(records: Records, ledger: Ledger) -> None:
    for id in ("open", "settled"):
        await ledger.open(Card(id, CardKind.REPLY, id, where=HERE))
        await ledger.sending(id, 1)
        await ledger.shown(id, 1, f"message of {id}")
    await ledger.settle("settled")
    await records.tidy(NOW + 14 * DAY - 1)
    before = await ledger.card(CardKind.REPLY, "settled")
    await records.tidy(NOW + 14 * DAY)

    assert before is not None
    assert await ledger.card(CardKind.REPLY, "settled") is None
    assert await ledger.card_at(HERE, "message of settled") is None
    assert [card.id for card in await ledger.open_cards("telegram")] == ["open"]


async def test_tidying_erases_what_was_left_deleted(records: Records) -> None:
    await records.create_session(session())
    await records.delete_session("s1")
    await records.tidy(NOW)

    assert await records.create_session(session())
