"""Buttons in rows: pure packing, the same on every platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.inbound import Choice, Look, Opens, Row
from openacp_bot.core.model import Option, Question
from openacp_bot.core.questions import ALLOWS, DECLINE, SUBMIT

# Telegram shows at most 8 buttons in a row, and takes at most 100 under a message.
MOST_IN_ROW = 8
MOST = 100

PACKED = 3  # buttons in a row, where their labels are short
PACKED_LETTERS = 30
LAST_KEPT = 4  # of too many answers
ANSWERS_LETTERS = 28  # two answers side by side
PAGING = ("Back", "Next")

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
    return packed([_answer(option, question) for option in options], most=2, letters=ANSWERS_LETTERS)


def _answer(option: Option, question: Question) -> Choice:
    opens = Opens.FORM if option.kind == SUBMIT and question.fields else Opens.NEW
    return Choice(option.label, option.id, _look(option.kind), opens)


def _look(kind: str) -> Look:
    if kind in ALLOWS or kind == SUBMIT:
        return Look.GOOD
    return Look.DANGER if kind.startswith("reject") or kind == DECLINE else Look.PLAIN


def of_list(rows: Sequence[Row], choices: Sequence[Choice]) -> Keyboard:
    """A row of buttons for each row of the list, numbered where there are several, then what acts on all of it. What
    does not fit is left out from the end of the list: its rows stay readable, and paging stays."""
    below = packed(choices[:MOST])
    room = MOST - sum(map(len, below))
    above: list[ButtonRow] = []
    for number, row in enumerate(rows, start=1):
        room -= len(row.choices)
        if room < 0:
            break
        above += _slices(_numbered(row, number) if len(rows) > 1 else row.choices)
    return (*above, *below)


def _numbered(row: Row, number: int) -> ButtonRow:
    # A button that is named like its row (a picker's) needs no number.
    return tuple(
        choice if choice.label == row.title else replace(choice, label=f"{choice.label} {number}")
        for choice in row.choices
    )


def _slices(row: ButtonRow) -> Iterable[ButtonRow]:
    return (row[at : at + MOST_IN_ROW] for at in range(0, len(row), MOST_IN_ROW))
