"""The end of Markdown that is still growing, cut into pieces that can be rendered, and remembered, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)$")
FENCE_LINE = re.compile(r"^[ \t]*(?:`{3}|~{3}).*$", re.MULTILINE)
BLANK_LINE = re.compile(r"\n[ \t]*\n(?=\S)")
# Where a piece may end: at a blank line, and before an item that begins or goes on with a list whatever is above it.
GAP = re.compile(r"\n(?:[ \t]*\n(?=\S)|(?=[-*+][ \t]+[^\s*+-]))")
LIST_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
CLOSABLE = re.compile(r"(?<!\\)(`+|\*{1,3}|~~)")
HALF_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*$")
HALF_MARK = re.compile(r"(?:^|\n)[ \t]*(?:-+|=+|`{1,2}|\*{1,2}|~{1,2}|#{1,6}|>|\d{1,9}[.)])[ \t]*$")


def newest(source: str, size: int) -> tuple[tuple[str, ...], bool]:
    """About the last `size` characters as pieces that stand for themselves, and whether anything was left out. A piece
    does not change any more once another follows it, except that old pieces fall away at the front."""
    start = _behind_fence_line(source, _start(source, len(source) - size)) if len(source) > size else 0
    opening = _open_fence(source, start)
    rest = source[start:].lstrip("\n")
    return _pieces(f"{opening}\n{rest}" if opening else rest), start > 0


def _start(source: str, position: int) -> int:
    """The beginning of a block, else of a line, else of a word, a little behind `position`."""
    latest = position + (len(source) - position) // 3
    for pattern in (BLANK_LINE, re.compile(r"\n(?=\S)"), re.compile(r"\n"), re.compile(r"\s")):
        found = pattern.search(source, position, latest)
        if found is not None:
            return found.end()
    return position


def _behind_fence_line(source: str, position: int) -> int:
    """What stands in the line that opens a fence is no part of its code."""
    begin = source.rfind("\n", 0, position) + 1
    if begin == position or _open_fence(source, begin) or not _open_fence(source, position):
        return position
    end = source.find("\n", position)
    return len(source) if end < 0 else end + 1


def _open_fence(source: str, end: int) -> str:
    """The line that opened the fence in which the text is at `end`; empty outside of one."""
    opening = mark = ""
    for line in _fence_lines(source, end):
        found = FENCE.match(line)
        if found is None:
            continue
        run, words = found.groups()
        if not mark and (run[0] == "~" or "`" not in words):
            opening, mark = line.strip(), run
        elif mark and run.startswith(mark) and (not words or words.isspace()):
            opening = mark = ""
    return opening


def _fence_lines(source: str, end: int) -> list[str]:
    """All lines that begin with a fence. Looked for without a regular expression: ten times as fast in long texts."""
    found = [line for mark in ("```", "~~~") for line in _lines_with(mark, source, end)]
    return [line for _, line in sorted(found)]


def _lines_with(mark: str, source: str, end: int) -> Iterator[tuple[int, str]]:
    position = source.find(mark, 0, end)
    while position >= 0:
        start = source.rfind("\n", 0, position) + 1
        stop = source.find("\n", position, end)
        stop = end if stop < 0 else stop
        if not source[start:position].strip():
            yield start, source[start:stop]
        position = source.find(mark, stop, end)


def _pieces(source: str) -> tuple[str, ...]:
    pieces: list[str] = []
    begin = 0
    for gap in GAP.finditer(source):
        if _belongs_together(source, begin, gap):
            continue
        pieces.append(source[begin : gap.end()])
        begin = gap.end()
    pieces.append(source[begin:])
    return tuple(piece for piece in pieces if piece.strip())


def _belongs_together(source: str, begin: int, gap: re.Match[str]) -> bool:
    if _open_fence(source[begin : gap.start() + 1], gap.start() + 1 - begin):
        return True
    item = LIST_ITEM.match(source, gap.end())
    is_in_list = LIST_ITEM.match(source, begin) is not None
    # In a list, numbers of which each is 1 count all the same.
    return is_in_list and item is not None and item[0][:2] in ("1.", "1)")


def newlines_between(above: str, below: str) -> int:
    """How far a piece stands from the next: an item follows an item at once."""
    is_list = LIST_ITEM.match(above) is not None and LIST_ITEM.match(below) is not None
    blank = above[len(above.rstrip()) :]
    return 1 if is_list and blank.count("\n") < 2 else 2


def closed(piece: str) -> str:
    """The last piece without the marks that are only half written, and with those closed that are open, so that it
    does not flicker while it grows."""
    text = piece.rstrip()
    fence = _open_fence(text, len(text))
    if fence:
        return _without_half_fence(text, fence)
    text = HALF_MARK.sub("", HALF_LINK.sub(r"\1", text)).rstrip()
    paragraph = text[text.rfind("\n\n") + 1 :]
    if FENCE_LINE.search(paragraph):
        return text
    return text + _closing(paragraph) if not _ends_open(text) else text.rstrip("*`~_ ")


def _without_half_fence(text: str, fence: str) -> str:
    line = text[text.rfind("\n") + 1 :]
    if line and "\n" in text and not line.strip().strip(fence[0]):
        return text[: -len(line)]
    return text


def _ends_open(text: str) -> bool:
    """Whether an opening mark stands at the very end, with nothing behind it yet."""
    stripped = text.rstrip("*`~_")
    return stripped != text and (not stripped or stripped[-1].isspace())


def _closing(paragraph: str) -> str:
    open_marks: list[str] = []
    for found in CLOSABLE.finditer(paragraph):
        mark = found[1]
        if open_marks and open_marks[-1][0] == "`" and mark != open_marks[-1]:
            continue  # inside code nothing else is a mark
        if open_marks and open_marks[-1] == mark:
            open_marks.pop()
        elif mark in open_marks:
            del open_marks[open_marks.index(mark) :]
        elif mark[0] == "`" or _opens(paragraph, found):
            open_marks.append(mark)
    return "".join(reversed(open_marks))


def _opens(paragraph: str, found: re.Match[str]) -> bool:
    """Whether emphasis can begin here: something follows at once, and nothing that is a word goes before."""
    if found.end() >= len(paragraph) or paragraph[found.end()].isspace():
        return False
    return found.start() == 0 or not paragraph[found.start() - 1].isalnum()
