"""Discord's Markdown as its clients show it: what a person sees of a message.

Written from the clients' rules (a simple-markdown grammar: code blocks, block quotes, headings, lists, escapes, links,
emphasis), not from our dialect.
"""

from __future__ import annotations

import re

FENCE = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n].*?)\n*```", re.DOTALL | re.IGNORECASE)
INLINE_CODE = re.compile(r"(`+)(.*?[^`])\1(?!`)", re.DOTALL)
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ADDRESS = re.compile(r"https?://[^\s<]+[^<.,:;\"')\]\s]")
AUTOLINK = re.compile(r"<(https?://[^\s>]+)>")
LINK = re.compile(r"\[((?:\\.|[^\[\]\\]|\[[^\]]*\])*)\]\(<?(https?://[^\s<>]*?)>?\)", re.DOTALL)
MENTION = re.compile(r"<(?:@[!&]?|#|/[^:]+:)\d+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>")
STRONG = re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL)
UNDERLINE = re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL)
EMPHASIS = re.compile(
    r"\b_((?:__|\\.|[^\\_])+?)_\b|\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^*\s\\]|\*\*)|[^\s*\\])+?)\*(?!\*)", re.DOTALL
)
STRIKE = re.compile(r"~~((?:\\.|[^\\])+?)~~(?!_)", re.DOTALL)
SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
HEADING = re.compile(r"#{1,3} +")
SUBTEXT = re.compile(r"-# +")
LIST = re.compile(r"[ \t]*[-*] +")
QUOTE = re.compile(r" *> ")


def shown(content: str) -> str:
    """All that is seen, without styles."""
    return _blocks(content)


def _blocks(text: str) -> str:
    found = FENCE.search(text)
    while found is not None and _is_quoted(text, found.start()):
        found = FENCE.search(text, found.start() + 1)
    if found is not None:
        return f"{_lines(text[: found.start()])}\n{found[2]}\n{_blocks(text[found.end() :])}"
    return _lines(text)


def _is_quoted(text: str, at: int) -> bool:
    return QUOTE.match(text[text.rfind("\n", 0, at) + 1 : at]) is not None


def _lines(text: str) -> str:
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    while at < len(lines):
        if QUOTE.match(lines[at]):
            quoted = []
            while at < len(lines) and QUOTE.match(lines[at]):
                quoted.append(QUOTE.sub("", lines[at], count=1))
                at += 1
            out.append(_blocks("\n".join(quoted)))
            continue
        plain = []
        while at < len(lines) and not QUOTE.match(lines[at]):
            line = lines[at]
            for mark in (SUBTEXT, HEADING, LIST):
                if mark.match(line):
                    line = mark.sub("", line, count=1)
                    break
            plain.append(line)
            at += 1
        out.append(_inline("\n".join(plain)))
    return "\n".join(out)


def _inline(text: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(text):
        step, seen = _next(text, at)
        out.append(seen)
        at = step
    return "".join(out)


def _next(text: str, at: int) -> tuple[int, str]:
    """Where to go on, and what is seen of what was read."""
    for rule, group in ((ESCAPE, 1), (AUTOLINK, 1), (ADDRESS, 0)):
        if found := rule.match(text, at):
            return found.end(), found[group]
    if found := INLINE_CODE.match(text, at):
        return found.end(), found[2].strip() if found[2].startswith(" `") or found[2].endswith("` ") else found[2]
    if found := MENTION.match(text, at):
        return found.end(), "@somebody"
    if found := LINK.match(text, at):
        return found.end(), _inline(found[1])
    for rule in (STRONG, UNDERLINE, STRIKE, SPOILER):
        if found := rule.match(text, at):
            return found.end(), _inline(found[1])
    if found := EMPHASIS.match(text, at):
        return found.end(), _inline(found[1] or found[2])
    return at + 1, text[at]
