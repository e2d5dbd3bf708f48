"""The lifecycle of a session as a table, and nothing else.

1. Everything that moves a session's state asks `moved` first.
2. An illegal move raises IllegalTransition and changes nothing.
3. This file does not know why a session moves.
"""

from __future__ import annotations

from collections.abc import Mapping

from openacp_bot.core.errors import IllegalTransition
from openacp_bot.core.model import State

MOVES: Mapping[State, frozenset[State]] = {
    State.INITIALIZING: frozenset({State.ACTIVE, State.ERROR, State.CANCELLED, State.FINISHED}),
    State.ACTIVE: frozenset({State.FINISHED, State.CANCELLED, State.ERROR, State.INITIALIZING}),
    State.FINISHED: frozenset({State.INITIALIZING}),
    State.CANCELLED: frozenset({State.INITIALIZING}),
    State.ERROR: frozenset({State.INITIALIZING}),
}


def moved(before: State, after: State) -> State:
    """`after`, if the table allows it; raises IllegalTransition otherwise."""
    if after not in MOVES[before]:
        raise IllegalTransition(before, after)
    return after
