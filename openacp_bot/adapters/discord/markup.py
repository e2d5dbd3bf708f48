"""Styled text as Discord's Markdown: what would be markup and is not meant so is escaped, and nothing more.

1. Fences and marks are closed on the page on which they were opened. 2. Bare addresses stay as they are: Discord would
take a backslash for a part of them. 3. Discord folds nothing and knows no table; lists are its own, as it indents all
lines of an item.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from openacp_bot.chat.styled.markdown import BULLETS
from openacp_bot.chat.styled.sheet import Kind, Span, Styled

LIMIT = 2000  # code points (Discord's staff in discord-api-docs issue 1315)
RESERVE = 64  # for marks that a cut opens anew on the next page

MARKS = {Kind.BOLD: "**", Kind.STRIKE: "~~"}
QUOTES = (Kind.QUOTE, Kind.FOLDED)
LITERAL = (Kind.PRE, Kind.CODE)

APART = "\u200b"  # between marks that Discord would read as one
FENCES = re.compile("`{3,}")  # inside of a fence, kept from ending it
LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")  # else Discord shows it as the first line of the code
ADDRESS = re.compile(r"https?://(?:(?!\]\()[^\s<>`])+")
FURTHEST = 600  # characters from a "<" to what makes markup of it; a link has at most 500
PUNCTUATION = ".,:;\"'"  # behind an address, not a part of it
ITEM = rf"^[ \t]*(?:(?:[{''.join(BULLETS)}]|\d+\.) +)*"  # an item of a list may be what a line may be
# What Discord would take for markup. Each pattern ends with the sign that needs a backslash; looks ahead from there.
MARKUP = re.compile(
    "|".join(
        (
            r"\\(?=[^0-9A-Za-z\s])|`",
            r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|\*(?!\s)|(?<!\s)\*|(?<=~)~|~(?=~)|(?<=\|)\||\|(?=\|)",
            rf"<(?=[@#:/+]|[^ >]{{0,{FURTHEST}}}[:@])",  # mentions, commands, times, addresses
            r":(?=(?!\d\d?:)[\w+-]+:)",  # emoji: in main.c:100:5, too
            rf"(?m:{ITEM}?0+\.(?=\s))",  # Discord counts from 1
            rf"(?m:{ITEM}(?:#(?=#{{0,2}}(?:\s|$))|>(?=\s|>>\s)|-(?=\s|#\s)|[*+](?=\s)))",
        )
    )
)
WORD = re.compile("[0-9A-Za-z]")
NUMBERED = re.compile(r"(?m)^([ \t]*)([0-9]{1,9})\. .*$\n?")
INNER = re.compile(r"(?<=[0-9A-Za-z])_(?=[0-9A-Za-z])")
END = re.compile(r"_(?![0-9A-Za-z_])")
BULLET = re.compile(rf"(?m)^ *[{''.join(BULLETS)}](?= \S)")


def markdown(styled: Styled) -> str:
    """A page that `weights` has measured, as Discord takes it."""
    styled = _writable(styled)
    text = _emitted(styled, styled.spans)
    if len(text) > LIMIT:  # a long address that a cut has doubled
        text = _emitted(styled, [span for span in styled.spans if span.kind is not Kind.LINK])
    return text if len(text) <= LIMIT else _emitted(styled, ())[:LIMIT]


def weights(styled: Styled) -> Sequence[int]:
    """How many characters each character comes to, with the marks of the styles that begin at it."""
    styled = _writable(styled)
    found = [1] * len(styled.text)
    for at, instead in _instead(styled).items():
        found[at] = len(instead)
    for inner in INNER.finditer(_blanked(styled)):
        found[inner.start()] = len("\\_")  # a cut may bring what ends emphasis there
    for start, _ in _glued(styled.text, styled.spans):
        found[start] += len("<>")
    for span in styled.spans:
        found[span.start] += _cost(span)
        if span.kind is Kind.PRE:
            for run in FENCES.finditer(styled.text, span.start, span.end):
                found[run.start()] += len(run[0]) - 1
        if span.kind in QUOTES:
            for at in range(span.start, span.end):
                found[at] += 2 * (styled.text[at] == "\n")
    return found


def _writable(styled: Styled) -> Styled:
    """Without the styles that Discord has no way to write."""
    spans = (span for span in styled.spans if _is_writable(span.kind, styled.text[span.start : span.end]))
    return replace(styled, spans=tuple(spans))


def _is_writable(kind: Kind, inside: str) -> bool:
    if kind is Kind.CODE:
        return "``" not in inside  # with three around them they would be a block
    mark = "*" if kind is Kind.ITALIC else MARKS.get(kind)
    return mark is None or not any(mark in address for address in ADDRESS.findall(inside))


def _cost(span: Span) -> int:
    match span.kind:
        case Kind.PRE:
            return len(f"\n```{span.language}\n\n```\n")
        case Kind.LINK:
            return len(_target(span.url)) + len("[](<>)")
        case Kind.CODE:
            return len("``  ``") + 2 * len(APART)
        case Kind.QUOTE | Kind.FOLDED:
            return len("> ")
        case _:
            return len("****") + 3 * len(APART)


# --- marks -----------------------------------------------------------------------------------------


OPENS = 1  # of marks at one place, those that begin something come last but for an address


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is written before the character at `at`. Ends come before beginnings; of ends the inner first."""

    at: int
    order: tuple[int, int]
    text: str


