"""A gate for each channel, as Discord has them: few calls in few seconds, edits apart from all else."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.adapters.discord.pen import PACE as CHANNEL
from openacp_bot.chat.sheet import Rank
from tests.chat.test_gate import Clock, call, gate


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 1.0)), min_size=2, max_size=40))
def test_edits_are_never_closer_than_they_may_be(calls: list[tuple[float, float]]) -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    edits: list[float] = []
    for idle, lasts in calls:
        clock.now += idle
        arrived = call(one, clock, Rank.EDIT, lasts, is_edit=True)
        edits.append(arrived)

    assert all(later - at >= 1.5 - 1e-6 for at, later in pairwise(edits))


@given(
    st.lists(st.tuples(st.sampled_from(list(Rank)), st.booleans(), st.floats(0, 2), st.floats(0.01, 2)), max_size=80)
)
def test_no_channel_ever_sees_more_than_five_messages_or_five_edits_in_five_seconds(
    calls: list[tuple[Rank, bool, float, float]],
) -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    arrivals: dict[bool, list[float]] = {True: [], False: []}
    for rank, is_edit, idle, lasts in calls:
        clock.now += idle
        arrivals[is_edit].append(call(one, clock, rank, lasts, is_edit=is_edit))

    for of_a_kind in arrivals.values():
        assert all(later - at > 5 - 1e-6 for at, later in zip(of_a_kind, of_a_kind[5:], strict=False))


def test_messages_leave_all_edits_to_be_made() -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    for _ in range(CHANNEL.calls):
        call(one, clock, Rank.PERSON, 0.01)
    assert one.wait(Rank.PERSON, is_edit=False) > 4
    assert one.wait(Rank.FINAL, is_edit=True) == 0

    for _ in range(CHANNEL.edits):
        call(one, clock, Rank.FINAL, 0.01, is_edit=True)
    assert one.wait(Rank.PERSON, is_edit=True) > 4


def test_a_call_of_which_nobody_knows_what_it_will_be_is_looked_at_where_either_may_pass() -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    for _ in range(CHANNEL.calls):
        call(one, clock, Rank.PERSON, 0.01)

    assert one.wait(Rank.PERSON) == 0
    assert one.wait(Rank.PERSON, is_edit=False) > 4


def test_the_first_edit_after_a_new_message_keeps_the_distance_too() -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    call(one, clock, Rank.CARD, 0.1)

    assert one.wait(Rank.EDIT) == 1.5
    assert one.wait(Rank.PERSON) == one.wait(Rank.FINAL) == one.wait(Rank.CARD) == 0


def test_while_texts_grow_what_a_person_waits_for_goes_at_once() -> None:
    clock = Clock()
    one = gate(clock, CHANNEL)
    for _ in range(40):
        call(one, clock, Rank.EDIT, 0.1, is_edit=True)

        assert one.wait(Rank.PERSON, is_edit=True) == one.wait(Rank.PERSON, is_edit=False) == 0


def test_two_sessions_do_not_slow_each_other() -> None:
    clock = Clock()
    one, other = gate(clock, CHANNEL), gate(clock, CHANNEL)
    for _ in range(CHANNEL.calls):
        call(one, clock, Rank.PERSON, 0.01)

    assert one.wait(Rank.PERSON, is_edit=False) > 4
    assert other.wait(Rank.EDIT, is_edit=True) == 0
