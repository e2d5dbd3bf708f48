"""Forms: a title and up to five rows, each an input or a label around one."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import choice, known, listed, number, text, words
from tests.sims.discord.components import INPUT, ROW, SELECTS, check_options, check_select
from tests.sims.discord.refusals import Path, Problems
from tests.sims.discord.world import Json, parts

LABEL, UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 18, 19, 21, 22, 23
LONGEST_TITLE = LONGEST_LABEL = 45
LONGEST_INPUT = 4000
MOST_ROWS = 5
INPUT_FIELDS = words("type id custom_id style label min_length max_length required value placeholder")
CHOICE_FIELDS = words("type id custom_id options required min_values max_values")


def check_modal(problems: Problems, modal: Any, path: Path) -> None:
    if modal is None:
        problems.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        return
    if not known(problems, modal, words("custom_id title components"), path):
        return
    text(problems, modal, "custom_id", path, most=100, required=True)
    text(problems, modal, "title", path, most=LONGEST_TITLE, required=True)
    for at, row in enumerate(listed(problems, modal, "components", path, least=1, most=MOST_ROWS)):
        _check_row(problems, row, (*path, "components", at))
    seen: set[str] = set()
    for field in parts([row for row in modal.get("components") or [] if isinstance(row, dict)]):
        name = field.get("custom_id")
        if name and name in seen:
            twice = "Component custom id cannot be duplicated"
            problems.add((*path, "components"), "COMPONENT_CUSTOM_ID_DUPLICATED", twice)
        seen.add(str(name))


def _check_row(problems: Problems, row: Any, path: Path) -> None:
    kind = row.get("type") if isinstance(row, dict) else None
    match kind:
        case 1:
            known(problems, row, words("type id components"), path)
            for at, field in enumerate(listed(problems, row, "components", path, least=1, most=1)):
                _check_input(problems, field, (*path, "components", at), labelled=False)
        case 10:
            text(problems, row, "content", path, most=LONGEST_INPUT, required=True)
        case 18:
            known(problems, row, words("type id label description component"), path)
            text(problems, row, "label", path, most=LONGEST_LABEL, required=True)
            text(problems, row, "description", path, most=100)
            _check_field(problems, row.get("component"), (*path, "component"))
        case _:
            wrong = "Value of field 'type' must be one of (1, 10, 18)."
            problems.add((*path, "type"), "UNION_TYPE_CHOICES", wrong)


def _check_field(problems: Problems, field: Any, path: Path) -> None:
    kind = field.get("type") if isinstance(field, dict) else None
    if kind == INPUT:
        _check_input(problems, field, path, labelled=True)
    elif kind in SELECTS:
        check_select(problems, field, path)
    elif kind in (UPLOAD, CHECKBOX):
        known(problems, field, CHOICE_FIELDS | {"default"}, path)
        text(problems, field, "custom_id", path, most=100, required=True)
    elif kind in (RADIO, CHECKBOXES):
        known(problems, field, CHOICE_FIELDS, path)
        text(problems, field, "custom_id", path, most=100, required=True)
        options = listed(problems, field, "options", path, least=2 if kind == RADIO else 1, most=10)
        check_options(problems, options, (*path, "options"))
    else:
        wrong = "Value of field 'type' must be one of (3, 4, 5, 6, 7, 8, 19, 21, 22, 23)."
        problems.add((*path, "type"), "UNION_TYPE_CHOICES", wrong)


def _check_input(problems: Problems, field: Any, path: Path, *, labelled: bool) -> None:
    """`labelled`: the label around it names it."""
    if not known(problems, field, INPUT_FIELDS, path):
        return
    if field.get("type") != INPUT:
        problems.add((*path, "type"), "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (4,).")
        return
    text(problems, field, "custom_id", path, most=100, required=True)
    choice(problems, field, "style", path, (1, 2))
    if not labelled:
        text(problems, field, "label", path, most=LONGEST_LABEL, required=True)
    text(problems, field, "placeholder", path, most=100)
    text(problems, field, "value", path, most=LONGEST_INPUT)
    number(problems, field, "min_length", path, least=0, most=LONGEST_INPUT)
    number(problems, field, "max_length", path, least=1, most=LONGEST_INPUT)


def submitted(modal: Json, values: dict[str, Any]) -> list[Json]:
    """The rows as they come back, with what was typed or picked. Values by custom_id, label or position."""
    rows = []
    for row in modal["components"]:
        if row["type"] == ROW:
            rows.append({"type": ROW, "id": 1, "components": [_filled(one, values) for one in row["components"]]})
        elif row["type"] == LABEL:
            field = row["component"] | {"label": row["label"]}
            rows.append({"type": LABEL, "id": 1, "component": _filled(field, values)})
    return rows


def _filled(field: Json, values: dict[str, Any]) -> Json:
    name = field["custom_id"]
    value = values.get(name, values.get(field.get("label") or "", field.get("value", "")))
    shown = {"type": field["type"], "id": 1, "custom_id": name}
    if field["type"] == INPUT:
        _check_typed(field, str(value))
        return shown | {"value": str(value)}
    if field["type"] in (RADIO, CHECKBOX):
        return shown | {"value": value}
    picked = [value] if isinstance(value, str) and value else list(value or [])
    offered = [option["value"] for option in field.get("options", [])]
    assert not offered or set(picked) <= set(offered), f"{picked} are not all offered: {offered}"
    return shown | {"values": picked}


def _check_typed(field: Json, value: str) -> None:
    """A client does not let the person send anything else."""
    assert value or not field.get("required", True), f"{field['custom_id']} must be filled in"
    assert len(value) <= field.get("max_length", LONGEST_INPUT), f"{field['custom_id']} is too long"
    assert not value or len(value) >= field.get("min_length", 0), f"{field['custom_id']} is too short"
