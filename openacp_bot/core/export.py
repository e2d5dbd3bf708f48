"""A conversation as a Markdown document, for a person to keep: masked, times in UTC."""

from __future__ import annotations

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
from openacp_bot.core.handover import span
from openacp_bot.core.model import Prompt, PromptState, Question, SessionRecord
from openacp_bot.core.naming import subject
from openacp_bot.core.views import Document

DONE = {"completed": "", "failed": " (failed)", "ended": " (not finished)"}
ENDS = {
    Outcome.DONE: "Done",
    Outcome.MAX_TOKENS: "Ended at the agent's limit of tokens",
    Outcome.MAX_REQUESTS: "Ended at the agent's limit of requests",
    Outcome.REFUSED: "Refused by the agent",
    Outcome.CANCELLED: "Stopped",
    Outcome.FAILED: "Failed",
    Outcome.CRASHED: "The agent crashed",
    Outcome.STUCK: "Ended, as nothing came any more",
    Outcome.INTERRUPTED: "Interrupted",
    Outcome.UNKNOWN: "Ended",
}


def conversation(record: SessionRecord, items: Sequence[Said], *, mask: Callable[[str], str]) -> Document:
    """The whole conversation; `items` in order."""
    parts = [f"# {_one_line(record.shown_title)}", _facts(record)]
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
                yield "\n".join(f"- 📎 {_one_line(file.name)}" for file in prompt.files)
        case TextChunk(text=text):
            yield text
        case ToolCallChanged(call=call):
            what = _one_line(call.command or call.title or call.kind)
            yield f"- 🔧 {call.kind}: {_code(what)}{DONE.get(call.status, '')}"
        case PlanChanged(entries=entries):
            yield "\n".join(f"- [{'x' if one.status == 'completed' else ' '}] {one.text}" for one in entries)
        case FileSent(blob=blob):
            yield f"- 📎 {_one_line(blob.name or blob.mime)}"
        case QuestionAsked(question=question):
            yield f"- ❓ {_one_line(question.title)} → {_answer(question)}"
        case Notice(text=text):
            yield _quoted(text)
        case TurnEnded():
            yield _end(item.event)
        case _:
            return


def _heading(prompt: Prompt, at: float) -> str:
    who = _one_line(prompt.author.name or prompt.author.key)
    unsent = " (not sent)" if prompt.state is PromptState.DROPPED else ""
    return f"## {who}, {_time(prompt.started_at or prompt.asked_at or at)}{unsent}"


def _answer(question: Question) -> str:
    settled = question.settled
    if settled is None:
        return "open"
    by = f" by {settled.by.name or settled.by.key}" if settled.by else ""
    return f"{settled.label or settled.how}{by}, {_time(settled.at)}"


def _end(ended: TurnEnded) -> str:
    tools = f", {ended.tools} tool{'' if ended.tools == 1 else 's'}" if ended.tools else ""
    detail = f": {ended.detail.splitlines()[0]}" if ended.detail else ""
    return f"*{ENDS[ended.outcome]} after {span(ended.seconds)}{tools}{detail}*"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _code(text: str) -> str:
    """Inline code, whatever backticks are in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 300 else f"{words[:299]}…"


def _file_name(title: str) -> str:
    return re.sub(r"[^\w-]+", "-", title).strip("-")[:60] or "conversation"
