"""Markdown of an agent to HTML that may stand in the page.

1. HTML in the source stays text. 2. A link is one only to http, https or mailto; any other target (an agent's paths)
becomes a hint. 3. An image is never loaded: it becomes a link. 4. What cannot be parsed in time is shown as plain text.
5. Headings begin one level below the page's own, which is the session's title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from openacp_bot.chat.markdown import TASK, new_parser, parsed

PARSED = 32 * 1024  # characters of one block; beyond, a parse would hold up the loop for too long
HIGHLIGHTED = 20 * 1024
REMEMBERED = 4 * 1024  # blocks up to this length are kept when rendered, for the next tab that opens the session

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)


def render(source: str) -> str:
    """HTML of a whole block (or several) of Markdown."""
    if len(source) > PARSED:
        return _unparsed(source)
    return _rendered(source) if len(source) > REMEMBERED else _remembered(source)


@lru_cache(maxsize=1024)
def _remembered(source: str) -> str:
    return _rendered(source)


def _rendered(source: str) -> str:
    parser = _parser()
    tokens = parsed(source, parser)
    return _unparsed(source) if tokens is None else str(parser.renderer.render(tokens, parser.options, {}))


def _unparsed(source: str) -> str:
    first, _, rest = source.partition("\n")
    fence = FENCE.match(first)
    if fence is None:
        return f'<p class="plain">{escape(source)}</p>'
    code = rest.rstrip()
    return code_block(code[: -len(fence[1])] if code.endswith("\n" + fence[1]) else rest, fence[2].strip())


@cache
def _parser() -> MarkdownIt:
    # Built at first use: linkify's expressions alone cost more start-up time than the rest of the page.
    parser = new_parser()
    parser.core.ruler.after("linkify", "tasks", _mark_tasks)
    parser.core.ruler.push("targets", _settle_targets)
    parser.core.ruler.push("alignment", _align_by_class)
    parser.core.ruler.push("headings", _lower_headings)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _mark_tasks(state: StateCore) -> None:
    """`- [x] done` begins with a box that cannot be ticked here."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if (item.type, paragraph.type, inline.type) != ("list_item_open", "paragraph_open", "inline"):
            continue
        first = inline.children[0] if inline.children else None
        found = TASK.match(first.content) if first is not None and first.type == "text" else None
        if first is None or found is None or inline.children is None:
            continue
        done = found[1] != " "
        first.content = first.content[found.end() :]
        item.attrJoin("class", "task")
        box = Token("html_inline", "", 0)
        box.content = f'<input type="checkbox" disabled aria-label="{"done" if done else "open"}"'
        box.content += " checked> " if done else "> "
        inline.children.insert(0, box)


def _settle_targets(state: StateCore) -> None:
    for inline in state.tokens:
        for token, is_safe in _links(inline.children or []):
            if is_safe:
                token.attrSet("rel", "noopener noreferrer")
                token.attrSet("target", "_blank")
                continue
            target = token.attrGet("href")
            token.tag = "span"
            token.attrs = {"class": "target", "title": str(target)[:300]} if target is not None else {}


def _align_by_class(state: StateCore) -> None:
    """Columns are aligned by classes, since the page's policy forbids styles in its HTML."""
    for token in state.tokens:
        style = token.attrs.pop("style", "") if token.type in ("th_open", "td_open") else ""
        if style:
            token.attrSet("class", str(style).rpartition(":")[2])


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _links(tokens: Sequence[Token]) -> Iterator[tuple[Token, bool]]:
    """Every opening and closing token of a link, and whether its target is one that may be followed."""
    is_safe = False
    for token in tokens:
        if token.type == "link_open":
            is_safe = SAFE_LINK.match(str(token.attrGet("href"))) is not None
            yield token, is_safe
        elif token.type == "link_close" and not is_safe:
            yield token, False
        elif token.type == "image" and is_safe:
            token.meta["in_link"] = True


def _image(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    shown = escape(token.content or source[:200] or "image")
    if token.meta.get("in_link") or not SAFE_LINK.match(source):
        return f'<span class="target" title="{escape(source[:300])}">{shown}</span>'
    return f'<a href="{escape(source)}" rel="noopener noreferrer" target="_blank" class="image">{shown}</a>'


def _fence(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    return code_block(token.content, token.info.strip())


def code_block(code: str, language: str) -> str:
    """A block of code in the page's frame; `language` may have more words behind it."""
    language = language.partition(" ")[0]
    name = f' data-language="{escape(language[:40])}"' if language else ""
    return f'<div class="code"{name}><pre tabindex="0"><code>{_highlighted(code, language)}</code></pre></div>\n'


def _highlighted(code: str, language: str) -> str:
    if not language or len(code) > HIGHLIGHTED:
        return escape(code)
    # Imported at first use: Pygments is never needed by a daemon whose page nobody opened.
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _table_open(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return '<div class="table" tabindex="0"><table>\n'  # scrolls sideways on a phone


def _table_close(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return "</table></div>\n"
