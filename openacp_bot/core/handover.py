"""What is told to an agent besides a person's words: our transcript, an interruption, a message's age."""

from __future__ import annotations

from collections.abc import Sequence

from openacp_bot.core.events import PromptChanged, Said, TextChunk, ToolCallChanged
from openacp_bot.core.model import Prompt
from openacp_bot.core.words import span

CHARACTERS_PER_TOKEN = 4
STALE_SECONDS = 600.0


def transcript(items: Sequence[Said], *, tokens: int) -> str:
    """The conversation so far for an agent that has lost it, the oldest dropped to fit; empty if nothing was said."""
    room = tokens * CHARACTERS_PER_TOKEN
    kept: list[str] = []
    for line in reversed([line for item in items if (line := _line(item))]):
        if room - len(line) < 0:
            if not kept and room:  # the newest alone is too long: its end says most
                kept.append(f"…{line[-room:]}")
            kept.append("[older messages are left out]")
            break
        room -= len(line)
        kept.append(line)
    if not kept:
        return ""
    body = "\n\n".join(reversed(kept))
    return (
        "You are going on with a conversation whose memory was lost. Here is our record of it; files may have changed "
        f"since. Do not repeat what was done; use it as background.\n\n<earlier-conversation>\n{body}\n"
        "</earlier-conversation>"
    )


def aged(prompt: Prompt, now: float) -> str:
    """The prompt's text, with its age where it waited for over ten minutes."""
    waited = now - prompt.asked_at
    if waited <= STALE_SECONDS:
        return prompt.text
    return f"[This message was written {span(waited)} ago and waited in the queue.]\n\n{prompt.text}"


def go_on(interrupted: Prompt | None) -> str:
    """What Continue asks. Tools are not idempotent, so the agent checks first."""
    asked = f'\n\nIt was asked: "{interrupted.text[:4000]}"' if interrupted and interrupted.text else ""
    return (
        "The previous turn was interrupted before it was finished."
        f"{asked}\n\nLook first at what is already done (files, commands), do not repeat it, then finish the rest."
    )


def _line(item: Said) -> str:
    match item.event:
        case PromptChanged(prompt=prompt) if prompt.started_at is not None:
            return f"USER: {prompt.text}"
        case TextChunk(text=text):
            return f"ASSISTANT: {text}"
        case ToolCallChanged(call=call):
            return f"[tool: {call.title} ({call.status})]"
        case _:
            return ""
