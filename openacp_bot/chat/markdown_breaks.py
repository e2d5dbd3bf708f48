"""Where a text may be cut: never inside what a reader sees as one character, and rather where it pauses."""

from __future__ import annotations

import re
import unicodedata

ZWJ = "\u200d"
LONGEST_CLUSTER = 200  # characters; what claims to be longer (a pile of accents) is cut all the same

# From the best pause to the worst; the text is cut where a match begins.
PAUSES = (
    re.compile(r"\n[ \t]*\n(?=\S)"),  # a blank line
    re.compile(r"\n(?=\S)"),  # a line that is followed by one without indent
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s|(?<=[。！？])"),  # a sentence
    re.compile(r"\s"),  # a word
)


def best_pause(text: str, lowest: int, target: int, highest: int) -> int | None:
    """Where to cut behind `lowest`, up to `highest`: at the best pause, there the first at or behind `target`, else
    the last before it. None if the text does not pause."""
    for pause in PAUSES:
        found = _pauses(pause, text, lowest, highest)
        if found:
            return nearest(found, target)
    return None


def nearest(cuts: list[int], target: int) -> int:
    """The first at or behind `target`, else the last."""
    return next((cut for cut in cuts if cut >= target), cuts[-1])


def _pauses(pause: re.Pattern[str], text: str, lowest: int, highest: int) -> list[int]:
    # Two characters beyond let a pattern look ahead of a match at `highest`.
    found = (
        match.end() if match.end() == match.start() else match.start()
        for match in pause.finditer(text, lowest, highest + 2)
    )
    return [cut for cut in found if lowest < cut <= highest and not is_inside(text, cut)]


def whole_before(text: str, position: int) -> int:
    """The nearest position at or before this one that is between two whole characters."""
    for cut in range(position, max(0, position - LONGEST_CLUSTER), -1):
        if not is_inside(text, cut):
            return cut
    return position


def whole_behind(text: str, position: int) -> int:
    """The nearest position at or behind this one that is between two whole characters."""
    for cut in range(position, min(len(text), position + LONGEST_CLUSTER)):
        if not is_inside(text, cut):
            return cut
    return position


def is_inside(text: str, position: int) -> bool:
    """Whether a cut here would tear apart what is seen as one character (the rules of UAX 29 that matter in chats)."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before < "\u0300" and after < "\u0300":
        return False
    if _extends(after) or before == ZWJ:
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(text, position) % 2 == 1
    if "\u1160" <= after <= "\u11ff":  # the later letters of a Hangul syllable
        return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return unicodedata.combining(before) == 9 and unicodedata.category(after) == "Lo"  # a conjunct behind a virama


def _extends(character: str) -> bool:
    if character == ZWJ or "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f":
        return True
    return unicodedata.category(character) in ("Mn", "Me", "Mc")


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, position: int) -> int:
    start = position
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return position - start
