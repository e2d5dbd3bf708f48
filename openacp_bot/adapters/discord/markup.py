"""Styled text as Discord's Markdown: what would be markup and is not meant so is escaped, and nothing more.

1. Fences and marks are closed on the page on which they were opened. 2. Bare addresses stay as they are: Discord would
take a backslash for a part of them. 3. Discord folds nothing, and knows no list or table that we would need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from openacp_bot.chat.styled.sheet import Kind, Span, Styled

LIMIT = 2000
RESERVE = 64  # for marks that a cut opens anew on the next page

MARKS = {Kind.BOLD: "**", Kind.STRIKE: "~~"}
QUOTES = (Kind.QUOTE, Kind.FOLDED)
LITERAL = (Kind.PRE, Kind.CODE)

APART = "\u200b"  # between marks that Discord would read as one
FENCES = re.compile("`{3,}")  # inside of a fence, kept from ending it
LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")  # else Discord shows it as the first line of the code
ADDRESS = re.compile(r"https?://[^\s<>`]*[^\s<>`.,:;\"')\]]")
# What Discord would take for markup: emphasis, code, spoilers, strike, mentions, time stamps, headings, quotes, lists.
MARKUP = re.compile(
    r"\\(?=[^0-9A-Za-z\s])|`|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|\*(?!\s)|(?<!\s)\*|(?<=~)~|~(?=~)|(?<=\|)\||\|(?=\|)|\](?=\()"
    r"|<(?=[@#:]|/[^:\s]+:|a:|t:|id:|https?:)|(?m:^[ \t]*(?:#(?=#{0,2} )|>(?= |>> )|-(?= |# )|\*(?= )))"
)


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
    for at in _escapes(styled):
        found[at] += 1
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
    """Code in a line cannot hold two ticks: with three around them they would be a block."""
    return replace(
        styled,
        spans=tuple(
            span
            for span in styled.spans
            if span.kind is not Kind.CODE or "``" not in styled.text[span.start : span.end]
        ),
    )


def _cost(span: Span) -> int:
    match span.kind:
        case Kind.PRE:
            return len(f"\n```{span.language}\n\n```\n")
        case Kind.LINK:
            return len(span.url) + len("[](<>)")
        case Kind.CODE:
            return len("``  ``") + 2 * len(APART)
        case Kind.QUOTE | Kind.FOLDED:
            return len("> ")
        case _:
            return len("****") + len(APART)


# --- marks -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is written before the character at `at`. Ends come before beginnings; of ends the inner first."""

    at: int
    order: tuple[int, int]
    text: str


def _emitted(styled: Styled, spans: Sequence[Span]) -> str:
    marks = sorted(_marks(styled.text, spans), key=lambda mark: (mark.at, mark.order))
    escapes = _escapes(Styled(styled.text, tuple(spans)))
    parts: list[str] = []
    done = 0
    for mark in marks:
        parts += [_escaped(styled.text, done, mark.at, escapes), mark.text]
        done = mark.at
    parts.append(_escaped(styled.text, done, len(styled.text), escapes))
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
        yield _Mark(span.start, (1, depth), opens)
        yield _Mark(span.end, (0, -depth), closes)


def _glued(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Bare addresses whose end Discord would not see: it takes everything up to white space for a part of them."""
    edges = {edge for span in spans for edge in (span.start, span.end)}
    for start, end in _addresses(text, spans):
        is_free = end == len(text) or text[end].isspace()
        if not is_free or start in edges or end in edges:
            yield start, end


def _addresses(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Each within one style."""
    edges = {edge for span in spans for edge in (span.start, span.end)}
    literal = [(span.start, span.end) for span in spans if span.kind in (*LITERAL, Kind.LINK)]
    for address in ADDRESS.finditer(text):
        start, whole = address.span()
        end = min((edge for edge in edges if start < edge < whole), default=whole)
        if not any(first < end and start < last for first, last in literal):
            yield start, end


def _pair(span: Span, text: str) -> tuple[str, str]:
    inside = text[span.start : span.end]
    match span.kind:
        case Kind.BOLD | Kind.STRIKE:
            return MARKS[span.kind], MARKS[span.kind]
        case Kind.ITALIC:
            mark = "_" if _stands_apart(text, span) and "_" not in inside else "*"
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
            return "[", f"](<{span.url}>)"
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


# --- escapes ---------------------------------------------------------------------------------------


def _escapes(styled: Styled) -> frozenset[int]:
    """Where a backslash is needed."""
    plain = _blanked(styled)
    found = {match.end() - 1 for match in MARKUP.finditer(plain)}
    marks = {edge for span in styled.spans for edge in (span.start, span.end)}
    marks |= {start for start, _ in _glued(styled.text, styled.spans)} | {len(plain)}
    return frozenset(found | {mark - 1 for mark in marks if plain[mark - 1 : mark] == "\\"})


def _blanked(styled: Styled) -> str:
    """The text without what is never read as markup: code, and bare addresses."""
    text = styled.text
    for span in styled.spans:
        if span.kind in LITERAL:
            text = f"{text[: span.start]}{_blank(text[span.start : span.end])}{text[span.end :]}"
    for start, end in _addresses(styled.text, styled.spans):
        text = f"{text[:start]}{re.sub(r'[^0-9A-Za-z:/]', 'x', text[start:end])}{text[end:]}"
    return text


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", "x", text)


def _escaped(text: str, start: int, end: int, escapes: frozenset[int]) -> str:
    piece = text[start:end]
    if not any(start <= at < end for at in escapes):
        return FENCES.sub(lambda run: APART.join(run[0]), piece)
    return "".join(f"\\{sign}" if start + at in escapes else sign for at, sign in enumerate(piece))
