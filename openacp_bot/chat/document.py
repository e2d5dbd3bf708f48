"""Blocks as a Markdown file, for answers of too many messages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import assert_never

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote
from openacp_bot.core.words import fence


def as_markdown(blocks: Sequence[Block]) -> str:
    """All of it; lists stay together, everything else is a paragraph of its own."""
    if not blocks:
        return ""
    parts = [_written(blocks[0])]
    for before, block in pairwise(blocks):
        tight = type(before) is type(block) and isinstance(block, Line | Item)
        parts += ["  \n" if tight and isinstance(block, Line) else "\n" if tight else "\n\n", _written(block)]
    return f"{''.join(parts)}\n"


def _written(block: Block) -> str:
    match block:
        case Prose(source=source):
            return source.strip("\n")
        case Line(text=text):
            return text
        case Quote(text=text):
            return "  \n".join(f"> {line}" if line else ">" for line in text.split("\n"))
        case Code(text=text, language=language):
            marks = fence(text, least=3)
            return f"{marks}{language}\n{text}\n{marks}"
        case Link(text=text, url=url):
            return f"[{text}]({url})"
        case Item(mark=mark, title=title, detail=detail, url=url):
            named = f"[{title}]({url})" if url else title
            return f"- {' '.join(part for part in (mark, named) if part)}" + (f" ({detail})" if detail else "")
        case _:
            assert_never(block)
