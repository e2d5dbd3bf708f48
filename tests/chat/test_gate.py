"""How many calls pass a gate, and when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.chat.gate import IDLE, Gate, Turnstile
from openacp_bot.chat.pen import Pace
from openacp_bot.chat.sheet import Rank

GROUP = Pace(20, 60.0)
RANKS = list(Rank)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def gate(clock: Clock, pace: Pace = GROUP, *, past: Sequence[float] = ()) -> Gate:
    return Gate("g", pace, clock, past=past)


def call(one: Gate, clock: Clock, rank: int, lasts: float = 0.1, *, is_edit: bool = False) -> float:
    """Wait until it may leave, and make it; when it arrived."""
    while (wait := one.wait(rank, is_edit=is_edit)) > 0:
        clock.now += wait
    arrived = clock.now
    clock.now += lasts
    one.ended(rank, is_edit=is_edit)
    return arrived


@given(st.lists(st.tuples(st.sampled_from(RANKS), st.floats(0, 20), st.floats(0.01, 40)), max_size=120))
def test_the_platform_never_sees_more_than_it_allows(calls: list[tuple[int, float, float]]) -> None:
    clock = Clock()
    one = gate(clock)
    arrivals: list[float] = []
    for rank, idle, lasts in calls:
        clock.now += idle
        while (wait := one.wait(rank)) > 0:
            clock.now += wait
        arrivals.append(clock.now + lasts * (len(arrivals) % 3) / 3)  # at the start, in the middle, late
        clock.now += lasts
        one.ended(rank)

    assert all(later - at > 60 - 1e-6 for at, later in zip(arrivals, arrivals[20:], strict=False))


def test_edits_are_even_and_never_run_dry() -> None:
    clock = Clock()
    one = gate(clock)
    arrivals = [call(one, clock, Rank.EDIT) for _ in range(100)]

    gaps = [later - at for at, later in pairwise(arrivals)]
    assert max(gaps) < 1.35 * 60 / 17
    assert gaps[0] < 0.8 * 60 / 17
    assert all(3.4 < gap < 3.8 for gap in gaps[40:])


def test_while_edits_flow_a_person_never_waits() -> None:
    clock = Clock()
    one = gate(clock)
    for _ in range(100):
        call(one, clock, Rank.EDIT)

    for _ in range(GROUP.reserve):
        assert one.wait(Rank.PERSON) == 0
        call(one, clock, Rank.PERSON)


def test_what_may_wait_for_ever_leaves_half() -> None:
    clock = Clock()
    one = gate(clock)
    for _ in range(10):
        call(one, clock, Rank.PERSON)

    assert one.wait(Rank.REMOVAL) > 50
    assert one.wait(IDLE) > 50
    assert one.wait(Rank.EDIT) == 0


def test_typing_is_not_counted_and_goes_seldom() -> None:
    clock = Clock()
    one = gate(clock)
    call(one, clock, IDLE)

    assert one.ends == ()
    assert one.wait(IDLE) > 2
    assert one.wait(Rank.EDIT) == 0


def test_what_was_sent_in_an_earlier_life_counts() -> None:
    clock = Clock()
    one = gate(clock, past=[900.0, *[990.0] * 10])
    for _ in range(10):
        assert one.wait(Rank.PERSON) == 0
        call(one, clock, Rank.PERSON)

    assert 45 < one.wait(Rank.PERSON) < 50


def test_a_private_chat_takes_one_call_a_second() -> None:
    clock = Clock()
    one = gate(clock, Pace(60, 60.0, apart=1.0))
    arrivals = [call(one, clock, Rank.PERSON) for _ in range(5)]

    assert [round(later - at, 6) for at, later in pairwise(arrivals)] == [1.1] * 4


def test_failures_back_off_and_a_success_forgets_them() -> None:
    clock = Clock()
    one = gate(clock)
    waits = []
    for _ in range(8):
        one.failed()
        waits.append(one.wait(Rank.PERSON))
        clock.now += waits[-1]
    one.succeeded()
    one.failed()

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert one.wait(Rank.PERSON) == 1


def test_a_closing_is_never_shortened() -> None:
    clock = Clock()
    one = gate(clock)

    assert one.close(100) == 100
    assert one.close(10) == 100
    assert one.wait(Rank.PERSON) == 100


def test_all_gates_together_pass_the_turnstile() -> None:
    clock = Clock()
    stile = Turnstile(30, clock)
    for _ in range(30):
        assert stile.wait(Rank.FINAL) == 0
        stile.began()

    assert stile.wait(Rank.PERSON) > 0
    stile.ended()
    assert stile.wait(Rank.PERSON) > 0
    clock.now += 1.0
    assert stile.wait(Rank.PERSON) == 0


def test_what_has_a_window_of_its_own_neither_waits_for_edits_nor_holds_them_up() -> None:
    clock = Clock()
    one = Gate("g", Pace(calls=5, edits=5, per=5.0, reserve=1, edits_apart=1.5), clock)
    one.ended(Rank.EDIT, is_edit=True)

    assert one.wait(Rank.EDIT, is_edit=True) == 1.5
    assert one.wait(Rank.REMOVAL, is_edit=False) == 0
    clock.now += 1.0
    one.ended(Rank.REMOVAL, is_edit=False)
    assert one.wait(Rank.EDIT, is_edit=True) == 0.5


def test_edits_leave_a_third_of_the_turnstile_to_what_a_person_waits_for() -> None:
    clock = Clock()
    stile = Turnstile(30, clock)
    for _ in range(20):
        assert stile.wait(Rank.EDIT) == 0
        stile.began()

    assert stile.wait(Rank.EDIT) > 0
    assert stile.wait(Rank.CARD) == 0


def test_a_gate_at_which_nothing_counts_any_more_is_like_a_new_one() -> None:
    clock = Clock()
    one = gate(clock)
    seen = [one.is_fresh]
    call(one, clock, Rank.PERSON)
    seen.append(one.is_fresh)
    clock.now += 61
    seen.append(one.is_fresh)

    assert seen == [True, False, True]


def test_a_gate_that_is_closed_or_rests_is_not_like_a_new_one() -> None:
    clock = Clock()
    failed, closed = gate(clock), gate(clock)
    failed.failed()
    closed.close(100)
    clock.now += 61

    assert not failed.is_fresh and not closed.is_fresh
