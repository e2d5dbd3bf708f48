"""What the page says in words of its own."""

from __future__ import annotations

from openacp_bot.chat import words
from openacp_bot.chat.words import PAGE
from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import Settlement, UserRef
from openacp_bot.core.words import chosen, decision, ended, is_decided, unanswered

READER = UserRef(PAGE, "")


def end_line(end: TurnEnded) -> str:
    """`✓ 42 s · 3 tools`, or what happened instead."""
    return f"✓ {ended(end)}" if end.outcome is Outcome.DONE else ended(end)


def end_tone(outcome: Outcome) -> str:
    """How an end looks: good, plain or bad."""
    if outcome is Outcome.DONE:
        return "good"
    return "plain" if outcome in (Outcome.CANCELLED, Outcome.UNKNOWN) else "bad"


def settled_line(settlement: Settlement) -> str:
    """What was decided and by whom; the time is added in the browser's zone."""
    if not is_decided(settlement):
        return unanswered(settlement)
    if settlement.how == "rule":
        return f"{decision(settlement)} by rule {settlement.rule}".rstrip()
    by = f" by {person(settlement.by)}" if settlement.by else ""
    label = chosen(settlement)
    return f"{decision(settlement)}{by}: {label}" if label else f"{decision(settlement)}{by}"


def person(who: UserRef) -> str:
    """A person's name here; the page's own is `you`."""
    return "you" if who.adapter == PAGE else words.person(who, READER)
