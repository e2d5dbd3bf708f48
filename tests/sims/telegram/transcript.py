"""A chat as lines of words, for a person who reads a failed test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.sims.telegram.html import to_html
from tests.sims.telegram.world import Message


def transcript(messages: Iterable[Message]) -> str:
    """One paragraph per message: who, how it rings, what it replies to, its text as HTML, file and buttons."""
    return "\n".join(line for message in messages for line in _lines(message))


def _lines(message: Message) -> Iterator[str]:
    name = message.sender.first_name if message.sender else message.chat.title
    marks = "" if message.rings else " (silent)"
    marks += f" → {message.reply_to.id}" if message.reply_to else ""
    marks += f" (edited {len(message.looks) - 1}×)" if message.edited_at else ""
    yield f"#{message.id} {name}{marks}: {_content(message)}"
    for row in message.keyboard:
        yield "    " + " ".join(f"[{button['text']}]" for button in row)


def _content(message: Message) -> str:
    if message.service is not None:
        return f"<{next(iter(message.service))}>"
    if message.rich is not None:
        return str(message.rich.get("markdown") or message.rich.get("html") or message.rich)
    file = f"<{message.media.kind} {message.media.file.name}> " if message.media else ""
    return file + to_html(message.text, message.entities)
