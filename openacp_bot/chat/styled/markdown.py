"""Markdown as a chat can show it: token by token onto a sheet.

1. Headings are bold lines; lists carry their marks and indents as text; a table is aligned where it fits a phone, else
one block a row. 2. Chats know no quote in a quote: an inner one has bars. 3. What may be a link is the platform's
`Reading`; any other target is shown behind its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from markdown_it.token import Token

from openacp_bot.chat.markdown import TASK, parse
from openacp_bot.chat.markdown_table import Side, aligned
from openacp_bot.chat.styled.reading import Reading, language_of
from openacp_bot.chat.styled.sheet import Kind, Sheet, Styled, clean

RULE = "─" * 12
INDENT = "    "
BULLETS = ("•", "◦", "▪")
STYLES = {"strong": Kind.BOLD, "em": Kind.ITALIC, "s": Kind.STRIKE}


def written(source: str, reading: Reading) -> Styled:
    """A whole message of Markdown, or a part of one that stands for itself."""
    cleaned = clean(source)
    tokens = parse(cleaned)
    if tokens is None:
        return Styled(cleaned.strip())
    writer = Writer(reading)
    writer.blocks(tokens)
    return writer.sheet.styled_text()


@dataclass(slots=True)
class OpenList:
    """A list that is being written."""

    number: int | None  # of its next item; None: it has bullets
    is_tight: bool


@dataclass(slots=True)
class OpenQuote:
    """The outermost quote that is being written, and what was put aside for it."""

    prefixes: list[str]
    start: int = -1


class Writer:
    """Walks tokens; knows in which lists and quotes it is."""

    def __init__(self, reading: Reading) -> None:
        self.sheet = Sheet()
        self._reading = reading
        self._lists: list[OpenList] = []
        self._prefixes: list[str] = []  # before every line
        self._marks: list[str] = []  # before the next line only: of items that have not begun yet
        self._quotes: list[OpenQuote | None] = []  # None: a quote in a quote
        self._newlines = 0  # before the next block
        self._is_seam = False  # whether a page may well end before it

    def blocks(self, tokens: Sequence[Token]) -> None:
        index = 0
        while index < len(tokens):
            if tokens[index].level == 0 and tokens[index].nesting >= 0:
                # A heading stays with what it is above.
                self._is_seam = index > 0 and tokens[index - 1].type != "heading_close"
            if tokens[index].type == "table_open":
                end = next(at for at in range(index, len(tokens)) if tokens[at].type == "table_close")
                self._table(tokens[index:end])
                index = end
            else:
                self._block(tokens, index)
            index += 1

    def _block(self, tokens: Sequence[Token], index: int) -> None:
        token = tokens[index]
        match token.type:
            case "inline":
                self._paragraph(token, is_heading=tokens[index - 1].type == "heading_open")
            case "fence" | "code_block":
                self._code(token)
            case "hr":
                self._start()
                self.sheet.write(RULE)
            case "bullet_list_open":
                self._lists.append(OpenList(None, _is_tight(tokens, index)))
            case "ordered_list_open":
                self._lists.append(
                    OpenList(int(token.attrGet("start") or 0) if token.attrs else 1, _is_tight(tokens, index))
                )
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._newlines = self._usual_newlines
            case "list_item_open":
                self._open_item()
            case "list_item_close":
                self._close_item()
            case "blockquote_open":
                self._open_quote()
            case "blockquote_close":
                self._close_quote()

    # What a block begins with.

    @property
    def _usual_newlines(self) -> int:
        return 1 if self._lists and self._lists[-1].is_tight else 2

    def _start(self, *, is_framed: bool = False) -> None:
        """Go to where the next block begins. A framed one has a line of its own, behind no mark or prefix."""
        self.sheet.gap(self._newlines, is_seam=self._is_seam)
        self._is_seam = False
        self._newlines = self._usual_newlines
        outer = next((quote for quote in self._quotes if quote is not None), None)
        if outer is not None and outer.start < 0:
            outer.start = self.sheet.length
        prefix = "".join(self._prefixes)
        if self._marks:
            held = len(self._marks)
            prefix = "".join(self._prefixes[: len(self._prefixes) - held] + self._marks)
            self._marks = []
            self.sheet.write(prefix.rstrip() + "\n" if is_framed else prefix)
        elif not is_framed:
            self.sheet.write(prefix)

    # Lists and quotes.

    def _open_item(self) -> None:
        around = self._lists[-1]
        depth = sum(1 for outer in self._lists if outer.number is None) - 1
        mark = BULLETS[min(depth, 2)] if around.number is None else f"{around.number}."
        if around.number is not None:
            around.number += 1
        self._marks.append(mark + " ")
        self._prefixes.append(INDENT)

    def _close_item(self) -> None:
        if self._marks:
            self._start()  # an empty item is seen, too
        self._prefixes.pop()
        self._newlines = self._usual_newlines

    def _open_quote(self) -> None:
        if self._marks:
            self._start(is_framed=True)
            self._newlines = 0
        if self._quotes:
            self._quotes.append(None)
            self._prefixes.append("│ ")
            return
        self._quotes.append(OpenQuote(self._prefixes))
        self._prefixes = []

    def _close_quote(self) -> None:
        quote = self._quotes.pop()
        if quote is None:
            self._prefixes.pop()
        else:
            self._prefixes = quote.prefixes
            if quote.start >= 0:
                self.sheet.cover(Kind.QUOTE, quote.start)
        self._newlines = self._usual_newlines

    # Leaves.

    def _code(self, token: Token) -> None:
        text = self._reading.code(token.content)
        if not text:
            return
        self._start(is_framed=True)
        self.sheet.styled(Kind.PRE, text, language=language_of(token.info))

    def _paragraph(self, token: Token, *, is_heading: bool) -> None:
        if not token.content:
            return
        children = token.children or []
        if self._marks:
            self._tick(children)
        self._start()
        if is_heading:
            self.sheet.begin(Kind.BOLD)
        self.inline(children)
        if is_heading:
            self.sheet.finish()

    def _tick(self, children: Sequence[Token]) -> None:
        """`- [x] done` begins with a ticked box."""
        first = children[0] if children else None
        found = TASK.match(first.content) if first is not None and first.type == "text" else None
        if first is None or found is None:
            return
        box = "☐ " if found[1] == " " else "☑ "
        self._marks[-1] = box if self._lists[-1].number is None else self._marks[-1] + box
        first.content = first.content[found.end() :]

    def inline(self, children: Sequence[Token]) -> None:
        links: list[tuple[str, int]] = []  # target and where its text begins
        for token in children:
            match token.type:
                case "text" | "text_special" | "html_inline":
                    self._text(token.content)
                case "softbreak" | "hardbreak":
                    self.sheet.write("\n" + "".join(self._prefixes))
                case "code_inline":
                    self.sheet.code(token.content)
                case "strong_open" | "em_open" | "s_open":
                    self.sheet.begin(STYLES[token.type.removesuffix("_open")])
                case "strong_close" | "em_close" | "s_close":
                    self.sheet.finish()
                case "link_open" if self._is_type(token):
                    self.sheet.write("<")
                    links.append(("", self.sheet.length))
                case "link_open":
                    links.append((str(token.attrGet("href") or ""), self.sheet.length))
                    self._begin_link(links[-1][0])
                case "link_close" if token.info == "auto" and not links[-1][0]:
                    links.pop()
                    self.sheet.write(">")
                case "link_close":
                    self._end_link(*links.pop())
                case "image":
                    self._image(token, is_in_link=bool(links))

    def _text(self, text: str) -> None:
        # An entity such as &#10; may stand for a line's end.
        self.sheet.write(text if "\n" not in text else text.replace("\n", "\n" + "".join(self._prefixes)))

    def _is_type(self, link: Token) -> bool:
        """Whether it only looks like an address between angle brackets: vector<std::string>."""
        return link.info == "auto" and not self._reading.is_link(str(link.attrGet("href") or ""))

    def _begin_link(self, target: str) -> None:
        if self._reading.is_link(target):
            self.sheet.begin(Kind.LINK, url=target)

    def _end_link(self, target: str, start: int) -> None:
        text = self.sheet.text_from(start)
        shown = unquote(target)
        if not text.strip() and shown:
            self.sheet.write(shown)
            text = shown
        if self._reading.is_link(target):
            is_kept = self._reading.is_link(target, text)
            # Platforms find a bare address by themselves.
            self.sheet.finish(keep=is_kept and text not in (target, shown))
            if is_kept:
                return
            shown = target
        if shown and shown.rstrip("/") != text.rstrip("/"):
            self.sheet.write(f" ({shown})")

    def _image(self, token: Token, *, is_in_link: bool) -> None:
        target = str(token.attrGet("src") or "")
        if is_in_link:
            self._text(_alternative(token) or unquote(target))
            return
        start = self.sheet.length
        self._begin_link(target)
        self._text(_alternative(token))
        self._end_link(target, start)

    # Tables.

    def _table(self, tokens: Sequence[Token]) -> None:
        rows = list(_rows(tokens))
        sides = [_side(token) for token in tokens if token.type == "th_open"]
        has_links = any(
            child.type in ("link_open", "image") for row in rows for cell in row for child in cell.children or []
        )
        texts = [[self._cell_text(cell) for cell in row] for row in rows]
        if texts and not texts[0][0]:
            texts[0][0] = "·"  # a line cannot begin with white space
        drawn = None if has_links else aligned(texts, [Side.LEFT, *sides[1:]], self._reading.widest)
        if drawn is not None:
            self._start(is_framed=True)
            self.sheet.styled(Kind.PRE, drawn)
            return
        head, *body = rows
        for row in body or [head]:
            self._row(head, row, is_head=not body)

    def _row(self, head: Sequence[Token], row: Sequence[Token], *, is_head: bool) -> None:
        """A row as a block: a line for each of its cells."""
        is_first = True
        for name, cell in zip(head, row, strict=True):
            if not cell.content:
                continue
            if is_first:
                self._start()
            else:
                self.sheet.write("\n" + "".join(self._prefixes))
            is_first = False
            if name.content and not is_head:
                self.sheet.styled(Kind.BOLD, self._cell_text(name) + ":")
                self.sheet.write(" ")
            self.inline(cell.children or [])

    def _cell_text(self, cell: Token) -> str:
        writer = Writer(self._reading)
        writer.inline(cell.children or [])
        return " ".join(writer.sheet.styled_text().text.split())


def _is_tight(tokens: Sequence[Token], index: int) -> bool:
    inside = tokens[index].level + 2
    for at in range(index + 1, len(tokens)):
        token = tokens[at]
        if token.level < inside - 1:
            return True
        if token.type == "paragraph_open" and token.level == inside:
            return token.hidden
    return True


def _alternative(token: Token) -> str:
    return "".join(
        "\n" if child.type in ("softbreak", "hardbreak") else child.content for child in token.children or []
    )


def _rows(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    row: list[Token] = []
    for token in tokens:
        if token.type == "inline":
            row.append(token)
        elif token.type == "tr_close":
            yield row
            row = []


def _side(token: Token) -> Side:
    style = str(token.attrGet("style") or "")
    return Side(style.rpartition(":")[2]) if style else Side.LEFT
