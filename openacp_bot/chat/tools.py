"""Tool work inside an answer: a count, a strip, or everything, by the session's verbosity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openacp_bot.chat.blocks import Block, Code, Line, Quote, Tone
from openacp_bot.chat.diffs import Change, change
from openacp_bot.chat.words import change_of, shortened, tool_mark, tool_words
from openacp_bot.core.masking import PRIVATE_KEY, Mask
from openacp_bot.core.model import ToolCall
from openacp_bot.core.words import counted, cut, one_line, uncoloured

TITLE = 90  # characters of a call's line
WHY = 90  # characters of what is told of a failure
RESULT = 50  # characters of what a command said last
LAST = 4000  # characters of an output in which its last line is looked for
DETAIL = 1500  # characters of an input, an output, a diff
UNFOLDED = 6  # lines of a strip that always show

NO_NEWS = re.compile(r"`{3,}.*|\W*(process )?exit(ed)?( with)?( code| status)?:? 0\W*", re.IGNORECASE)
FENCED = re.compile(r"\A\s*(`{3,})[^\n]*\n(.*?)\n?\1\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Work:
    """One call, and the output that it streamed."""

    call: ToolCall
    streamed: str = ""

    @property
    def output(self) -> str:
        """All of it, without colours, and without the fence that some agents put around it."""
        whole = uncoloured("\n".join(part for part in (self.streamed, self.call.output) if part.strip()))
        fenced = FENCED.match(whole)
        return (fenced[2] if fenced else whole).strip("\n")


def count(works: Sequence[Work]) -> Line:
    """`🔧 5 tools`."""
    failed = sum(work.call.status == "failed" for work in works)
    return Line(f"🔧 {counted(len(works), 'tool')}" + (f", {failed} failed" if failed else ""), Tone.FAINT)


def strip(works: Sequence[Work], workspace: str, mask: Mask) -> Quote:
    """A line for each."""
    lines = [" · ".join(_said(work, workspace, mask)) for work in works]
    return Quote("\n".join(lines), folded=len(lines) > UNFOLDED)


def in_full(works: Sequence[Work], workspace: str, mask: Mask) -> Iterator[Block]:
    """Each with its input, its diffs and its output."""
    for work in works:
        yield Quote(_line(work, workspace, mask))
        given = _input(work.call, workspace)
        if given.strip():
            yield Line("Input", Tone.FAINT)
            yield Code(shortened(given, DETAIL, mask), "sh" if work.call.command else "", folded=True)
        for changed in map(change, work.call.diffs):
            if changed.lines:
                yield Code(shortened(changed.text, DETAIL, mask), "diff")
        if work.output.strip():
            yield Line("Result", Tone.FAINT)
            yield Code(shortened(work.output, DETAIL, mask), folded=True)


def _said(work: Work, workspace: str, mask: Mask) -> Iterator[str]:
    yield (line := _line(work, workspace, mask))
    if work.call.kind == "execute" and work.call.status == "completed":
        result = cut(_result(work, mask), RESULT)
        if result and result not in line:
            yield result


def _result(work: Work, mask: Mask) -> str:
    """What a command said last, without reading all of it every time."""
    said = work.call.output if work.call.output.strip() else work.streamed
    if len(said) > LAST and PRIVATE_KEY not in said:  # all else that is masked is within one line
        said = said[-LAST:].partition("\n")[2] or said
    return _why(mask(uncoloured(said)))


def _line(work: Work, workspace: str, mask: Mask) -> str:
    call = work.call
    parts = [f"{tool_mark(call)} {cut(mask(tool_words(call, workspace)), TITLE)}"]
    if call.diffs:
        parts.append(_counts([change(diff) for diff in call.diffs], call))
    if call.blobs:
        parts.append(f"📎 {counted(len(call.blobs), 'file')}")
    if call.status == "failed" and (why := _why(mask(work.output))):
        parts.append(cut(why, WHY))
    return " · ".join(part for part in parts if part)


def _counts(changes: Sequence[Change], call: ToolCall) -> str:
    if len(changes) == 1:
        return change_of(call.diffs[0], changes[0].added, changes[0].removed)
    added, removed = sum(one.added for one in changes), sum(one.removed for one in changes)
    return f"{len(changes)} files +{added} −{removed}"


def _why(output: str) -> str:
    """The last line that says something: there errors stand."""
    lines = (one_line(line) for line in reversed(output.splitlines()))
    telling = (line for line in lines if any(letter.isalnum() for letter in line) and not NO_NEWS.fullmatch(line))
    return next(telling, "")


def _input(call: ToolCall, workspace: str) -> str:
    if not call.command:
        return "" if call.diffs else call.input  # a diff says what an edit's input says
    return "" if call.command == tool_words(call, workspace) else call.command
