"""Words that every room says alike: a turn's end, a decision, lengths of time, counts, lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import Settlement
from openacp_bot.core.questions import CHOICE, DECLINE, SUBMIT

ENDS: Mapping[Outcome, str] = {
    Outcome.DONE: "",
    Outcome.MAX_TOKENS: "It hit its limit of tokens",
    Outcome.MAX_REQUESTS: "It hit its limit of requests in one turn",
    Outcome.REFUSED: "The agent refused to go on",
    Outcome.CANCELLED: "Stopped",
    Outcome.FAILED: "The agent failed",
    Outcome.CRASHED: "The agent crashed",
    Outcome.STUCK: "The agent went silent and was stopped",
    Outcome.INTERRUPTED: "Interrupted",
    Outcome.UNKNOWN: "The agent ended for a reason of its own",
}
FAILURES = frozenset({Outcome.FAILED, Outcome.CRASHED, Outcome.STUCK})

UNANSWERED: Mapping[str, str] = {
    "timeout": "No answer in time, so it was refused",
    "cancelled": "Cancelled with its turn",
    "interrupted": "Interrupted: the agent ended before an answer",
    "withdrawn": "Withdrawn by the agent",
}
MOMENT = 0.05  # seconds; what took less took no time

QUEUED = "Queued, number "
# Not that it runs: if what runs now is cut off, the queue behind it is held.
KEPT = "The daemon is stopping. Your message is kept and waits for the restart."

# What core calls a topic, where it says so to people: each surface puts its own word there (`worded`). Marked by an
# invisible separator, so that the same letters in a path, a title or somebody else's sentence stay what they are.
TOPIC = "\u2063topic"

TURNS_AROUND = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # Unicode's overrides and isolates
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


# --- ends and decisions ----------------------------------------------------------------------------


def ended(end: TurnEnded) -> str:
    """`42 s · 3 tools`, what happened instead in front of it; `done` if there is nothing to say."""
    time = duration(end.seconds) if end.seconds >= MOMENT else ""
    tools = counted(end.tools, "tool") if end.tools else ""
    return " · ".join(part for part in (ENDS[end.outcome], time, tools) if part) or "done"


def is_decided(settlement: Settlement) -> bool:
    """Whether somebody or a rule decided."""
    return settlement.how in ("answered", "rule")


def unanswered(settlement: Settlement) -> str:
    """Why nobody decided."""
    return UNANSWERED.get(settlement.how, settlement.how)


def decision(settlement: Settlement) -> str:
    """What became of the question: answered, declined, allowed and so on."""
    match settlement.kind:
        case kind if kind in (SUBMIT, CHOICE):
            return "Answered"
        case kind if kind == DECLINE:
            return "Declined"
        case kind if kind.startswith("reject"):
            return "Rejected"
        case _:
            return "Allowed" if settlement.allowed else "Refused"


def chosen(settlement: Settlement) -> str:
    """The label of the chosen option; empty where it says no more than the decision."""
    # Submit and Decline are our own words.
    return "" if settlement.kind in (SUBMIT, DECLINE) else settlement.label


def queued_line(place: int) -> str:
    """Where a message waits."""
    return f"{QUEUED}{place}."


# --- measures --------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """How long something took: `0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def span(seconds: float) -> str:
    """How long ago something was, one number and a unit: `42 s`, `12 min`, `3 h`, `2 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit != "d"):
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


# --- words of each surface's own ---------------------------------------------------------------------


def worded(text: str, *, topic: str = "topic") -> str:
    """As people of a surface read it that calls a topic so."""
    return text.replace(TOPIC, topic)


def surface_name(adapter: str) -> str:
    """What people call it."""
    return "page" if adapter in ("", "web") else adapter.capitalize()


# --- lines -----------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """White space of any kind as single spaces, and nothing in it that turns the order of what is read around."""
    return " ".join(text.translate(TURNS_AROUND).split())


def uncoloured(text: str) -> str:
    """Without the escapes that only a terminal understands."""
    return ESCAPES.sub("", text) if "\x1b" in text else text


def cut(text: str, most: int) -> str:
    """At most this many characters, the last an ellipsis if there were more."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def fence(text: str, *, least: int) -> str:
    """Backticks around code that nothing in it closes."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)
