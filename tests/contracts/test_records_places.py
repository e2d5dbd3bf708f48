"""The promises of core.ports.Records about places."""

from __future__ import annotations

from typing import Any

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Expecting
from openacp_bot.core.model import Part, Place, PromptState, ThreadRef, Wanted
from openacp_bot.core.ports import Ledger, Records
from tests.contracts.values import ANN, HERE, NOW, place, prompt, session

CHAT = ThreadRef("telegram", "-100")
MOVED = ThreadRef("telegram", "-200", "5")


@pytest.fixture(autouse=True)
async def two_sessions(records: Records) -> None:
    for id in ("s1", "s2"):
        await records.create_session(session(id))


async def at(records: Records, id: str) -> Place:
    found = await records.place(id)
    assert found is not None
    return found


# --- found


async def test_a_place_is_found_by_id_session_and_address(records: Records) -> None:
    given = place(
        title="Fix",
        url="https://t.me/c/1/5",
        shown=Wanted.OPEN,
        named="Fi",
        renames=1,
        insists=True,
        refused="The bot has no right to do it.",
        asked_in=CHAT,
        lost_at=NOW,
    )
    await records.add_place(given)

    assert await records.place("pl1") == given
    assert await records.place_of("s1") == given
    assert await records.place_at(HERE) == given
    assert await records.place_at(CHAT) is None
    assert await records.place_of("s2") is None


async def test_the_newest_place_is_the_home(records: Records) -> None:
    await records.add_place(place("pl1", "s1", wanted=Wanted.GONE))
    await records.add_place(place("pl2", "s1", None))

    assert await records.place_of("s1") == await at(records, "pl2")


async def test_a_chat_without_topics_is_an_address(records: Records) -> None:
    await records.add_place(place(ref=CHAT))

    assert (await at(records, "pl1")).is_chat
    assert await records.place_at(CHAT) == await at(records, "pl1")


async def test_in_a_topic_the_newest_that_was_there_is_found(records: Records) -> None:
    await records.add_place(place("pl1", "s1", wanted=Wanted.CLOSED))
    await records.add_place(place("pl2", "s2", wanted=Wanted.CLOSED))
    newest = await records.place_at(HERE)
    await records.change_place("pl1", wanted=Wanted.OPEN)
    is_open = await records.place_at(HERE)

    assert newest is not None and newest.id == "pl2"
    assert is_open is not None and is_open.id == "pl1"


async def test_in_a_chat_only_what_is_wanted_open_is_found(records: Records) -> None:
    await records.add_place(place(ref=CHAT, wanted=Wanted.CLOSED))

    assert await records.place_at(CHAT) is None


# --- changed


async def test_only_what_is_given_of_a_place_changes(records: Records) -> None:
    await records.add_place(place(title="Old", url="u"))

    assert await records.change_place("pl1", title="New") == place(title="New", url="u")
    assert await records.change_place("pl1", wanted=Wanted.CLOSED) == place(title="New", url="u", wanted=Wanted.CLOSED)
    assert await records.change_place("pl1") == place(title="New", url="u", wanted=Wanted.CLOSED)
    assert await records.change_place("unknown", title="New") is None


async def test_every_field_can_be_changed_and_changed_back(records: Records) -> None:
    await records.add_place(place())
    changed = await records.change_place(
        "pl1", insists=True, refused="No right", asked_in=CHAT, lost_at=NOW, shown=Wanted.CLOSED, named="Work", url="u"
    )
    assert changed == place(
        insists=True, refused="No right", asked_in=CHAT, lost_at=NOW, shown=Wanted.CLOSED, named="Work", url="u"
    )
    assert changed == await records.place("pl1")

    back = await records.change_place(
        "pl1", insists=False, refused="", asked_in=None, lost_at=0.0, shown=None, named="", url=""
    )
    assert back == place() == await records.place("pl1")


async def test_an_address_that_becomes_known_says_that_the_place_is_open(records: Records) -> None:
    await records.add_place(place(ref=None))
    refused = await records.change_place("pl1", refused="No right")
    opened = await records.change_place("pl1", ref=HERE, url="https://t.me/c/1/5")

    assert refused == place(ref=None, refused="No right")
    assert opened == place(url="https://t.me/c/1/5", shown=Wanted.OPEN)
    assert await records.place_at(HERE) == opened


