"""The promises of core.ports.Records about single sessions and the inbox."""

from __future__ import annotations

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.model import (
    Grant,
    State,
    TitleRank,
    Verbosity,
)
from openacp_bot.core.ports import Records
from tests.contracts.values import NOW, place, prompt, session

FULL = session(
    model="opus",
    state=State.ACTIVE,
    reason="woken",
    conversation="agent-1",
    current_model="sonnet",
    title="Größe ändern",
    title_rank=TitleRank.PERSON,
    task="nightly",
    sticky="task:nightly",
    pinned=True,
    held=True,
    bypass=True,
    verbosity=Verbosity.HIGH,
    options={"mode": "plan"},
    grants=(Grant("execute", command="ls"), Grant("edit", directory="/srv")),
    rev=7,
    archived_at=NOW + 9,
    handed_over=False,
)


# --- the inbox


async def test_an_inbound_is_admitted_once(records: Records) -> None:
    assert await records.admit("u1", "stranger")
    assert not await records.admit("u1")

    assert await records.seen("u1")
    assert not await records.seen("u2")


async def test_an_empty_key_is_never_seen_before(records: Records) -> None:
    assert await records.admit("")
    assert await records.admit("")

    assert not await records.seen("")


async def test_the_key_of_an_effect_is_remembered_with_it(records: Records) -> None:
    await records.create_session(session(), key="u1")
    await records.queue_prompt(prompt(), key="u2")
    await records.change_session("s1", key="u3", pinned=True)
    await records.change_prompts(["p1"], key="u4", text="Other")
    await records.delete_session("s1", key="u5")

    assert [await records.seen(f"u{number}") for number in range(1, 7)] == [True] * 5 + [False]


async def test_the_same_inbound_changes_nothing_twice(records: Records) -> None:
    await records.create_session(session())
    await records.queue_prompt(prompt("p1"))
    await records.admit("u1")

    assert not await records.create_session(session("s2"), prompt=prompt("p2", "s2"), place=place(), key="u1")
    assert await records.queue_prompt(prompt("p3"), key="u1") is None
    assert not await records.change_session("s1", key="u1", pinned=True)
    assert not await records.change_prompts(["p1"], key="u1", text="Other")
    assert not await records.delete_session("s1", key="u1")

    assert await records.session("s2") is None
    assert await records.place("pl1") is None
    found = await records.session("s1")
    assert found is not None and not found.pinned and found.prompts == 1
    assert [waiting.text for waiting in await records.queued("s1")] == ["Fix the tests"]


async def test_an_effect_that_is_refused_leaves_its_key_unseen(records: Records) -> None:
    with pytest.raises(StoreError):
        await records.queue_prompt(prompt(session="nobody"), key="u1")

    assert not await records.seen("u1")


# --- one session


async def test_a_session_comes_back_as_it_was_given(records: Records) -> None:
    assert await records.create_session(FULL)

    assert await records.session("s1") == FULL


async def test_an_unknown_session_is_none(records: Records) -> None:
    assert await records.session("s1") is None


async def test_an_id_is_given_once(records: Records) -> None:
    await records.create_session(session(title="First"))
    with pytest.raises(StoreError):
        await records.create_session(session(title="Second"))

    found = await records.session("s1")
    assert found is not None and found.title == "First"


async def test_a_session_is_created_with_its_first_prompt_and_its_place(records: Records) -> None:
    await records.create_session(session(), prompt=prompt(asked_at=NOW + 3, place="pl1"), place=place(ref=None))

    found = await records.session("s1")
    assert found is not None and (found.prompts, found.active_at) == (1, NOW + 3)
    assert [waiting.id for waiting in await records.queued("s1")] == ["p1"]
    assert await records.place_of("s1") == place(ref=None)


async def test_a_session_whose_prompt_is_refused_is_not_created(records: Records) -> None:
    await records.create_session(session("s1"), prompt=prompt("p1"))
    with pytest.raises(StoreError):
        await records.create_session(session("s2"), prompt=prompt("p1", "s2"), place=place(session="s2"))

    assert await records.session("s2") is None
    assert await records.place("pl1") is None


async def test_every_changeable_field_can_be_changed(records: Records) -> None:
    await records.create_session(session())
    changed = await records.change_session(
        "s1",
        state=FULL.state,
        reason=FULL.reason,
        conversation=FULL.conversation,
        current_model=FULL.current_model,
        title=FULL.title,
        title_rank=FULL.title_rank,
        pinned=True,
        held=True,
        bypass=True,
        verbosity=FULL.verbosity,
        options=FULL.options,
        grants=FULL.grants,
        active_at=NOW + 4,
        archived_at=FULL.archived_at,
        handed_over=False,
    )

    assert changed
    expected = session(
        state=FULL.state,
        reason=FULL.reason,
        conversation=FULL.conversation,
        current_model=FULL.current_model,
        title=FULL.title,
        title_rank=FULL.title_rank,
        pinned=True,
        held=True,
        bypass=True,
        verbosity=FULL.verbosity,
        options=FULL.options,
        grants=FULL.grants,
        active_at=NOW + 4,
        archived_at=FULL.archived_at,
        handed_over=False,
    )
    assert await records.session("s1") == expected


async def test_a_field_can_be_unset(records: Records) -> None:
    await records.create_session(FULL)
    await records.change_session("s1", archived_at=None, verbosity=None, options={}, grants=(), title="", model="")

    found = await records.session("s1")
    assert found is not None
    assert (found.archived_at, found.verbosity, dict(found.options), found.grants) == (None, None, {}, ())
    assert found.model == ""


async def test_one_living_session_has_a_sticky_key(records: Records) -> None:
    await records.create_session(session("s1", sticky="task:nightly"))
    with pytest.raises(StoreError):
        await records.create_session(session("s2", sticky="task:nightly"))

    await records.change_session("s1", archived_at=NOW)
    await records.create_session(session("s2", sticky="task:nightly"))
    with pytest.raises(StoreError):
        await records.change_session("s1", archived_at=None)
    await records.delete_session("s2")
    await records.change_session("s1", archived_at=None)
    assert await records.session("s2") is None


async def test_sessions_are_found_by_the_beginning_of_their_id(records: Records) -> None:
    for id in ("ab1", "ab2", "ac3", "b_4", "bx5"):
        await records.create_session(session(id))

    assert [record.id for record in await records.sessions_like("ab")] == ["ab1", "ab2"]
    assert [record.id for record in await records.sessions_like("b_")] == ["b_4"]
    assert list(await records.sessions_like("z")) == []


async def test_at_most_ten_sessions_are_alike(records: Records) -> None:
    for number in range(12):
        await records.create_session(session(f"s{number:02}"))

    assert len(await records.sessions_like("")) == 10
