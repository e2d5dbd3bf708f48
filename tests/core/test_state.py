"""The lifecycle's table, checked against a second writing of it."""

from __future__ import annotations

import itertools

import pytest

from openacp_bot.core.errors import IllegalTransition
from openacp_bot.core.model import STATE_MARKS, State
from openacp_bot.core.state import MOVES, moved

I, A, F, E, C = State.INITIALIZING, State.ACTIVE, State.FINISHED, State.ERROR, State.CANCELLED  # noqa: E741
LEGAL = {(I, A), (I, E), (I, C), (I, F), (A, F), (A, C), (A, E), (A, I), (F, I), (C, I), (E, I)}


@pytest.mark.parametrize(("before", "after"), sorted(itertools.product(State, State)))
def test_a_move_is_made_or_raises_and_changes_nothing(before: State, after: State) -> None:
    if (before, after) in LEGAL:
        assert moved(before, after) is after
        return
    with pytest.raises(IllegalTransition, match=f"{before} cannot become {after}"):
        moved(before, after)


def test_every_state_can_be_woken_or_left() -> None:
    assert set(MOVES) == set(State)
    assert all(MOVES.values())


def test_only_states_with_a_process_hold_a_slot() -> None:
    assert {state for state in State if state.holds_slot} == {I, A}


def test_every_state_has_its_own_mark() -> None:
    assert [state.mark for state in (I, A, F, E, C)] == ["🟡", "🟢", "✅", "❌", "⛔"]
    assert set(STATE_MARKS) == set(State)