def _emitted(styled: Styled, spans: Sequence[Span]) -> str:
    marks = sorted(_marks(styled.text, spans), key=lambda mark: (mark.at, mark.order))
    instead = _instead(Styled(styled.text, tuple(spans)))
    parts: list[str] = []
    done = 0
    for mark in marks:
        before = _escaped(styled.text, done, mark.at, instead)
        # A style ends at two of its signs, whatever stands before them; three may be either style.
        above = before or (parts[-1] if parts and mark.order[0] == OPENS else "")
        is_glued = mark.text[0] in "*~" and above.endswith(mark.text[0])
        parts += [before, APART if is_glued else "", mark.text]
        done = mark.at
    parts.append(_escaped(styled.text, done, len(styled.text), instead))
    return _quoted("".join(parts))


# Private signs that stand for line beginnings in quotes until all is written.
QUOTE_BEGINS, QUOTE_ENDS = "\ue000", "\ue001"


def _marks(text: str, spans: Sequence[Span]) -> Iterator[_Mark]:
    for start, end in _glued(text, spans):
        yield _Mark(start, (2, 0), "<")
        yield _Mark(end, (-1, 0), ">")
    ends = {span.end for span in spans}
    for start in {span.start for span in spans} & ends:
        yield _Mark(start, (0, 1), APART)
    for depth, span in enumerate(spans):
        opens, closes = _pair(span, text)
        yield _Mark(span.start, (OPENS, depth), opens)
        yield _Mark(span.end, (0, -depth), closes)


