"""Blocks as the parts of an article.

1. Markdown inside a line is written as for a text (`chat.styled`): the same links, the same code. 2. Lines of ours
stand close, in one paragraph. 3. What is folded opens with a tap; the faint line above it is its summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from openacp_bot.adapters.telegram.article import (
    Details,
    Entry,
    Fold,
    Grid,
    Heading,
    Listing,
    Mark,
    Marked,
    Paragraph,
    Part,
    Preformatted,
    Quotation,
    Rule,
    Words,
)
from openacp_bot.adapters.telegram.rich import READING
from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone
from openacp_bot.chat.markdown import TASK, parse
from openacp_bot.chat.markdown_table import Side
from openacp_bot.chat.styled.markdown import Writer
from openacp_bot.chat.styled.pages import is_visible
from openacp_bot.chat.styled.sheet import Kind, Span, Styled, clean

MARKS = {
    Kind.BOLD: Mark.BOLD,
    Kind.ITALIC: Mark.ITALIC,
    Kind.STRIKE: Mark.STRIKE,
    Kind.CODE: Mark.CODE,
    Kind.LINK: Mark.LINK,
}
TONES = {Tone.STRONG: Mark.BOLD, Tone.FAINT: Mark.ITALIC}
NOTHING = "\u00a0"  # a part must not be empty, and an entry or a cell may be


def needs_article(blocks: Sequence[Block]) -> bool:
    """Whether there is something in it that a text cannot show as it is."""
    return any(isinstance(block, Prose) and _has_structure(block.source) for block in blocks)


@lru_cache(maxsize=16)
def _has_structure(source: str) -> bool:
    return any(token.type in ("heading_open", "table_open") for token in parse(clean(source)) or ())


def parts_of(blocks: Sequence[Block]) -> Iterator[Part]:
    """Nothing without visible text."""
    close: list[Words] = []  # lines that stand together
    summary = ""
    for block, below in pairwise((*blocks, None)):
        assert block is not None
        if isinstance(block, Line | Link | Item):
            if isinstance(block, Line) and _is_summary(block, below):
                summary = clean(block.text)
            elif words := _line(block):
                close.append(words)
            continue
        yield from _together(close)
        close = []
        yield from _drawn(block, summary)
        summary = ""
    yield from _together(close)


def _together(close: Sequence[Words]) -> Iterator[Part]:
    if close:
        first, *others = close
        yield Paragraph(joined(first, *(one for line in others for one in ("\n", line))))


def _is_summary(line: Line, below: Block | None) -> bool:
    return line.look is Tone.FAINT and isinstance(below, Code) and below.folded and is_visible(clean(below.text))


def _line(block: Line | Link | Item) -> Words:
    match block:
        case Line(text=text, look=look):
            return _toned(clean(text), look)
        case Link(text=text, url=url):
            return _link(clean(text), url)
        case Item():
            title = _link(clean(block.title), block.url) if block.url else clean(block.title)
            mark = f"{clean(block.mark)} " if block.mark else ""
            return joined(mark, title, f" — {clean(block.detail)}" if block.detail else "")


def _toned(text: str, look: Tone) -> Words:
    if not is_visible(text):
        return ""
    return Marked(TONES[look], text) if look in TONES else text


def _link(text: str, url: str) -> Words:
    if READING.is_link(url):
        return Marked(Mark.LINK, text or url, url)
    return f"{text} ({clean(url)})" if text else clean(url)


def _drawn(block: Prose | Quote | Code, summary: str) -> Iterator[Part]:
    match block:
        case Prose(source=source):
            yield from _written(source)
        case Quote(text=text) if is_visible(clean(text)):
            words = _quoted(block)
            yield Fold(words) if block.folded else Quotation((Paragraph(words),))
        case Code(text=text) if is_visible(clean(text)):
            yield from _code(block, summary)


def _quoted(quote: Quote) -> Words:
    first, newline, rest = clean(quote.text).strip().partition("\n")
    return joined(Marked(Mark.BOLD, first), newline + rest) if quote.strong_first else first + newline + rest


def _code(code: Code, summary: str) -> Iterator[Part]:
    written = Preformatted(clean(code.text).strip("\n"), code.language)
    if code.folded and summary:
        yield Details(summary, (written,))
    elif code.folded:
        yield Fold(Marked(Mark.CODE, written.text))
    else:
        yield written


# --- Markdown --------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _written(source: str) -> tuple[Part, ...]:
    """Of an answer, which is asked for several times."""
    cleaned = clean(source)
    tokens = parse(cleaned)
    if tokens is None:
        return (Paragraph(cleaned.strip()),) if is_visible(cleaned) else ()
    return tuple(_parts(SyntaxTreeNode(tokens).children))


def _parts(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Part]:
    for node in nodes:
        match node.type:
            case "paragraph" | "heading":
                yield from _text(node)
            case "fence" | "code_block":
                yield from _fence(node)
            case "hr":
                yield Rule()
            case "bullet_list" | "ordered_list":
                yield Listing(tuple(_entries(node)))
            case "blockquote":
                if inner := tuple(_parts(node.children)):
                    yield Quotation(inner)
            case "table":
                yield _grid(node)


def _text(node: SyntaxTreeNode) -> Iterator[Part]:
    words = _inline(node)
    if words:
        yield Heading(words, int(node.tag[1:])) if node.type == "heading" else Paragraph(words)


def _fence(node: SyntaxTreeNode) -> Iterator[Part]:
    text = node.content.rstrip("\n")
    if is_visible(text):
        yield Preformatted(text, node.info.strip().partition(" ")[0])


def _entries(listing: SyntaxTreeNode) -> Iterator[Entry]:
    number = int(listing.attrs.get("start", 1)) if listing.type == "ordered_list" else None
    for item in listing.children:
        is_ticked = _ticked(item)
        yield Entry(tuple(_parts(item.children)) or (Paragraph(NOTHING),), number, is_ticked)
        number = None if number is None else number + 1


def _ticked(item: SyntaxTreeNode) -> bool | None:
    """Takes the box away from `- [x] done`."""
    first = item.children[0] if item.children else None
    tokens = _tokens(first) if first is not None and first.type in ("paragraph", "heading") else []
    found = TASK.match(tokens[0].content) if tokens and tokens[0].type == "text" else None
    if found is None:
        return None
    tokens[0].content = tokens[0].content[found.end() :]
    return found[1] != " "


def _grid(table: SyntaxTreeNode) -> Grid:
    rows = [row for half in table.children for row in half.children]
    sides = [_side(cell) for cell in rows[0].children]
    return Grid(tuple(tuple(_inline(cell) or NOTHING for cell in row.children) for row in rows), tuple(sides))


def _side(cell: SyntaxTreeNode) -> Side:
    style = str(cell.attrs.get("style", ""))
    return Side(style.rpartition(":")[2]) if style else Side.LEFT


# --- inside a line ---------------------------------------------------------------------------------


def _inline(node: SyntaxTreeNode) -> Words:
    """Empty without visible text."""
    writer = Writer(READING)
    writer.inline(_tokens(node))
    styled = writer.sheet.styled_text()
    return words_of(styled) if is_visible(styled.text) else ""


def _tokens(node: SyntaxTreeNode) -> list[Token]:
    inline = node.children[0].token if node.children else None
    return inline.children or [] if inline is not None else []


def words_of(styled: Styled) -> Words:
    return _between(styled.text, styled.spans, 0, len(styled.text))


def _between(text: str, spans: Sequence[Span], start: int, end: int) -> Words:
    """Spans lie inside each other or apart."""
    found: list[Words] = []
    index = 0
    while index < len(spans):
        span = spans[index]
        behind = next((at for at in range(index + 1, len(spans)) if spans[at].start >= span.end), len(spans))
        inner = _between(text, spans[index + 1 : behind], span.start, span.end)
        found += [text[start : span.start], Marked(MARKS[span.kind], inner, span.url)]
        start, index = span.end, behind
    return joined(*found, text[start:end])


def joined(*words: Words) -> Words:
    """One after the other, without empty ones."""
    flat = [piece for one in words if one for piece in (one if isinstance(one, tuple) else (one,))]
    return flat[0] if len(flat) == 1 else tuple(flat) or ""
