"""What people saw of turns in Discord's threads, read off the simulator's history.

Each thread is a channel with buckets of its own: 5 messages and 5 edits in 5 s. What is still to be shown at the end
needs an edit in its own thread, and a new message for each further part; all threads together have 50 calls a second.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.seen import Figures, Pace, Said, Sight, Turn, earliest, end_of, figures
from tests.benchmarks.talk import heard
from tests.sims.discord import Call, Discord

BUCKET = Pace(5, 5.0)
OVERALL = Pace(50, 1.0)
CHANGES = ("create_message", "edit_message", "delete_message")


def seen(sim: Discord, said: Said) -> Figures:
    """Once all is over."""
    turns = {thread: turn_of(sim, thread, said) for thread in said}
    began, ended = min(turn.said[0] for turn in turns.values()), end_of(list(turns.values()))
    changes = [call for call in sim.calls if call.at >= began and call.name in CHANGES]
    bounds = [_bound(sim, thread, turn, ended) for thread, turn in turns.items()]
    bound = max(*bounds, _bound_of_all(sim, list(turns.values()), ended))
    return figures(
        list(turns.values()),
        late_bound=bound,
        told_bound=bound,  # a message of its own rings, and has another bucket
        calls=sum(call.status != 429 for call in changes),
        refused=sum(call.status == 429 for call in sim.calls if call.at >= began),
    )


def turn_of(sim: Discord, thread: int, said: Said) -> Turn:
    messages = sim.sent(sim.channels[thread])
    looks = [(message, look) for message in messages for look in message.looks]
    sights = [Sight(look.at, message.id, frozenset(heard(look.text))) for message, look in looks]
    rang = next((message.at for message in messages if message.rings), None)
    text = "\n".join(message.text for message in messages)
    return Turn(said[thread], sorted(sights, key=lambda sight: sight.at), text, rang)


def _bound(sim: Discord, thread: int, turn: Turn, ended: float) -> float:
    """Seconds from the end of all turns to when this one can have stood whole."""
    if turn.stood <= ended:
        return 0.0
    edits = [call.at for call in sim.called("edit_message") if _passed(call, thread) and call.at <= turn.said[-1]]
    return max(0.0, earliest(turn.said[-1], edits, 1, BUCKET) - ended)


def _bound_of_all(sim: Discord, turns: Sequence[Turn], ended: float) -> float:
    """Seconds from the end of all turns to when all of them can have stood whole under the limit of all calls."""
    before = [call.at for call in sim.calls if call.at <= ended and "/interactions/" not in call.path]
    necessary = sum(1 + _further_parts(turn, ended) for turn in turns if turn.stood > ended)
    return earliest(ended, before, necessary, OVERALL) - ended


def _further_parts(turn: Turn, ended: float) -> int:
    """Messages with words of it that were first seen after the end."""
    began: dict[int, float] = {}
    for sight in turn.sights:
        if sight.words:
            began.setdefault(sight.message, sight.at)
    return sum(at > ended for at in began.values())


def _passed(call: Call, thread: int) -> bool:
    return call.status != 429 and f"/channels/{thread}/" in call.path
