"""What a measured agent says: numbered words at a steady pace, so that what a chat shows tells when it was said."""

from __future__ import annotations

import re

WORDS = 400
PAUSE = 0.05  # seconds from word to word: 20 a second, for 20 s
PARAGRAPH = 40  # words
NUMBER = re.compile(r"\bw(\d{4})\b")


def spoken(number: int) -> str:
    """The chunk with this word, from 1; every 40th ends a paragraph."""
    return f"w{number:04d}" + (".\n\n" if number % PARAGRAPH == 0 else " ")


def heard(text: str) -> list[int]:
    """The numbers of the words in a text."""
    return [int(number) for number in NUMBER.findall(text)]


def whole() -> str:
    """All of it."""
    return "".join(spoken(number) for number in range(1, WORDS + 1))
