"""Buttons in rows: pure packing, the same on every platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from openacp_bot.chat.sheet import Keyboard, Picker
from openacp_bot.core.inbound import Choice, Look, Opens, Row
from openacp_bot.core.model import Option, Question
from openacp_bot.core.questions import ALLOW_SESSION, DECLINE, SUBMIT

MOST = 100  # that Telegram takes under a message

PACKED = 3  # buttons in a row: of more a phone cuts the words
PACKED_LETTERS = 30
LAST_KEPT = 4  # of too many answers
ANSWERS_LETTERS = 28  # two answers side by side
PAGING = ("Back", "Next")
ANSWER = "Answer"  # opens the form
YES = ("allow_once", ALLOW_SESSION, "allow_always")  # the weakest first

ButtonRow = tuple[Choice, ...]


def packed(choices: Sequence[Choice], *, most: int = PACKED, letters: int = PACKED_LETTERS) -> Keyboard:
    """In their order, as many in a row as are readable: a path stands alone, and Back and Next together."""
    rows: list[ButtonRow] = []
    for choice in choices:
        if rows and _fits(rows[-1], choice, most, letters):
            rows[-1] = (*rows[-1], choice)
        else:
            rows.append((choice,))
    return tuple(rows)


def _fits(row: ButtonRow, choice: Choice, most: int, letters: int) -> bool:
    if _turns_page(choice) or _turns_page(row[-1]):
        return _turns_page(choice) and _turns_page(row[-1])
    if _is_path(choice) or _is_path(row[-1]):
        return False
    return len(row) < most and sum(len(one.label) for one in (*row, choice)) <= letters


def _turns_page(choice: Choice) -> bool:
    return choice.label in PAGING


def _is_path(choice: Choice) -> bool:
    return "/" in choice.label


def answers(question: Question) -> Keyboard:
    """A question's options, one or two in a row. Of more than a platform shows, the last are kept: there stands how to
    say no."""
    options = question.options
    if len(options) > MOST:
        options = (*options[: MOST - LAST_KEPT], *options[-LAST_KEPT:])
    good = _weakest_yes(question)
    return packed([_answer(option, question, good) for option in options], most=2, letters=ANSWERS_LETTERS)


def _weakest_yes(question: Question) -> str:
    """The kind of answer that gives away the least; an impatient finger goes for the green button."""
    kinds = {option.kind for option in question.options}
    return next((kind for kind in (SUBMIT, *YES) if kind in kinds), "")


def _answer(option: Option, question: Question, good: str) -> Choice:
    if option.kind == SUBMIT and question.fields:
        return Choice(ANSWER, option.id, Look.GOOD, Opens.FORM)
    return Choice(option.label, option.id, Look.GOOD if option.kind == good else _look(option.kind))


def _look(kind: str) -> Look:
    return Look.DANGER if kind.startswith("reject") or kind == DECLINE else Look.PLAIN


def of_list(rows: Sequence[Row], choices: Sequence[Choice], *, has_menus: bool = False) -> Keyboard:
    """The buttons of each row of the list, numbered where there are several rows, then what acts on all of it. What
    does not fit is left out from the end of the list: its rows stay readable, and paging stays. Of many rows a platform
    with menus picks one first."""
    below = packed(choices[:MOST])
    picks = tuple(row.pick for row in rows if row.pick is not None)
    if has_menus and len(rows) > 1 and len(picks) == len(rows):
        return (Picker(picks, "Choose one …"), *below)
    room = MOST - sum(map(len, below))
    above: list[ButtonRow] = []
    for number, row in enumerate(rows, start=1):
        room -= len(row.choices)
        if room < 0:
            break
        above += _lines(_numbered(row, number) if len(rows) > 1 else row.choices)
    return (*above, *below)


def _numbered(row: Row, number: int) -> ButtonRow:
    # A button that is named like its row (a picker's) needs no number.
    return tuple(
        choice if choice.label == row.title else replace(choice, label=f"{choice.label} {number}")
        for choice in row.choices
    )


def _lines(row: ButtonRow) -> Iterator[ButtonRow]:
    """As few as are readable, of about equal length."""
    left = -(-len(row) // PACKED)
    while row:
        size = -(-len(row) // left)
        yield row[:size]
        row, left = row[size:], left - 1
