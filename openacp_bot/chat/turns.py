"""What a turn looks like: stretches of an answer, and its end.

1. A question ends a stretch, and so does a file, which is a stretch of its own. The last stretch is never a file.
2. A stretch keeps its place among the others for good: one without anything to show is an empty sheet.
3. The plan stands below the last words; the status line only below something that does not say the same, so that it
   makes no message by itself, except for thoughts that are not shown while nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from openacp_bot.chat import tools
from openacp_bot.chat.blocks import Block, Code, Line, Prose, Quote, Tone
from openacp_bot.chat.document import as_markdown
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.chat.tools import Work
from openacp_bot.chat.words import AT_WORK, end_line, heading
from openacp_bot.core.events import (
    Event,
    FileSent,
    Outcome,
    PlanChanged,
    QuestionAsked,
    Said,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.masking import GrowingMask, Mask
from openacp_bot.core.model import Blob, PlanEntry, PromptKind, PromptState, UserRef, Verbosity
from openacp_bot.core.views import Document, TurnView
from openacp_bot.core.words import FAILURES, cut, one_line

ASKED = 500  # characters of a prompt that is quoted
THOUGHT = 1500
DOING = 100
LAST_WORDS = 15  # lines of stderr that are told
LATE = 10.0  # seconds after which a turn's end is told without its last word
PLAN_MARKS = {"completed": "☑", "in_progress": "▶"}


def drawn_turn(view: TurnView, surface: UserRef, mask: Mask, now: float) -> Drawing:
    """The turn as it should stand now."""
    end = _end(view, now)
    live = end is None
    stretches = _stretches(view, surface, mask, live=live)
    if end is None:
        return Drawing(stretches, Rank.CARD, live=True, final=False)
    return Drawing(
        stretches,
        Rank.ERROR if end.outcome in FAILURES else Rank.FINAL,
        end=_end_blocks(end, mask),
        whole=_whole(view, stretches),
    )


# --- the end ---------------------------------------------------------------------------------------


def _end(view: TurnView, now: float) -> TurnEnded | None:
    """The turn's own last word. Its prompt is closed a moment before that is heard, and perhaps it never was."""
    said = next((item.event for item in view.items if isinstance(item.event, TurnEnded)), None)
    if said is not None:
        return said
    prompt = view.prompt
    if prompt.state is PromptState.DROPPED:
        return TurnEnded(Outcome.CANCELLED)
    closed = prompt.state in (PromptState.ENDED, PromptState.INTERRUPTED)
    if not closed or now < (prompt.ended_at or 0) + LATE:
        return None
    known = prompt.started_at is not None and prompt.ended_at is not None
    seconds = (prompt.ended_at or 0) - (prompt.started_at or 0) if known else 0
    return TurnEnded(_outcome(prompt.outcome, prompt.state), seconds=seconds, tools=len(_works(view.items)))


def _outcome(word: str, state: PromptState) -> Outcome:
    if word in list(Outcome):
        return Outcome(word)
    return Outcome.INTERRUPTED if state is PromptState.INTERRUPTED else Outcome.UNKNOWN


def _end_blocks(end: TurnEnded, mask: Mask) -> tuple[Block, ...]:
    blocks: list[Block] = [Line(end_line(end))]
    why, _, stderr = mask(end.detail).strip().partition("\n")
    if why:
        blocks.append(Line(why))
    if last := "\n".join(stderr.strip().splitlines()[-LAST_WORDS:]):
        blocks.append(Code(last[-tools.DETAIL :]))
    return tuple(blocks)


def _whole(view: TurnView, stretches: Sequence[Sheet]) -> Document | None:
    blocks = [block for sheet in stretches if sheet.file is None for block in sheet.blocks]
    if not blocks:
        return None
    return Document(f"answer-{view.prompt.id[:6]}.md", "text/markdown", as_markdown(blocks))


# --- stretches -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Items with nothing in between, and the question that ended them, if one did; or one file."""

    items: tuple[Said, ...] = ()
    file: Blob | None = None
    then: str = ""


def _cuts(items: Sequence[Said]) -> Iterator[_Stretch]:
    open: list[Said] = []
    for item in items:
        match item.event:
            case QuestionAsked(question=question):
                yield _Stretch(tuple(open), then=question.id)
                open = []
            case FileSent(blob=blob):
                yield _Stretch(tuple(open))
                yield _Stretch(file=blob)
                open = []
            case _:
                open.append(item)
    yield _Stretch(tuple(open))


def _stretches(view: TurnView, surface: UserRef, mask: Mask, *, live: bool) -> tuple[Sheet, ...]:
    works = _works(view.items)
    cuts = tuple(_cuts(view.items))
    drawn = [_blocks(one, view, works, mask, growing=live and one is cuts[-1]) for one in cuts]
    drawn[0][:0] = _asked(view, surface, mask)
    is_told = _tells_what_runs(drawn[-1])
    last = max((index for index, blocks in enumerate(drawn) if blocks), default=len(drawn) - 1)
    drawn[last] += _plan(view.items, mask)
    if live and not is_told:
        drawn[-1] += _status(view, mask, has_words=bool(drawn[-1]))
    sheets = tuple(Sheet(tuple(blocks), file=cut.file, then=cut.then) for cut, blocks in zip(cuts, drawn, strict=True))
    return () if sheets == (Sheet(),) else sheets


