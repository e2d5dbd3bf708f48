"""What a question looks like: what the agent wants in full, the answers as buttons, and what became of it."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from types import MappingProxyType

from openacp_bot.chat import keyboards
from openacp_bot.chat.blocks import Block, Code, Item, Line, Prose, Tone
from openacp_bot.chat.diffs import as_patch, change
from openacp_bot.chat.paths import as_seen, renamed
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.chat.words import ASKS, bare, change_of, clock, person, settled_line
from openacp_bot.core.export import filled_in
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Field, Question, Settlement, ToolCall, UserRef
from openacp_bot.core.views import Document, QuestionView
from openacp_bot.core.words import counted, cut, one_line

SHOWN = 2500  # characters of a command, or of all diffs, on the message itself
LISTED = 12  # choices of a field that are named
GIVEN = 300  # characters of a form's value
LOOKED_UP = 256  # questions whose paths are known

# What a title adds nothing by, as the kind of tool says it already. A move's title tells from where to where.
SAID_BY_KIND: Mapping[str, frozenset[str]] = {
    "read": frozenset({"read", "view", "open", "show"}),
    "edit": frozenset({"edit", "write", "update", "change", "modify", "create", "patch"}),
    "delete": frozenset({"delete", "remove"}),
    "search": frozenset({"search", "find"}),
    "execute": frozenset({"run", "execute", "bash", "shell", "terminal"}),
    "fetch": frozenset({"fetch", "get"}),
}
FILLERS = frozenset({"", "a", "command", "file", "files", "the"})


def drawn_question(view: QuestionView, surface: UserRef, mask: Mask, *, approvers: str, zone: tzinfo) -> Drawing:
    """The question, or what was decided. A file with what is too long for a message stands above it."""
    question = view.question
    settled = question.settled
    blocks = list(_wanted(question, view.record.workspace, mask))
    if settled is not None:
        blocks += _given(question.fields, settled, mask)
        blocks.append(Line(settled_line(settled, surface, zone), Tone.STRONG))
        asked = Sheet(tuple(blocks))
    else:
        blocks += _fields(question.fields, mask)
        blocks += _how(question, surface, approvers, zone)
        asked = Sheet(tuple(blocks), keyboards.answers(question), rings=True)
    return Drawing((*_files(question, mask), asked), Rank.PERSON, final=settled is not None)


# --- what is wanted --------------------------------------------------------------------------------


def _wanted(question: Question, workspace: str, mask: Mask) -> Iterator[Block]:
    call = question.call
    if call is None:
        yield Line(f"❓ {one_line(mask(bare(question.title)))}", Tone.STRONG)
    else:
        yield Line(f"🔐 {ASKS.get(call.kind, 'Use a tool')}", Tone.STRONG)
        paths = _seen(question.id, _paths(call), workspace)
        if _adds(title := one_line(bare(question.title)), call, paths):
            yield Line(mask(_with_seen(title, paths)))
        yield from _deed(call, paths, mask)
    if question.body.strip():
        yield Prose(mask(question.body))


def _paths(call: ToolCall) -> tuple[str, ...]:
    named = [*(diff.path for diff in call.diffs), *(one.path for one in call.locations)]
    return tuple(dict.fromkeys(named))


@lru_cache(LOOKED_UP)
def _seen(question: str, paths: tuple[str, ...], workspace: str) -> Mapping[str, str]:
    """By path, how it is shown. Looked up once for a question, as it was when it was asked: a dead network mount can
    hold up the loop at one drawing, not at each; of another question the same path may lead elsewhere by now."""
    return MappingProxyType({path: as_seen(path, workspace) for path in paths})


def _adds(title: str, call: ToolCall, paths: Mapping[str, str]) -> bool:
    """Whether it says more than the kind, the command and the paths below it do."""
    if title in ("", "Permission"):
        return False
    if not call.command and not paths:
        return True
    known = {*call.command.split(), *paths, *paths.values(), *(path.rpartition("/")[2] for path in paths)}
    said = SAID_BY_KIND.get(call.kind, frozenset()) | FILLERS
    left = (word.strip("`'\"():,…") for word in title.split() if word not in known)
    return any(word not in known and word.casefold() not in said for word in left)


def _with_seen(title: str, paths: Mapping[str, str]) -> str:
    """Its paths as they stand below it; the workspace keeps its name, as `.` says nothing in a sentence."""
    return renamed(title, {path: seen for path, seen in paths.items() if os.path.isabs(path) and seen != "."})


def _deed(call: ToolCall, paths: Mapping[str, str], mask: Mask) -> Iterator[Block]:
    if call.command:
        yield Code(_beginning(mask(call.command)), "sh")
    elif not paths and call.input.strip():
        yield Code(_beginning(mask(call.input)))
    changed = {paths[diff.path] for diff in call.diffs}
    at = ((paths[one.path], one.line) for one in call.locations)
    for path, line in dict.fromkeys(one for one in at if one[0] not in changed):
        yield Line(f"📄 {mask(one_line(path))}{f':{line}' if line else ''}")
    yield from _diffs(call, paths, mask)


def _diffs(call: ToolCall, paths: Mapping[str, str], mask: Mask) -> Iterator[Block]:
    room = SHOWN
    for diff in call.diffs:
        made = change(diff)
        counts = change_of(diff, made.added, made.removed) or "unchanged"
        yield Line(f"📄 {mask(one_line(paths[diff.path]))} · {counts}")
        if made.lines and room > 0:
            text = mask(made.text)
            yield Code(_both_sides(text, room), "diff")
            room -= len(text)


def _beginning(text: str, most: int = SHOWN) -> str:
    """Its first lines; the file above has all of it."""
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("\n")[0] or text[:most]
    left = text[len(kept) :].lstrip("\n")
    return f"{kept}\n… {counted(left.count(chr(10)) + 1, 'more line')}, all in the file above"


def _both_sides(patch: str, most: int) -> str:
    """Of a long change both what goes and what comes."""
    if len(patch) <= most:
        return patch
    above = patch[: most // 2].rpartition("\n")[0]
    below = "\n".join(line for line in patch[len(above) :].splitlines() if line.startswith("+"))
    if not below:
        return _beginning(patch, most)
    return f"{above}\n…\n{_beginning(below, most // 2)}"


def _files(question: Question, mask: Mask) -> Iterator[Sheet]:
    call = question.call
    if call is None:
        return
    name = question.id[:6]
    if len(command := mask(call.command)) > SHOWN:
        yield Sheet((Line("The whole command:"),), file=Document(f"command-{name}.sh", "text/x-shellscript", command))
    elif not _paths(call) and len(given := mask(call.input)) > SHOWN:
        yield Sheet((Line("The whole input:"),), file=Document(f"input-{name}.txt", "text/plain", given))
    if sum(len(mask(change(diff).text)) for diff in call.diffs) > SHOWN:
        patch = mask("".join(as_patch(diff) for diff in call.diffs))
        yield Sheet((Line("The whole change:"),), file=Document(f"change-{name}.diff", "text/x-diff", patch))


# --- how to answer ---------------------------------------------------------------------------------


def _fields(fields: Sequence[Field], mask: Mask) -> Iterator[Block]:
    for field in fields:
        yield Item("•", mask(field.label or field.name), mask(field_detail(field)))


def field_detail(field: Field, *, choices: bool = True) -> str:
    """What a form's field takes; `choices` False: they are told elsewhere."""
    labels = [label for _, label in field.options] if choices else []
    more = f" and {len(labels) - LISTED} more" if len(labels) > LISTED else ""
    default = dict(field.options).get(field.default, field.default)
    given = f"{', '.join(labels[:LISTED])}{more}"
    parts = (field.hint, given, f"now: {default}" if default else "", "" if field.required else "optional")
    return " · ".join(one_line(part) for part in parts if part)


def _how(question: Question, surface: UserRef, approvers: str, zone: tzinfo) -> Iterator[Block]:
    if approvers == "requester" and question.requester is not None:
        yield Line(f"Only {_name(question.requester, surface)} may answer.", Tone.FAINT)
    elif approvers == "admins":
        yield Line("Only admins may answer.", Tone.FAINT)
    if question.call is not None:
        yield Line("A reply rejects it and is your next prompt.", Tone.FAINT)
    elif len(question.fields) == 1:
        field = question.fields[0]
        yield Line(f"Reply to this message with: {field.label or field.name}", Tone.FAINT)
    if question.expires_at is not None:
        yield Line(f"Open until {clock(question.expires_at, zone)}.", Tone.FAINT)


def _name(who: UserRef, surface: UserRef) -> str:
    return "who asked on the page" if who.adapter == "web" else person(who, surface)


# --- what was answered -----------------------------------------------------------------------------


def _given(fields: Sequence[Field], settled: Settlement, mask: Mask) -> Iterator[Block]:
    """A form as it was filled in."""
    for label, value in filled_in(fields, settled):
        yield Item("•", mask(label), cut(mask(one_line(value)), GIVEN))
