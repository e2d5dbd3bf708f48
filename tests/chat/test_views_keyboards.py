"""Buttons in rows."""

from __future__ import annotations

import pytest

from openacp_bot.chat import keyboards
from openacp_bot.core.inbound import Choice, Look, Opens, Row
from openacp_bot.core.model import Field, Option, Question
from tests.chat.scenes import labels


def choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name, f"m.{index}") for index, name in enumerate(names))


def row(number: int, *names: str) -> Row:
    return Row("🟢", f"Title {number}", choices=choices(*names))


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ((), []),
        (("A", "B", "C", "D"), [["A", "B", "C"], ["D"]]),
        (("Remove finished", "Remove errored", "Remove all"), [["Remove finished", "Remove errored"], ["Remove all"]]),
        (("x" * 40, "A", "B"), [["x" * 40], ["A", "B"]]),
        (("~/a", "/srv/b", "Base directory"), [["~/a"], ["/srv/b"], ["Base directory"]]),
        (("Base directory", "~/a"), [["Base directory"], ["~/a"]]),
        (("one", "Back", "Next", "Cancel"), [["one"], ["Back", "Next"], ["Cancel"]]),
        (("Next", "Remove all"), [["Next"], ["Remove all"]]),
    ],
)
def test_buttons_are_packed_by_the_length_of_their_labels(given: tuple[str, ...], rows: list[list[str]]) -> None:
    assert labels(keyboards.packed(choices(*given))) == rows


def test_packing_keeps_tokens_looks_and_order() -> None:
    given = (Choice("A", "m.0", Look.DANGER, Opens.HERE), Choice("B", "m.1"))

    assert keyboards.packed(given) == (given,)


def test_answers_stand_two_in_a_row_in_the_colours_of_what_they_do() -> None:
    kinds = ("allow_once", "allow_always", "allow_session", "reject_once", "reject_always", "odd")
    options = tuple(Option(f"m.{index}", f"Option {index}", kind) for index, kind in enumerate(kinds))
    asked = Question("q", "s", None, "?", None, 0, None, options=options)

    keyboard = keyboards.answers(asked)

    assert labels(keyboard) == [["Option 0", "Option 1"], ["Option 2", "Option 3"], ["Option 4", "Option 5"]]
    assert [choice.token for line in keyboard for choice in line] == [f"m.{index}" for index in range(6)]
    assert [choice.look for line in keyboard for choice in line] == [
        *(Look.GOOD, Look.PLAIN, Look.PLAIN, Look.DANGER, Look.DANGER, Look.PLAIN)
    ]


@pytest.mark.parametrize(
    ("kinds", "looks"),
    [
        (("allow_always", "allow_once"), [Look.PLAIN, Look.GOOD]),
        (("allow_always", "allow_session", "reject_once"), [Look.PLAIN, Look.GOOD, Look.DANGER]),
        (("allow_always", "reject_always"), [Look.GOOD, Look.DANGER]),
        (("choice", "choice", "decline"), [Look.PLAIN, Look.PLAIN, Look.DANGER]),
        (("allow_once", "allow_once"), [Look.GOOD, Look.GOOD]),
    ],
)
def test_only_the_weakest_yes_is_green(kinds: tuple[str, ...], looks: list[Look]) -> None:
    options = tuple(Option(f"m.{index}", f"Option {index}", kind) for index, kind in enumerate(kinds))
    asked = Question("q", "s", None, "?", None, 0, None, options=options)

    assert [choice.look for line in keyboards.answers(asked) for choice in line] == looks


def test_long_answers_stand_alone() -> None:
    options = (Option("m.0", "Allow for this session", "allow_session"), Option("m.1", "Reject once", "reject_once"))
    asked = Question("q", "s", None, "?", None, 0, None, options=options)

    assert labels(keyboards.answers(asked)) == [["Allow for this session"], ["Reject once"]]


@pytest.mark.parametrize(
    ("fields", "label", "opens"), [((Field("n", "Name"),), "Answer", Opens.FORM), ((), "Submit", Opens.NEW)]
)
def test_answer_opens_the_form_that_it_submits(fields: tuple[Field, ...], label: str, opens: Opens) -> None:
    options = (Option("m.0", "Submit", "submit"), Option("m.1", "Decline", "decline"))
    asked = Question("q", "s", None, "?", None, 0, None, options=options, fields=fields)

    assert keyboards.answers(asked) == (
        (Choice(label, "m.0", Look.GOOD, opens), Choice("Decline", "m.1", Look.DANGER)),
    )


def test_each_row_of_a_list_has_its_own_numbered_buttons_above_those_for_all() -> None:
    keyboard = keyboards.of_list((row(1, "Open", "Pin"), row(2, "Open")), choices("Next", "Remove all"))

    assert labels(keyboard) == [["Open 1", "Pin 1"], ["Open 2"], ["Next"], ["Remove all"]]


def test_a_single_row_needs_no_number() -> None:
    assert labels(keyboards.of_list((row(1, "Open", "Pin"),), ())) == [["Open", "Pin"]]


def test_a_button_named_like_its_row_needs_no_number() -> None:
    assert labels(keyboards.of_list((row(1, "Title 1"), row(2, "Title 2")), ())) == [["Title 1"], ["Title 2"]]


def test_rows_without_buttons_take_no_room() -> None:
    assert labels(keyboards.of_list((row(1), row(2, "Open")), ())) == [["Open 2"]]


@pytest.mark.parametrize(
    ("names", "lengths"), [("abc", [3]), ("abcd", [2, 2]), ("abcde", [3, 2]), ("abcdefg", [3, 2, 2])]
)
def test_the_buttons_of_a_row_stand_in_lines_that_a_phone_shows_in_full(names: str, lengths: list[int]) -> None:
    keyboard = keyboards.of_list((row(1, *names), row(2)), ())

    assert [len(line) for line in keyboard] == lengths
    assert [choice.label for line in keyboard for choice in line] == [f"{name} 1" for name in names]


def test_a_full_page_of_sessions_keeps_every_button() -> None:
    rows = tuple(row(number, "Open", "Rename", "Pin", "Archive", "Delete") for number in range(1, 11))
    below = choices("Back", "Next", "Remove finished", "Remove errored", "Remove cancelled", "Remove all")

    keyboard = keyboards.of_list(rows, below)

    assert sum(map(len, keyboard)) == 56
    assert labels(keyboard)[18:20] == [["Open 10", "Rename 10", "Pin 10"], ["Archive 10", "Delete 10"]]


def test_of_too_many_buttons_the_last_rows_lose_theirs_and_paging_stays() -> None:
    rows = tuple(row(number, *"abcdef") for number in range(1, 21))

    keyboard = keyboards.of_list(rows, choices("Back", "Next"))

    assert sum(map(len, keyboard)) == 98
    assert labels(keyboard)[-2:] == [[f"{letter} 16" for letter in "def"], ["Back", "Next"]]


def test_never_more_than_a_hundred_buttons() -> None:
    keyboard = keyboards.of_list((row(1, "Open"),), choices(*(f"b{number}" for number in range(120))))

    assert sum(map(len, keyboard)) == 100
