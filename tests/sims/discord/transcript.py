"""A channel as lines of words, for a person who reads a failed test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.sims.discord.world import Message, parts


def transcript(messages: Iterable[Message]) -> str:
    """One paragraph per message: who, how it rings, what it replies to, its words, files and components."""
    return "\n".join(line for message in messages for line in _lines(message))


def _lines(message: Message) -> Iterator[str]:
    marks = "" if message.rings else " (silent)"
    marks += f" (only {message.receiver.name})" if message.receiver else ""
    marks += " (thinking)" if message.loading else ""
    marks += f" → {message.reply_to.id}" if message.reply_to else ""
    marks += f" (edited {len(message.looks) - 1}×)" if message.edited_at else ""
    files = "".join(f" <{one.name}>" for one in message.attachments)
    note = "" if message.by_hand else f" <note {message.kind}>"
    yield f"#{message.id} {message.author.name}{marks}{note}: {message.words}{files}"
    shown = [
        f"[{one.get('label') or one.get('placeholder') or '?'}]" for one in parts(message.components) if _used(one)
    ]
    if shown:
        yield "    " + " ".join(shown)


def _used(part: dict[str, object]) -> bool:
    return part.get("type") in (2, 3, 5, 6, 7, 8)