async def test_what_is_given_with_an_address_stands(records: Records) -> None:
    await records.add_place(place(ref=None))
    opened = await records.change_place("pl1", ref=HERE, shown=Wanted.CLOSED, refused="Later")

    assert opened is not None and (opened.shown, opened.refused) == (Wanted.CLOSED, "Later")


async def test_an_address_is_forgotten_with_all_that_was_true_of_it(records: Records) -> None:
    await records.add_place(place(url="u", shown=Wanted.OPEN, named="Work"))
    lost = await records.change_place("pl1", ref=None, lost_at=NOW)

    assert lost == place(ref=None, lost_at=NOW)
    assert await records.place_at(HERE) is None


async def test_a_place_may_get_an_address_in_another_space(records: Records) -> None:
    await records.add_place(place())
    moved = await records.change_place("pl1", ref=MOVED)

    assert moved is not None and moved.space == "-200"
    assert await records.place_at(HERE) is None


# --- one address, one place


async def test_who_comes_to_an_address_closes_who_stood_there(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.add_place(place("pl2", "s2"))

    assert await records.place_at(HERE) == place("pl2", "s2")
    assert await records.place("pl1") == place("pl1", "s1", wanted=Wanted.CLOSED, shown=Wanted.CLOSED)


async def test_a_new_session_closes_the_place_that_stood_at_its_address(records: Records) -> None:
    await records.add_place(place("pl1", "s1", CHAT))
    await records.create_session(session("s3"), place=place("pl3", "s3", CHAT), prompt=prompt("p1", "s3"))

    assert await records.place_at(CHAT) == place("pl3", "s3", CHAT)
    assert (await at(records, "pl1")).wanted is Wanted.CLOSED


async def test_who_comes_back_closes_who_stands_there(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.add_place(place("pl2", "s2"))
    back = await records.change_place("pl1", wanted=Wanted.OPEN)

    assert await records.place_at(HERE) == back
    assert (await at(records, "pl2")).wanted is Wanted.CLOSED


async def test_an_address_that_becomes_known_closes_who_stands_there(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.add_place(place("pl2", "s2", None))
    await records.change_place("pl2", ref=HERE)

    assert (await at(records, "pl1")).wanted is Wanted.CLOSED
    assert await records.place_at(HERE) == await at(records, "pl2")


async def test_who_is_wanted_closed_closes_nobody(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.add_place(place("pl2", "s2", wanted=Wanted.CLOSED))
    await records.change_place("pl2", title="Other")

    assert (await at(records, "pl1")).wanted is Wanted.OPEN


async def test_a_place_that_is_refused_closes_nobody(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    with pytest.raises(StoreError):
        await records.add_place(place("pl2", "unknown"))
    with pytest.raises(StoreError):
        await records.create_session(session("s1"), place=place("pl3", "s1"))

    assert (await at(records, "pl1")).wanted is Wanted.OPEN


async def test_what_is_to_be_gone_leaves_a_topic_that_is_anothers_now(records: Records) -> None:
    for id in ("pl1", "pl2"):
        await records.add_place(place(id, "s1"))
    await records.add_place(place("pl3", "s2"))
    await records.change_place("pl1", wanted=Wanted.GONE)
    await records.delete_session("s1")

    assert await records.place("pl1") == place("pl1", None, None, wanted=Wanted.GONE, title="")
    assert await records.place("pl2") == place("pl2", None, None, wanted=Wanted.GONE, title="")
    assert await records.place_at(HERE) == place("pl3", "s2")


# --- a chat with another id


async def test_a_chat_moves_with_all_that_is_in_it(records: Records) -> None:
    await records.add_place(place("pl1", "s1", asked_in=CHAT))
    await records.add_place(place("pl2", "s2", None))
    elsewhere = ThreadRef("telegram", "-300", "5")
    await records.add_place(place("pl3", "s2", elsewhere, space="-300", asked_in=elsewhere))
    what = Expecting(HERE, ANN.key, "m1.0", "path", {}, NOW + 600)
    await records.expect(what, where=HERE, who=ANN.key)

    await records.move_space("telegram", "-100", "-200")

    new = ThreadRef("telegram", "-200")
    assert await records.place("pl1") == place("pl1", "s1", MOVED, space="-200", asked_in=new)
    assert await records.place("pl2") == place("pl2", "s2", None, space="-200")
    assert await records.place("pl3") == place("pl3", "s2", elsewhere, space="-300", asked_in=elsewhere)
    assert await records.place_at(HERE) is None
    assert await records.expected(HERE, ANN.key, NOW) is None
    moved = await records.expected(MOVED, ANN.key, NOW)
    assert moved is not None and (moved.where, moved.token) == (MOVED, "m1.0")


async def test_what_one_chat_refused_the_next_may_take(records: Records) -> None:
    await records.add_place(place("pl1", "s1", None, refused="There is no such channel."))
    await records.move_space("telegram", "-100", "-200")

    assert (await at(records, "pl1")).refused == ""


async def test_only_the_chat_of_that_platform_moves(records: Records) -> None:
    there = ThreadRef("discord", "-100", "5")
    await records.add_place(place("pl1", "s1", there, adapter="discord"))
    await records.move_space("telegram", "-100", "-200")

    assert (await at(records, "pl1")).ref == there


async def test_who_moves_in_closes_who_stood_there(records: Records) -> None:
    await records.add_place(place("pl1", "s1", CHAT))
    await records.add_place(place("pl2", "s2", ThreadRef("telegram", "-200"), space="-200"))
    for where in (CHAT, ThreadRef("telegram", "-200")):
        what = Expecting(where, ANN.key, f"m{where.space}", "path", {}, NOW + 600)
        await records.expect(what, where=where, who=ANN.key)

    await records.move_space("telegram", "-100", "-200")

    new = ThreadRef("telegram", "-200")
    assert await records.place_at(new) == place("pl1", "s1", new, space="-200")
    assert (await at(records, "pl2")).wanted is Wanted.CLOSED
    expected = await records.expected(new, ANN.key, NOW)
    assert expected is not None and expected.token == "m-100"


# --- what a platform was told


async def unmade(ledger: Ledger) -> list[str]:
    return [place.id for place in await ledger.unmade_places("telegram")]


async def test_a_place_without_an_address_is_to_be_opened_unless_it_was_refused(
    records: Records, ledger: Ledger
) -> None:
    await records.add_place(place("pl1", "s1", None))
    await records.add_place(place("pl2", "s1", None, wanted=Wanted.CLOSED))
    await records.add_place(place("pl3", "s1", None, wanted=Wanted.GONE))
    await records.add_place(place("pl4", "s1", None, adapter="discord"))
    before = await unmade(ledger)
    await records.change_place("pl1", refused="No right")

    assert before == ["pl1"]
    assert await unmade(ledger) == []


async def test_a_place_that_is_as_it_should_be_is_made(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(named="Work", shown=Wanted.OPEN))

    assert await unmade(ledger) == []
    assert await ledger.place("pl1") == place(named="Work", shown=Wanted.OPEN)


async def test_another_title_is_to_be_told(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(named="Work", shown=Wanted.OPEN))
    await records.change_place("pl1", title="Fix")
    before = await unmade(ledger)
    await ledger.made("pl1", Wanted.OPEN, named="Fix")

    assert before == ["pl1"]
    assert await unmade(ledger) == []


async def test_what_is_to_be_closed_or_gone_is_unmade_until_it_is(records: Records, ledger: Ledger) -> None:
    for number, wanted in enumerate((Wanted.CLOSED, Wanted.GONE)):
        where = ThreadRef("telegram", "-100", str(number))
        await records.add_place(place(wanted.value, "s1", where, named="Work", shown=Wanted.OPEN, wanted=wanted))
    before = await unmade(ledger)
    await ledger.made("closed", Wanted.CLOSED)
    await ledger.made("gone", Wanted.GONE)

    assert before == ["closed", "gone"]
    assert await unmade(ledger) == []


async def test_a_closed_topic_is_still_to_be_deleted(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(wanted=Wanted.GONE, shown=Wanted.CLOSED))

    assert await unmade(ledger) == ["pl1"]


async def test_what_a_person_closed_is_left_as_it_is(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(title="New", named="Old", shown=Wanted.CLOSED))

    assert await unmade(ledger) == []


async def test_what_a_person_closed_is_reopened_once_it_is_no_longer_shown_so(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(named="Work", shown=Wanted.CLOSED))
    await records.change_place("pl1", shown=None)
    before = await unmade(ledger)
    await ledger.made("pl1", Wanted.OPEN)

    assert before == ["pl1"]
    assert await unmade(ledger) == [] and (await at(records, "pl1")).shown is Wanted.OPEN


async def test_places_that_have_an_address_are_known_in_their_order_until_they_are_to_be_gone(
    records: Records, ledger: Ledger
) -> None:
    known: dict[str, dict[str, Any]] = {
        "open": {"ref": ThreadRef("telegram", "-100", "1")},
        "not yet": {"ref": None},
        "closed": {"ref": ThreadRef("telegram", "-100", "2"), "wanted": Wanted.CLOSED, "shown": Wanted.CLOSED},
        "a chat": {"ref": CHAT},
        "going": {"ref": ThreadRef("telegram", "-100", "3"), "wanted": Wanted.GONE},
        "elsewhere": {"ref": ThreadRef("discord", "9", "8"), "adapter": "discord", "space": "9"},
    }
    for id, fields in known.items():
        await records.add_place(place(id, "s1", **fields))
    before = [one.id for one in await ledger.known_places("telegram")]
    await ledger.made("closed", Wanted.GONE)
    await records.change_place("not yet", ref=ThreadRef("telegram", "-100", "4"))

    assert before == ["open", "closed", "a chat"]
    assert [one.id for one in await ledger.known_places("telegram")] == ["open", "not yet", "a chat"]
    assert [one.id for one in await ledger.known_places("discord")] == ["elsewhere"]
    assert await ledger.known_places("nowhere") == []


async def test_the_messages_that_wait_are_known_with_the_place_they_were_written_in(
    records: Records, ledger: Ledger
) -> None:
    for id, ref in {"here": ThreadRef("telegram", "-100", "1"), "unopened": None}.items():
        await records.add_place(place(id, "s1", ref))
    await records.add_place(place("there", "s2", ThreadRef("discord", "9", "8"), adapter="discord", space="9"))
    album = (Part("one", "11", album="x"), Part("two", "12", album="x"))
    queued = [
        prompt("p1", message="10", place="here"),
        prompt("p2", message="11", place="here", parts=album),
        prompt("p3", place="here"),
        prompt("p4", message="13"),
        prompt("p5", message="14", place="unopened"),
        prompt("p6", "s2", message="15", place="there"),
        prompt("p7", message="16", place="here"),
        prompt("p8", message="17", place="here"),
    ]
    for one in queued:
        await records.queue_prompt(one)
    await records.change_prompts(["p7"], state=PromptState.DROPPED)
    await records.start_turn("p8", NOW)

    here, there = ThreadRef("telegram", "-100", "1"), ThreadRef("discord", "9", "8")
    assert await ledger.waiting_messages("telegram") == [(here, "10"), (here, "11"), (here, "12")]
    assert await ledger.waiting_messages("discord") == [(there, "15")]
    await records.delete_session("s1")
    assert await ledger.waiting_messages("telegram") == []


# --- archived and restored


@pytest.mark.parametrize("shown", [Wanted.OPEN, Wanted.CLOSED])
async def test_archiving_closes_the_home_and_drops_the_queue(records: Records, ledger: Ledger, shown: Wanted) -> None:
    await records.add_place(place("pl1", named="Work", shown=shown))
    await records.queue_prompt(prompt("p1"))
    await records.queue_prompt(prompt("p2"))
    await records.start_turn("p1", NOW)
    assert await records.archive_session("s1", NOW + 1, key="u1")

    found = await records.session("s1")
    assert found is not None and found.archived_at == NOW + 1
    assert (await at(records, "pl1")).wanted is Wanted.CLOSED and await unmade(ledger) == ["pl1"]
    states = [one.state for id in ("p1", "p2") if (one := await records.prompt(id))]
    assert states == [PromptState.STARTED, PromptState.DROPPED]
    assert not await records.archive_session("s1", NOW + 2, key="u1")


async def test_restoring_opens_the_known_home_as_it_is_by_now(records: Records, ledger: Ledger) -> None:
    home = place("pl1", ref=None, refused="No right", lost_at=NOW)
    await records.add_place(home)
    await records.archive_session("s1", NOW)
    await records.change_place("pl1", ref=HERE, shown=Wanted.CLOSED, url="https://t.me/c/1/5")
    assert await records.restore_session("s1", home=home.as_open(CHAT), key="u1")

    found, opened = await records.session("s1"), await at(records, "pl1")
    assert found is not None and found.archived_at is None and not found.pinned
    assert (opened.wanted, opened.ref, opened.url, opened.asked_in) == (Wanted.OPEN, HERE, "https://t.me/c/1/5", CHAT)
    assert (opened.refused, opened.lost_at) == ("", 0.0) and await unmade(ledger) == ["pl1"]
    assert not await records.restore_session("s1", key="u1")


@pytest.mark.parametrize("way", ["restored", "created"])
async def test_who_loses_its_chat_is_unpinned_and_its_queue_dropped(records: Records, way: str) -> None:
    await records.add_place(place("pl1", "s1", CHAT))
    await records.change_session("s1", pinned=True)
    await records.queue_prompt(prompt("p1"))
    home = place("pl2", "s2" if way == "restored" else "s3", CHAT)
    if way == "restored":
        await records.restore_session("s2", home=home, pinned=True, instead_of="s1")
    else:
        await records.create_session(session("s3", pinned=True), place=home, instead_of="s1")

    lost = await records.session("s1")
    assert lost is not None and not lost.pinned and await records.queued("s1") == []
    assert await records.place_at(CHAT) == home and (await at(records, "pl1")).wanted is Wanted.CLOSED
    taker = await records.session(home.session or "")
    assert taker is not None and taker.pinned


@pytest.mark.parametrize("wanted", list(Wanted))
async def test_a_chat_itself_is_neither_opened_nor_closed(records: Records, ledger: Ledger, wanted: Wanted) -> None:
    await records.add_place(place(ref=CHAT, wanted=wanted))

    assert await unmade(ledger) == []


async def test_a_topic_that_is_anothers_now_is_neither_closed_nor_deleted(records: Records, ledger: Ledger) -> None:
    for wanted in (Wanted.CLOSED, Wanted.GONE):
        await records.add_place(place(wanted.value, "s1", wanted=wanted, shown=Wanted.OPEN))
    before = await unmade(ledger)
    await records.add_place(place("pl3", "s2", named="Work", shown=Wanted.OPEN))

    assert before == ["closed", "gone"]
    assert await unmade(ledger) == []


async def test_a_renaming_counts_and_a_first_name_does_not(records: Records, ledger: Ledger) -> None:
    await records.add_place(place())
    counts = []
    for named in ("Work", "Work", "", "Fix", "Work"):
        await ledger.made("pl1", Wanted.OPEN, named=named)
        counts.append((await at(records, "pl1")).renames)

    assert counts == [0, 0, 0, 1, 2]
    assert await records.place("pl1") == place(shown=Wanted.OPEN, named="Work", renames=2)


async def test_an_address_that_is_gone_is_forgotten(records: Records, ledger: Ledger) -> None:
    await records.add_place(place(url="u", named="Work", shown=Wanted.OPEN))
    await ledger.opening("pl1")
    await ledger.made("pl1", Wanted.GONE)

    assert await records.place("pl1") == place(ref=None, shown=Wanted.GONE)
    assert await unmade(ledger) == ["pl1"]


async def test_what_is_told_of_an_unknown_place_is_forgotten(records: Records, ledger: Ledger) -> None:
    await ledger.opening("unknown")
    await ledger.made("unknown", Wanted.OPEN, named="Work")
    await ledger.made("unknown", Wanted.GONE)

    assert await ledger.place("unknown") is None
