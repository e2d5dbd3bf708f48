"""What surfaces say in words of their own: ends, decisions, tools, people, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from openacp_bot.chat.paths import from_folder, from_home
from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.masking import LONGEST_WORD, Mask
from openacp_bot.core.model import Diff, Prompt, PromptKind, SessionRecord, Settlement, ToolCall, UserRef
from openacp_bot.core.words import FAILURES, chosen, decision, ended, is_decided, one_line, surface_name, unanswered

PAGE = "web"  # the adapter whose people are the machine's owner

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
AT_WORK = "⏳"
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
    return f"{_end_mark(end.outcome)} {ended(end)}"


def _end_mark(outcome: Outcome) -> str:
    if outcome in FAILURES:
        return "❌"
    return {Outcome.DONE: "✅", Outcome.CANCELLED: "⛔"}.get(outcome, "⚠️")


def settled_line(settlement: Settlement, surface: UserRef, zone: tzinfo) -> str:
    """`✅ Allow once — Alice, 14:03 UTC`."""
    at = clock(settlement.at, zone)
    if not is_decided(settlement):
        return f"⚠️ {unanswered(settlement)}, {at}"
    mark = "✅" if settlement.allowed else "⛔"
    words = chosen(settlement) or decision(settlement)
    words = f"{mark} {words[:1].upper()}{words[1:]}"
    if settlement.how == "rule":
        return f"{words} by rule {settlement.rule}".rstrip() + f", {at}"
    by = f"{person(settlement.by, surface)}, " if settlement.by else ""
    return f"{words} — {by}{at}"


# --- people ----------------------------------------------------------------------------------------


def person(who: UserRef, surface: UserRef) -> str:
    """A person's name for those who read on this surface."""
    if who.adapter == PAGE:
        return "on the page"
    name = who.name or who.id
    return name if who.adapter == surface.adapter else f"{name} ({surface_name(who.adapter)})"


def heading(prompt: Prompt, record: SessionRecord, surface: UserRef) -> str:
    """Who asked, above a prompt that was not written where it is shown."""
    who = prompt.author
    if prompt.kind is PromptKind.CONTINUE:
        return f"▶️ Continue ({person(who, surface)})"
    if prompt.kind is PromptKind.RUN:
        return f"{record.source.mark or '⚙️'} {f'Task {record.task}' if record.task else 'From outside'}:"
    if who.adapter == PAGE:
        return "🖥 You, on the page:"
    on = "" if who.adapter == surface.adapter else f", on {surface_name(who.adapter)}"
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
            return AT_WORK


def tool_words(call: ToolCall, workspace: str) -> str:
    """The title, or what it works on where the title does not tell; paths as seen from the workspace."""
    title, subject = bare(call.title), _subject(call)
    if not title:
        title = subject or call.kind
    elif subject and " " not in title and subject.rpartition("/")[2] not in title:
        title = f"{title} {subject}"
    return one_line(from_home(from_folder(title, workspace)))


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


def zone_named(name: str) -> tzinfo:
    """An IANA zone. UTC needs no zone data on the machine."""
    return UTC if name == "UTC" else ZoneInfo(name)


def clock(at: float, zone: tzinfo) -> str:
    """`14:03 CET`; `14:03 UTC-03` where the zone has no letters of its own."""
    local = datetime.fromtimestamp(at, zone)
    name = local.tzname() or ""
    return f"{local:%H:%M} {'UTC' if name[:1] in ('+', '-') else ''}{name}"


def shortened(text: str, most: int, mask: Mask) -> str:
    """The masked beginning, and how much is left out."""
    if len(text) <= most:
        return mask(text)
    # A secret may begin before the cut and end behind it, and only as a whole it has the shape of one.
    return f"{mask(text[: most + LONGEST_WORD])[:most]}\n… {len(text) - most:,} more characters"
