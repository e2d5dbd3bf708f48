"""A conversation as a Markdown document, for a person to keep: masked, times in UTC."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from openacp_bot.core.events import (
    FileSent,
    Notice,
    Outcome,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    Said,
    TextChunk,
    ToolCallChanged,
    TurnEnded,
)
from openacp_bot.core.model import Field, Prompt, PromptState, Question, SessionRecord, Settlement
from openacp_bot.core.naming import subject
from openacp_bot.core.views import Document
from openacp_bot.core.words import chosen, cut, decision, ended, fence, is_decided, one_line, unanswered, worded

TOOL_ENDS = {"failed": " (failed)", "ended": " (not finished)"}
LONGEST_LINE = 300


def conversation(record: SessionRecord, items: Sequence[Said], *, mask: Callable[[str], str]) -> Document:
    """The whole conversation; `items` in order."""
    parts = [f"# {_line(record.shown_title)}", _facts(record)]
    parts += [part for item in items for part in _parts(item)]
    text = mask("\n\n".join(parts) + "\n")
    return Document(f"{_file_name(mask(record.shown_title))}-{record.id[:6]}.md", "text/markdown", text)


def _facts(record: SessionRecord) -> str:
    facts = {
        "Session": record.id,
        "Agent": record.agent + (f" ({record.provider})" if record.provider else ""),
        "Model": record.current_model or record.model,
        "Workspace": record.workspace,
        "Source": record.source.value,
        "Begun": _time(record.created_at),
        "Last activity": _time(record.active_at),
        "Messages": str(record.prompts),
    }
    return "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def _parts(item: Said) -> Iterator[str]:
    match item.event:
        case PromptChanged(prompt=prompt):
            yield _heading(prompt, item.at)
            yield subject(prompt)
            if prompt.text and prompt.files:
                yield "\n".join(f"- 📎 {_line(file.name)}" for file in prompt.files)
        case TextChunk(text=text):
            yield text
        case ToolCallChanged(call=call):
            what = _line(call.command or call.title or call.kind)
            yield f"- 🔧 {call.kind}: {_code(what)}{TOOL_ENDS.get(call.status, '')}"
        case PlanChanged(entries=entries):
            yield "\n".join(f"- [{'x' if one.status == 'completed' else ' '}] {one.text}" for one in entries)
        case FileSent(blob=blob):
            yield f"- 📎 {_line(blob.name or blob.mime)}"
        case QuestionAsked(question=question):
            yield "\n".join((f"- ❓ {_line(question.title)} → {_answer(question)}", *_filled(question)))
        case Notice(text=text):
            yield _quoted(worded(text))
        case TurnEnded():
            yield _end(item.event)
        case _:
            return


def _heading(prompt: Prompt, at: float) -> str:
    who = _line(prompt.author.name or prompt.author.key)
    unsent = " (not sent)" if prompt.state is PromptState.DROPPED else ""
    return f"## {who}, {_time(prompt.started_at or prompt.asked_at or at)}{unsent}"


def _answer(question: Question) -> str:
    settled = question.settled
    if settled is None:
        return "open"
    if not is_decided(settled):
        return f"{unanswered(settled)}, {_time(settled.at)}"
    by = f" by {settled.by.name or settled.by.key}" if settled.by else ""
    return f"{chosen(settled) or decision(settled)}{by}, {_time(settled.at)}"


def _filled(question: Question) -> Iterator[str]:
    if question.settled is not None:
        for label, value in filled_in(question.fields, question.settled):
            yield f"  - {_line(label)}: {one_line(value)}"


def filled_in(fields: Sequence[Field], settled: Settlement) -> Iterator[tuple[str, str]]:
    """A settled form as every surface tells it: the labels of its fields and what was answered, in words."""
    known = {field.name: field for field in fields}
    for name, value in settled.values:
        field = known.get(name, Field(name, name))
        if (words := _in_words(field, value)).strip():
            yield field.label or name, words


def _in_words(field: Field, value: str) -> str:
    """By the labels of what was chosen."""
    labels = dict(field.options)
    chosen = _several(value) if field.kind == "choices" else (value,)
    return ", ".join(labels.get(one, one) for one in chosen)


def _several(value: str) -> tuple[str, ...]:
    try:
        given = json.loads(value)
    except ValueError:
        return (value,)
    return tuple(map(str, given)) if isinstance(given, list) else (value,)


def _end(end: TurnEnded) -> str:
    done = "Done · " if end.outcome is Outcome.DONE and (end.seconds or end.tools) else ""
    detail = f": {end.detail.splitlines()[0]}" if end.detail else ""
    return f"*{done}{ended(end)}{detail}*"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _code(text: str) -> str:
    """Inline code, whatever backticks are in it."""
    marks, room = fence(text, least=1), " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{room}{text}{room}{marks}"


def _line(text: str) -> str:
    return cut(one_line(text), LONGEST_LINE)


def _file_name(title: str) -> str:
    return re.sub(r"[^\w-]+", "-", title).strip("-")[:60] or "conversation"
