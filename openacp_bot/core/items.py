"""What history consists of: events folded into items, one per message, tool call, plan, prompt, question, notice or
turn's end. The store, the page and the exports all use this fold, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import replace

from openacp_bot.core.events import (
    Event,
    FileSent,
    Notice,
    PlanChanged,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import PromptState


def key_of(said: Said) -> str | None:
    """The item that the event belongs to; None: it is no part of history.

    Within a session, equal keys are the same item."""
    match said.event:
        case TextChunk(item=item):
            return f"{said.turn}:m:{item}"
        case ThoughtChunk(item=item):
            return f"{said.turn}:h:{item}"
        case ToolCallChanged(call=call):
            return f"{said.turn}:t:{call.id}"
        case ToolOutput(call=id):
            return f"{said.turn}:o:{id}"
        case PlanChanged():
            return f"{said.turn}:plan"
        case FileSent():
            return f"{said.turn}:f:{said.first or said.rev}"
        case PromptChanged(prompt=prompt):
            return None if prompt.state in (PromptState.QUEUED, PromptState.GATHERING) else f"p:{prompt.id}"
        case QuestionAsked(question=question):
            return f"q:{question.id}"
        case QuestionSettled(question=id):
            return f"q:{id}"
        case Notice(id=id, to=None):
            return f"n:{id}"
        case TurnEnded():
            return f"{said.turn}:end"
        case _:
            return None


def folded(before: Event, after: Event) -> Event:
    """One item after one more event with the same key."""
    match before, after:
        case TextChunk(text=text), TextChunk(text=more):
            return replace(before, text=text + more)
        case ThoughtChunk(text=text), ThoughtChunk(text=more):
            return replace(before, text=text + more)
        case ToolOutput(text=text), ToolOutput(text=more):
            return replace(before, text=text + more)
        case QuestionAsked(question=question), QuestionSettled(settlement=settlement):
            return QuestionAsked(replace(question, settled=settlement))
        case _:
            return after
