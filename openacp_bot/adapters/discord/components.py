"""Buttons and select menus as Discord's components, and what a press on one of them says.

Discord, "Components": 5 rows of 5 buttons or one select of 25 options; labels of 80 and 100 characters, which are code
points (discord-api-docs, issue 1315); custom ids and values are unique in their message and menu. A custom id is core's
token behind one letter of ours: how the press will be answered has to be known before core is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openacp_bot.chat.sheet import Keyboard, Picker
from openacp_bot.core.inbound import Choice, Look, Opens

ROWS, IN_ROW, OPTIONS = 5, 5, 25
LONGEST_LABEL, LONGEST_OPTION, LONGEST_WORDS = 80, 100, 150
ACTION_ROW, BUTTON, SELECT = 1, 2, 3
STYLES = {Look.PLAIN: 2, Look.GOOD: 3, Look.DANGER: 4}
LETTERS = {Opens.HERE: "h", Opens.NEW: "n", Opens.FORM: "f"}
OPENS = {letter: opens for opens, letter in LETTERS.items()}
PICKED = "pick"  # how the custom id of a select begins; what was chosen is in its value
MORE = "Choose one …"

Json = dict[str, Any]
Line = tuple[Choice, ...] | Picker


def components(keyboard: Keyboard) -> list[Json]:
    """In at most five rows; what goes beyond five menus is left out."""
    lines = _fitting([line for line in keyboard if len(line)])
    return [{"type": ACTION_ROW, "components": _drawn(line, number)} for number, line in enumerate(lines)]


def _fitting(lines: Sequence[Line]) -> Sequence[Line]:
    """Where rows are too many, buttons that stand alone become a menu; else everything does."""
    if len(lines) <= ROWS and all(_fits(line) for line in lines):
        return lines
    alone = tuple(choice for line in lines if len(line) == 1 for choice in line)
    rest = [line for line in lines if len(line) > 1]
    if 0 < len(alone) <= OPTIONS and len(rest) < ROWS and all(_fits(line) for line in rest):
        return [Picker(alone, MORE), *rest]
    everything = [choice for line in lines for choice in line]
    menus = [tuple(everything[at : at + OPTIONS]) for at in range(0, len(everything), OPTIONS)]
    return [Picker(menu, MORE) for menu in menus[:ROWS]]


def _fits(line: Line) -> bool:
    return len(line) <= (OPTIONS if isinstance(line, Picker) else IN_ROW)


def _drawn(line: Line, number: int) -> list[Json]:
    if isinstance(line, Picker):
        return [_select(line, number)]
    return [_button(choice) for choice in line]


def _button(choice: Choice) -> Json:
    return {
        "type": BUTTON,
        "style": STYLES[choice.look],
        "label": cut(choice.label, LONGEST_LABEL),
        "custom_id": custom_id(choice),
    }


def _select(picker: Picker, number: int) -> Json:
    options = [{"label": cut(one.label, LONGEST_OPTION), "value": custom_id(one)} for one in picker]
    words = cut(picker.words, LONGEST_WORDS)
    return {"type": SELECT, "custom_id": f"{PICKED}{number}", "placeholder": words, "options": options}


def custom_id(choice: Choice) -> str:
    return f"{LETTERS[choice.opens]}:{choice.token}"


def pressed(custom: str) -> tuple[str, Opens]:
    """The token, and where the answer appears."""
    letter, _, token = custom.partition(":")
    return (token, OPENS[letter]) if letter in OPENS else (custom, Opens.NEW)


def cut(text: str, most: int) -> str:
    """On one line, and never empty: Discord takes what cannot be seen for nothing."""
    shown = " ".join(text.split())
    shown = shown if any(sign.isprintable() and sign != " " for sign in shown) else "…"
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
