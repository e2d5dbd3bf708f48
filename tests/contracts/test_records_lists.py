"""The promises of core.ports.Records about lists of sessions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from openacp_bot.core.model import SessionRecord, Source, State, ThreadRef
from openacp_bot.core.ports import Records, SessionFilter
from tests.contracts.values import NOW, place, session


async def ids(records: Records, which: SessionFilter) -> Sequence[str]:
    return [record.id for record in (await records.sessions(which))[0]]


async def several(records: Records, *made: SessionRecord) -> None:
    for record in made:
        await records.create_session(record)


async def test_pinned_sessions_stand_first_then_the_newest_activity(records: Records) -> None:
    await several(
        records,
        session("old", active_at=NOW + 1),
        session("new", active_at=NOW + 3),
        session("pinned", active_at=NOW, pinned=True),
        session("same", active_at=NOW + 3),
    )

    assert await ids(records, SessionFilter()) == ["pinned", "same", "new", "old"]


async def test_groups(records: Records) -> None:
    await several(
        records,
        session("starting", state=State.INITIALIZING, active_at=NOW + 2),
        session("active", state=State.ACTIVE, active_at=NOW + 1, pinned=True),
        session("done", state=State.FINISHED, active_at=NOW + 3),
        session("stored", state=State.FINISHED, archived_at=NOW),
        session("nightly", state=State.ERROR, source=Source.SCHEDULED, active_at=NOW + 4),
    )

    assert await ids(records, SessionFilter("active")) == ["active", "nightly", "done", "starting"]
    assert await ids(records, SessionFilter("archived")) == ["stored"]
    assert await ids(records, SessionFilter("scheduled")) == ["nightly"]
    assert await ids(records, SessionFilter("live")) == ["active", "starting"]


async def test_live_sessions_are_listed_longest_idle_first(records: Records) -> None:
    await several(
        records,
        session("fresh", active_at=NOW + 9, pinned=True),
        session("idle", active_at=NOW),
        session("middle", active_at=NOW + 5),
    )

    assert await ids(records, SessionFilter("live")) == ["idle", "middle", "fresh"]


async def test_a_page_of_a_list_comes_with_the_total(records: Records) -> None:
    await several(records, *(session(f"s{number}", active_at=NOW - number) for number in range(7)))

    page, total = await records.sessions(SessionFilter(offset=5, limit=5))
    beyond, still = await records.sessions(SessionFilter(offset=50))

    assert ([record.id for record in page], total) == (["s5", "s6"], 7)
    assert (list(beyond), still) == ([], 7)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("login", ["a"]),
        ("LOGIN fix", ["a"]),
        ("fix login test", []),
        ("größe", ["b"]),
        ("100%", ["c"]),
        ("session dead", ["deadbeef"]),
        ("", ["deadbeef", "c", "b", "a"]),
    ],
)
async def test_search_finds_all_words_in_the_title(records: Records, search: str, found: Sequence[str]) -> None:
    await several(
        records,
        session("a", title="Fix the Login page"),
        session("b", title="GRÖßE ändern"),
        session("c", title="100% coverage"),
        session("deadbeef"),
    )

    assert await ids(records, SessionFilter(search=search)) == found


async def test_a_new_title_is_found_and_the_old_one_is_not(records: Records) -> None:
    await records.create_session(session("s1", title="Alpha"))
    await records.change_session("s1", title="Beta")

    assert await ids(records, SessionFilter(search="beta")) == ["s1"]
    assert await ids(records, SessionFilter(search="alpha")) == []


async def test_lists_can_be_cut_by_state_ids_and_age(records: Records) -> None:
    await several(
        records,
        session("a", state=State.FINISHED, active_at=NOW - 9),
        session("b", state=State.ERROR, active_at=NOW - 8),
        session("c", state=State.FINISHED, active_at=NOW - 7, pinned=True),
        session("d", state=State.FINISHED, active_at=NOW),
    )

    assert await ids(records, SessionFilter(states=(State.ERROR, State.ACTIVE))) == ["b"]
    assert await ids(records, SessionFilter(ids=("d", "a", "zz"))) == ["d", "a"]
    assert await ids(records, SessionFilter(ids=())) == []
    assert await ids(records, SessionFilter(idle_before=NOW - 5)) == ["b", "a"]


async def test_of_empty_sessions_only_the_newest_is_shown(records: Records) -> None:
    await several(
        records,
        session("old empty", created_at=NOW, active_at=NOW + 5, prompts=0),
        session("new empty", created_at=NOW + 2, active_at=NOW + 2),
        session("used", created_at=NOW - 2, active_at=NOW - 2, prompts=3),
        session("archived empty", created_at=NOW + 9, archived_at=NOW),
    )

    assert await ids(records, SessionFilter(hide_empty=True)) == ["new empty", "used"]
    assert await ids(records, SessionFilter(hide_empty=True, search="session old")) == ["old empty"]
    assert (await records.sessions(SessionFilter(hide_empty=True)))[1] == 2


async def test_others_see_their_own_and_those_of_their_chat(records: Records) -> None:
    await several(
        records,
        session("mine", owner="telegram:1", active_at=NOW + 3),
        session("here", owner="telegram:2", active_at=NOW + 2),
        session("elsewhere", owner="telegram:2", active_at=NOW + 1),
    )
    await records.add_place(place("pl1", "here"))
    await records.add_place(place("pl2", "elsewhere", ThreadRef("discord", "-100", "5"), adapter="discord"))

    here = ("telegram", "-100")
    assert await ids(records, SessionFilter(owner="telegram:1", space=here)) == ["mine", "here"]
    assert await ids(records, SessionFilter(owner="telegram:1")) == ["mine"]
    assert await ids(records, SessionFilter(space=here)) == ["here"]
    assert await ids(records, SessionFilter(owner="telegram:3", space=("telegram", "-7"))) == []


async def test_counts_leave_out_the_archive(records: Records) -> None:
    await several(
        records,
        session("a", state=State.ACTIVE),
        session("b", state=State.ACTIVE),
        session("c", state=State.ERROR, archived_at=NOW),
    )

    assert {state: count for state, count in (await records.counts()).items() if count} == {State.ACTIVE: 2}


async def test_what_could_be_removed_is_neither_pinned_nor_archived(records: Records) -> None:
    await several(
        records,
        session("a", state=State.FINISHED, owner="telegram:1", title="Alpha"),
        session("b", state=State.FINISHED, owner="telegram:2", title="Alpha too"),
        session("c", state=State.ERROR, owner="telegram:2"),
        session("pinned", state=State.FINISHED, pinned=True),
        session("stored", state=State.FINISHED, archived_at=NOW),
        session("deleted", state=State.FINISHED),
    )
    await records.delete_session("deleted")
    await records.add_place(place("pl1", "a"))

    async def removable(which: SessionFilter) -> tuple[int, int]:
        found = await records.removable(which)
        assert set(found) == set(State)
        assert sum(found.values()) == found[State.FINISHED] + found[State.ERROR]
        return found[State.FINISHED], found[State.ERROR]

    assert await removable(SessionFilter()) == (2, 1)
    assert await removable(SessionFilter(states=(State.ERROR,), offset=1, limit=1)) == (2, 1)
    assert await removable(SessionFilter(owner="telegram:2")) == (1, 1)
    assert await removable(SessionFilter(space=("telegram", "-100"))) == (1, 0)
    assert await removable(SessionFilter(search="alpha")) == (2, 0)
    assert await removable(SessionFilter(owner="telegram:3")) == (0, 0)
    assert await removable(SessionFilter("archived")) == (0, 0)
    assert await removable(SessionFilter(hide_empty=True)) == (2, 1)


async def test_workspaces_are_listed_once_newest_first(records: Records) -> None:
    await several(
        records,
        session("a", workspace="/srv/a", active_at=NOW),
        session("b", workspace="/srv/b", active_at=NOW + 1),
        session("c", workspace="/srv/a", active_at=NOW + 2),
        session("d", workspace="/srv/d", active_at=NOW - 1),
    )

    assert list(await records.workspaces()) == ["/srv/a", "/srv/b", "/srv/d"]
    assert list(await records.workspaces(1)) == ["/srv/a"]