def _blocks(stretch: _Stretch, view: TurnView, works: Mapping[str, Work], mask: Mask, *, growing: bool) -> list[Block]:
    events = [item.event for item in stretch.items]
    blocks: list[Block] = []
    newest = _newest_words(events) if growing else None
    for is_tool, run in groupby((one for one in events if _shows(one, view.verbosity)), key=_is_tool):
        if is_tool:
            blocks += _tools([works[one.call.id] for one in run if isinstance(one, ToolCallChanged)], view, mask)
        else:
            blocks += [_speech(one, mask, growing=one is newest) for one in run]
    if view.verbosity is Verbosity.LOW and (calls := [one for one in events if isinstance(one, ToolCallChanged)]):
        blocks.append(tools.count([works[one.call.id] for one in calls]))
    return blocks


def _shows(event: Event, verbosity: Verbosity) -> bool:
    match event:
        case TextChunk(text=text):
            return bool(text.strip())
        case ThoughtChunk(text=text):
            return verbosity is Verbosity.HIGH and bool(text.strip())
        case ToolCallChanged():
            return verbosity is not Verbosity.LOW
        case _:
            return False


def _is_tool(event: Event) -> bool:
    return isinstance(event, ToolCallChanged)


def _newest_words(events: Sequence[Event]) -> Event | None:
    """What may still grow in the middle of a secret."""
    return events[-1] if events and isinstance(events[-1], TextChunk | ThoughtChunk) else None


def _speech(event: Event, mask: Mask, *, growing: bool) -> Block:
    assert isinstance(event, TextChunk | ThoughtChunk)
    safe: Callable[[str], str] = GrowingMask(mask).add if growing else mask
    if isinstance(event, TextChunk):
        return Prose(safe(event.text))
    return Quote(f"💭 {_newest(safe(event.text).strip())}", folded=True)


def _newest(thought: str) -> str:
    return thought if len(thought) <= THOUGHT else f"… {thought[-THOUGHT:]}"


def _tools(works: Sequence[Work], view: TurnView, mask: Mask) -> Iterable[Block]:
    workspace = view.record.workspace
    if view.verbosity is Verbosity.HIGH:
        return tools.in_full(works, workspace, mask)
    return (tools.strip(works, workspace, mask),)


def _works(items: Sequence[Said]) -> Mapping[str, Work]:
    """Every call of the turn, with what it streamed."""
    calls = [item.event.call for item in items if isinstance(item.event, ToolCallChanged)]
    streamed = {item.event.call: item.event.text for item in items if isinstance(item.event, ToolOutput)}
    return {call.id: Work(call, streamed.get(call.id, "")) for call in calls}


# --- above and below -------------------------------------------------------------------------------


def _asked(view: TurnView, surface: UserRef, mask: Mask) -> list[Block]:
    """The prompt, where it is not to be read anyway: it came from elsewhere, or from no message at all."""
    prompt = view.prompt
    if prompt.author.adapter == surface.adapter and prompt.message and prompt.kind is PromptKind.PERSON:
        return []
    lines = [heading(prompt, view.record, surface)]
    if prompt.kind is not PromptKind.CONTINUE:  # its words are ours, for the agent
        lines += [cut(mask(prompt.text.strip()), ASKED)]
    lines += [f"📎 {file.name}" for file in prompt.files]
    return [Quote("\n".join(line for line in lines if line), strong_first=True)]


def _plan(items: Sequence[Said], mask: Mask) -> list[Block]:
    plans = [item.event.entries for item in items if isinstance(item.event, PlanChanged)]
    return [_entry(entry, mask) for entry in plans[-1]] if plans else []


def _entry(entry: PlanEntry, mask: Mask) -> Line:
    return Line(f"{PLAN_MARKS.get(entry.status, '☐')} {one_line(mask(entry.text))}")


def _status(view: TurnView, mask: Mask, *, has_words: bool) -> list[Block]:
    if not view.doing or not (has_words or _only_thinks(view)):
        return []
    return [Line(f"{AT_WORK} {cut(mask(one_line(view.doing.replace('`', ''))), DOING)}", Tone.FAINT)]


def _tells_what_runs(blocks: Sequence[Block]) -> bool:
    """Whether a strip at the end says it already, where it is to be seen."""
    strip = blocks[-1] if blocks else None
    if not isinstance(strip, Quote) or strip.folded:
        return False
    return any(line.startswith(AT_WORK) for line in strip.text.splitlines())


def _only_thinks(view: TurnView) -> bool:
    if view.verbosity is Verbosity.LOW:
        return False
    kinds = {type(item.event) for item in view.items}
    return ThoughtChunk in kinds and not kinds & {TextChunk, ToolCallChanged, QuestionAsked, FileSent}