def _glued(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Bare addresses whose end Discord would not see: it takes everything up to white space for a part of them."""
    edges = {edge for span in spans for edge in (span.start, span.end)}
    for start, end in _addresses(text, spans):
        is_free = end == len(text) or text[end].isspace()
        if not is_free or text[end - 1] in ")]" or start in edges or end in edges:
            yield start, end


def _addresses(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Each within one style."""
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    literal = [span for span in spans if span.kind in (*LITERAL, Kind.LINK)]  # none of them holds another
    for address in ADDRESS.finditer(text):
        start = address.start()
        whole = start + len(_bare(address[0]))
        if whole <= text.index("//", start) + 2:
            continue
        end = min([whole, *edges[(at := bisect_right(edges, start)) : at + 1]])
        before = bisect_left(literal, end, key=lambda span: span.start)
        if not before or literal[before - 1].end <= start:
            yield start, end


def _bare(address: str) -> str:
    """Without the punctuation behind it; of brackets, those that it opened are its own."""
    extra = {close: address.count(close) - address.count(opens) for opens, close in ("()", "[]")}
    end = len(address)
    while address[end - 1] in PUNCTUATION or extra.get(address[end - 1], 0) > 0:
        if address[end - 1] in extra:
            extra[address[end - 1]] -= 1
        end -= 1
    return address[:end]


def _target(url: str) -> str:
    """What ends a link for Discord does not stand in its target."""
    encoded = url.replace("(", "%28").replace(")", "%29")
    last = encoded[-1]
    return f"{encoded[:-1]}%{ord(last):02X}" if last in PUNCTUATION + "]" else encoded


def _pair(span: Span, text: str) -> tuple[str, str]:
    inside = text[span.start : span.end]
    match span.kind:
        case Kind.BOLD | Kind.STRIKE:
            return MARKS[span.kind], MARKS[span.kind]
        case Kind.ITALIC:
            # Before anything but a letter, an underscore would end emphasis that begins within a word above.
            mark = "_" if _stands_apart(text, span) and "_" not in inside and WORD.match(inside) else "*"
            return mark, mark
        case Kind.CODE:
            opens, closes = ("`` ", " ``") if "`" in inside else ("`", "`")
            before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
            return (APART if before == "`" else "") + opens, closes + (APART if after == "`" else "")
        case Kind.PRE:
            before = "" if span.start == 0 or text[span.start - 1] == "\n" else "\n"
            after = "" if span.end == len(text) or text[span.end] == "\n" else "\n"
            language = span.language if LANGUAGE.fullmatch(span.language) else ""
            return f"{before}```{language}\n", f"\n```{after}"
        case Kind.LINK:
            return "[", f"](<{_target(span.url)}>)"
        case Kind.QUOTE | Kind.FOLDED:
            return QUOTE_BEGINS, QUOTE_ENDS


def _stands_apart(text: str, span: Span) -> bool:
    before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
    return not (before.isalnum() or after.isalnum() or "_" in before + after)


def _quoted(text: str) -> str:
    if QUOTE_BEGINS not in text:
        return text
    lines: list[str] = []
    is_inside = False
    for line in text.split("\n"):
        begins, ends = QUOTE_BEGINS in line, QUOTE_ENDS in line
        bare = line.replace(QUOTE_BEGINS, "").replace(QUOTE_ENDS, "")
        lines.append(f"> {bare}" if is_inside or begins else bare)
        is_inside = (is_inside or begins) and not ends
    return "\n".join(lines)


# --- signs -----------------------------------------------------------------------------------------


def _instead(styled: Styled) -> Mapping[int, str]:
    """What is written instead of single signs: themselves behind a backslash, and Discord's own bullets."""
    plain = _blanked(styled)
    found = {match.end() - 1 for match in MARKUP.finditer(plain)}
    marks = {edge for span in styled.spans for edge in (span.start, span.end)}
    marks |= {start for start, _ in _glued(styled.text, styled.spans)} | {len(plain)}
    found |= {mark - 1 for mark in marks if plain[mark - 1 : mark] in (*"\\_~",)}
    found |= {mark for mark in marks if plain[mark : mark + 1] in (*"_~",)}
    found |= {inner.start() for inner in INNER.finditer(plain, 0, _last_end(styled, plain))}
    found |= {at for at in _in_italics(styled.spans) if plain[at] == "*"}  # even one among blanks
    found |= set(_out_of_turn(plain))
    found |= _before_links(plain, [span for span in styled.spans if span.kind is Kind.LINK])
    bullets = {match.end() - 1: "-" for match in BULLET.finditer(plain)}
    return bullets | {at: f"\\{plain[at]}" for at in found}


def _in_italics(spans: Iterable[Span]) -> Iterator[int]:
    for span in spans:
        if span.kind is Kind.ITALIC:
            yield from range(span.start, span.end)


def _out_of_turn(plain: str) -> Iterator[int]:
    """The dots behind numbers that Discord would count anew, as they do not follow the number on the line above."""
    above: re.Match[str] | None = None
    for line in NUMBERED.finditer(plain):
        goes_on = above is not None and above.end() == line.start() and above[1] == line[1]
        is_next = above is not None and int(line[2]) == int(above[2]) + 1
        if goes_on and not is_next:
            yield line.end(2)
        above = line if is_next or not goes_on else None


def _last_end(styled: Styled, plain: str) -> int:
    """Where the last underscore stands that nobody can escape and that would end emphasis, even one begun within a word
    (the clients read on without looking back). 0 if there is none."""
    ends = (at.start() for at in END.finditer(styled.text) if plain[at.start()] != "_")
    cut = (span.end for span in styled.spans if styled.text[span.end - 1] == "_" != plain[span.end - 1])
    links = (span.start for span in styled.spans if span.kind is Kind.LINK and END.search(f"{_target(span.url)}>"))
    return max((*ends, *cut, *links), default=0)


def _before_links(plain: str, links: Sequence[Span]) -> set[int]:
    """What would take a link, or what looks like one, for a part of itself. (Discord heeds no backslash before the
    bracket that ends a link's text, only one before the bracket that begins it.)"""
    last = max([plain.rfind("]("), *(link.start for link in links)], default=-1)
    inside = {at for link in links for at in range(link.start, link.end)}
    brackets = {found.start() for found in re.finditer(r"\[", plain[: max(last, 0)])} - inside
    return brackets | {at for link in links for at in _glued_less(plain, link.start)}


def _glued_less(plain: str, end: int) -> Iterator[int]:
    for at in range(end - 1, max(-1, end - FURTHEST), -1):
        if plain[at] in " >":
            return
        if plain[at] == "<":
            yield at


def _blanked(styled: Styled) -> str:
    """The text without what is never read as markup: code, and bare addresses."""
    text = styled.text
    for span in styled.spans:
        if span.kind in LITERAL:
            text = f"{text[: span.start]}{_blank(text[span.start : span.end])}{text[span.end :]}"
    for start, end in _addresses(styled.text, styled.spans):
        rest = text.index("//", start) + 2
        text = f"{text[:rest]}{'x' * (end - rest)}{text[end:]}"
    return text


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", "x", text)


def _escaped(text: str, start: int, end: int, instead: Mapping[int, str]) -> str:
    piece = text[start:end]
    if not any(start <= at < end for at in instead):
        return FENCES.sub(lambda run: APART.join(run[0]), piece)
    return "".join(instead.get(start + at, sign) for at, sign in enumerate(piece))
