"""What Telegram demands of a message, written without our renderer."""

from __future__ import annotations

from openacp_bot.adapters.telegram.rich import Entity, Rich
from tests.chat.markdown_reader import is_printed

ALONE = {"pre", "code"}
QUOTES = {"blockquote", "expandable_blockquote"}
INDENTED = {"pre", "expandable_blockquote"}  # TDLib trims a text in front only up to its first entity


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def covered(page: Rich, entity: Entity) -> str:
    """The text of an entity; raises if a boundary is inside of a character."""
    encoded = page.text.encode("utf-16-le")
    return encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def shown(page: Rich) -> list[tuple[str, str]]:
    """Every entity as (kind, text)."""
    return [(str(entity.kind), covered(page, entity)) for entity in page.entities]


def check(page: Rich) -> None:
    """Fails unless Telegram would take the page and change nothing of it."""
    indents = [entity.offset for entity in page.entities if entity.kind in INDENTED]
    assert page.text == page.text.rstrip()
    assert 0 in indents or page.text == page.text.lstrip()
    assert any(map(is_printed, page.text))
    assert 1 <= len(page.text) <= units(page.text) <= 4096
    assert not set(page.text) & {chr(code) for code in [*range(9), *range(11, 32), *range(0x2028, 0x202F)]}
    assert len(page.entities) <= 100
    for entity in page.entities:
        assert entity.offset >= 0
        assert entity.length > 0
        assert entity.offset + entity.length <= units(page.text)
        text = covered(page, entity)
        assert text == text.rstrip() != ""
        assert text == text.lstrip() or (entity.kind in INDENTED | QUOTES and entity.offset in indents)
        assert bool(entity.url) == (entity.kind == "text_link")
        assert entity.kind == "pre" or not entity.language
    for index, outer in enumerate(page.entities):
        for inner in page.entities[index + 1 :]:
            check_pair(outer, inner)


def check_pair(outer: Entity, inner: Entity) -> None:
    assert outer.offset <= inner.offset
    if inner.offset >= outer.offset + outer.length:
        return
    assert inner.offset + inner.length <= outer.offset + outer.length, "entities overlap"
    assert outer.kind not in ALONE, "pre and code contain nothing"
    assert inner.kind not in QUOTES, "a quote lies in nothing"
    assert outer.kind != inner.kind
    assert not (inner.kind in ALONE and outer.kind not in QUOTES), "pre and code lie in quotes only"
