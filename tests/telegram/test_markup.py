"""A person's formatted text as Markdown."""

from __future__ import annotations

import pytest
from aiogram.types import MessageEntity
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.adapters.telegram.markup import MARKS, markdown
from tests.telegram.updates import Json, entity


def shown(text: str, *entities: Json) -> str:
    return markdown(text, [MessageEntity.model_validate(one) for one in entities])


@pytest.mark.parametrize(
    ("text", "entities", "expected"),
    [
        ("plain *text*", [], "plain *text*"),
        ("a bold word", [entity("bold", 2, 4)], "a **bold** word"),
        ("😀 ls", [entity("code", 3, 2)], "😀 `ls`"),
        ("a`b", [entity("code", 0, 3)], "``a`b``"),
        ("x = 1", [entity("pre", 0, 5, language="python")], "```python\nx = 1\n```\n"),
        ("see x", [entity("pre", 4, 1)], "see \n```\nx\n```\n"),
        ("```", [entity("pre", 0, 3)], "````\n```\n````\n"),
        ("here", [entity("text_link", 0, 4, url="https://x.y")], "[here](https://x.y)"),
        ("ab", [entity("bold", 0, 2), entity("italic", 0, 2)], "***ab***"),
        ("abc", [entity("bold", 0, 3), entity("code", 1, 1)], "**a`b`c**"),
        ("a b", [entity("bold", 0, 2), entity("strikethrough", 2, 1)], "**a** ~~b~~"),
        ("https://a.b", [entity("url", 0, 11)], "https://a.b"),
    ],
)
def test_styles_become_marks(text: str, entities: list[Json], expected: str) -> None:
    assert shown(text, *entities) == expected


@given(st.text(alphabet="ab 😀\n"), st.data())
def test_no_character_is_lost(text: str, data: st.DataObject) -> None:
    length = len(text.encode("utf-16-le")) // 2
    start = data.draw(st.integers(0, length))
    size = data.draw(st.integers(0, length - start))
    kind = data.draw(st.sampled_from(sorted(MARKS)))
    inside = text.encode("utf-16-le")[2 * start : 2 * (start + size)].decode("utf-16-le", "replace")
    if "\ufffd" in inside:
        return  # Telegram never cuts a character in two

    assert shown(text, entity(kind, start, size)).replace("*", "").replace("~", "") == text
