"""What people saw of the turns in one Telegram chat, read off the simulator's history.

A group takes 20 changes a minute, for all its topics together; a private chat one a second.
"""

from __future__ import annotations

from tests.benchmarks.seen import Figures, Pace, Said, Sight, Turn, earliest, end_of, figures
from tests.benchmarks.talk import heard
from tests.sims.telegram import Call, Chat, Message, Telegram
from tests.sims.telegram.methods.registry import METHODS, Cost


def seen(sim: Telegram, chat: Chat, said: Said, pace: Pace) -> Figures:
    """Once all is over."""
    turns = [turn_of(sim, chat, topic, said) for topic in said]
    began, ended = min(turn.said[0] for turn in turns), end_of(turns)
    changes = [call for call in sim.calls if call.at >= began and costs(call)]
    passed = [call.at for call in sim.calls if costs(call) is Cost.CHANGE and call.status != 429 and call.at <= ended]
    necessary = sum(turn.stood > ended for turn in turns)
    # What has been shown silently must be edited, and a message of its own rings; what has not rings by itself.
    rings = sum(turn.is_shown_by(ended) for turn in turns)
    return figures(
        turns,
        late_bound=earliest(ended, passed, necessary, pace) - ended,
        told_bound=earliest(ended, passed, necessary + rings, pace) - ended,
        calls=sum(call.status != 429 for call in changes),
        refused=sum(call.status == 429 for call in changes),
    )


def costs(call: Call) -> Cost | None:
    """What flood control counts it as; None: nothing."""
    found = METHODS.get(call.method.lower())
    return None if found is None or found.cost is Cost.FREE else found.cost


def turn_of(sim: Telegram, chat: Chat, topic: int, said: Said) -> Turn:
    messages = sim.sent(chat, topic or None)
    shown = sorted([*_sights(messages), *_drafts(sim, chat)], key=lambda sight: sight.at)
    rang = next((message.at for message in messages if message.rings), None)
    return Turn(said[topic], shown, " ".join(message.text for message in messages), rang)


def _sights(messages: list[Message]) -> list[Sight]:
    looks = [(message, look) for message in messages for look in message.looks]
    return [Sight(look.at, message.id, frozenset(heard(look.text))) for message, look in looks]


def _drafts(sim: Telegram, chat: Chat) -> list[Sight]:
    calls = (call for call in sim.called("sendMessageDraft") if call.status == 200)
    return [
        Sight(call.at, 0, frozenset(heard(str(call.params.get("text", "")))))
        for call in calls
        if str(call.params["chat_id"]) == str(chat.id)
    ]
