"""Titles: id < first message < asked < agent's own < a person's (model.TitleRank)."""

from __future__ import annotations

from openacp_bot.core.model import Prompt, SessionRecord, TitleRank
from openacp_bot.core.words import cut, one_line

FIRST_LINE_LIMIT = 60
ASKED_LIMIT = 50
PERSON_LIMIT = 128  # Telegram's topic names end there
ASK_SECONDS = 20.0

QUESTION = (
    "Write a title of at most 5 words for a conversation that begins with the message below. "
    "Answer with the title only: no quotes, no full stop, no explanation, no tools.\n\n{message}"
)


def outranks(record: SessionRecord, rank: TitleRank) -> bool:
    """Whether a title of this rank may replace the session's."""
    return rank > record.title_rank or rank is record.title_rank is TitleRank.PERSON


def subject(prompt: Prompt) -> str:
    """What a prompt is about: its words, or the names of its files."""
    return prompt.text or ", ".join(file.name for file in prompt.files)


def first_line(text: str) -> str:
    """The first line that says something, cut at 60 characters with an ellipsis; empty if none does."""
    for line in text.splitlines():
        if words := one_line(line):
            return cut(words, FIRST_LINE_LIMIT)
    return ""


def question(message: str) -> str:
    """What the agent is asked, in a conversation of its own."""
    return QUESTION.format(message=message[:2000])


def cleaned(answer: str | None, message: str) -> str | None:
    """A usable title out of the agent's answer; None if it is empty, or an echo of what it was asked."""
    title = first_line(answer or "").strip(" \"'`*_#.“”«»")
    if title.casefold().startswith("title:"):
        title = title[6:].strip(" \"'`*_")
    if not title or len(title.split()) > 10:
        return None
    asked = question(message).casefold()
    if len(title) > 15 and title.casefold() in asked[: asked.index("\n\n")]:
        return None
    return cut(title, ASKED_LIMIT)


def fallback(record: SessionRecord) -> str:
    """The title of a session that could not be named."""
    return f"Session {record.id[:6]}"


def by_person(text: str) -> str:
    """A person's title, on one line and within what every platform can show."""
    return cut(one_line(text), PERSON_LIMIT)
