"""Clients name a session by a hidden prompt; this recognises one and answers it without any model."""

from __future__ import annotations

import re

FIVE_WORDS = re.compile(r"\b(?:5|five)[\s-]+words?\b", re.IGNORECASE)
FILLER = re.compile(r"(?:an?|the|and|or|of|to|in|on|for|with|please|can|could|you|would|me|my|i|is|it|this|that)", re.I)
FENCES = (re.compile(r"```\w*\n(.*?)```", re.DOTALL), re.compile(r"<\w+>(.*?)</\w+>", re.DOTALL))
QUOTES = (re.compile(r'"([^"]{2,})"'), re.compile(r"“([^”]{2,})”"))


def is_naming(text: str) -> bool:
    """Whether this is a hidden prompt for a title of at most five words."""
    return "title" in text.lower() and FIVE_WORDS.search(text) is not None


def short_title(text: str) -> str:
    """At most five words of the message that such a prompt quotes."""
    words = re.findall(r"[^\W_][\w'./-]*", _quoted_message(text))
    telling = [word for word in words if not FILLER.fullmatch(word)] or words
    title = " ".join(telling[:5]).rstrip(".,:;-/")
    return title[:1].upper() + title[1:] if title else "A chat with the demo"


def _quoted_message(text: str) -> str:
    instruction, blank_line, below = text.partition("\n\n")
    for quote in FENCES if blank_line else (*FENCES, *QUOTES):
        found = quote.search(text)
        if found:
            return found.group(1)
    return below if blank_line else re.split(r":\s", instruction, maxsplit=1)[-1]
