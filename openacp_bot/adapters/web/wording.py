"""What the page says in words of its own."""

from __future__ import annotations

from openacp_bot.chat.words import ENDS, PAGE, PLACES, SETTLED, counted, duration
from openacp_bot.core.events import Notice, Outcome, TurnEnded
from openacp_bot.core.model import Settlement, UserRef
from openacp_bot.core.questions import CHOICE, DECLINE, SUBMIT

BROKEN_OFF = "⚠️ Interrupted. "  # how core/offers begins after a turn that was broken off


def end_line(end: TurnEnded) -> str:
    """`✓ 42 s · 3 tools`, or what happened instead."""
    said = ENDS[end.outcome]
    tools = counted(end.tools, "tool") if end.tools else ""
    time = duration(end.seconds) if end.seconds else ""
    if not said:
        return "✓ " + (" · ".join(part for part in (time, tools) if part) or "done")
    return " · ".join(part for part in (said, time, tools) if part)


def end_tone(outcome: Outcome) -> str:
    """How an end looks: good, plain or bad."""
    if outcome is Outcome.DONE:
        return "good"
    return "plain" if outcome in (Outcome.CANCELLED, Outcome.UNKNOWN) else "bad"


def settled_line(settlement: Settlement) -> str:
    """What was decided and by whom; the time is added in the browser's zone."""
    if settlement.how not in ("answered", "rule"):
        return SETTLED.get(settlement.how, settlement.how)
    decision = _decision(settlement)
    if settlement.how == "rule":
        return f"{decision} by rule" + (f" {settlement.rule}" if settlement.rule else "")
    by = f" by {person(settlement.by)}" if settlement.by else ""
    # Submit and Decline are our own words: the decision says them already.
    words = settlement.label if settlement.kind not in (SUBMIT, DECLINE) else ""
    return f"{decision}{by}: {words}" if words else f"{decision}{by}"


def _decision(settlement: Settlement) -> str:
    match settlement.kind:
        case kind if kind in (SUBMIT, CHOICE):
            return "Answered"
        case kind if kind == DECLINE:
            return "Declined"
        case kind if kind.startswith("reject"):
            return "Rejected"
        case _:
            return "Allowed" if settlement.allowed else "Refused"


def notice_text(notice: Notice) -> str:
    """An offer after a broken turn does not say again what the turn's end, right above it, has said."""
    return notice.text.removeprefix(BROKEN_OFF) if notice.id.startswith("interrupted:") else notice.text


def person(who: UserRef) -> str:
    """A person's name here; the page's own is `you`."""
    if who.adapter == PAGE:
        return "you"
    return f"{who.name or who.id} ({PLACES.get(who.adapter, who.adapter)})"
