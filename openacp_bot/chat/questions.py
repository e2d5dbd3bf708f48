"""What a question looks like: what the agent wants in full, the answers as buttons, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openacp_bot.chat import keyboards
from openacp_bot.chat.blocks import Block, Code, Item, Line, Prose, Tone
from openacp_bot.chat.diffs import as_patch, change
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.chat.words import ASKS, bare, change_of, clock, counted, one_line, paths_of, person, settled_line
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Field, Question, ToolCall, UserRef
from openacp_bot.core.views import Document, QuestionView

SHOWN = 2500  # characters of a command, or of all diffs, on the message itself


def drawn_question(view: QuestionView, surface: UserRef, mask: Mask, *, approvers: str) -> Drawing:
    """The question, or what was decided. A file with what is too long for a message stands above it."""
    question = view.question
    blocks = [*_wanted(question, mask), *_fields(question.fields, mask)]
    if question.settled is not None:
        blocks.append(Line(settled_line(question.settled, surface), Tone.STRONG))
        asked = Sheet(tuple(blocks))
    else:
        blocks += _how(question, surface, approvers)
        asked = Sheet(tuple(blocks), keyboards.answers(question), rings=True)
    return Drawing((*_files(question, mask), asked), Rank.PERSON, final=question.settled is not None)


# --- what is wanted --------------------------------------------------------------------------------


def _wanted(question: Question, mask: Mask) -> Iterator[Block]:
    call = question.call
    title = one_line(mask(bare(question.title)))
    if call is None:
        yield Line(f"❓ {title}", Tone.STRONG)
    else:
        kind = ASKS.get(call.kind, "Use a tool")
        yield Line(f"🔐 {kind}", Tone.STRONG)
        if title not in ("", "Permission", one_line(mask(call.command))):
            yield Line(title)
        yield from _deed(call, mask)
    if question.body.strip():
        yield Prose(mask(question.body))


def _deed(call: ToolCall, mask: Mask) -> Iterator[Block]:
    if call.command:
        yield Code(_beginning(mask(call.command)), "sh")
    changed = {diff.path for diff in call.diffs}
    for path in paths_of(call):
        if path not in changed:
            yield Line(f"📄 {mask(path)}")
    yield from _diffs(call, mask)


def _diffs(call: ToolCall, mask: Mask) -> Iterator[Block]:
    room = SHOWN
    for diff in call.diffs:
        made = change(diff)
        yield Line(f"📄 {mask(diff.path)} · {change_of(diff, made.added, made.removed) or 'unchanged'}")
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
    command = mask(call.command)
    if len(command) > SHOWN:
        yield Sheet((Line("The whole command:"),), file=Document(f"command-{name}.sh", "text/x-shellscript", command))
    if sum(len(mask(change(diff).text)) for diff in call.diffs) > SHOWN:
        patch = mask("".join(as_patch(diff) for diff in call.diffs))
        yield Sheet((Line("The whole change:"),), file=Document(f"change-{name}.diff", "text/x-diff", patch))


# --- how to answer ---------------------------------------------------------------------------------


def _fields(fields: Sequence[Field], mask: Mask) -> Iterator[Block]:
    for field in fields:
        yield Item("•", mask(field.label or field.name), mask(field_detail(field)))


def field_detail(field: Field) -> str:
    """What a form's field takes."""
    given = ", ".join(label for _, label in field.options)
    default = dict(field.options).get(field.default, field.default)
    parts = (field.hint, given, f"now: {default}" if default else "", "" if field.required else "optional")
    return " · ".join(one_line(part) for part in parts if part)


def _how(question: Question, surface: UserRef, approvers: str) -> Iterator[Block]:
    if approvers == "requester" and question.requester is not None:
        yield Line(f"Only {_name(question.requester, surface)} may answer.", Tone.FAINT)
    elif approvers == "admins":
        yield Line("Only admins may answer.", Tone.FAINT)
    if question.call is not None:
        yield Line("A reply to this message rejects it and is your next prompt.", Tone.FAINT)
    elif len(question.fields) == 1 and not question.fields[0].options:
        field = question.fields[0]
        yield Line(f"Reply to this message with: {field.label or field.name}", Tone.FAINT)
    if question.expires_at is not None:
        yield Line(f"Open until {clock(question.expires_at)}.", Tone.FAINT)


def _name(who: UserRef, surface: UserRef) -> str:
    return "who asked on the page" if who.adapter == "web" else person(who, surface)
