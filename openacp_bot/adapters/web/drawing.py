"""Frozen values as the JSON that the page draws. Only Markdown travels as HTML; all else is text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openacp_bot.adapters.web.diffs import drawn_diff
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.wording import end_line, end_tone, person, settled_line
from openacp_bot.chat.paths import from_home
from openacp_bot.chat.words import bare
from openacp_bot.core import codec
from openacp_bot.core.events import (
    Event,
    FileSent,
    Notice,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    ToolCallChanged,
    TurnEnded,
)
from openacp_bot.core.export import filled_in
from openacp_bot.core.inbound import Choice, Form, Reply, Row
from openacp_bot.core.model import Field, Phase, Prompt, Question, Settlement, ToolCall
from openacp_bot.core.views import NewChat, SessionPage, SessionRow, SessionView
from openacp_bot.core.words import surface_name, worded

LONG = 100_000  # characters of one input or output that are shown


def drawn_event(event: Event, files: SignedFiles) -> dict[str, Any]:
    """One item of the conversation that does not grow."""
    match event:
        case PromptChanged(prompt=prompt):
            return {"kind": "prompt", **drawn_prompt(prompt)}
        case ToolCallChanged(call=call):
            return {"kind": "tool", **_tool(call, files)}
        case PlanChanged(entries=entries):
            return {"kind": "plan", "entries": [{"text": entry.text, "status": entry.status} for entry in entries]}
        case FileSent(blob=blob):
            return {"kind": "file", **files.drawn(blob)}
        case QuestionAsked(question=question):
            return {"kind": "question", **_question(question, files)}
        case QuestionSettled(settlement=settlement):  # of a question that is older than what is watched
            return {"kind": "settled", "settled": _settlement(settlement)}
        case Notice():
            choices = [_choice(choice) for choice in event.choices]
            return {"kind": "notice", "text": worded(event.text), "choices": choices}
        case TurnEnded():
            return {"kind": "end", "line": end_line(event), "tone": end_tone(event.outcome), "detail": event.detail}
        case _:
            return {"kind": "unknown"}


def drawn_prompt(prompt: Prompt) -> dict[str, Any]:
    return {
        "id": prompt.id,
        "text": prompt.text,
        "who": person(prompt.author),
        "asked": prompt.asked_at,
        "state": prompt.state.value,
        "by": prompt.kind.value,
        "files": [file.name for file in prompt.files],
    }


def _tool(call: ToolCall, files: SignedFiles) -> dict[str, Any]:
    return {
        "id": call.id,
        "title": bare(call.title) or call.command or call.kind,
        "does": call.kind,
        "status": call.status,
        "command": call.command,
        "input": _shortened(call.input),
        "output": _shortened(call.output),
        "diffs": [drawn_diff(diff) for diff in call.diffs],
        "places": [f"{at.path}:{at.line}" if at.line else at.path for at in call.locations],
        "files": [files.drawn(blob) for blob in call.blobs],
    }


def _shortened(text: str) -> str:
    if len(text) <= LONG:
        return text
    return f"{text[:LONG]}\n… {len(text) - LONG} more characters"


def _question(question: Question, files: SignedFiles) -> dict[str, Any]:
    return {
        "id": question.id,
        "title": bare(question.title),
        "body": question.body,
        "call": _tool(question.call, files) if question.call else None,
        "options": [{"token": option.id, "label": option.label, "does": option.kind} for option in question.options],
        "fields": [_field(field) for field in question.fields],
        "expires": question.expires_at,
        "settled": _settlement(question.settled, question.fields) if question.settled else None,
    }


def _settlement(settlement: Settlement, fields: Sequence[Field] = ()) -> dict[str, Any]:
    given = [{"label": label, "value": value} for label, value in filled_in(fields, settlement)]
    return {"line": settled_line(settlement), "at": settlement.at, "allowed": settlement.allowed, "given": given}


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label or field.name,
        "kind": field.kind,
        "options": [{"value": value, "label": label} for value, label in field.options],
        "required": field.required,
        "default": field.default,
        "hint": field.hint,
    }


# --- replies ---------------------------------------------------------------------------------------


def drawn_reply(reply: Reply) -> dict[str, Any]:
    return {
        "text": worded(reply.text),
        "rows": [_row(row) for row in reply.rows],
        "choices": [_choice(choice) for choice in reply.choices],
        "form": _form(reply.form) if reply.form else None,
        "replaces": reply.replaces,
        "session": reply.session,
        "refused": reply.refused,
        "quiet": reply.quiet,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {"label": choice.label, "token": choice.token, "look": choice.look.value, "opens": choice.opens.value}


def _row(row: Row) -> dict[str, Any]:
    drawn = {"mark": row.mark, "title": row.title, "detail": row.detail, "session": row.session}
    return {**drawn, "choices": [_choice(choice) for choice in row.choices]}


def _form(form: Form) -> dict[str, Any]:
    return {"token": form.token, "title": form.title, "fields": [_field(field) for field in form.fields]}


# --- sessions --------------------------------------------------------------------------------------


def drawn_page(page: SessionPage) -> dict[str, Any]:
    return {"rows": [drawn_row(row) for row in page.rows], "total": page.total}


def drawn_row(row: SessionRow) -> dict[str, Any]:
    record = row.record
    return {
        "id": record.id,
        "title": record.shown_title,
        "state": record.state.value,
        "waiting": row.phase is Phase.WAITING,
        "busy": row.phase in (Phase.RUNNING, Phase.LAUNCHING, Phase.CANCELLING),
        "agent": record.agent,
        "source": record.source.value,
        "place": surface_name(row.place.adapter if row.place else ""),
        "pinned": record.pinned,
        "bypass": record.bypass,
        "archived": record.archived_at is not None,
        "active_at": record.active_at,
    }


def drawn_view(view: SessionView) -> dict[str, Any]:
    """Everything above and below the conversation."""
    record = view.row.record
    return {
        **drawn_row(view.row),
        "phase": view.row.phase.value,
        "reason": record.reason,
        "provider": record.provider,
        "model": record.current_model or record.model,
        "workspace": record.workspace,
        "folder": from_home(record.workspace),
        "held": record.held,
        "verbosity": record.verbosity.value if record.verbosity else "",
        "url": view.row.place.url if view.row.place else "",
        "queue": [drawn_prompt(prompt) for prompt in view.queue],
        "usage": codec.plain(view.usage),
        "doing": view.doing.replace("`", ""),
        "asking": len(view.questions),
    }


def drawn_choices(choices: NewChat) -> dict[str, Any]:
    """What the dialog *New chat* is pre-filled with. Of an agent only what a person picks by: its environment may
    hold secrets."""
    agents = [
        {"name": agent.name, "provider": agent.provider, "model": agent.model, "models": list(agent.models)}
        for agent in choices.agents
    ]
    return {
        "agents": agents,
        "default": choices.default_agent,
        "workspaces": list(choices.workspaces),
        "base": choices.base_dir,
    }
