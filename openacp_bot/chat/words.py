"""What surfaces say in words of their own: ends, decisions, tools, people, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.masking import LONGEST_WORD, Mask
from openacp_bot.core.model import Diff, Prompt, PromptKind, SessionRecord, Settlement, ToolCall, UserRef
from openacp_bot.core.questions import DECLINE, SUBMIT

PAGE = "web"  # the adapter whose people are the machine's owner

PLACES: Mapping[str, str] = {"": "page", PAGE: "page", "telegram": "Telegram", "discord": "Discord"}

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

SETTLED: Mapping[str, str] = {
    "timeout": "No answer in time, so it was refused",
    "cancelled": "Cancelled with its turn",
    "interrupted": "Interrupted: the agent ended before an answer",
    "withdrawn": "Withdrawn by the agent",
}

TOOL_ICONS: Mapping[str, str] = {
    "read": "📖",
    "edit": "✏️",
    "delete": "🗑",
    "move": "📦",
    "search": "🔎",
    "execute": "💻",
    "think": "💭",
    "fetch": "🌐",
    "switch_mode": "🔀",
}
ASKS: Mapping[str, str] = {
    "read": "Read a file",
    "edit": "Edit a file",
    "delete": "Delete a file",
    "move": "Move a file",
    "search": "Search",
    "execute": "Run a command",
    "think": "Think",
    "fetch": "Fetch from the network",
    "switch_mode": "Switch its mode",
}
QUOTED = re.compile(r"(`+)\s*([^`]+?)\s*\1")


# --- a turn's end and a decision -------------------------------------------------------------------


def end_line(end: TurnEnded) -> str:
    """`✅ 42 s · 3 tools`, or what happened instead."""
    time = duration(end.seconds) if end.seconds else ""
    parts = [part for part in (ENDS[end.outcome], time, counted(end.tools, "tool") if end.tools else "") if part]
    return f"{_end_mark(end.outcome)} {' · '.join(parts) or 'done'}"


def _end_mark(outcome: Outcome) -> str:
    if outcome in FAILURES:
        return "❌"
    return {Outcome.DONE: "✅", Outcome.CANCELLED: "⛔"}.get(outcome, "⚠️")


def settled_line(settlement: Settlement, surface: UserRef) -> str:
    """`✅ Allow once — Alice, 14:03 UTC`."""
    at = clock(settlement.at)
    if settlement.how not in ("answered", "rule"):
        return f"⚠️ {SETTLED.get(settlement.how, settlement.how)}, {at}"
    mark = "✅" if settlement.allowed else "⛔"
    if settlement.how == "rule":
        return f"{mark} {_decision(settlement)} by rule {settlement.rule}".rstrip() + f", {at}"
    by = f"{person(settlement.by, surface)}, " if settlement.by else ""
    return f"{mark} {_decision(settlement)} — {by}{at}"


def _decision(settlement: Settlement) -> str:
    match settlement.kind:
        case kind if kind == SUBMIT:
            return "Answered"
        case kind if kind == DECLINE:
            return "Declined"
        case _:
            words = settlement.label or ("Allowed" if settlement.allowed else "Refused")
            return f"{words[:1].upper()}{words[1:]}"


# --- people ----------------------------------------------------------------------------------------


def person(who: UserRef, surface: UserRef) -> str:
    """A person's name for those who read on this surface."""
    if who.adapter == PAGE:
        return "on the page"
    name = who.name or who.id
    return name if who.adapter == surface.adapter else f"{name} ({PLACES.get(who.adapter, who.adapter)})"


def heading(prompt: Prompt, record: SessionRecord, surface: UserRef) -> str:
    """Who asked, above a prompt that was not written where it is shown."""
    who = prompt.author
    if prompt.kind is PromptKind.CONTINUE:
        return f"▶️ Continue ({person(who, surface)})"
    if prompt.kind is PromptKind.RUN:
        return f"{record.source.mark or '⚙️'} {f'Task {record.task}' if record.task else 'From outside'}:"
    if who.adapter == PAGE:
        return "🖥 You, on the page:"
    on = "" if who.adapter == surface.adapter else f", on {PLACES.get(who.adapter, who.adapter)}"
    return f"💬 {who.name or who.id}{on}:"


# --- tools -----------------------------------------------------------------------------------------


def tool_mark(call: ToolCall) -> str:
    """What it is, or that it is not done."""
    match call.status:
        case "failed":
            return "❌"
        case "ended":
            return "⏹"
        case "completed":
            return TOOL_ICONS.get(call.kind, "🔧")
        case _:
            return "⏳"


def tool_words(call: ToolCall, workspace: str) -> str:
    """The title, or what it works on where the title does not tell; paths as seen from the workspace."""
    title, subject = bare(call.title), _subject(call)
    if not title:
        title = subject or call.kind
    elif subject and " " not in title and subject.rpartition("/")[2] not in title:
        title = f"{title} {subject}"
    return one_line(title.replace(f"{workspace.rstrip('/')}/", ""))


def _subject(call: ToolCall) -> str:
    if call.command:
        return call.command
    return next((path for path in paths_of(call)), "")


def paths_of(call: ToolCall) -> tuple[str, ...]:
    """Every path that it names, once; `path:line` where it tells the line."""
    changed = [diff.path for diff in call.diffs]
    at = [f"{one.path}:{one.line}" if one.line else one.path for one in call.locations if one.path not in changed]
    return tuple(dict.fromkeys([*changed, *at]))


def change_of(diff: Diff, added: int, removed: int) -> str:
    """`+3 −1`."""
    if diff.old is None:
        return f"new, +{added}"
    return " ".join(part for part in (f"+{added}" if added else "", f"−{removed}" if removed else "") if part)


def bare(title: str) -> str:
    """Agents quote a command as Markdown does; a title is plain text."""
    quoted = QUOTED.fullmatch(title.strip())
    return quoted[2] if quoted else title.strip()


# --- measures --------------------------------------------------------------------------------------


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


def clock(at: float) -> str:
    """`14:03 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def one_line(text: str) -> str:
    """White space of any kind as single spaces."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most this many characters, the last an ellipsis if there were more."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def shortened(text: str, most: int, mask: Mask) -> str:
    """The masked beginning, and how much is left out."""
    if len(text) <= most:
        return mask(text)
    # A secret may begin before the cut and end behind it, and only as a whole it has the shape of one.
    return f"{mask(text[: most + LONGEST_WORD])[:most]}\n… {len(text) - most:,} more characters"
