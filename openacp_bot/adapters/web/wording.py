"""What the page says in words of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from openacp_bot.core.events import Notice, Outcome, TurnEnded
from openacp_bot.core.model import Settlement, UserRef
from openacp_bot.core.questions import CHOICE, DECLINE, SUBMIT

PLACES: Mapping[str, str] = {"": "page", "web": "page", "telegram": "Telegram", "discord": "Discord"}

ENDS: Mapping[Outcome, str] = {
    Outcome.DONE: "",
    Outcome.MAX_TOKENS: "It hit its limit of tokens",
    Outcome.MAX_REQUESTS: "It hit its limit of requests in one turn",
    Outcome.REFUSED: "The agent refused to go on",
    Outcome.CANCELLED: "Stopped",
    Outcome.FAILED: "The agent failed",
    Outcome.CRASHED: "The agent crashed",
    Outcome.STUCK: "The agent went silent and was stopped",
    Outcome.INTERRUPTED: "Interrupted: openacp-bot ended during this turn",
    Outcome.UNKNOWN: "The agent ended for a reason of its own",
}

BROKEN_OFF = "⚠️ Interrupted. "  # how core/offers begins after a turn that was broken off
QUOTED = re.compile(r"(`+)\s*([^`]+?)\s*\1")

SETTLED: Mapping[str, str] = {
    "timeout": "No answer in time, so it was refused",
    "cancelled": "Cancelled with its turn",
    "interrupted": "Interrupted: the agent ended before an answer",
    "withdrawn": "Withdrawn by the agent",
}


def end_line(end: TurnEnded) -> str:
    """`✓ 42 s · 3 tools`, or what happened instead."""
    said = ENDS[end.outcome]
    tools = {0: "", 1: "1 tool"}.get(end.tools, f"{end.tools} tools")
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


def bare(title: str) -> str:
    """Agents quote a command as Markdown does; a title is plain text."""
    quoted = QUOTED.fullmatch(title.strip())
    return quoted[2] if quoted else title


def person(who: UserRef) -> str:
    """A person's name here; the page's own is `you`."""
    if who.adapter == "web":
        return "you"
    return f"{who.name or who.id} ({PLACES.get(who.adapter, who.adapter)})"


def duration(seconds: float) -> str:
    """`0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
