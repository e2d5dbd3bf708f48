"""Answers of too many messages, as Markdown files."""

from __future__ import annotations

import pytest

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote
from openacp_bot.chat.document import as_markdown


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([], ""),
        ([Prose("# A\n\nb\n")], "# A\n\nb\n"),
        ([Prose("a"), Line("b"), Line("c"), Prose("d")], "a\n\nb  \nc\n\nd\n"),
        ([Quote("a\n\nb")], "> a  \n>  \n> b\n"),
        ([Code("x = 1", "python")], "```python\nx = 1\n```\n"),
        ([Code("a\n````\nb\n````")], "`````\na\n````\nb\n````\n`````\n"),
        ([Link("Open", "https://x.example")], "[Open](https://x.example)\n"),
        (
            [Item("1.", "One", "now", "https://x.example"), Item("", "Two")],
            "- 1. [One](https://x.example) (now)\n- Two\n",
        ),
    ],
)
def test_blocks_become_markdown(blocks: list[Block], text: str) -> None:
    assert as_markdown(blocks) == text
