"""What a reader should see of Markdown, written without our renderer. Links to http, https, tg and mailto are links."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

DECORATION = set("•◦▪│─☐☑…·")


def ink(text: str) -> str:
    """What is printed: no white space, nothing invisible, none of the signs that a renderer adds."""
    return "".join(sign for sign in text if is_printed(sign) and sign not in DECORATION)


def is_printed(sign: str) -> bool:
    return unicodedata.category(sign)[0] not in "CZ" and not "\ufe00" <= sign <= "\ufe0f"


def visible(source: str) -> str:
    """The ink of the source, read off markdown-it's own HTML."""
    reader = PageReader()
    reader.feed(html(source))
    reader.close()
    return ink("".join(reader.read))


def has_table(source: str) -> bool:
    return "<table>" in html(source)


def html(source: str) -> str:
    markdown, env = _markdown(), dict[str, object]()
    tokens = markdown.parse(sendable(source), env)
    for child in (child for token in tokens for child in token.children or []):
        if child.info == "auto" and child.type == "link_open":
            child.attrSet("class", "auto")
    return str(markdown.renderer.render(tokens, markdown.options, env))


def sendable(source: str) -> str:
    """The source without what Telegram would drop, half characters replaced."""
    return "".join(map(_sendable, source))


def _sendable(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return "\ufffd"
    if sign in "\r\x85\u2028\u2029":
        return "\n"
    is_control = sign < " " and sign not in "\n\t"
    return "" if is_control or "\x7f" <= sign <= "\x9f" or "\u202a" <= sign <= "\u202e" else sign


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": 40})
    markdown.enable(["table", "strikethrough", "linkify"])
    markdown.core.ruler.disable("linkify")
    assert markdown.linkify is not None
    markdown.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    markdown.inline.ruler.before("emphasis", "names", _name)
    return markdown


def _name(state: StateInline, silent: bool) -> bool:
    """A name such as __init__ is what it looks like."""
    before = state.src[state.pos - 1 : state.pos]
    found = re.match(r"__[a-z]\w*__(?!\w)", state.src[state.pos :])
    if found is None or before == "_" or before.isalnum():
        return False
    if not silent:
        state.push("text", "", 0).content = found[0]
    state.pos += found.end()
    return True


class PageReader(HTMLParser):
    """Reads HTML as a person who also wants to know where links to nowhere lead."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self._numbers: list[int | None] = []
        self._links: list[tuple[str, int, bool]] = []  # target, where its text begins, whether it is all there is
        self._is_first = False  # nothing of the list's item was read yet

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag in ("ul", "ol"):
            self._numbers.append(int(named.get("start", "1")) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "a":
            self._links.append((named.get("href", ""), len(self.read), named.get("class") == "auto"))
        elif tag == "img":
            self._image(named)

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        if number is not None:
            self.read.append(f"{number}.")
            self._numbers[-1] = number + 1
        self._is_first = True

    def _image(self, named: dict[str, str]) -> None:
        if self._links:
            self.read.append(named.get("alt") or unquote(named.get("src", "")))
            return
        start = len(self.read)
        self.read.append(named.get("alt", ""))
        self._end_link(named.get("src", ""), start)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self._numbers.pop()
        elif tag == "a":
            self._end_link(*self._links.pop())

    def _end_link(self, target: str, start: int, is_bare: bool = False) -> None:
        text = "".join(self.read[start:])
        is_safe = target.lower().startswith(("http://", "https://", "tg://", "mailto:")) and len(target) < 2000
        goes_on = target.partition(":")[2].removeprefix("//")
        target_shown = unquote(target)
        if is_bare:
            self.read[start:] = [text] if is_safe else [f"<{text}>"]
        elif not text.strip():
            self.read.append(target_shown)
        elif target_shown not in ("", text) and not (is_safe and goes_on and goes_on[0] != "/"):
            self.read.append(f"({target_shown})")

    def handle_data(self, data: str) -> None:
        if self._is_first and data.strip():
            self._is_first = False
            if data[:4] in ("[ ] ", "[x] ", "[X] ", "[ ]\t", "[x]\t", "[X]\t"):
                data = data[4:]
        self.read.append(data)
