"""Prompts out of chat messages: what is joined, edited or taken away is one message's part, and the others stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from openacp_bot.core.model import FileRef, Part, Prompt, PromptState

Edit: TypeAlias = Callable[[Prompt], Prompt]  # the prompt as it is then; dropped, if nothing is left of it


def joined(prompt: Prompt, part: Part, files: Sequence[FileRef]) -> Prompt:
    """With one more message behind it."""
    return _made_of(replace(prompt, files=(*prompt.files, *files)), (*_parts(prompt), part))


def edited(prompt: Prompt, *, message: str, text: str | None) -> Prompt:
    """After one of its messages was edited, or deleted (`text` None)."""
    if text is not None:
        parts = tuple(replace(part, text=text) if part.message == message else part for part in _parts(prompt))
        return _made_of(prompt, parts)
    left = tuple(part for part in _parts(prompt) if part.message != message)
    return _made_of(prompt, left) if left else dropped(prompt)


def reworded(prompt: Prompt, *, text: str) -> Prompt:
    """With another text as a whole."""
    return replace(prompt, text=text, parts=())


def dropped(prompt: Prompt) -> Prompt:
    """Not to be sent."""
    return replace(prompt, state=PromptState.DROPPED)


def _parts(prompt: Prompt) -> tuple[Part, ...]:
    return prompt.parts or (Part(prompt.text, prompt.message),)


def _made_of(prompt: Prompt, parts: tuple[Part, ...]) -> Prompt:
    text = "\n".join(words for part in parts if (words := part.words))
    is_plain = len(parts) == 1 and parts[0] == Part(parts[0].text, prompt.message)
    return replace(prompt, text=text, parts=() if is_plain else parts)
