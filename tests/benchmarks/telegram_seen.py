"""What people saw of the turns in one chat, read off the simulator's history: how soon, how fresh, how late.

Fair share. A group takes 20 changes a minute: one in 3 s, for all its topics together. Shared in turn from the first
chunk on, topic i of n is changed at 3i s, 3i + 3n s, 3i + 6n s …; the newest word that it shows is as old as its last
change (before the first: as the turn). Of long turns the median of that is 1.5 n s, the 95th percentile 2.85 n s; for
turns of 20 s it is counted out.

Bound of the finals. Every answer that is not whole on the screen when the last turn ends needs one call at least. A
call can pass at t if fewer than 20 passed in the 60 s before t; so, with the calls that passed before the end, the last
of n necessary calls passes at the earliest at `t_n = max(t_(n-1), passed[-20] + 60)`, each counted once it has passed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.telegram_talk import PAUSE, WORDS, heard, whole
from tests.sims.telegram import Call, Chat, Message, Telegram
from tests.sims.telegram.methods.registry import METHODS, Cost

Said = Mapping[int, Sequence[float]]  # of each topic (0: a chat without): when the agent said each word
STEP = PAUSE / 2  # how finely ages are looked at; between two words


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls pass in so many seconds."""

    calls: int
    seconds: float

    @property
    def every(self) -> float:
        return self.seconds / self.calls


@dataclass(frozen=True, slots=True)
class Sight:
    """From `at` on this message (0: the draft) shows these words."""

    at: float
    message: int
    words: frozenset[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds. `late`: from the last turn's end until all answers stood whole; `told`: until every turn had rung (None:
    one never did). Bounds: the same at best. `lost`: topics whose text is not what the agent said."""

    firsts: Sequence[float]
    ages: Sequence[float]
    late: float
    late_bound: float
    told: float | None
    told_bound: float
    calls: int
    refused: int
    lost: Sequence[str]


def figures(sim: Telegram, chat: Chat, said: Said, pace: Pace) -> Figures:
    """Once all is over."""
    began, ended = min(times[0] for times in said.values()), max(times[-1] for times in said.values())
    sights = {topic: sights_of(sim, chat, topic) for topic in said}
    stood = {topic: _stood_at(sights[topic]) for topic in said}
    rang = [_rang_at(sim, chat, topic) for topic in said]
    changes = [call for call in sim.calls if call.at >= began and costs(call)]
    passed = [call.at for call in sim.calls if costs(call) is Cost.CHANGE and call.status != 429 and call.at <= ended]
    necessary = sum(at > ended for at in stood.values())
    # What has been shown silently must be edited, and a message of its own rings; what has not rings by itself.
    rings = sum(any(sight.message and sight.words and sight.at <= ended for sight in seen) for seen in sights.values())
    return Figures(
        firsts=[_first_shown_at(sights[topic]) - times[0] for topic, times in said.items()],
        ages=[age for topic, times in said.items() for age in _ages(sights[topic], times)],
        late=max(0.0, *stood.values(), ended) - ended,
        late_bound=_earliest(ended, passed, necessary, pace) - ended,
        told=max(at or 0.0 for at in rang) - ended if all(rang) else None,
        told_bound=_earliest(ended, passed, necessary + rings, pace) - ended,
        calls=sum(call.status != 429 for call in changes),
        refused=sum(call.status == 429 for call in changes),
        lost=[f"topic {topic}" for topic in said if not stands_whole(sim, chat, topic)],
    )


def fair_ages(sessions: int, pace: Pace) -> list[float]:
    """The ages of the newest words if the changes are shared in turn; see above."""
    turn = sessions * pace.every
    ages = []
    for first in (number * pace.every for number in range(sessions)):
        for step in range(int(WORDS * PAUSE / STEP)):
            at = step * STEP
            ages.append((at - first) % turn if at >= first else at)
    return ages


def costs(call: Call) -> Cost | None:
    """What flood control counts it as; None: nothing."""
    found = METHODS.get(call.method.lower())
    return None if found is None or found.cost is Cost.FREE else found.cost


def stands_whole(sim: Telegram, chat: Chat, topic: int) -> bool:
    """All that was said is there, in order, every word once."""
    text = " ".join(message.text for message in _messages(sim, chat, topic))
    return _plain(whole()) in _plain(text) and len(heard(text)) == WORDS


def has_rung(sim: Telegram, chat: Chat, topic: int) -> bool:
    return _rang_at(sim, chat, topic) is not None


def sights_of(sim: Telegram, chat: Chat, topic: int) -> list[Sight]:
    """What there was to see of one turn, in the order in which it came."""
    messages = [
        Sight(look.at, message.id, frozenset(heard(look.text)))
        for message in _messages(sim, chat, topic)
        for look in message.looks
    ]
    drafts = [
        Sight(call.at, 0, frozenset(heard(str(call.params.get("text", "")))))
        for call in sim.called("sendMessageDraft")
        if call.status == 200 and str(call.params["chat_id"]) == str(chat.id)
    ]
    return sorted(messages + drafts, key=lambda sight: sight.at)


def _messages(sim: Telegram, chat: Chat, topic: int) -> list[Message]:
    return sim.sent(chat, topic or None)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _first_shown_at(sights: Sequence[Sight]) -> float:
    return next((sight.at for sight in sights if sight.words), math.inf)


def _stood_at(sights: Sequence[Sight]) -> float:
    """From when on the messages showed every word; infinity: not even now."""
    shown: dict[int, frozenset[int]] = {}
    since = math.inf
    for sight in sights:
        if sight.message:
            shown[sight.message] = sight.words
            complete = len(frozenset().union(*shown.values())) == WORDS
            since = min(since, sight.at) if complete else math.inf
    return since


def _rang_at(sim: Telegram, chat: Chat, topic: int) -> float | None:
    return next((message.at for message in _messages(sim, chat, topic) if message.rings), None)


def _ages(sights: Sequence[Sight], said: Sequence[float]) -> Iterator[float]:
    """How old the newest visible word was, while the agent spoke; before anything is visible: as old as the turn."""
    shown: dict[int, int] = {}
    coming = iter(sights)
    sight = next(coming, None)
    for step in range(int((said[-1] - said[0]) / STEP)):
        at = said[0] + step * STEP
        while sight is not None and sight.at <= at:
            shown[sight.message] = max(sight.words, default=0)
            sight = next(coming, None)
        newest = max(shown.values(), default=0)
        yield at - (said[newest - 1] if newest else said[0])


def _earliest(ended: float, before: Sequence[float], necessary: int, pace: Pace) -> float:
    """When the last of the necessary calls can have passed."""
    passed, at = sorted(before), ended
    for _ in range(necessary):
        if len(passed) >= pace.calls:
            at = max(at, passed[-pace.calls] + pace.seconds)
        passed.append(at)
    return at
