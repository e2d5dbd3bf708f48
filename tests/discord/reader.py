"""Discord's Markdown as its clients show it: what a person sees of a message.

Written from the clients' rules (a simple-markdown grammar: code blocks, block quotes, headings, lists, escapes, links,
emphasis, emoji by their names), not from our dialect. In doubt it takes for markup what any client may take for it.
"""

from __future__ import annotations

import re

FENCE = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n].*?)\n*```", re.DOTALL | re.IGNORECASE)
INLINE_CODE = re.compile(r"(`+)(.*?[^`])\1(?!`)", re.DOTALL)
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ADDRESS = re.compile(r"https?://[^\s<]+[^<.,:;\"')\]\s]")
AUTOLINK = re.compile(r"<([^: >]+:/[^ >]+|[^\s<>@]+@[^\s<>]+|\+\d+)>")
MENTION = re.compile(r"<(?:@[!&]?|#|/[^:]+:)\d+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>|<sound:\d+:\d+>")
EMOJI = re.compile(r":(?!\d\d?:)[\w+-]+:")  # there is one called 100, none called 30
STRONG = re.compile(r"\*\*(.+?)\*\*(?!\*)", re.DOTALL)
UNDERLINE = re.compile(r"__(.+?)__(?!_)", re.DOTALL)
EMPHASIS = re.compile(
    r"\b_((?:__|\\.|[^\\_])+?)_\b"
    r"|\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^*\s\\]|\*\*)|[^\s*\\])+?)(?<!\\)\*(?!\*)",
    re.DOTALL,
)
STRIKE = re.compile(r"~~(.+?)~~(?!_)", re.DOTALL)
SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
LINK_TARGET = re.compile(r"\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?\s*\)", re.DOTALL)
HEADING = re.compile(r" *#{1,3}(?:\s+|$)")
SUBTEXT = re.compile(r" *-# +")
BULLET = re.compile(r"([ \t]*)[-*+] +")
NUMBER = re.compile(r"([ \t]*)(\d+)\. +")
QUOTE = re.compile(r" *> ")
FURTHEST = 2000
IN_CODE = "\ue100"  # a line's end


def shown(content: str) -> str:
    """All that is seen, without styles."""
    return _blocks(content)


def _blocks(text: str) -> str:
    """Code is one line here, as emphasis that begins above it may end in it."""
    flat = FENCE.sub(
        lambda found: found[0] if _is_quoted(text, found.start()) else found[0].replace("\n", IN_CODE), text
    )
    return _lines(flat)


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
        numbers: dict[str, int] = {}  # of lists that go on, by their indent
        while at < len(lines) and not QUOTE.match(lines[at]):
            plain.append(_line(lines[at], numbers))
            at += 1
        out.append(_inline("\n".join(plain)))
    return "\n".join(out)


def _line(line: str, numbers: dict[str, int]) -> str:
    """Lists count by themselves, from 1 at least; what follows their marks is read as a line."""
    if found := NUMBER.match(line):
        number = numbers[found[1]] + 1 if found[1] in numbers else max(1, int(found[2]))
        numbers[found[1]] = number
        return f"{found[1]}{number}. {_line(line[found.end() :], {})}"
    if not line.startswith((" ", "\t")):
        numbers.clear()
    for mark in (SUBTEXT, HEADING, QUOTE):
        if mark.match(line):
            return mark.sub("", line, count=1)
    if found := BULLET.match(line):
        return f"{found[1]}• {_line(line[found.end() :], {})}"
    return line


def _inline(text: str, *, in_link: bool = False) -> str:
    out: list[str] = []
    at = 0
    while at < len(text):
        step, seen = _next(text[at : at + FURTHEST], in_link=in_link)
        out.append(seen)
        at += step
    return "".join(out)


def _next(text: str, *, in_link: bool) -> tuple[int, str]:
    """How far to go on, and what is seen of what was read. Like the clients', it knows nothing of what is before."""
    if (found := ESCAPE.match(text)) and not (in_link and found[1] == "]"):
        return found.end(), found[1]
    if found := FENCE.match(text.replace(IN_CODE, "\n")):
        return found.end(), f"\n{found[2]}\n"
    for rule, group in ((AUTOLINK, 1), (ADDRESS, 0)):
        if found := rule.match(text):
            return found.end(), found[group]
    if found := INLINE_CODE.match(text):
        return found.end(), found[2].strip() if found[2].startswith(" `") or found[2].endswith("` ") else found[2]
    for rule, seen in ((MENTION, "@somebody"), (EMOJI, "😀")):
        if found := rule.match(text):
            return found.end(), seen
    if text[0] == "[" and not in_link and (link := _link(text)):
        return link
    for rule in (STRONG, UNDERLINE, STRIKE, SPOILER):
        if found := rule.match(text):
            return found.end(), _inline(found[1], in_link=in_link)
    if found := EMPHASIS.match(text):
        return found.end(), _inline(found[1] or found[2], in_link=in_link)
    return 1, text[0]


def _link(text: str) -> tuple[int, str] | None:
    """A link shows its text, if that has no address in it and the target is one and nothing more."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if depth:
            continue
        target = LINK_TARGET.match(text, at + 1)
        if target is None or not ADDRESS.fullmatch(target[1]):
            return None
        is_shown = not re.search("https?://", text[1:at])
        return target.end(), _inline(text[1:at], in_link=True) if is_shown else text[: target.end()]
    return None
