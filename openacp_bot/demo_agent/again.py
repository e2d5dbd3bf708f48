"""After an interruption: what is done already, and need not be repeated."""

from __future__ import annotations

from openacp_bot.demo_agent.files import Unable, confined, text_of
from openacp_bot.demo_agent.history import Conversation, Json
from openacp_bot.demo_agent.texts import ADDED_LINE
from openacp_bot.demo_agent.turn import Turn
from openacp_bot.demo_agent.words import Wish


def done_already(turn: Turn, asked: Wish) -> str:
    """What there is to see of a finished work, in words; empty if it has to be done (again)."""
    try:
        match asked.skill:
            case "make" if confined(turn.folder, asked.file or "notes.txt").exists():
                return f"`{asked.file or 'notes.txt'}` is there already"
            case "edit" if _is_edited(turn, asked):
                return f"`{asked.file or 'notes.txt'}` is changed already"
            case "run" if _has_run(turn.conversation, asked.text):
                return f"`{asked.text}` has run already"
    except Unable:
        pass  # it will be told when it is tried
    return ""


def _is_edited(turn: Turn, asked: Wish) -> bool:
    path = confined(turn.folder, asked.file or "notes.txt")
    if not path.exists():
        return False
    text = text_of(path)
    if asked.old:
        return asked.old not in text and asked.new in text
    return ADDED_LINE in (text.splitlines() or [""])[-1]


def _has_run(conversation: Conversation, command: str) -> bool:
    """Whether the interrupted turn, the last before this one, had come to the command's end."""
    prompts = [place for place, update in enumerate(conversation.updates) if _is_prompt(update)]
    since = prompts[-2] if len(prompts) > 1 else 0
    return any(_command(update) == command and _has_ended(update) for update in conversation.updates[since:])


def _is_prompt(update: Json) -> bool:
    return bool(update["sessionUpdate"] == "user_message_chunk")


def _has_ended(update: Json) -> bool:
    """Only a command that was not rejected, and not stopped, has an exit code."""
    output = update.get("rawOutput")
    return isinstance(output, dict) and output.get("exitCode") is not None


def _command(update: Json) -> object:
    return update["rawInput"].get("command") if isinstance(update.get("rawInput"), dict) else None
