"""The one way in which surfaces read Markdown; what its tokens become is each dialect's own business.

1. HTML in the source stays text. 2. Which targets may be links is decided where they are drawn, so none is refused
here. 3. What cannot be parsed in time, or would lose text, is not parsed: its source is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from threading import local

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

DEEPEST = 40  # levels of nesting; markdown-it silently drops what lies deeper

# Brackets and schemes make markdown-it's work quadratic in one line: 20,000 characters of "h://" took 2.3 s.
BRACKETS_IN_LINE = 400
BRACKETS = 5000
SCHEMES_IN_LINE = 100

DUNDER = re.compile(r"(?<!\w)__[a-z]\w*__(?!\w)")
TASK = re.compile(r"\[([ xX])\][ \t]+")  # what a list's item begins with; white space has something behind it


def parse(source: str) -> Sequence[Token] | None:
    """The tokens of a whole message for a chat; None if only its source can be shown."""
    return parsed(source, _PARSERS.parser)


def parsed(source: str, parser: MarkdownIt) -> list[Token] | None:
    """The same by a parser that knows more than ours."""
    if _is_costly(source):
        return None
    tokens = parser.parse(source)
    if any(token.nesting == 1 and token.level >= DEEPEST - 1 for token in tokens):
        return None
    return tokens


def _is_costly(source: str) -> bool:
    brackets, schemes = source.count("["), source.count("://")
    if brackets <= BRACKETS_IN_LINE and schemes <= SCHEMES_IN_LINE:
        return False
    if brackets > BRACKETS:
        return True
    return any(line.count("[") > BRACKETS_IN_LINE or line.count("://") > SCHEMES_IN_LINE for line in source.split("\n"))


class _PerThread(local):
    """linkify-it keeps what it has found in itself, so no two threads may share a parser."""

    def __init__(self) -> None:
        self.parser = new_parser()
        # Platforms find bare addresses by themselves; the inline rule only keeps their underscores from being emphasis.
        self.parser.core.ruler.disable("linkify")


def new_parser() -> MarkdownIt:
    """One that knows what agents write."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough", "linkify"])
    # main.py is a file and not a host in Paraguay: only what says http:// is a link.
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # rule 2
    parser.inline.ruler.before("emphasis", "dunder", _dunder)
    return parser


def _dunder(state: StateInline, silent: bool) -> bool:
    """`__init__` is a name: agents write **strong** with stars."""
    found = DUNDER.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


_PARSERS = _PerThread()
